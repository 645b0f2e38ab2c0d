"""The one mapping from errors to HTTP: RFC 9457 problem documents."""

import math
from datetime import UTC, datetime
from http import HTTPStatus

from background_remover.domain import (
    account_errors,
    credit_errors,
    image_errors,
    inference_errors,
    job_errors,
    request_errors,
)
from background_remover.domain.errors import DomainError
from background_remover.http.messages import Response

CONTENT_TYPE = "application/problem+json"

STATUS = {
    error.code: status
    for status, kinds in {
        HTTPStatus.BAD_REQUEST: (
            request_errors.MalformedJsonError,
            request_errors.MalformedMultipartError,
            request_errors.MalformedBase64Error,
            request_errors.MalformedCursorError,
            image_errors.MissingImageError,
            image_errors.EmptyImageError,
        ),
        HTTPStatus.PAYMENT_REQUIRED: (credit_errors.InsufficientCreditsError,),
        HTTPStatus.FORBIDDEN: (credit_errors.PaymentOfAnotherUserError,),
        HTTPStatus.NOT_FOUND: (
            credit_errors.SubscriptionNotFoundError,
            credit_errors.PaymentNotFoundError,
            job_errors.JobNotFoundError,
            job_errors.BatchNotFoundError,
            account_errors.ApiKeyNotFoundError,
            account_errors.WebhookNotFoundError,
            account_errors.DeliveryNotFoundError,
            request_errors.RouteNotFoundError,
            account_errors.UnknownUserError,
        ),
        HTTPStatus.NOT_ACCEPTABLE: (request_errors.NotAcceptableError,),
        HTTPStatus.CONFLICT: (
            job_errors.JobInProgressError,
            request_errors.IdempotencyKeyReusedError,
            job_errors.UploadMissingError,
            job_errors.BatchEndedError,
            job_errors.ArchiveNotReadyError,
            job_errors.NothingToDownloadError,
            job_errors.NothingToRenderError,
            job_errors.TooManyRenderingsError,
            credit_errors.AlreadySubscribedError,
            credit_errors.PaymentForSomethingElseError,
            credit_errors.PaymentUsedError,
            credit_errors.PaymentRefundedError,
            image_errors.PhotoReplacedError,
            account_errors.TooManyApiKeysError,
            account_errors.TooManyWebhooksError,
        ),
        HTTPStatus.GONE: (job_errors.ArchiveExpiredError, job_errors.RenderingExpiredError),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
            image_errors.ImageTooLargeError,
            image_errors.TooManyPixelsError,
            image_errors.DecompressionBombError,
        ),
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
            request_errors.UnsupportedMediaTypeError,
            image_errors.NotAnImageError,
            image_errors.UnsupportedImageTypeError,
        ),
        HTTPStatus.UNPROCESSABLE_ENTITY: (
            request_errors.InvalidParameterError,
            request_errors.UnknownTierError,
            credit_errors.UnknownPlanError,
            request_errors.ImageCountError,
            image_errors.CorruptImageError,
            image_errors.InvalidRegionError,
            image_errors.ImageUrlRefusedError,
            image_errors.ImageNotFetchedError,
            image_errors.UnknownForegroundError,
            inference_errors.InferenceRefusedError,
        ),
        HTTPStatus.TOO_MANY_REQUESTS: (request_errors.TooManyRequestsError, credit_errors.UnchargedAllowanceUsedError),
        HTTPStatus.INTERNAL_SERVER_ERROR: (
            image_errors.PhotoLostError,
            job_errors.JobAbandonedError,
            job_errors.ArchiveFailedError,
        ),
        HTTPStatus.BAD_GATEWAY: (inference_errors.InvalidMatteError,),
        HTTPStatus.SERVICE_UNAVAILABLE: (
            credit_errors.ContentionError,
            inference_errors.TierUnavailableError,
            inference_errors.InferenceUnavailableError,
            inference_errors.InferenceMisconfiguredError,
        ),
    }.items()
    for error in kinds
}


def problem(
    status: HTTPStatus,
    *,
    code: str,
    detail: str,
    request_id: str,
    headers: dict[str, str] | None = None,
    **members: object,
) -> Response:
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": detail,
        "requestId": request_id,
        **members,
    }
    return Response(status, document, headers or {}, CONTENT_TYPE)


def problem_for(error: DomainError, request_id: str) -> Response:
    headers = {}
    match error:
        case job_errors.JobInProgressError():
            headers["Retry-After"] = str(max(1, round((error.until - datetime.now(UTC)).total_seconds())))
        case job_errors.ArchiveNotReadyError():
            headers["Retry-After"] = str(max(1, round(error.retry_after)))
        case request_errors.TooManyRequestsError() | credit_errors.UnchargedAllowanceUsedError():
            headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
        case credit_errors.ContentionError():
            headers["Retry-After"] = "1"
    return problem(
        STATUS[error.code],
        code=error.code,
        detail=error.detail,
        request_id=request_id,
        headers=headers,
        **error.members,
    )
