"""The faults the stand-in plays on request, each as Hugging Face or fal showed it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

# What a request asks for: "infer" is the whole of the endpoint dialect, the others are the steps of fal's queue
# ("file" is the download of a result that was answered as a URL).
Call = Literal["infer", "submit", "poll", "result", "file"]

RefusalKind = Literal[
    "bad_request",
    "cold_start",
    "empty_200",
    "error_200",
    "forbidden",
    "gone",
    "html_200",
    "not_found",
    "not_supported",
    "out_of_memory",
    "payment_required",
    "rate_limited",
    "request_timeout",
    "server_error",
    "too_large",
    "unauthorized",
    "unprocessable",
    "unsupported",
]
ConnectionKind = Literal["connection_reset", "drip", "time_out", "truncated_body"]
AnswerKind = Literal[
    "bare_string",
    "cut_out",
    "empty_matte",
    "image_url",
    "not_base64",
    "truncated_matte",
    "wrong_mode",
    "wrong_size",
]
FaultKind = RefusalKind | ConnectionKind | AnswerKind | Literal["fal_failed"]

REFUSALS: frozenset[str] = frozenset(get_args(RefusalKind))
ANSWERS: frozenset[str] = frozenset(get_args(AnswerKind))
KINDS: frozenset[str] = REFUSALS | ANSWERS | frozenset(get_args(ConnectionKind)) | {"fal_failed"}

ONLY_ON: dict[str, Call] = {"cut_out": "infer", "fal_failed": "submit", "image_url": "result"}


class FaultError(ValueError):
    """A description of a fault does not fit."""


@dataclass(frozen=True)
class Fault:
    """A fault for the next `times` requests that make the call `on`: once means one of two calls for a photo.

    Where `on` is not given, a fault of the answer's shape meets the call that answers with the matte ("infer" or
    "result") and every other fault the call that starts an inference ("infer" or "submit"), except `ONLY_ON`.
    """

    kind: FaultKind
    times: int = 1
    on: Call | None = None
    share: float = 1.0
    """of the requests that make the call; which, is chance"""
    status: int = 500
    """of `server_error`"""
    estimated_time: float | None = 20.0
    """in the body of `cold_start`; None: the body does not say"""
    retry_after: int | str | None = None
    """of `rate_limited` and `cold_start`: the header, seconds or an HTTP date"""
    reset_after: int | None = None
    """of `rate_limited`: seconds in the `RateLimit` header"""
    seconds: float = 30.0
    """of `time_out`: silence before the connection is closed"""
    interval: float = 0.1
    """of `drip`: seconds between two bytes"""
    state: str = "FAILED"
    """of `fal_failed`: the status that polls answer; "COMPLETED" is fal's documented way, the result then says 503"""
    url: str | None = None
    """of `image_url`: another address than the stand-in's own `/files/…`"""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultError(f"Unknown fault {self.kind!r}; known: {', '.join(sorted(KINDS))}.")
        if not 0 < self.share <= 1:
            raise FaultError("A fault's share is above 0 and at most 1.")
        if self.times < 1:
            raise FaultError("A fault is played at least once.")
        if self.on is not None and self.on not in get_args(Call):
            raise FaultError(f"Unknown call {self.on!r}; known: {', '.join(get_args(Call))}.")

    def meets(self, call: Call) -> bool:
        if self.on is not None:
            return call == self.on
        if self.kind in ONLY_ON:
            return call == ONLY_ON[self.kind]
        return call in (("infer", "result") if self.kind in ANSWERS else ("infer", "submit"))

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Fault":
        try:
            return cls(**fields)
        except TypeError as error:
            raise FaultError(str(error)) from error

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
