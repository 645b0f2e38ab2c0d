"""What a caller has, may use and has used: credits, plans, prices, statistics and API keys."""

from typing import Literal, TypedDict

from background_remover.domain.credits import EntryKind
from background_remover.http.answers.formats import Instant


class LedgerEntry(TypedDict):
    """What one movement added to each side of the balance; negative took away."""

    entryId: str
    kind: EntryKind
    available: int
    held: int
    reference: str
    """The job, batch, payment or grant behind it."""
    createdAt: Instant


class UnchargedInferences(TypedDict):
    """Of photos in which nothing was found today, or that the model refused. Where all that are allowed are used, no
    photo is taken on before `resetsAt`."""

    used: int
    allowed: int
    """Some each day, and more for each inference that was charged on that day."""
    resetsAt: Instant


class CreditsPage(TypedDict):
    """The balance, and the ledger behind it, newest first: its `held` adds up to `held`, its `available` to
    `available` less `owed`."""

    available: int
    held: int
    """Spoken for by jobs that have not ended."""
    owed: int
    """Refunded though it is spent or held. Credits that come in or come back pay it first."""
    unchargedInferences: UnchargedInferences
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
    cachedImages: int
    """Made from finished mattes, at no cost."""
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
