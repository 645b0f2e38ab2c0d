"""What remove.bg's API calls an error, and which of ours it is.

The codes and titles are facts of https://github.com/APIs-guru/openapi-directory/blob/main/APIs/remove.bg
"""

from __future__ import annotations

import math
from http import HTTPStatus

from background_remover.domain import credit_errors, image_errors, inference_errors, request_errors
from background_remover.domain.errors import DomainError
from background_remover.http.messages import Response
from background_remover.http.problems import STATUS

TITLES = {
    "auth_failed": "Authentication failed",
    "failed_bg_download": "Failed to download background image from given bg_image_url",
    "failed_image_download": "Failed to download image from given image_url",
    "failed_to_read_image": "There was an error reading the image.",
    "file_too_large": "File too large",
    "insufficient_credits": "Insufficient credits",
    "invalid_bg_color": "Invalid bg_color parameter given",
    "invalid_bg_image_url": "Invalid bg_image_url: Please provide a valid URL.",
    "invalid_channels": "Invalid value for parameter 'channels'",
    "invalid_crop_margin": "Invalid crop_margin parameter given",
    "invalid_dimensions": "Failed to read image dimensions",
    "invalid_file_type": "Invalid file type",
    "invalid_format": "Invalid format parameter given",
    "invalid_image_url": "Invalid image_url: Please provide a valid URL.",
    "invalid_position": "Invalid position parameter given",
    "invalid_roi": "Invalid roi parameter given",
    "invalid_scale": "Invalid scale parameter given",
    "invalid_semitransparency": "Invalid semitransparency parameter given",
    "invalid_size": "Invalid value for parameter 'size'",
    "missing_source": "No image given",
    "multiple_bg_sources": "Multiple background sources given: Please provide either the bg_color, the bg_image_url "
    "or the bg_image_file parameter.",
    "multiple_sources": "Multiple image sources given: Please provide either the image_url, image_file or "
    "image_file_b64 parameter.",
    "rate_limit_exceeded": "Rate limit exceeded",
    "resolution_too_high": "Image resolution too high",
    "roi_exceeds_bounds": "ROI exceeds image bounds",
    "roi_region_empty": "ROI region is empty",
    "unknown_foreground": "Could not identify foreground in image.",
}
_STATUSES = {
    "auth_failed": HTTPStatus.FORBIDDEN,
    "insufficient_credits": HTTPStatus.PAYMENT_REQUIRED,
    "rate_limit_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
}

_CODES = {
    image_errors.MissingImageError.code: "missing_source",
    image_errors.EmptyImageError.code: "failed_to_read_image",
    request_errors.MalformedBase64Error.code: "failed_to_read_image",
    image_errors.CorruptImageError.code: "failed_to_read_image",
    image_errors.NotAnImageError.code: "invalid_file_type",
    image_errors.UnsupportedImageTypeError.code: "invalid_file_type",
    image_errors.ImageTooLargeError.code: "file_too_large",
    image_errors.TooManyPixelsError.code: "resolution_too_high",
    image_errors.DecompressionBombError.code: "resolution_too_high",
    image_errors.UnknownForegroundError.code: "unknown_foreground",
    inference_errors.InferenceRefusedError.code: "unknown_foreground",
    image_errors.InvalidRegionError.code: "roi_exceeds_bounds",
    image_errors.ImageUrlRefusedError.code: "invalid_image_url",
    image_errors.ImageNotFetchedError.code: "failed_image_download",
    credit_errors.InsufficientCreditsError.code: "insufficient_credits",
    request_errors.TooManyRequestsError.code: "rate_limit_exceeded",
    credit_errors.UnchargedAllowanceUsedError.code: "rate_limit_exceeded",
}
"""Of our errors; what is not among them keeps its own code and status."""


class RefusedError(Exception):
    """A refusal by the code that remove.bg has for it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail

    def answer(self) -> Response:
        status = _STATUSES.get(self.code, HTTPStatus.BAD_REQUEST)
        return refusal(status, self.code, TITLES.get(self.code, f"Invalid request: {self.code}"), self.detail)


def answer_to(code: str, detail: str, *, retry_after: float | None = None) -> Response:
    """For one of our errors, by its code. `retry_after` in seconds."""
    headers = {} if retry_after is None else {"Retry-After": str(max(1, math.ceil(retry_after)))}
    if known := _CODES.get(code):
        return refusal(_STATUSES.get(known, HTTPStatus.BAD_REQUEST), known, TITLES[known], detail, headers)
    # remove.bg knows no other status for what is the caller's mistake.
    status = STATUS[code] if STATUS[code].is_server_error else HTTPStatus.BAD_REQUEST
    return refusal(status, code, STATUS[code].phrase, detail, headers)


def answer_to_error(error: DomainError) -> Response:
    return answer_to(error.code, error.detail, retry_after=getattr(error, "retry_after", None))


def refusal(status: HTTPStatus, code: str, title: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    error = {"title": title, "code": code, **({"detail": detail} if detail else {})}
    return Response(status, {"errors": [error]}, headers or {})
