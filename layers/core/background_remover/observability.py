"""Structured logs and metrics of every function. Names and dimensions come from POWERTOOLS_* in template.yaml."""

import warnings
from threading import Lock

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

# A request that counts nothing is no reason to warn.
warnings.filterwarnings("ignore", "No application metrics to publish")

logger = Logger()
metrics = Metrics()
_counting = Lock()


def count(metric: str) -> None:
    """Counts one occurrence, from any thread. A metric here that means trouble has its alarm in template.yaml."""
    with _counting:
        metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
