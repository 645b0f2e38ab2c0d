"""What requests and answers look like. mypy holds the answers to their types, a test all of them to the document."""

from background_remover.domain.batches import BatchStatus
from background_remover.domain.credits import EntryKind
from background_remover.domain.jobs import Doubt, JobStatus
from background_remover.http.answers.account import (
    ApiKey,
    CreatedApiKey,
    CreditsPage,
    LedgerEntry,
    Plans,
    Quote,
    Statistics,
    Subscription,
    UnchargedInferences,
)
from background_remover.http.answers.batches import ArchiveLink, BatchPage, CreatedBatch
from background_remover.http.answers.jobs import JobsPage, JobSummary, JobWithLinks, JobWithUpload, RenderedJob, Upload

JOB_ID = "01a20ce405c07d1f4c0e6a93b5d82e41"
BATCH_ID = "01a20ce405c05b6e8f20c4d7913ae5f6"
WEBHOOK_ID = "01a20ce405c04b7e9d0c2f6a1b3c"
EVENT_ID = f"msg_01a20ce4138a-{JOB_ID}"
IDEMPOTENCY_KEY = "order-17"
FILE = "the photo's bytes"
TINY_PHOTO = (
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR42mM8UaHBwMDAxMDAwMDAAAARqgFsexo+EQAAAABJRU5ErkJggg=="
)
"""A PNG of 2 × 2 pixels, in base64."""
BUCKET = "https://images.s3.amazonaws.com"

COMPLETED: JobWithLinks = {
    "jobId": JOB_ID,
    "status": JobStatus.COMPLETED,
    "tier": "standard",
    "credits": 8,
    "format": "png",
    "source": {"contentType": "image/jpeg", "width": 4000, "height": 3000, "size": 3_204_881},
    "createdAt": "2026-11-24T09:30:00+00:00",
    "updatedAt": "2026-11-24T09:30:03.482000+00:00",
    "fileName": "cat.jpg",
    "deliveredTier": "standard",
    "quality": {"score": 91, "reasons": [Doubt.TOUCHING_BORDERS]},
    "looks": 1,
    "cached": False,
    "result": {
        "url": f"{BUCKET}/results/7c1d/{JOB_ID}.png?X-Amz-Signature=…",
        "thumbnailUrl": f"{BUCKET}/thumbnails/7c1d/{JOB_ID}.webp?X-Amz-Signature=…",
        "expiresAt": "2026-11-24T09:45:03.482000+00:00",
        "contentType": "image/png",
        "width": 4000,
        "height": 3000,
        "size": 9_120_334,
        "seconds": 3.371,
        "matteUrl": f"{BUCKET}/mattes/7c1d/{JOB_ID}.png?X-Amz-Signature=…",
        "photoUrl": f"{BUCKET}/inputs/7c1d/{JOB_ID}?X-Amz-Signature=…",
    },
}
CACHED: JobWithLinks = {**COMPLETED, "credits": 0, "looks": 0, "cached": True}
DELIVERED_AS_LESSER_TIER: JobWithLinks = {
    **COMPLETED,
    "tier": "industry",
    "credits": 15,
    "deliveredTier": "professional",
    "quality": {"score": 100, "reasons": []},
}
RENDERED: RenderedJob = {
    "jobId": JOB_ID,
    "refinement": "standard",
    "rendering": {
        "url": f"{BUCKET}/renders/7c1d/{JOB_ID}/5f2c9d1e7a3b4860bd51c27f90e64a18.webp?X-Amz-Signature=…",
        "expiresAt": "2026-11-25T09:45:00+00:00",
        "contentType": "image/webp",
        "width": 1200,
        "height": 863,
        "size": 81_204,
        "seconds": 0.912,
    },
}
QUEUED: JobSummary = {
    "jobId": JOB_ID,
    "status": JobStatus.QUEUED,
    "tier": "standard",
    "credits": 8,
    "format": "png",
    "source": {"contentType": "image/jpeg", "width": 4000, "height": 3000, "size": 3_204_881},
    "createdAt": "2026-11-24T09:30:00+00:00",
    "updatedAt": "2026-11-24T09:30:00+00:00",
    "fileName": "cat.jpg",
}
FAILED: JobSummary = {
    **QUEUED,
    "status": JobStatus.FAILED,
    "credits": 0,
    "error": {"code": "corrupt_image", "detail": "The image breaks off or is damaged: it does not decode."},
}
JOBS: JobsPage = {"jobs": [QUEUED, FAILED], "nextCursor": "am9iIzAxYTIwY2U0MDVjMDdkMWY0YzBlNmE5M2I1ZDgyZTQx"}

UPLOAD: Upload = {
    "url": BUCKET,
    "fields": {
        "Content-Type": "image/jpeg",
        "key": f"inputs/7c1d/{JOB_ID}",
        "policy": "eyJleHBpcmF0aW9uIjogIjIwMjYtMTEtMjRUMDk6NDU6MDBaIn0=",
        "x-amz-signature": "…",
    },
    "expiresAt": "2026-11-24T09:45:00+00:00",
    "maxSize": 10_000_000,
}
AWAITING: JobWithUpload = {
    "jobId": JOB_ID,
    "status": JobStatus.AWAITING_UPLOAD,
    "tier": "standard",
    "credits": 8,
    "format": "png",
    "source": {"contentType": "image/jpeg", "width": None, "height": None, "size": None},
    "createdAt": "2026-11-24T09:30:00+00:00",
    "updatedAt": "2026-11-24T09:30:00+00:00",
    "upload": UPLOAD,
}

CREATED_BATCH: CreatedBatch = {
    "batchId": BATCH_ID,
    "status": BatchStatus.QUEUED,
    "tier": "basic",
    "format": "png",
    "total": 1,
    "counts": {"open": 1, "completed": 0, "failed": 0, "cancelled": 0, "expired": 0},
    "percent": 0,
    "secondsLeft": None,
    "credits": {"price": 3, "held": 3, "charged": 0, "released": 0},
    "zipReady": False,
    "createdAt": "2026-11-24T09:30:00+00:00",
    "updatedAt": "2026-11-24T09:30:00+00:00",
    "items": [{**AWAITING, "jobId": f"{BATCH_ID}-000", "batchId": BATCH_ID, "tier": "basic", "credits": 3}],
    "nextCursor": None,
}
BATCH: BatchPage = {
    "batchId": BATCH_ID,
    "status": BatchStatus.PROCESSING,
    "tier": "standard",
    "format": "png",
    "total": 24,
    "counts": {"open": 17, "completed": 6, "failed": 1, "cancelled": 0, "expired": 0},
    "percent": 29,
    "secondsLeft": 41.3,
    "credits": {"price": 183, "held": 127, "charged": 48, "released": 8},
    "zipReady": False,
    "createdAt": "2026-11-24T09:30:00+00:00",
    "updatedAt": "2026-11-24T09:30:17.120000+00:00",
    "items": [{**QUEUED, "jobId": f"{BATCH_ID}-000", "batchId": BATCH_ID}],
    "nextCursor": "am9iIzAxYTIwY2U0MDVjMDViNmU4ZjIwYzRkNzkxM2FlNWY2LTAwMA",
}
CANCELLED_BATCH: BatchPage = {
    **BATCH,
    "status": BatchStatus.CANCELLED,
    "counts": {"open": 0, "completed": 6, "failed": 1, "cancelled": 17, "expired": 0},
    "percent": 100,
    "secondsLeft": 0.0,
    "credits": {"price": 183, "held": 0, "charged": 48, "released": 135},
    "items": [],
    "nextCursor": None,
}
ARCHIVE: ArchiveLink = {
    "zipUrl": f"{BUCKET}/zips/7c1d/{BATCH_ID}.zip?X-Amz-Signature=…",
    "zipSize": 18_230_112,
    "expiresAt": "2026-11-24T09:45:00+00:00",
}

PAYMENT_ID = "pay_7Qm2"
HOLD: LedgerEntry = {
    "entryId": f"2026-11-24T09:30:00.000000+00:00#3#{JOB_ID}",
    "kind": EntryKind.HOLD,
    "available": -8,
    "held": 8,
    "reference": JOB_ID,
    "createdAt": "2026-11-24T09:30:00.000000+00:00",
}
UNCHARGED: UnchargedInferences = {"used": 2, "allowed": 14, "resetsAt": "2026-11-25T00:00:00+00:00"}
CREDITS: CreditsPage = {
    "available": 42,
    "held": 8,
    "owed": 0,
    "unchargedInferences": UNCHARGED,
    "ledger": [
        HOLD,
        {
            "entryId": "2026-11-24T09:29:58.120000+00:00#0#signup",
            "kind": EntryKind.BONUS,
            "available": 50,
            "held": 0,
            "reference": "signup",
            "createdAt": "2026-11-24T09:29:58.120000+00:00",
        },
    ],
    "nextCursor": None,
}
CREDITS_OWED: CreditsPage = {
    "available": 0,
    "held": 8,
    "owed": 5,
    "unchargedInferences": UNCHARGED,
    "ledger": [
        {
            "entryId": f"2026-11-24T09:30:01.000000+00:00#2#{PAYMENT_ID}",
            "kind": EntryKind.REFUND,
            "available": -10,
            "held": 0,
            "reference": PAYMENT_ID,
            "createdAt": "2026-11-24T09:30:01.000000+00:00",
        },
        HOLD,
        {
            "entryId": f"2026-11-24T09:29:59.000000+00:00#1#{PAYMENT_ID}",
            "kind": EntryKind.PURCHASE,
            "available": 10,
            "held": 0,
            "reference": PAYMENT_ID,
            "createdAt": "2026-11-24T09:29:59.000000+00:00",
        },
        {
            "entryId": "2026-11-24T09:29:58.120000+00:00#0#signup",
            "kind": EntryKind.BONUS,
            "available": 3,
            "held": 0,
            "reference": "signup",
            "createdAt": "2026-11-24T09:29:58.120000+00:00",
        },
    ],
    "nextCursor": None,
}

KEY_ID = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
API_KEY: ApiKey = {
    "keyId": KEY_ID,
    "name": "photo import",
    "prefix": "brp_Zm9vYmFy",
    "createdAt": "2026-11-24T09:30:00+00:00",
    "lastUsedAt": None,
}
CREATED_API_KEY: CreatedApiKey = {**API_KEY, "key": "brp_Zm9vYmFyVGhpc0lzQW5FeGFtcGxlQW5kTm9ib2R5c0tleQ"}

SUBSCRIPTION: Subscription = {
    "plan": "pro",
    "startedAt": "2026-11-01T08:00:00+00:00",
    "periodEnd": "2026-12-01T08:00:00+00:00",
    "cancelled": False,
    "today": {
        "used": 61,
        "quota": 200,
        "cappedUsed": 12,
        "cappedQuota": 50,
        "resetsAt": "2026-11-25T00:00:00+00:00",
    },
}
PLANS: Plans = {
    "subscription": SUBSCRIPTION,
    "plans": [
        {
            "plan": "starter",
            "price": 99_000,
            "currency": "IDR",
            "dailyImages": 50,
            "tiers": ["basic", "standard"],
            "cappedTiers": [],
            "dailyCapped": 0,
        },
        {
            "plan": "pro",
            "price": 299_000,
            "currency": "IDR",
            "dailyImages": 200,
            "tiers": ["basic", "standard", "professional", "industry"],
            "cappedTiers": ["professional", "industry"],
            "dailyCapped": 50,
        },
    ],
}
QUOTE: Quote = {
    "totalImages": 33,
    "tier": "basic",
    "unitPrice": 3,
    "discount": 4,
    "finalPrice": 95,
    "withSubscription": {"covered": False, "leftToday": None, "price": 95},
}
STATISTICS: Statistics = {
    "total": 42,
    "byStatus": {"completed": 38, "failed": 2, "cancelled": 1, "expired": 1},
    "byTier": {"basic": 30, "standard": 12, "professional": 0, "industry": 0},
    "successRate": 0.95,
    "processingSeconds": {"mean": 4.812, "p95": 7.34},
    "creditsSpent": 96,
    "coveredImages": 14,
    "cachedImages": 3,
    "subscription": SUBSCRIPTION,
}
