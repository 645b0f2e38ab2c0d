"""Everything that can go wrong and that somebody can act on. `http/problems.py` maps each to a status, once."""

from datetime import datetime
from typing import ClassVar


class DomainError(Exception):
    """A refusal or failure with a stable code, a sentence for the caller, and members for the problem document."""

    code: ClassVar[str]

    def __init__(self, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members


# ---- the request ---------------------------------------------------------------------------------


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


# ---- the image -----------------------------------------------------------------------------------


class ImageError(DomainError):
    """The image cannot be worked on; nothing about it improves by trying again."""


class MissingImageError(ImageError):
    """The request carries no image."""

    code = "missing_image"


class EmptyImageError(ImageError):
    """The image has no bytes."""

    code = "empty_image"


class ImageTooLargeError(ImageError):
    """The image has more bytes than the route takes."""

    code = "image_too_large"


class NotAnImageError(ImageError):
    """The bytes are not an image at all, whatever the file is called."""

    code = "not_an_image"


class UnsupportedImageTypeError(ImageError):
    """The bytes are an image of a type that is not taken."""

    code = "unsupported_image_type"


class CorruptImageError(ImageError):
    """The image breaks off or does not decode."""

    code = "corrupt_image"


class TooManyPixelsError(ImageError):
    """The image has more pixels than are taken."""

    code = "too_many_pixels"


class DecompressionBombError(ImageError):
    """A small file that would unpack into an absurd amount of memory."""

    code = "decompression_bomb"


class UnknownForegroundError(ImageError):
    """The model found nothing in the photo that stands out from a background."""

    code = "unknown_foreground"


class PhotoLostError(ImageError):
    """The photo of a job that was taken on is not in the bucket: our loss, not the caller's mistake."""

    code = "photo_lost"


class JobAbandonedError(DomainError):
    """The job could not be finished, for reasons on our side."""

    code = "abandoned"


class PhotoReplacedError(ImageError):
    """The file in the dropbox was overwritten before it was taken in."""

    code = "photo_replaced"


# ---- jobs, credits and keys ----------------------------------------------------------------------


class JobNotFoundError(DomainError):
    """The caller has no such job."""

    code = "job_not_found"


class JobInProgressError(DomainError):
    """A worker holds the job's lease until `until`; what was asked for has to wait."""

    code = "job_in_progress"

    def __init__(self, detail: str, *, until: datetime) -> None:
        super().__init__(detail)
        self.until = until


class UploadMissingError(DomainError):
    """The photo of the job has not been uploaded yet."""

    code = "upload_missing"


class BatchNotFoundError(DomainError):
    """The caller has no such batch."""

    code = "batch_not_found"


class BatchEndedError(DomainError):
    """The batch has ended: there is nothing left to cancel."""

    code = "batch_ended"


class ArchiveNotReadyError(DomainError):
    """The batch is not over, or its ZIP is still being assembled: ask again after `retry_after` seconds."""

    code = "archive_not_ready"

    def __init__(self, detail: str, *, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ArchiveFailedError(DomainError):
    """The ZIP could not be assembled; the results can be had one by one."""

    code = "archive_failed"


class ArchiveExpiredError(DomainError):
    """The ZIP has reached its retention."""

    code = "archive_expired"


class NothingToDownloadError(DomainError):
    """No image of the batch succeeded, so there is no ZIP."""

    code = "nothing_to_download"


class NothingToRenderError(DomainError):
    """The job has no result, and so nothing to make another rendering of; `jobStatus` says how it stands."""

    code = "nothing_to_render"


class RenderingExpiredError(DomainError):
    """Photo and matte of the job have reached their retention: another rendering needs a new removal."""

    code = "rendering_expired"


class TooManyRenderingsError(DomainError):
    """The job has as many renderings as one may have; they go with its photo."""

    code = "too_many_renderings"


class ApiKeyNotFoundError(DomainError):
    """The caller has no such API key."""

    code = "api_key_not_found"


class TooManyApiKeysError(DomainError):
    """The caller has as many API keys as one may have."""

    code = "too_many_api_keys"


class UnknownUserError(DomainError):
    """Nobody has an account of that id."""

    code = "unknown_user"


class InsufficientCreditsError(DomainError):
    """The balance does not cover the price; `required`, `available` and `owed` say by how much."""

    code = "insufficient_credits"


class ContentionError(DomainError):
    """Too many simultaneous writes to one balance; nothing was written."""

    code = "contention"


# ---- plans and payments --------------------------------------------------------------------------


class UnknownPlanError(DomainError):
    """There is no plan of that name."""

    code = "unknown_plan"


class SubscriptionNotFoundError(DomainError):
    """The caller has no subscription that runs."""

    code = "subscription_not_found"


class AlreadySubscribedError(DomainError):
    """The caller has this plan already, and it renews itself."""

    code = "already_subscribed"


class PaymentNotFoundError(DomainError):
    """No payment of that id has been recorded."""

    code = "payment_not_found"


class PaymentOfAnotherUserError(DomainError):
    """Somebody else made this payment."""

    code = "payment_of_another_user"


class PaymentForSomethingElseError(DomainError):
    """The payment is for credits or for another plan."""

    code = "payment_for_something_else"


class PaymentUsedError(DomainError):
    """Another subscription has used this payment."""

    code = "payment_used"


class PaymentRefundedError(DomainError):
    """The payment was given back."""

    code = "payment_refunded"


# ---- Hugging Face --------------------------------------------------------------------------------


class InferenceError(DomainError):
    """Hugging Face did not give a matte."""


class TierUnavailableError(InferenceError):
    """The tier's model has no Hugging Face URL configured."""

    code = "tier_unavailable"


class InferenceUnavailableError(InferenceError):
    """Cold, busy, slow or failing, or its answer says nothing of the image: try again after `retry_after` seconds."""

    code = "inference_unavailable"

    def __init__(self, detail: str, *, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class InferenceMisconfiguredError(InferenceUnavailableError):
    """Hugging Face refuses our token, address, plan or model: an operator has to act, and the job waits."""

    code = "inference_misconfigured"


class InferenceRefusedError(InferenceError):
    """Hugging Face refuses this very image for good."""

    code = "inference_refused"


class InvalidMatteError(InferenceError):
    """The image that Hugging Face answered with is broken, or no matte of the photo that was sent."""

    code = "invalid_matte"
