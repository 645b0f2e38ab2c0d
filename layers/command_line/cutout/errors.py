"""What may go wrong, and with which exit code the command then ends."""

from __future__ import annotations

SOME_FAILED = 1
USAGE = 2
NO_CREDITS = 3
UNAVAILABLE = 4
INTERRUPTED = 130


class CutoutError(Exception):
    """Its text is for the user."""

    exit_code = SOME_FAILED


class ConfigurationError(CutoutError):
    exit_code = USAGE


class UnavailableError(CutoutError):
    """The service cannot be reached, or is too busy. Nothing is lost: the same command goes on where it stopped."""

    exit_code = UNAVAILABLE


class RefusedError(CutoutError):
    """The service's problem document: `code` and `detail`."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail

    @property
    def is_about_the_photo(self) -> bool:
        """Not about the request, its sender or the service: the next photo may fare better."""
        return self.status in (400, 413, 415, 422, 500, 502, 503, 504) and self.code not in _OF_THE_REQUEST

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # It depends on the status.
        if self.code in _OF_THE_REQUEST:
            return USAGE
        return {401: USAGE, 402: NO_CREDITS, 403: USAGE, 429: UNAVAILABLE}.get(self.status, SOME_FAILED)


_OF_THE_REQUEST = ("invalid_parameter", "unknown_tier", "image_count_out_of_range")
