"""What a batch costs at AWS: as deployed, with Hugging Face taking as long as it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.aws_bill import Bill
from tests.bench.figures import Figure, figure
from tests.bench.photos import small_jpeg
from tests.bench.tenant import Tenant

if TYPE_CHECKING:
    from tests.bench.part import Means


def measure(means: Means) -> dict[str, Figure]:
    photo, images = small_jpeg(), means.sizes.costed_images
    calls, milliseconds, units, dollars = [], [], [], []
    with means.stack() as stack:
        stack.hugging_face.set_latency(means.sizes.costed_seconds)
        tenant = Tenant(stack, "cost@example.com")
        tenant.run_batch(2 * means.sizes.warming_images, photo)  # Cold starts, which a thousand images share.
        for _ in range(means.sizes.costed_batches):
            bill = Bill(stack)
            tenant.run_batch_when_all_is_uploaded(images, photo)
            calls.append(bill.calls() / images)
            milliseconds.append(sum(each.milliseconds for each in bill.invocations()) / images)
            units.append(stack.emulator.metered().write_units / images)
            # One to make the batch and one for its ZIP.
            total = bill.dollars(api_requests=2)
            dollars.append({service: each / images * 1000 for service, each in total.items()})
    return {
        "aws_calls_per_batch_image": figure(calls, "calls"),
        "lambda_ms_per_batch_image": figure(milliseconds, "ms"),
        "write_units_per_batch_image": figure(units, "units"),
        "aws_usd_per_1000_images": figure([sum(each.values()) for each in dollars], "USD"),
        **{
            f"aws_usd_per_1000_images_{service}": figure([each[service] for each in dollars], "USD")
            for service in dollars[0]
        },
    }
