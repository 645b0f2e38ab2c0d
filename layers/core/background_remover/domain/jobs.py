"""A job: one photo on its way to one cut-out.

    awaiting_upload → queued → processing → completed | failed
    awaiting_upload → expired | failed          awaiting_upload, queued → cancelled
    processing → queued (handed back: Hugging Face is cold, slow or down)

Whoever works on a job holds its lease; only the holder may move it on, and a lease that ran out may be taken over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, get_args

from background_remover.domain.placement import Margin as Margin
from background_remover.domain.placement import Margins, Position, Region
from background_remover.domain.subscriptions import Coverage

PhotoType = Literal["image/jpeg", "image/png", "image/webp", "image/gif", "image/heic", "image/heif", "image/avif"]
UNKNOWN_TYPE = "application/octet-stream"
_OTHER_NAMES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}

OutputFormat = Literal["png", "webp", "jpeg"]
Output = Literal["cutout", "matte"]
Colour = tuple[int, int, int]

PATIENCE = timedelta(hours=6)
"""How long a job waits for Hugging Face before it fails and gives its credits back."""

UPLOAD_WINDOW = timedelta(minutes=15)
"""How long a presigned upload may begin after its job was made."""

LARGEST_UPLOAD = 10_000_000
"""Bytes of one photo."""

FIRST_PAUSE = 10.0
"""Seconds between a first submission that came to nothing and the second; each pause is three times the one before.

So an outage delays a job by twice its own length at most, and six hours of patience see eight submissions at most.
"""

LONGEST_FILE_NAME = 255
"""Characters."""

OVERDUE_AFTER = timedelta(minutes=15)
"""How long a job may stand in the queue before the reconciler asks whether its message got lost."""

GRACE = timedelta(minutes=1)
"""What the reconciler adds to a deadline, for what is under way at that moment."""


def announced_type(content_type: str | None) -> str:
    """The media type under which a file is stored whose caller says that it has this one.

    That is a hint, which browsers often get wrong: what a file is, its bytes say. Types of photos keep their names; any
    other is `UNKNOWN_TYPE`, so that nobody's HTML is ever served as HTML.
    """
    named = (content_type or "").partition(";")[0].strip().lower()
    named = _OTHER_NAMES.get(named, named)
    return named if named in get_args(PhotoType) else UNKNOWN_TYPE


class JobStatus(StrEnum):
    AWAITING_UPLOAD = "awaiting_upload"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OPEN = frozenset({JobStatus.AWAITING_UPLOAD, JobStatus.QUEUED, JobStatus.PROCESSING})


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job until `until`; `holder` is unique to one attempt."""

    holder: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """A request to Hugging Face's queue: polled again by whoever works on the job next, never sent twice.

    Without URLs it came to nothing, or nobody knows where it waits. `number` counts it and those that it was sent in
    place of, as each may have been billed. `sent_at` in seconds since 1970.
    """

    status_url: str = ""
    response_url: str = ""
    number: int = 1
    sent_at: int = 0

    @property
    def next_at(self) -> float:
        """When another may be sent in its place, in seconds since 1970."""
        return self.sent_at + FIRST_PAUSE * 3.0 ** (self.number - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the result is rendered.

    `background` is an RGB colour put behind the cut-out, `background_image` the SHA-256 in hex of an image that is,
    centred and scaled to fill; with neither it stays transparent. `region`: only there is a subject looked for, and all
    else is transparent. `scale`: the subject is made as large as fits into so many per cent of the photo's width and
    height. `position`: where in the photo's frame the subject stands; None leaves it in its place, or centres it where
    it is scaled. `crop`: to the subject with this margin, as far as the photo goes; None leaves the whole photo.
    `output`: the cut-out, or its alpha as a grey image. `max_size`: the longest that the long edge may be, in pixels.
    `lossless` is said of WebP, which can be both.
    """

    format: OutputFormat = "png"
    background: Colour | None = None
    crop: Margin | Margins | None = None
    output: Output = "cutout"
    max_size: int | None = None
    lossless: bool = False
    background_image: str | None = None
    region: Region | None = None
    scale: int | None = None
    position: Position | None = None

    def __repr__(self) -> str:
        """Keys and fingerprints are made of it: without the options that came later, it is what it was before them."""
        values = {name: getattr(self, name) for name in self.__slots__}
        later = ("background_image", "region", "scale", "position")
        said = (f"{name}={value!r}" for name, value in values.items() if value is not None or name not in later)
        return f"Options({', '.join(said)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The photo as it was announced, and once it was opened as it is, after its orientation is applied.

    `content_type` is a `PhotoType`, or `UNKNOWN_TYPE` until the photo was opened. `size` in bytes, `sha256` of these
    bytes in hex. `url`: where the photo is fetched from, until it was opened. It may hold its owner's secrets, so that
    nobody is shown it, and no log has it.
    """

    content_type: str
    size: int | None = None
    width: int | None = None
    height: int | None = None
    file_name: str | None = None
    # Not announced, so that it is no part of the fingerprint behind an Idempotency-Key.
    sha256: str | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)


class Doubt(StrEnum):
    """Why a cut-out may not be what its owner wants."""

    FULL_FRAME = "full_frame"
    FRAGMENTS = "fragments"
    TOUCHING_BORDERS = "touching_borders"
    UNDECIDED_PIXELS = "undecided_pixels"


@dataclass(frozen=True, slots=True)
class Quality:
    """How far the matte can be trusted: `score` from 0 to 100, and what lowers it."""

    score: int
    reasons: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`size` in bytes, `crc32` of these bytes, `seconds` from the start of the attempt that delivered it.

    `width` and `height` are those of the delivered image. `tier` is the one that was delivered: a lesser one than the
    job's where an inference failed. `looks`: how many mattes Hugging Face delivered for it, none where the matte was
    known.
    """

    content_type: str
    width: int
    height: int
    size: int
    crc32: int
    seconds: float
    tier: str
    quality: Quality
    looks: int


@dataclass(frozen=True, slots=True)
class Failure:
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`attempts` counts leases. `retire_at` is when the record and its files are deleted.

    `price` in credits is 0 where `coverage` says what was taken from a plan's quota instead. It is what the job holds,
    and what it was charged when it is completed.

    `submissions` are those that wait in Hugging Face's queue, or did, by the number of the look.

    `anew`: its sender wants an inference, even if the matte is known. `matte_of`: the job for which the matte was made
    that this one uses, so that it costs nothing.

    `due_at`: if the job has not ended by then, the reconciler looks at it; None of a job that has.
    """

    user_id: str
    job_id: str
    tier: str
    price: int
    status: JobStatus
    source: Source
    options: Options
    created_at: datetime
    updated_at: datetime
    retire_at: datetime
    due_at: datetime | None
    batch_id: str | None = None
    coverage: Coverage | None = None
    attempts: int = 0
    lease: Lease | None = None
    submissions: Mapping[int, Submission] = field(default_factory=dict)
    anew: bool = False
    matte_of: str | None = None
    result: Result | None = None
    failure: Failure | None = None

    @property
    def has_ended(self) -> bool:
        return self.status not in OPEN

    @property
    def submitted(self) -> int:
        """How many of its looks wait in Hugging Face's queue, or are ready there."""
        return sum(bool(submission.status_url) for submission in self.submissions.values())

    def is_out_of_patience(self, now: datetime) -> bool:
        return now - self.created_at >= PATIENCE

    def upload_until(self) -> datetime:
        """Until when a presigned upload of its photo may begin."""
        return self.created_at + UPLOAD_WINDOW

    def next_look(self, now: datetime) -> datetime:
        """When the reconciler looks again: each time later, so that it does not fill a queue that is merely long."""
        return now + max(OVERDUE_AFTER, now - self.created_at)


def job_id(created_at: datetime, entropy: bytes) -> str:
    """An id that sorts by creation time: milliseconds since 1970 in hex, then the entropy."""
    return f"{int(created_at.timestamp() * 1000):012x}{entropy.hex()}"


def item_id(batch_id: str, position: int) -> str:
    """The job of a batch's image: sorts by the batch's creation time, then by position (0 to 499)."""
    return f"{batch_id}-{position:03d}"


def order_of(reference: str) -> str:
    """The job, or the batch, whose price is moved by the ledger's entries of this reference.

    That is a job, a batch, one of its jobs, or several: `first..last`.
    """
    return reference.partition("..")[0].partition("-")[0]
