"""Up to 500 images at once."""

from http import HTTPStatus

from background_remover.domain import credit_errors, image_errors, inference_errors, job_errors, request_errors
from background_remover.domain.pricing import LARGEST_BATCH
from background_remover.http.answers.batches import ArchiveLink, BatchPage, CreatedBatch
from background_remover.http.api import PREFIX
from background_remover.http.requests import ImageFields, ItemsQuery, Manifest
from background_remover.openapi import examples
from background_remover.openapi.description import (
    CACHE_CONTROL,
    IDEMPOTENCY_KEY,
    LOCATION,
    PREFER_WAIT,
    WAIT_APPLIED,
    Answer,
    Form,
    Json,
    Route,
    Tag,
)

ROUTES = (
    Route(
        route=f"POST {PREFIX}/batch",
        name="createBatch",
        tag=Tag.BATCHES,
        summary="Start a batch of 1 to 500 images",
        description="A manifest is answered with a form for each file, to send the photo with within 15 minutes; each "
        "image is worked on as it arrives. A file that has an `imageUrl` instead is fetched. Or send the files as "
        "a form, up to 4.4 MB in all.",
        headers=(IDEMPOTENCY_KEY, CACHE_CONTROL),
        bodies={
            "application/json": Json(
                Manifest,
                {
                    "one file": {
                        "tier": "basic",
                        "files": [{"fileName": "cat.jpg", "contentType": "image/jpeg", "size": 3_204_881}],
                    },
                    "one file by its URL": {"tier": "basic", "files": [{"imageUrl": "https://example.com/cat.jpg"}]},
                },
            ),
            "multipart/form-data": Form(
                ImageFields, "images", {"images": [examples.FILE], "tier": "basic"}, at_most=LARGEST_BATCH
            ),
        },
        answers={
            HTTPStatus.CREATED: Answer(
                "The batch, its price held, and all its jobs.",
                {"application/json": Json(CreatedBatch, {"of a manifest": examples.CREATED_BATCH})},
                (LOCATION,),
                leads_to=("getBatch", "cancelBatch", "downloadBatch"),
            )
        },
        errors=(
            request_errors.MalformedJsonError,
            request_errors.MalformedMultipartError,
            request_errors.MalformedBase64Error,
            request_errors.UnsupportedMediaTypeError,
            request_errors.InvalidParameterError,
            request_errors.UnknownTierError,
            request_errors.ImageCountError,
            image_errors.MissingImageError,
            image_errors.ImageTooLargeError,
            request_errors.IdempotencyKeyReusedError,
            job_errors.BatchNotFoundError,
            credit_errors.InsufficientCreditsError,
            credit_errors.UnchargedAllowanceUsedError,
            credit_errors.ContentionError,
            inference_errors.TierUnavailableError,
        ),
    ),
    Route(
        route=f"GET {PREFIX}/batch/{{batchId}}",
        name="getBatch",
        tag=Tag.BATCHES,
        summary="See how a batch stands",
        query=ItemsQuery,
        headers=(PREFER_WAIT,),
        answers={
            HTTPStatus.OK: Answer(
                "The batch, and a page of its jobs.",
                {"application/json": Json(BatchPage, {"processing": examples.BATCH})},
                (WAIT_APPLIED,),
            )
        },
        errors=(
            request_errors.InvalidParameterError,
            request_errors.MalformedCursorError,
            job_errors.BatchNotFoundError,
        ),
    ),
    Route(
        route=f"POST {PREFIX}/batch/{{batchId}}/cancel",
        name="cancelBatch",
        tag=Tag.BATCHES,
        summary="Stop what has not begun",
        description="Images that have not begun give their credits back. Those that are being worked on are still "
        "delivered, and are in the ZIP.",
        answers={
            HTTPStatus.OK: Answer(
                "The batch as it is then, without its jobs.",
                {"application/json": Json(BatchPage, {"cancelled": examples.CANCELLED_BATCH})},
            )
        },
        errors=(job_errors.BatchNotFoundError, job_errors.BatchEndedError, credit_errors.ContentionError),
    ),
    Route(
        route=f"GET {PREFIX}/batch/{{batchId}}/download",
        name="downloadBatch",
        tag=Tag.BATCHES,
        summary="Get the ZIP of a batch",
        description="It is assembled when the last image has ended, and kept for 7 days. `Accept: application/zip` is "
        "answered with 302.",
        answers={
            HTTPStatus.OK: Answer(
                "A link to the ZIP.", {"application/json": Json(ArchiveLink, {"a link": examples.ARCHIVE})}
            ),
            HTTPStatus.FOUND: Answer("Where the ZIP is.", headers=(LOCATION,)),
        },
        errors=(
            job_errors.BatchNotFoundError,
            job_errors.ArchiveNotReadyError,
            job_errors.NothingToDownloadError,
            job_errors.ArchiveExpiredError,
            job_errors.ArchiveFailedError,
        ),
    ),
)
