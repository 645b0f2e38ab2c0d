"""A large batch through the local stack, Hugging Face answering after a fixed time; and a small tenant beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.figures import Figure, figure
from tests.bench.photos import small_jpeg
from tests.bench.tenant import WORKER, BenchError, Tenant, await_answer, await_queued

if TYPE_CHECKING:
    from tests.bench.part import Means
    from tests.bench.sizes import Sizes
    from tests.stack.local_stack import LocalStack

WORKERS = 2
INFERENCES_AT_ONCE = 2


def measure(means: Means) -> dict[str, Figure]:
    photo, images = small_jpeg(), means.sizes.batch_images
    with means.stack(InferencesAtOnce=str(INFERENCES_AT_ONCE)) as stack, stack.limited_concurrency(WORKER, WORKERS):
        stack.hugging_face.set_latency(means.sizes.batch_seconds)
        tenant = Tenant(stack, "large@example.com")
        tenant.run_batch(means.sizes.warming_images, photo)  # Cold starts.
        stack.hugging_face.forget_requests()
        seconds = tenant.run_batch_when_all_is_uploaded(images, photo)
        # A batch wakes the endpoint as well, if nobody has within a minute.
        asked = sum(request.call == "infer" for request in stack.hugging_face.requests)
        if asked != images:
            raise BenchError(f"Hugging Face was asked {asked} times for {images} images")
        ideal = images * means.sizes.batch_seconds / (WORKERS * INFERENCES_AT_ONCE)
        # As deployed: a worker takes no more messages than it asks Hugging Face about at once.
        with stack.limited_messages(WORKER, INFERENCES_AT_ONCE):
            waits = _waits_of_a_small_tenant(stack, tenant, photo, means.sizes)
    return {
        "batch_images_per_second": figure([images / seconds], "1/s"),
        "batch_wall_over_ideal": figure([seconds / ideal], "ratio"),
        "small_tenant_wait_ratio": figure(waits, "ratio"),
    }


def _waits_of_a_small_tenant(stack: LocalStack, large: Tenant, photo: bytes, sizes: Sizes) -> list[float]:
    """For each of its images, how much longer it takes beside a large batch than alone."""
    small = Tenant(stack, "small@example.com")
    small.seconds_for_one(photo)
    alone = [small.seconds_for_one(photo) for _ in range(sizes.images_beside)]
    with stack.paused(WORKER):
        noisy = large.upload_batch(sizes.noisy_images, photo)
        await_queued(stack, sizes.noisy_images)
    await_answer(lambda: large.get(f"batch/{noisy}", limit=1)["counts"]["completed"] or None)
    beside = [small.seconds_for_one(photo) for _ in range(sizes.images_beside)]
    if large.get(f"batch/{noisy}")["percent"] == 100:
        raise BenchError("the large batch was over before the small tenant was")
    return [each / other for each, other in zip(beside, alone, strict=True)]
