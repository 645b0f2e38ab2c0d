"""A batch of 500 through the local stack, Hugging Face answering after a fixed time; and a small tenant beside it."""

from __future__ import annotations

from pathlib import Path

from tests.bench.figures import Figure, figure
from tests.bench.photos import small_jpeg
from tests.bench.tenant import WORKER, BenchError, Tenant, await_answer, await_queued
from tests.stack.local_stack import LocalStack

IMAGES = 500
NOISY_IMAGES = 400
LATENCY = 0.3
WORKERS = 2
INFERENCES_AT_ONCE = 2
PARAMETERS = {"SignupCredits": "100000", "InferencesAtOnce": str(INFERENCES_AT_ONCE)}
ALONE = 3


def measure(folder: Path, source: Path) -> dict[str, Figure]:
    photo = small_jpeg(source)
    with LocalStack.start(folder, parameters=PARAMETERS, real_model=False) as stack:
        stack.hugging_face.set_latency(LATENCY)
        stack.limit_concurrency(WORKER, WORKERS)
        tenant = Tenant(stack, "large@example.com")
        tenant.run_batch(10, photo)  # Cold starts.
        stack.hugging_face.forget_requests()
        seconds = tenant.run_batch_when_all_is_uploaded(IMAGES, photo)
        asked = len(stack.hugging_face.requests)
        if asked != IMAGES:
            raise BenchError(f"Hugging Face was asked {asked} times for {IMAGES} images")
        ideal = IMAGES * LATENCY / (WORKERS * INFERENCES_AT_ONCE)
        # As deployed: a worker takes no more messages than it asks Hugging Face about at once.
        stack.limit_messages(WORKER, INFERENCES_AT_ONCE)
        small = Tenant(stack, "small@example.com")
        small.seconds_for_one(photo)
        alone = [small.seconds_for_one(photo) for _ in range(ALONE)]
        with stack.paused(WORKER):
            noisy = tenant.upload_batch(NOISY_IMAGES, photo)
            await_queued(stack, NOISY_IMAGES)
        await_answer(lambda: tenant.get(f"batch/{noisy}", limit=1)["counts"]["completed"] or None)
        beside = [small.seconds_for_one(photo) for _ in range(ALONE)]
        if tenant.get(f"batch/{noisy}")["percent"] == 100:
            raise BenchError("the large batch was over before the small tenant was")
    return {
        "batch_images_per_second": figure([IMAGES / seconds], "1/s"),
        "batch_wall_over_ideal": figure([seconds / ideal], "ratio"),
        "small_tenant_wait_ratio": figure([each / other for each, other in zip(beside, alone, strict=True)], "ratio"),
    }
