"""Metrics as CloudWatch reads them out of logs.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

Series = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions."""


def series_in(lines: Iterable[str]) -> Mapping[Series, list[float]]:
    """All values of each series, in their order; lines that are no metrics say nothing."""
    found: dict[Series, list[float]] = defaultdict(list)
    for line in lines:
        if not line.startswith('{"_aws"'):
            continue
        document = json.loads(line)
        for directive in document["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = frozenset((name, document[name]) for name in names)
                for metric in directive["Metrics"]:
                    values = document[metric["Name"]]
                    series = (directive["Namespace"], metric["Name"], dimensions)
                    found[series] += values if isinstance(values, list) else [values]
    return found
