"""The widgets of the deployed dashboard, with their lines as CloudWatch computes them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import ast
import math
import operator
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tests.emf import Series

type Points = Sequence[tuple[float, float]]
"""Seconds since 1970, and a value."""

SEARCH = re.compile(r"SEARCH\('\{(?P<schema>[^}]+)\} (?P<terms>.*)', '(?P<stat>\w+)', \d+\)")
TERM = re.compile(r'(\w+)=(\("[^)]*"\)|"[^"]*"|\S+)')
PROPERTY = re.compile(r"\$\{PROP\('Dim\.FunctionName'\)\}")
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html"""

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Div: lambda dividend, divisor: dividend / divisor if divisor else math.nan,
}


def drawn(widget: Mapping[str, Any], found: Mapping[Series, Points], times: Sequence[float]) -> dict[str, Any]:
    """The widget as it is to be drawn: of each line a label, its side, and a value for each period that begins at
    one of `times`. What AWS alone measures is named in `absent`."""
    place = {name: widget[name] for name in ("x", "y", "width", "height")}
    properties = widget["properties"]
    if widget["type"] == "text":
        return {**place, "text": properties["markdown"].lstrip("# ")}
    lines: list[dict[str, Any]] = []
    absent: list[str] = []
    values: dict[str, Sequence[float]] = {}
    for metric in properties["metrics"]:
        options: dict[str, Any] = metric[-1] if isinstance(metric[-1], dict) else {}
        side = options.get("yAxis", "left")
        if "expression" in options:
            continue
        namespace, name, *dimensions = [part for part in metric if isinstance(part, str)]
        series = (namespace, name, frozenset(zip(dimensions[::2], dimensions[1::2], strict=True)))
        label = options.get("label", name)
        if namespace.startswith("AWS/") and series not in found:
            absent.append(label)
            continue
        value = computed(found.get(series, []), options.get("stat", properties["stat"]), times)
        values[options.get("id", label)] = value
        if options.get("visible", True):
            lines.append({"label": label, "side": side, "values": value})
    for metric in properties["metrics"]:
        if "expression" in metric[0]:
            asked = metric[0]["expression"]
            if search := SEARCH.fullmatch(asked):
                matches = searched(search, found, metric[0]["label"])
                lines += [
                    {"label": label, "side": "left", "values": computed(points, search["stat"], times)}
                    for label, points in matches
                ]
                if not matches and search["schema"].startswith("AWS/"):
                    absent.append(re.findall(r'MetricName="(\w+)"', search["terms"])[0])
            else:
                tree = ast.parse(asked, mode="eval").body
                value = [_evaluated(tree, values, number) for number in range(len(times))]
                lines.append({"label": metric[0].get("label", asked), "side": "left", "values": value})
    return {
        **place,
        "title": properties["title"],
        "stacked": properties.get("stacked", False),
        "lines": lines,
        "absent": absent,
    }


def searched(search: re.Match[str], found: Mapping[Series, Points], label: str) -> list[tuple[str, Points]]:
    """The series that have these dimensions and no others, and their labels."""
    namespace, *dimensions = search["schema"].split(",")
    wanted = {name: re.findall(r"[^()\"\s]+", value) for name, value in TERM.findall(search["terms"])}
    matches = []
    for (its_namespace, name, its_dimensions), points in sorted(found.items(), key=str):
        values = dict(its_dimensions)
        if its_namespace != namespace or set(values) != set(dimensions) or name not in wanted["MetricName"]:
            continue
        if all(any(text in value for text in wanted.get(key, [""])) for key, value in values.items()):
            rest = [value for key, value in values.items() if key not in wanted or key == "FunctionName"]
            own = label and PROPERTY.sub(values["FunctionName"], label)
            matches.append((own or " ".join([name] * (len(wanted["MetricName"]) > 1) + rest), points))
    return matches


def computed(points: Points, statistic: str, times: Sequence[float]) -> list[float]:
    """Of each period; NaN where there is nothing."""
    period = times[1] - times[0]
    by_period: defaultdict[int, list[float]] = defaultdict(list)
    for moment, value in points:
        by_period[int((moment - times[0]) // period)].append(value)
    return [_statistic(by_period[number], statistic) for number in range(len(times))]


def _statistic(values: Iterable[float], statistic: str) -> float:
    some = sorted(values)
    if not some:
        return math.nan
    match statistic:
        case "Sum":
            return sum(some)
        case "Average":
            return statistics.mean(some)
        case "Maximum":
            return some[-1]
        case _ if statistic.startswith("p"):
            return some[min(len(some) - 1, int(len(some) * float(statistic[1:]) / 100))]
    raise ValueError(statistic)


def _evaluated(node: ast.expr, values: Mapping[str, Sequence[float]], number: int) -> float:
    match node:
        case ast.Constant(float() | int() as value):
            return float(value)
        case ast.Name(name):
            return values[name][number]
        case ast.BinOp(left, operation, right):
            return _OPERATORS[type(operation)](_evaluated(left, values, number), _evaluated(right, values, number))
        case ast.Call(ast.Name("FILL"), [filled, ast.Constant(float() | int() as filling)]):
            value = _evaluated(filled, values, number)
            return float(filling) if math.isnan(value) else value
    raise ValueError(ast.unparse(node))
