"""What CodeDeploy hears of a new version: the hook's own code, with versions that work and that do not."""

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from background_remover.domain.identity import SMOKE_TEST_USER, USER_ID
from tests.contract.deployment import Deployment, event
from tests.stack.hugging_face import Fault

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

Version = Callable[[dict[str, Any]], dict[str, Any]]


def told(deployment: Deployment, version: Version) -> list[str]:
    with deployment.versions(version) as statuses:
        deployment.invoke("SmokeTestFunction", event("smoke_test"))
    return statuses


def answering(status: int, image: Image.Image | None = None) -> Version:
    encoded = BytesIO()
    (image or Image.new("RGBA", (1, 1))).save(encoded, "PNG")
    body = {"isBase64Encoded": True, "body": base64.b64encode(encoded.getvalue()).decode()}
    return lambda _: {"Payload": {"statusCode": status, **body}}


def test_a_version_that_removes_a_background_may_meet_callers(deployment: Deployment) -> None:
    assert told(deployment, deployment.remove_version) == ["Succeeded"]
    assert len(deployment.hugging_face.requests) > 0, "a real removal"


def test_its_photo_is_paid_for_by_what_it_is_given(deployment: Deployment) -> None:
    told(deployment, deployment.remove_version)

    balance = deployment.ledger.balance(SMOKE_TEST_USER, datetime.now(UTC))
    assert (balance.available, balance.held) == (0, 0)


def test_a_hook_that_is_called_twice_gives_credits_once(deployment: Deployment) -> None:
    for _ in range(2):
        assert told(deployment, deployment.remove_version) == ["Succeeded"]

    assert deployment.ledger.balance(SMOKE_TEST_USER, datetime.now(UTC)).available == 0


def test_what_a_broken_version_left_pays_for_the_next(deployment: Deployment) -> None:
    told(deployment, answering(500))
    left = deployment.ledger.balance(SMOKE_TEST_USER, datetime.now(UTC)).available
    assert left > 0

    told(deployment, deployment.remove_version)

    assert deployment.ledger.balance(SMOKE_TEST_USER, datetime.now(UTC)).available == 0


def test_nobody_from_outside_can_be_the_smoke_tests_user() -> None:
    assert re.fullmatch(USER_ID, SMOKE_TEST_USER) is None


def test_a_provider_that_is_slow_once_is_asked_again(deployment: Deployment) -> None:
    deployment.hugging_face.play(Fault("cold_start", estimated_time=600))

    assert told(deployment, deployment.remove_version) == ["Succeeded"]


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(lambda _: {"FunctionError": "Unhandled", "Payload": {"errorMessage": "No module"}}, id="dies"),
        pytest.param(lambda _: {"Payload": None}, id="answers nothing"),
        pytest.param(answering(500), id="answers 500"),
        pytest.param(answering(202), id="never delivers"),
        pytest.param(answering(200), id="answers another size"),
        pytest.param(answering(200, Image.new("RGBA", (640, 480))), id="removes everything"),
        pytest.param(answering(200, Image.new("RGB", (640, 480))), id="removes nothing"),
    ],
)
def test_a_version_that_is_broken_is_taken_back(deployment: Deployment, version: Version) -> None:
    assert told(deployment, version) == ["Failed"]


def test_a_version_whose_settings_are_wrong_is_taken_back(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN_SECRET")
    assert told(deployment, deployment.remove_version) == ["Failed"]
