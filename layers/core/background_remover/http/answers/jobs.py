"""Jobs, and what is made of them."""

from typing import NotRequired, TypedDict

from background_remover.domain.jobs import Doubt, JobStatus, OutputFormat
from background_remover.http.answers.formats import Instant, Link


class Source(TypedDict):
    """The photo. Width, height and size are null until they are known."""

    contentType: str
    width: int | None
    height: int | None
    size: int | None
    """In bytes."""


class Failure(TypedDict):
    """Why there is no result, in the words of a problem document."""

    code: str
    detail: str


class Quality(TypedDict):
    """How far the matte can be trusted, judged by the matte alone."""

    score: int
    """From 0 to 100."""
    reasons: list[Doubt]
    """What lowers the score."""


class JobSummary(TypedDict):
    """A job as it stands in a list."""

    jobId: str
    status: JobStatus
    tier: str
    credits: int
    """What the job holds, or has cost if it completed."""
    format: OutputFormat
    source: Source
    createdAt: Instant
    updatedAt: Instant
    coveredOn: NotRequired[str]
    """It costs no credits: it was taken from the quota of this day."""
    batchId: NotRequired[str]
    fileName: NotRequired[str]
    deliveredTier: NotRequired[str]
    """Of a completed job: its tier, or the lesser one that was delivered and charged as an inference failed."""
    quality: NotRequired[Quality]
    """Of a completed job."""
    looks: NotRequired[int]
    """Of a completed job: how many inferences Hugging Face delivered for it, 1 to 3; 0 if it is cached."""
    cached: NotRequired[bool]
    """Of a completed job: whether it was made from the finished matte of an earlier one, and cost nothing."""
    error: NotRequired[Failure]


class Result(TypedDict):
    """Presigned links to what a job made."""

    url: Link
    thumbnailUrl: Link
    matteUrl: NotRequired[Link]
    """As long as the matte is kept."""
    photoUrl: NotRequired[Link]
    """The photo that was sent, as long as it is kept."""
    expiresAt: Instant
    """When the links cease to work. Ask for the job again to get new ones."""
    contentType: str
    width: int
    height: int
    size: int
    """In bytes."""
    seconds: float
    """From the start of the attempt that delivered it."""


class JobWithLinks(JobSummary):
    """A job with links to what it made."""

    result: NotRequired[Result]


class Rendering(TypedDict):
    """Another rendering of a job, and a presigned link to it."""

    url: Link
    expiresAt: Instant
    """When the link ceases to work. Ask for the same rendering again to get a new one: it is kept."""
    contentType: str
    width: int
    height: int
    size: int
    """In bytes."""
    seconds: float
    """How long it took to make."""


class RenderedJob(TypedDict):
    """What was rendered, and by which tier's refinement."""

    jobId: str
    refinement: str
    rendering: Rendering


class Upload(TypedDict):
    """A presigned POST: a form with these fields, and then the photo as `file`."""

    url: Link
    fields: dict[str, str]
    expiresAt: Instant
    """Until when an upload may begin."""
    maxSize: int
    """In bytes."""


class JobWithUpload(JobSummary):
    """A job with the form for its photo, as long as that is awaited."""

    upload: NotRequired[Upload]


class JobsPage(TypedDict):
    """Jobs, newest first."""

    jobs: list[JobSummary]
    nextCursor: str | None
