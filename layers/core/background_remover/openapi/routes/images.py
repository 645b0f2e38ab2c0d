"""One image at a time."""

from http import HTTPStatus
from typing import get_args

from background_remover.domain import errors
from background_remover.domain.jobs import UNKNOWN_TYPE, PhotoType
from background_remover.http.answers import JobWithLinks, JobWithUpload
from background_remover.http.api import PREFIX
from background_remover.http.requests import RemovalFields, RemovalJson, UploadedJson, UploadFields
from background_remover.openapi import examples
from background_remover.openapi.description import (
    IDEMPOTENCY_KEY,
    IMAGE_ANSWERS,
    LINK_TO_JOB,
    LOCATION,
    PREFER,
    RETRY_AFTER,
    Answer,
    Binary,
    Form,
    Header,
    Json,
    Route,
    Tag,
)

ROUTES = (
    Route(
        route=f"POST {PREFIX}/remove",
        name="removeBackground",
        tag=Tag.IMAGES,
        summary="Cut one image out",
        description="Send the photo as a form, as the body with the fields in the query, or as JSON; or send the id of "
        "a photo that was uploaded. A JPEG, PNG, WebP, GIF (its first frame), HEIC or AVIF, up to 4.4 MB and 50 "
        "megapixels. With `Accept: image/png` (or `image/webp`, `image/jpeg`) the cut-out itself is answered. A JPEG "
        "needs a `background`.",
        query=RemovalFields,
        query_belongs_to="With an image as the body.",
        headers=(IDEMPOTENCY_KEY, PREFER),
        bodies={
            "multipart/form-data": Form(RemovalFields, "image", {"image": examples.FILE, "tier": "standard"}),
            **{media_type: Binary() for media_type in (*get_args(PhotoType), UNKNOWN_TYPE)},
            "application/json": Json(
                RemovalJson | UploadedJson,
                {
                    "a photo in base64": {"image": examples.TINY_PHOTO, "tier": "standard", "fileName": "cat.png"},
                    "an uploaded photo": {"uploadId": examples.JOB_ID},
                },
            ),
        },
        answers={
            HTTPStatus.OK: Answer(
                "The job, which has ended; or the image itself.",
                {
                    "application/json": Json(JobWithLinks, {"completed": examples.COMPLETED}),
                    **IMAGE_ANSWERS,
                },
                (LINK_TO_JOB,),
            ),
            HTTPStatus.ACCEPTED: Answer(
                "The job. A worker goes on with it.",
                {"application/json": Json(JobWithLinks, {"queued": examples.QUEUED})},
                (
                    LOCATION,
                    RETRY_AFTER,
                    Header(
                        "Preference-Applied",
                        "`respond-async`, if you asked for it.",
                        {"const": "respond-async"},
                        is_always_there=False,
                    ),
                ),
                leads_to=("getJob", "eraseJob"),
            ),
            HTTPStatus.SEE_OTHER: Answer(
                "Where the image is: it is too large for an answer.",
                {"application/json": Json(JobWithLinks, {"completed": examples.COMPLETED})},
                (LOCATION,),
            ),
        },
        errors=(
            errors.MalformedJsonError,
            errors.MalformedMultipartError,
            errors.MalformedBase64Error,
            errors.UnsupportedMediaTypeError,
            errors.InvalidParameterError,
            errors.UnknownTierError,
            errors.NotAcceptableError,
            errors.IdempotencyKeyReusedError,
            errors.MissingImageError,
            errors.EmptyImageError,
            errors.ImageTooLargeError,
            errors.NotAnImageError,
            errors.UnsupportedImageTypeError,
            errors.CorruptImageError,
            errors.UnknownForegroundError,
            errors.TooManyPixelsError,
            errors.DecompressionBombError,
            errors.PhotoLostError,
            errors.PhotoReplacedError,
            errors.JobAbandonedError,
            errors.JobNotFoundError,
            errors.UploadMissingError,
            errors.UnknownUserError,
            errors.InsufficientCreditsError,
            errors.ContentionError,
            errors.TierUnavailableError,
            errors.InferenceUnavailableError,
            errors.InferenceMisconfiguredError,
            errors.InferenceRefusedError,
            errors.InvalidMatteError,
        ),
    ),
    Route(
        route=f"POST {PREFIX}/uploads",
        name="createUpload",
        tag=Tag.IMAGES,
        summary="Make room for one image of up to 10 MB",
        description="Answers with a job that holds its price, and a form to send the photo with within 15 minutes. "
        "Its arrival starts the job; `GET /jobs/{jobId}` tells how it goes.",
        headers=(IDEMPOTENCY_KEY,),
        bodies={"application/json": Json(UploadFields, {"a JPEG": {"tier": "standard", "contentType": "image/jpeg"}})},
        answers={
            HTTPStatus.CREATED: Answer(
                "The job, and the form to upload its photo with.",
                {"application/json": Json(JobWithUpload, {"awaiting its photo": examples.AWAITING})},
                (LOCATION,),
                leads_to=("getJob", "eraseJob"),
            )
        },
        errors=(
            errors.MalformedJsonError,
            errors.MalformedBase64Error,
            errors.InvalidParameterError,
            errors.UnknownTierError,
            errors.ImageTooLargeError,
            errors.IdempotencyKeyReusedError,
            errors.JobNotFoundError,
            errors.InsufficientCreditsError,
            errors.ContentionError,
            errors.TierUnavailableError,
        ),
    ),
)
