"""Up to 500 images at once."""

from http import HTTPStatus

from background_remover.domain import errors
from background_remover.domain.pricing import LARGEST_BATCH
from background_remover.http.answers import ArchiveLink, BatchPage, CreatedBatch
from background_remover.http.api import PREFIX
from background_remover.http.requests import ImageFields, ItemsQuery, Manifest
from background_remover.openapi import examples
from background_remover.openapi.description import (
    IDEMPOTENCY_KEY,
    LOCATION,
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
        "image is worked on as it arrives. Or send the files as a form, up to 4.4 MB in all.",
        headers=(IDEMPOTENCY_KEY,),
        bodies={
            "application/json": Json(
                Manifest,
                {
                    "one file": {
                        "tier": "basic",
                        "files": [{"fileName": "cat.jpg", "contentType": "image/jpeg", "size": 3_204_881}],
                    }
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
            errors.MalformedJsonError,
            errors.MalformedMultipartError,
            errors.MalformedBase64Error,
            errors.UnsupportedMediaTypeError,
            errors.InvalidParameterError,
            errors.UnknownTierError,
            errors.ImageCountError,
            errors.MissingImageError,
            errors.ImageTooLargeError,
            errors.IdempotencyKeyReusedError,
            errors.BatchNotFoundError,
            errors.InsufficientCreditsError,
            errors.ContentionError,
            errors.TierUnavailableError,
        ),
    ),
    Route(
        route=f"GET {PREFIX}/batch/{{batchId}}",
        name="getBatch",
        tag=Tag.BATCHES,
        summary="See how a batch stands",
        query=ItemsQuery,
        answers={
            HTTPStatus.OK: Answer(
                "The batch, and a page of its jobs.",
                {"application/json": Json(BatchPage, {"processing": examples.BATCH})},
            )
        },
        errors=(errors.InvalidParameterError, errors.MalformedCursorError, errors.BatchNotFoundError),
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
        errors=(errors.BatchNotFoundError, errors.BatchEndedError, errors.ContentionError),
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
            errors.BatchNotFoundError,
            errors.ArchiveNotReadyError,
            errors.NothingToDownloadError,
            errors.ArchiveExpiredError,
            errors.ArchiveFailedError,
        ),
    ),
)
