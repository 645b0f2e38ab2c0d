"""The one mapping from errors to HTTP: RFC 9457 problem documents."""

from datetime import UTC, datetime
from http import HTTPStatus

from background_remover.domain import errors
from background_remover.domain.errors import DomainError
from background_remover.http.messages import Response

CONTENT_TYPE = "application/problem+json"

STATUS = {
    error.code: status
    for status, kinds in {
        HTTPStatus.BAD_REQUEST: (
            errors.MalformedJsonError,
            errors.MalformedMultipartError,
            errors.MalformedBase64Error,
            errors.MalformedCursorError,
            errors.MissingImageError,
            errors.EmptyImageError,
        ),
        HTTPStatus.PAYMENT_REQUIRED: (errors.InsufficientCreditsError,),
        HTTPStatus.FORBIDDEN: (errors.PaymentOfAnotherUserError,),
        HTTPStatus.NOT_FOUND: (
            errors.SubscriptionNotFoundError,
            errors.PaymentNotFoundError,
            errors.JobNotFoundError,
            errors.BatchNotFoundError,
            errors.ApiKeyNotFoundError,
            errors.RouteNotFoundError,
            errors.UnknownUserError,
        ),
        HTTPStatus.NOT_ACCEPTABLE: (errors.NotAcceptableError,),
        HTTPStatus.CONFLICT: (
            errors.JobInProgressError,
            errors.IdempotencyKeyReusedError,
            errors.UploadMissingError,
            errors.BatchEndedError,
            errors.ArchiveNotReadyError,
            errors.NothingToDownloadError,
            errors.NothingToRenderError,
            errors.TooManyRenderingsError,
            errors.AlreadySubscribedError,
            errors.PaymentForSomethingElseError,
            errors.PaymentUsedError,
            errors.PaymentRefundedError,
            errors.PhotoReplacedError,
            errors.TooManyApiKeysError,
        ),
        HTTPStatus.GONE: (errors.ArchiveExpiredError, errors.RenderingExpiredError),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
            errors.ImageTooLargeError,
            errors.TooManyPixelsError,
            errors.DecompressionBombError,
        ),
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
            errors.UnsupportedMediaTypeError,
            errors.NotAnImageError,
            errors.UnsupportedImageTypeError,
        ),
        HTTPStatus.UNPROCESSABLE_ENTITY: (
            errors.InvalidParameterError,
            errors.UnknownTierError,
            errors.UnknownPlanError,
            errors.ImageCountError,
            errors.CorruptImageError,
            errors.UnknownForegroundError,
            errors.InferenceRefusedError,
        ),
        HTTPStatus.INTERNAL_SERVER_ERROR: (
            errors.PhotoLostError,
            errors.JobAbandonedError,
            errors.ArchiveFailedError,
        ),
        HTTPStatus.BAD_GATEWAY: (errors.InvalidMatteError,),
        HTTPStatus.SERVICE_UNAVAILABLE: (
            errors.ContentionError,
            errors.TierUnavailableError,
            errors.InferenceUnavailableError,
            errors.InferenceMisconfiguredError,
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
        case errors.JobInProgressError():
            headers["Retry-After"] = str(max(1, round((error.until - datetime.now(UTC)).total_seconds())))
        case errors.ArchiveNotReadyError():
            headers["Retry-After"] = str(max(1, round(error.retry_after)))
        case errors.ContentionError():
            headers["Retry-After"] = "1"
    return problem(
        STATUS[error.code],
        code=error.code,
        detail=error.detail,
        request_id=request_id,
        headers=headers,
        **error.members,
    )
