import math
from typing import Any

import pytest

from tests.emf import Series
from tests.stack.dashboard.widgets import Points, computed, drawn

TIMES = [100.0, 110.0, 120.0]
STACK = ("service", "stack")


def series(name: str, *dimensions: tuple[str, str], namespace: str = "Ours") -> Series:
    return namespace, name, frozenset(dimensions)


def widget(*metrics: list[Any], stat: str = "Sum") -> dict[str, Any]:
    place = {"x": 0, "y": 0, "width": 8, "height": 6}
    return {"type": "metric", **place, "properties": {"title": "Photos", "stat": stat, "metrics": list(metrics)}}


@pytest.mark.parametrize(("statistic", "value"), [("Sum", 6.0), ("Average", 2.0), ("Maximum", 3.0), ("p50", 2.0)])
def test_a_period_has_the_statistic_of_its_values(statistic: str, value: float) -> None:
    first, second, third = computed([(110.0, 1.0), (111.0, 2.0), (119.9, 3.0), (120.0, 9.0)], statistic, TIMES)

    assert math.isnan(first)
    assert (second, third) == (value, 9.0)


def test_a_line_has_its_label_and_its_side() -> None:
    found: dict[Series, Points] = {series("Dollars", STACK): [(100.0, 2.0)]}

    line = drawn(widget(["Ours", "Dollars", *STACK, {"label": "a photo", "yAxis": "right"}]), found, TIMES)["lines"][0]

    assert (line["label"], line["side"], line["values"][0]) == ("a photo", "right", 2.0)


def test_an_expression_is_computed_of_lines_that_are_not_shown() -> None:
    found: dict[Series, Points] = {
        series("Delivered", STACK): [(100.0, 3.0), (111.0, 1.0)],
        series("Failed", STACK): [(101.0, 1.0)],
    }
    asked = widget(
        [{"expression": "100 * FILL(a, 0) / (FILL(a, 0) + FILL(b, 0))", "label": "success"}],
        ["Ours", "Delivered", *STACK, {"id": "a", "visible": False}],
        ["Ours", "Failed", *STACK, {"id": "b", "visible": False}],
    )

    (line,) = drawn(asked, found, TIMES)["lines"]

    assert (line["label"], line["values"][:2]) == ("success", [75.0, 100.0])
    assert math.isnan(line["values"][2])


def test_a_search_finds_the_series_that_have_its_dimensions_and_no_others() -> None:
    found: dict[Series, Points] = {
        series("Failed", STACK, ("code", "cold")): [(100.0, 1.0)],
        series("Refused", STACK, ("code", "empty")): [(100.0, 1.0)],
        series("Failed", STACK): [(100.0, 1.0)],
        series("Failed", ("service", "other"), ("code", "cold")): [(100.0, 1.0)],
        series("Delivered", STACK, ("code", "cold")): [(100.0, 1.0)],
    }
    search = 'SEARCH(\'{Ours,service,code} service="stack" MetricName=("Failed" OR "Refused")\', \'Sum\', 300)'

    lines = drawn(widget([{"expression": search, "label": ""}]), found, TIMES)["lines"]

    assert [each["label"] for each in lines] == ["Failed cold", "Refused empty"]


def test_what_aws_alone_measures_is_named() -> None:
    asked = widget(["AWS/DynamoDB", "ThrottledRequests", "TableName", "jobs", {"label": "throttled jobs"}])

    assert drawn(asked, {}, TIMES)["absent"] == ["throttled jobs"]
