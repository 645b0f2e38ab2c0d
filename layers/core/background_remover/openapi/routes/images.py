"""One image at a time."""

from http import HTTPStatus
from typing import get_args

from background_remover.domain import (
    account_errors,
    credit_errors,
    image_errors,
    inference_errors,
    job_errors,
    request_errors,
)
from background_remover.domain.jobs import UNKNOWN_TYPE, PhotoType
from background_remover.http.answers.jobs import JobWithLinks, JobWithUpload
from background_remover.http.api import PREFIX
from background_remover.http.requests import (
    BACKGROUND_IMAGE,
    RemovalFields,
    RemovalJson,
    UploadedJson,
    UploadFields,
    UrlJson,
)
from background_remover.openapi import examples
from background_remover.openapi.description import (
    CACHE_CONTROL,
    CACHE_STATUS,
    IDEMPOTENCY_KEY,
    IMAGE_ANSWERS,
    LINK_TO_JOB,
    LOCATION,
    PREFER,
    RETRY_AFTER,
    TEXT,
    WAIT_APPLIED,
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
        description="Send the photo as a form, as the body with the fields in the query, or as JSON; or send its URL, "
        "or the id of a photo that was uploaded. A JPEG, PNG, WebP, GIF (its first frame), HEIC or AVIF, up to 4.4 MB "
        "(as base64 3.3 MB, by URL or upload 10 MB) and 50 megapixels. With `Accept: image/png` (or `image/webp`, "
        "`image/jpeg`) the cut-out itself is answered. A JPEG needs a `background`.",
        query=RemovalFields,
        query_belongs_to="With an image as the body.",
        headers=(IDEMPOTENCY_KEY, PREFER, CACHE_CONTROL),
        bodies={
            "multipart/form-data": Form(
                RemovalFields,
                "image",
                {"image": examples.FILE, "tier": "standard"},
                beside={"backgroundImage": BACKGROUND_IMAGE},
            ),
            **{media_type: Binary() for media_type in (*get_args(PhotoType), UNKNOWN_TYPE)},
            "application/json": Json(
                RemovalJson | UrlJson | UploadedJson,
                {
                    "a photo in base64": {"image": examples.TINY_PHOTO, "tier": "standard", "fileName": "cat.png"},
                    "a photo on the web": {"imageUrl": "https://example.com/cat.jpg", "tier": "standard"},
                    "an uploaded photo": {"uploadId": examples.JOB_ID},
                },
            ),
        },
        answers={
            HTTPStatus.OK: Answer(
                "The job, which has ended; or the image itself.",
                {
                    "application/json": Json(
                        JobWithLinks, {"completed": examples.COMPLETED, "cached": examples.CACHED}
                    ),
                    **IMAGE_ANSWERS,
                },
                (LINK_TO_JOB, CACHE_STATUS, WAIT_APPLIED),
            ),
            HTTPStatus.ACCEPTED: Answer(
                "The job. A worker goes on with it.",
                {"application/json": Json(JobWithLinks, {"queued": examples.QUEUED})},
                (
                    LOCATION,
                    RETRY_AFTER,
                    Header(
                        "Preference-Applied",
                        "`respond-async` if you asked for it, or the wait that was granted.",
                        {**TEXT, "examples": ["respond-async", "wait=10"]},
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
            request_errors.MalformedJsonError,
            request_errors.MalformedMultipartError,
            request_errors.MalformedBase64Error,
            request_errors.UnsupportedMediaTypeError,
            request_errors.InvalidParameterError,
            request_errors.UnknownTierError,
            request_errors.NotAcceptableError,
            request_errors.IdempotencyKeyReusedError,
            image_errors.MissingImageError,
            image_errors.EmptyImageError,
            image_errors.ImageTooLargeError,
            image_errors.ImageUrlRefusedError,
            image_errors.ImageNotFetchedError,
            image_errors.NotAnImageError,
            image_errors.UnsupportedImageTypeError,
            image_errors.CorruptImageError,
            image_errors.InvalidRegionError,
            image_errors.UnknownForegroundError,
            image_errors.TooManyPixelsError,
            image_errors.DecompressionBombError,
            image_errors.PhotoLostError,
            image_errors.PhotoReplacedError,
            job_errors.JobAbandonedError,
            job_errors.JobNotFoundError,
            job_errors.UploadMissingError,
            account_errors.UnknownUserError,
            credit_errors.InsufficientCreditsError,
            credit_errors.UnchargedAllowanceUsedError,
            credit_errors.ContentionError,
            inference_errors.TierUnavailableError,
            inference_errors.InferenceUnavailableError,
            inference_errors.InferenceMisconfiguredError,
            inference_errors.InferenceRefusedError,
            inference_errors.InvalidMatteError,
        ),
    ),
    Route(
        route=f"POST {PREFIX}/uploads",
        name="createUpload",
        tag=Tag.IMAGES,
        summary="Make room for one image of up to 10 MB",
        description="Answers with a job that holds its price, and a form to send the photo with within 15 minutes. "
        "Its arrival starts the job; `GET /jobs/{jobId}` tells how it goes.",
        headers=(IDEMPOTENCY_KEY, CACHE_CONTROL),
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
            request_errors.MalformedJsonError,
            request_errors.MalformedBase64Error,
            request_errors.InvalidParameterError,
            request_errors.UnknownTierError,
            image_errors.ImageTooLargeError,
            request_errors.IdempotencyKeyReusedError,
            job_errors.JobNotFoundError,
            credit_errors.InsufficientCreditsError,
            credit_errors.UnchargedAllowanceUsedError,
            credit_errors.ContentionError,
            inference_errors.TierUnavailableError,
        ),
    ),
)
