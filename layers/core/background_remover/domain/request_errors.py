"""What a request is refused for before it is about anything."""

from background_remover.domain.errors import DomainError


class MalformedJsonError(DomainError):
    """The body is not JSON, or not a JSON object."""

    code = "malformed_json"


class MalformedMultipartError(DomainError):
    """The body is not the multipart/form-data that its Content-Type announces."""

    code = "malformed_multipart"


class MalformedBase64Error(DomainError):
    """A base64 value does not decode."""

    code = "malformed_base64"


class UnsupportedMediaTypeError(DomainError):
    """The request's Content-Type is none that the route takes."""

    code = "unsupported_media_type"


class InvalidParameterError(DomainError):
    """One or more fields have values that the route does not take; `errors` names each."""

    code = "invalid_parameter"


class RouteNotFoundError(DomainError):
    """There is no such route."""

    code = "route_not_found"


class NotAcceptableError(DomainError):
    """The Accept header asks for another image type than the format that was chosen."""

    code = "not_acceptable"


class MalformedCursorError(DomainError):
    """The cursor is not one that this list gave out."""

    code = "malformed_cursor"


class ImageCountError(DomainError):
    """A batch has no images, or more than there may be."""

    code = "image_count_out_of_range"


class UnknownTierError(DomainError):
    """There is no tier of that name."""

    code = "unknown_tier"


class IdempotencyKeyReusedError(DomainError):
    """The Idempotency-Key belongs to an earlier request with another body."""

    code = "idempotency_key_reused"


class TooManyRequestsError(DomainError):
    """The caller makes too many requests: try again after `retry_after` seconds."""

    code = "too_many_requests"

    def __init__(self, detail: str, *, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
