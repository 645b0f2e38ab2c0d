"""The JSON of the API's answers, exactly: mypy holds `representation` to it, and the OpenAPI document is made from it.

Typed dicts, because these cost a cold start nothing. A field that is not required is left out, never null.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from background_remover.domain.batches import BatchStatus
from background_remover.domain.credits import EntryKind
from background_remover.domain.jobs import Doubt, JobStatus, OutputFormat


@dataclass(frozen=True, slots=True)
class Format:
    """Says by a format of JSON Schema what a string holds."""

    name: str

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "format": self.name}


Instant = Annotated[str, Format("date-time")]
Link = Annotated[str, Format("uri")]


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
    """Of a completed job: how many inferences Hugging Face delivered for it, 1 to 3."""
    error: NotRequired[Failure]


class Result(TypedDict):
    """Presigned links to what a job made."""

    url: Link
    thumbnailUrl: Link
    matteUrl: NotRequired[Link]
    """As long as the matte is kept."""
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


class Counts(TypedDict):
    """A batch's jobs by how they stand."""

    open: int
    completed: int
    failed: int
    cancelled: int
    expired: int


class BatchCredits(TypedDict):
    """The price is what is held, charged and released together."""

    price: int
    held: int
    charged: int
    released: int


class Batch(TypedDict):
    """A batch of jobs that were priced together."""

    batchId: str
    status: BatchStatus
    tier: str
    format: OutputFormat
    total: int
    counts: Counts
    percent: int
    secondsLeft: float | None
    """Estimated from the pace so far; null until something was measured."""
    credits: BatchCredits
    zipReady: bool
    createdAt: Instant
    updatedAt: Instant
    error: NotRequired[Failure]
    """Why there is no ZIP."""


class CreatedBatch(Batch):
    """A batch with all its jobs, in the order of its files, each with the form for its photo if that is awaited."""

    items: list[JobWithUpload]
    nextCursor: None


class BatchPage(Batch):
    """A batch and a page of its jobs, in the order of its files; without jobs in the answer to a cancellation."""

    items: list[JobSummary]
    nextCursor: str | None


class ArchiveLink(TypedDict):
    """A presigned link to the ZIP of a batch."""

    zipUrl: Link
    zipSize: int
    """In bytes."""
    expiresAt: Instant


class LedgerEntry(TypedDict):
    """What one movement added to each side of the balance; negative took away."""

    entryId: str
    kind: EntryKind
    available: int
    held: int
    reference: str
    """The job, batch, payment or grant behind it."""
    createdAt: Instant


class CreditsPage(TypedDict):
    """The balance, and the ledger behind it, newest first: its `held` adds up to `held`, its `available` to
    `available` less `owed`."""

    available: int
    held: int
    """Spoken for by jobs that have not ended."""
    owed: int
    """Refunded though it is spent or held. Credits that come in or come back pay it first."""
    ledger: list[LedgerEntry]
    nextCursor: str | None


class Today(TypedDict):
    """What was taken from the quota today, in all and by the capped tiers."""

    used: int
    quota: int
    cappedUsed: int
    cappedQuota: int
    resetsAt: Instant


class Subscription(TypedDict):
    """The current subscription."""

    plan: str
    startedAt: Instant
    periodEnd: Instant
    cancelled: bool
    """It is not renewed any more."""
    today: Today


class Plan(TypedDict):
    """What a plan costs a month and covers a day, of the capped tiers together at most `dailyCapped`."""

    plan: str
    price: int
    currency: Literal["IDR"]
    dailyImages: int
    tiers: list[str]
    cappedTiers: list[str]
    dailyCapped: int


class Plans(TypedDict):
    """The caller's subscription, and the plans there are."""

    subscription: Subscription | None
    """Null if you have none."""
    plans: list[Plan]


class QuoteWithSubscription(TypedDict):
    """What the caller's plan makes of the price."""

    covered: bool
    leftToday: int | None
    """How many images of the tier the plan still covers today; null where no plan has the tier."""
    price: int


class Quote(TypedDict):
    """In credits."""

    totalImages: int
    tier: str
    unitPrice: int
    discount: int
    finalPrice: int
    withSubscription: QuoteWithSubscription


class EndedByStatus(TypedDict):
    completed: int
    failed: int
    cancelled: int
    expired: int


class EndedByTier(TypedDict):
    basic: int
    standard: int
    professional: int
    industry: int


class ProcessingSeconds(TypedDict):
    """Of completed jobs; null before there was one. The percentile is at most a tenth too high."""

    mean: float | None
    p95: float | None


class Statistics(TypedDict):
    """Of jobs that have ended."""

    total: int
    byStatus: EndedByStatus
    byTier: EndedByTier
    successRate: float | None
    """Of the jobs that completed or failed; null before there was one."""
    processingSeconds: ProcessingSeconds
    creditsSpent: int
    coveredImages: int
    subscription: Subscription | None


class ApiKey(TypedDict):
    """A key without its secret part."""

    keyId: str
    name: str
    prefix: str
    createdAt: Instant
    lastUsedAt: Instant | None
    """To the hour."""


class CreatedApiKey(ApiKey):
    key: str
    """Shown this once."""


class ApiKeys(TypedDict):
    """The caller's keys, newest first."""

    apiKeys: list[ApiKey]


class Health(TypedDict):
    """Liveness and version."""

    status: Literal["ok"]
    version: str
