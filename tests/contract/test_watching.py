"""What alarms and dashboard watch is what functions write."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from background_remover.domain.tiers import TIERS, Model
from background_remover.observability import UNITS
from tests.contract.cloudwatch import ALARMS, series_of
from tests.contract.deployment import event, message
from tests.contract.template import RESOURCES
from tests.contract.watched import NAMESPACE, STACK, Watched
from tests.project import PROJECT
from tests.stack.hugging_face import Fault

BODY: dict[str, Any] = json.loads(
    re.sub(r"\$\{([^}]+)\}", r"\1", RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
)
WIDGETS = [each["properties"] for each in BODY["widgets"] if each["type"] == "metric"]


# ---- names ---------------------------------------------------------------------------------------------------------


def test_what_the_code_measures_is_what_there_is() -> None:
    assert set(_measured()) == set(UNITS)


def test_every_metric_stands_on_the_dashboard() -> None:
    assert {name for name, _ in _on_the_dashboard()} == set(UNITS)


def test_every_series_of_the_dashboard_and_the_alarms_is_by_a_dimension_that_its_metric_has(watched: Watched) -> None:
    """As far as a delivered, a refused and a failed photo tell; what counts without a dimension needs no telling."""
    _play_everything(watched)
    written = {(name, frozenset(key for key, _ in dimensions)) for _, name, dimensions in watched.metrics()}
    asked = set(_on_the_dashboard()) | {
        (name, frozenset(key for key, _ in dimensions))
        for alarm in ALARMS.values()
        for metric in _metrics_of(alarm)
        for namespace, name, dimensions in [series_of(metric)]
        if namespace == NAMESPACE
    }
    told_elsewhere = {(name, frozenset({"service"})) for name in UNITS}
    assert asked - told_elsewhere <= written
    assert {name for name, dimensions in written if len(dimensions) > 1} == {
        name for name, dimensions in asked if len(dimensions) > 1
    } | {"HuggingFaceSeconds"}


def test_the_dashboards_tiers_and_models_are_all_there_are() -> None:
    values = {
        value
        for widget in WIDGETS
        for line in widget["metrics"]
        if line[0] == NAMESPACE and len(line) > 4 and isinstance(line[4], str)
        for value in [line[5]]
    }
    assert values == set(TIERS) | set(Model)


# ---- values --------------------------------------------------------------------------------------------------------


def test_a_photo_that_is_delivered_is_measured_by_its_tier(watched: Watched) -> None:
    watched.remove()

    tier = ("tier", "standard")
    assert watched.total("ImagesDelivered") == watched.total("ImagesDelivered", tier) == 1
    assert watched.total("CreditsCaptured") == 8
    assert watched.total("Looks") == watched.total("Attempts") == 1
    assert watched.total("Dollars", tier) == pytest.approx(0.018 + 0.00008)
    seconds = watched.total("ProcessingSeconds", tier)
    assert 0 < watched.total("HuggingFaceSeconds", tier) <= seconds
    assert watched.total("HuggingFaceSeconds", tier) + watched.total("PixelSeconds", tier) == pytest.approx(seconds)
    assert watched.total("HuggingFaceAnswers", ("model", "briaai/RMBG-2.0")) >= 3, "submitted, polled, fetched"
    assert watched.total("ColdStarts") == 1


def test_a_photo_that_comes_again_is_counted_as_delivered_and_does_not_hide_how_fast_hugging_face_is(
    watched: Watched,
) -> None:
    watched.remove()
    watched.deployment.invoke("RemoveFunction", event("remove"))

    assert (watched.total("ImagesDelivered", ("tier", "standard")), watched.total("ImagesCached")) == (2, 1)
    assert watched.total("CreditsCaptured") == 8
    assert watched.total("Looks") == 1
    series = watched.metrics()
    for name, times in (("PixelSeconds", 2), ("ProcessingSeconds", 1), ("HuggingFaceSeconds", 1)):
        assert len(series[NAMESPACE, name, frozenset([STACK])]) == times


@pytest.mark.parametrize(
    ("fault", "metric"),
    [
        (Fault("rate_limited", retry_after=60), "HuggingFace429"),
        (Fault("server_error"), "HuggingFaceOther5xx"),
        (Fault("cold_start"), "HuggingFace503"),
        (Fault("connection_reset"), "HuggingFaceUnanswered"),
        (Fault("payment_required"), "HuggingFaceMisconfigured"),
        (Fault("server_error", on="poll"), "HuggingFaceRepeats"),
    ],
)
def test_what_hugging_face_does_not_deliver_is_counted_by_model(watched: Watched, fault: Fault, metric: str) -> None:
    watched.deployment.hugging_face.play(fault)
    watched.remove()
    assert watched.total(metric, ("model", "briaai/RMBG-2.0")) == watched.total(metric) == 1


def test_a_photo_at_fault_is_refused_and_does_not_lower_the_success_rate(watched: Watched) -> None:
    watched.deployment.hugging_face.play(Fault("empty_matte"))
    watched.remove()
    assert watched.total("ImagesRefused", ("code", "unknown_foreground")) == 1
    assert watched.total("CreditsReleased") == 8
    assert watched.total("ImagesFailed") == 0


def test_a_photo_fails_where_hugging_face_answers_with_nonsense(watched: Watched) -> None:
    watched.deployment.hugging_face.play(Fault("wrong_size", times=2))
    watched.remove()
    assert watched.total("ImagesFailed", ("code", "invalid_matte")) == 1


def test_the_wait_in_the_queue_is_that_of_the_first_attempt(watched: Watched) -> None:
    job = watched.deployment.queue_job()
    delivery = message("process_image", job)
    delivery["Records"][0]["attributes"]["SentTimestamp"] = str(int(1000 * (job.created_at.timestamp() - 7)))
    watched.deployment.hugging_face.play(Fault("cold_start", estimated_time=600.0))
    watched.deployment.invoke("ProcessImageFunction", delivery)
    assert 7 <= watched.total("QueueWaitSeconds") < 60
    before = watched.total("QueueWaitSeconds")
    watched.deployment.invoke("ProcessImageFunction", delivery)
    assert watched.total("QueueWaitSeconds") == before


# ---- reading -------------------------------------------------------------------------------------------------------


def _play_everything(watched: Watched) -> None:
    watched.remove()
    faults = [
        Fault("empty_matte"),
        Fault("wrong_size", times=2),
        Fault("server_error", on="poll"),
        Fault("rate_limited", retry_after=60),
        Fault("cold_start"),
        Fault("connection_reset"),
        Fault("payment_required"),
    ]
    for fault in faults:
        watched.deployment.hugging_face.play(fault)
        watched.remove()
    watched.remove()  # The breaker is open now.


def _measured() -> Iterator[str]:
    """The names of metrics that stand in our code, besides those of the catalogue itself."""
    for file in [*(PROJECT / "layers/core").rglob("*.py"), *(PROJECT / "functions").rglob("*.py")]:
        tree = ast.parse(file.read_text())
        catalogue = [
            node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "UNITS"
        ]
        listed = {id(key) for each in catalogue for key in ast.walk(each)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node.value in UNITS and id(node) not in listed:
                yield str(node.value)


def _metrics_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    if "Metrics" in alarm:
        return [each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each]
    return [alarm]


def _on_the_dashboard() -> Iterator[tuple[str, frozenset[str]]]:
    """The name and the names of the dimensions of each series of ours."""
    for widget in WIDGETS:
        for line in widget["metrics"]:
            if line[0] == NAMESPACE:
                parts = [part for part in line[2:] if isinstance(part, str)]
                assert parts[:2] == list(STACK)
                yield line[1], frozenset(parts[::2])
            elif isinstance(line[0], dict) and f"{{{NAMESPACE}," in line[0]["expression"]:
                schema, term = re.findall(r"\{(.*?)\} (.*?)'", line[0]["expression"])[0]
                for name in re.findall(r'"(\w+)"', term.partition("MetricName=")[2]):
                    yield name, frozenset(schema.split(",")[1:])
