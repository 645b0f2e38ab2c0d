"""The alarms of template.yaml, evaluated as CloudWatch does: one period, by the metrics that are in logs."""

import ast
import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.contract.template import PARAMETERS, properties_of
from tests.emf import Series

ALARMS = properties_of("AWS::CloudWatch::Alarm")
COMPARISONS = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
}
_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.GtE: operator.ge,
}


def goes_off(name: str, found: Mapping[Series, Sequence[float]]) -> bool:
    """Whether the metrics of one period raise the alarm."""
    alarm = ALARMS[name]
    value = _computed(alarm["Metrics"], found) if "Metrics" in alarm else _value(alarm, _statistic(alarm), found)
    if value is None:
        assert alarm["TreatMissingData"] == "notBreaching"
        return False
    limit = alarm["Threshold"]
    if isinstance(limit, dict):
        limit = PARAMETERS[limit["Ref"]]["Default"]
    return bool(COMPARISONS[alarm["ComparisonOperator"]](value, limit))


def _statistic(alarm: dict[str, Any]) -> str:
    return str(alarm.get("ExtendedStatistic") or alarm["Statistic"])


def series_of(metric: dict[str, Any]) -> Series:
    """As the template names it; the stack is called by its parameter."""
    dimensions = {
        (each["Name"], each["Value"] if isinstance(each["Value"], str) else str(next(iter(each["Value"].values()))))
        for each in metric["Dimensions"]
    }
    return metric["Namespace"], metric["MetricName"], frozenset(dimensions)


def _value(metric: dict[str, Any], statistic: str, found: Mapping[Series, Sequence[float]]) -> float | None:
    values = found.get(series_of(metric))
    if not values:
        return None
    match statistic:
        case "Sum":
            return sum(values)
        case "Average":
            return statistics.mean(values)
        case "Maximum":
            return max(values)
        case "p95":
            return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]
    raise ValueError(statistic)


def _computed(metrics: list[dict[str, Any]], found: Mapping[Series, Sequence[float]]) -> float | None:
    assert all(each["ReturnData"] is False for each in metrics if "MetricStat" in each)
    values = {
        each["Id"]: _value(each["MetricStat"]["Metric"], each["MetricStat"]["Stat"], found)
        for each in metrics
        if "MetricStat" in each
    }
    (expression,) = [each["Expression"] for each in metrics if "Expression" in each]
    return _evaluated(ast.parse(expression, mode="eval").body, values)


def _evaluated(node: ast.AST, values: Mapping[str, float | None]) -> float | None:
    """What has a part without a value has none: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html"""
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return values[name]
        case ast.Call(func=ast.Name(id="FILL"), args=[metric, other]):
            value = _evaluated(metric, values)
            return _evaluated(other, values) if value is None else value
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, other]):
            holds = _evaluated(condition, values)
            return None if holds is None else _evaluated(then if holds else other, values)
        case ast.BinOp(left=left, op=sign, right=right) | ast.Compare(left=left, ops=[sign], comparators=[right]):
            first, second = _evaluated(left, values), _evaluated(right, values)
            return None if first is None or second is None else float(_OPERATORS[type(sign)](first, second))
    raise ValueError(ast.dump(node))
