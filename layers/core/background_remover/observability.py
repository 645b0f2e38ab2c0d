"""Structured logs and metrics of every function. Names and dimensions come from POWERTOOLS_* in template.yaml."""

import warnings
from collections.abc import Mapping
from threading import Lock

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from background_remover.commit import COMMIT

# A request that counts nothing is no reason to warn.
warnings.filterwarnings("ignore", "No application metrics to publish")

UNITS = {
    "ColdStarts": MetricUnit.Count,
    # Of a photo, by tier; seconds are those of the attempt that delivered it.
    "ImagesDelivered": MetricUnit.Count,
    "ProcessingSeconds": MetricUnit.Seconds,
    "HuggingFaceSeconds": MetricUnit.Seconds,
    "PixelSeconds": MetricUnit.Seconds,
    "Dollars": MetricUnit.NoUnit,
    # Of a photo that was not delivered, by the error's code: it was at fault itself, or we or Hugging Face were.
    "ImagesRefused": MetricUnit.Count,
    "ImagesFailed": MetricUnit.Count,
    # Of Hugging Face's answers, by model.
    "HuggingFaceAnswers": MetricUnit.Count,
    "HuggingFace429": MetricUnit.Count,
    "HuggingFace503": MetricUnit.Count,
    "HuggingFaceOther5xx": MetricUnit.Count,
    "HuggingFaceUnanswered": MetricUnit.Count,
    "HuggingFaceMisconfigured": MetricUnit.Count,
    "HuggingFaceRepeats": MetricUnit.Count,
    "HuggingFaceBreakerOpened": MetricUnit.Count,
    "HuggingFaceBreakerOpen": MetricUnit.Count,
    # Of the whole stack.
    "Looks": MetricUnit.Count,
    "Attempts": MetricUnit.Count,
    "ImagesCached": MetricUnit.Count,
    "CreditsCaptured": MetricUnit.Count,
    "CreditsReleased": MetricUnit.Count,
    "QueueWaitSeconds": MetricUnit.Seconds,
    "ArchivesAssembled": MetricUnit.Count,
    "FilesIgnored": MetricUnit.Count,
    "JobsRequeued": MetricUnit.Count,
    "DeadLetters": MetricUnit.Count,
    "Abandoned": MetricUnit.Count,
    "LedgerDiffers": MetricUnit.Count,
    "RefundShortfall": MetricUnit.Count,
    "WebhooksDelivered": MetricUnit.Count,
    "WebhookAttemptsFailed": MetricUnit.Count,
    "WebhooksDisabled": MetricUnit.Count,
    "RequestsLimited": MetricUnit.Count,
    "AllowanceRefusals": MetricUnit.Count,
}
"""All metrics there are. Each stands on the dashboard; one that means trouble has its alarm in template.yaml."""

logger = Logger(commit=COMMIT)  # A key that is given here stays when a function clears its own.
metrics = Metrics()
_counting = Lock()


def count(metric: str) -> None:
    """Counts one occurrence, from any thread."""
    observe(metric, 1)


def observe(metric: str, value: float) -> None:
    """Adds a value to the metric of the whole stack, from any thread."""
    with _counting:
        metrics.add_metric(name=metric, unit=UNITS[metric], value=value)


def measure(values: Mapping[str, float], *, by: Mapping[str, str]) -> None:
    """Writes metrics at once, from any thread: each for the whole stack, and by the dimension that `by` names.

    A dimension's values must be few, as CloudWatch bills each of them as a metric of its own.
    """
    line = AmazonCloudWatchEMFProvider()
    for metric, value in values.items():
        line.add_metric(name=metric, unit=UNITS[metric], value=value)
    line.add_dimensions(service=line.service or "", **by)
    line.flush_metrics()


count("ColdStarts")  # It goes out with what the first invocation counts.
