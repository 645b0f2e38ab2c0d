"""What the client counts of Hugging Face's answers."""

from collections import Counter
from collections.abc import Mapping

import pytest

from background_remover.domain.inference_errors import InferenceMisconfiguredError, InferenceUnavailableError
from background_remover.domain.tiers import Model
from background_remover.gateways.hugging_face.client import HuggingFace
from tests.integration.hugging_face.asking import ENDPOINT, FAL, FakeClock, matte, routes
from tests.integration.hugging_face.conftest import StoredToken
from tests.stack.hugging_face import Fault, HuggingFaceStandIn


class Told:
    """What the client told of each model, in its order."""

    def __init__(self) -> None:
        self.lines: list[tuple[Model, dict[str, int]]] = []

    def __call__(self, model: Model, counted: Mapping[str, int]) -> None:
        self.lines.append((model, dict(counted)))

    @property
    def total(self) -> Counter[str]:
        return sum((Counter(counted) for _, counted in self.lines), Counter())


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def client(hub: HuggingFaceStandIn, token: StoredToken, clock: FakeClock, told: Told) -> HuggingFace:
    return HuggingFace(routes(hub.url), token.secret, clock=clock, sleep=clock.sleep, now=clock, measure=told)


def test_one_inference_is_told_of_once_however_often_it_is_polled(client: HuggingFace, told: Told) -> None:
    matte(client, FAL)
    ((model, counted),) = told.lines
    assert model is FAL
    assert set(counted) == {"HuggingFaceAnswers"}
    assert counted["HuggingFaceAnswers"] >= 3, "submitted, polled, fetched"


def test_an_answer_is_counted_for_the_model_that_was_asked(client: HuggingFace, told: Told) -> None:
    matte(client, FAL)
    matte(client, ENDPOINT)
    assert [model for model, _ in told.lines] == [FAL, ENDPOINT]


@pytest.mark.parametrize(
    ("fault", "metric"),
    [
        (Fault("rate_limited", retry_after=1), "HuggingFace429"),
        (Fault("cold_start", estimated_time=1.0), "HuggingFace503"),
        (Fault("server_error"), "HuggingFaceOther5xx"),
        (Fault("server_error", status=504), "HuggingFaceOther5xx"),
    ],
)
def test_what_is_answered_and_tried_again_is_counted(
    client: HuggingFace, hub: HuggingFaceStandIn, told: Told, fault: Fault, metric: str
) -> None:
    hub.play(fault)
    matte(client, ENDPOINT)
    assert told.total == {"HuggingFaceAnswers": 2, metric: 1, "HuggingFaceRepeats": 1}


def test_what_is_not_answered_is_no_answer(client: HuggingFace, hub: HuggingFaceStandIn, told: Told) -> None:
    hub.play(Fault("connection_reset"))
    matte(client, ENDPOINT)
    assert told.total == {"HuggingFaceAnswers": 1, "HuggingFaceUnanswered": 1, "HuggingFaceRepeats": 1}


def test_an_inference_that_fails_is_told_of_as_well(client: HuggingFace, hub: HuggingFaceStandIn, told: Told) -> None:
    hub.play(Fault("cold_start", estimated_time=600.0))
    with pytest.raises(InferenceUnavailableError):
        matte(client, ENDPOINT)
    assert told.total == {"HuggingFaceAnswers": 1, "HuggingFace503": 1}


def test_an_operators_fault_opens_the_breaker_and_what_it_turns_away_is_counted(
    client: HuggingFace, hub: HuggingFaceStandIn, told: Told
) -> None:
    hub.play(Fault("payment_required"))
    for _ in range(3):
        with pytest.raises(InferenceMisconfiguredError):
            matte(client, ENDPOINT)
    assert told.total == {
        "HuggingFaceAnswers": 1,
        "HuggingFaceMisconfigured": 1,
        "HuggingFaceBreakerOpened": 1,
        "HuggingFaceBreakerOpen": 2,
    }
