"""What a batch costs at AWS: as deployed, with Hugging Face taking as long as it does."""

from __future__ import annotations

from pathlib import Path

from tests.bench.aws_bill import Bill
from tests.bench.figures import Figure, figure
from tests.bench.photos import small_jpeg
from tests.bench.tenant import Tenant
from tests.stack.local_stack import LocalStack

IMAGES = 100
LATENCY = 5.0
REPETITIONS = 3


def measure(folder: Path, source: Path) -> dict[str, Figure]:
    photo = small_jpeg(source)
    calls, milliseconds, dollars = [], [], []
    with LocalStack.start(folder, parameters={"SignupCredits": "100000"}, real_model=False) as stack:
        stack.hugging_face.set_latency(LATENCY)
        tenant = Tenant(stack, "cost@example.com")
        tenant.run_batch(20, photo)  # Cold starts, which a thousand images share.
        for _ in range(REPETITIONS):
            bill = Bill(stack)
            tenant.run_batch_when_all_is_uploaded(IMAGES, photo)
            calls.append(bill.calls() / IMAGES)
            milliseconds.append(sum(each.milliseconds for each in bill.invocations()) / IMAGES)
            # One to make the batch and one for its ZIP.
            total = bill.dollars(api_requests=2)
            dollars.append({service: each / IMAGES * 1000 for service, each in total.items()})
    return {
        "aws_calls_per_batch_image": figure(calls, "calls"),
        "lambda_ms_per_batch_image": figure(milliseconds, "ms"),
        "aws_usd_per_1000_images": figure([sum(each.values()) for each in dollars], "USD"),
        **{
            f"aws_usd_per_1000_images_{service}": figure([each[service] for each in dollars], "USD")
            for service in dollars[0]
        },
    }
