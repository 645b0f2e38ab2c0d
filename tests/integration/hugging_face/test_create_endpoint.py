"""`make endpoint`: Hugging Face's own client, over HTTP, against a stand-in of what it calls."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.hugging_face.hub import COMMIT, MODEL_REVISION, TOKEN, Hub
from tests.project import PROJECT

PYTHON = PROJECT / ".cache/huggingface_hub/bin/python"
COMMAND = PROJECT / "docs/huggingface/create_endpoint.py"
# The one address of the client's that no variable changes.
REDIRECTED = """
import runpy, sys
from huggingface_hub import constants
constants.INFERENCE_ENDPOINTS_ENDPOINT = sys.argv.pop(1)
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def hub_api() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


@pytest.fixture
def endpoint(hub_api: Hub, tmp_path: Path) -> "Command":
    return Command(hub_api, tmp_path)


class Command:
    def __init__(self, hub: Hub, home: Path) -> None:
        self._hub = hub
        self._home = home

    def __call__(
        self, *arguments: str, typed: str = "", token: str = TOKEN, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._home),
            "HF_ENDPOINT": self._hub.url,
            **({"HF_TOKEN": token} if token else {}),
            **variables,
        }
        return subprocess.run(
            [PYTHON, "-c", REDIRECTED, f"{self._hub.url}/v2", COMMAND, *arguments],
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )


def test_the_endpoint_is_made_with_our_handler(endpoint: Command, hub_api: Hub) -> None:
    outcome = endpoint("--yes")
    assert outcome.returncode == 0, outcome.stderr
    made = hub_api.endpoints["anna/rmbg-1-4"]
    assert made["model"]["repository"] == "anna/rmbg-1-4-handler"
    assert made["model"]["revision"] == COMMIT
    assert made["model"]["task"] == "custom"
    assert hub_api.repositories[0]["name"] == "rmbg-1-4-handler"
    assert hub_api.repositories[0]["visibility"] == "private"
    folder = COMMAND.parent
    assert hub_api.files == {name: (folder / name).read_bytes() for name in ("handler.py", "requirements.txt")}


def test_it_scales_to_zero(endpoint: Command, hub_api: Hub) -> None:
    endpoint("--yes", "--minutes", "20")
    scaling = hub_api.endpoints["anna/rmbg-1-4"]["compute"]["scaling"]
    assert scaling == {"minReplica": 0, "maxReplica": 1, "scaleToZeroTimeout": 20}


def test_only_those_with_a_token_may_call_it(endpoint: Command, hub_api: Hub) -> None:
    endpoint("--yes")
    assert hub_api.endpoints["anna/rmbg-1-4"]["type"] == "authenticated"


def test_the_models_code_is_that_of_today(endpoint: Command, hub_api: Hub) -> None:
    endpoint("--yes")
    assert hub_api.endpoints["anna/rmbg-1-4"]["model"]["env"] == {"MODEL_REVISION": MODEL_REVISION}


def test_the_parameters_to_set_are_printed(endpoint: Command, hub_api: Hub) -> None:
    lines = [line.strip() for line in endpoint("--yes").stdout.splitlines()]
    assert f'"Rmbg14Url={hub_api.url}/served/rmbg-1-4",' in lines
    assert '"Rmbg14Dialect=endpoint",' in lines
    (headers,) = (line for line in lines if "Rmbg14Headers" in line)
    assert headers in (PROJECT / "docs/operations.md").read_text()


def test_what_it_costs_an_hour_is_said_before_anything_is_made(endpoint: Command, hub_api: Hub) -> None:
    outcome = endpoint(typed="no\n")
    assert "$0.500 an hour" in outcome.stdout
    assert outcome.returncode == 1
    assert "Nothing was made." in outcome.stderr
    assert not hub_api.made


def test_without_somebody_to_ask_nothing_is_made(endpoint: Command, hub_api: Hub) -> None:
    assert endpoint().returncode == 1
    assert not hub_api.made


def test_it_is_made_when_yes_is_typed(endpoint: Command, hub_api: Hub) -> None:
    assert endpoint(typed="yes\n").returncode == 0
    assert hub_api.made


def test_other_hardware_has_its_own_price(endpoint: Command, hub_api: Hub) -> None:
    outcome = endpoint("--yes", "--hardware", "aws-us-east-1-intel-spr-x4", "--name", "cheap")
    assert "$0.134 an hour" in outcome.stdout
    compute = hub_api.endpoints["anna/cheap"]["compute"]
    assert (compute["accelerator"], compute["instanceType"], compute["instanceSize"]) == ("cpu", "intel-spr", "x4")


def test_hardware_that_does_not_exist_lists_what_does(endpoint: Command, hub_api: Hub) -> None:
    outcome = endpoint("--yes", "--hardware", "none")
    assert outcome.returncode == 1
    assert "$0.134  aws-us-east-1-intel-spr-x4" in outcome.stderr
    assert not hub_api.made


def test_it_is_waited_for(endpoint: Command, hub_api: Hub) -> None:
    hub_api.states = ["pending", "running"]
    outcome = endpoint("--yes")
    assert outcome.returncode == 0
    assert f"Rmbg14Url={hub_api.url}/served/rmbg-1-4" in outcome.stdout


def test_an_endpoint_that_exists_is_left_as_it_is(endpoint: Command, hub_api: Hub) -> None:
    endpoint("--yes")
    hub_api.asked.clear()
    outcome = endpoint()
    assert outcome.returncode == 0
    assert f"Rmbg14Url={hub_api.url}/served/rmbg-1-4" in outcome.stdout
    assert [call for call in hub_api.asked if call.startswith("POST")] == []


def test_an_endpoint_that_sleeps_is_left_asleep(endpoint: Command, hub_api: Hub) -> None:
    endpoint("--yes")
    hub_api.states = ["scaledToZero"]
    outcome = endpoint()
    assert outcome.returncode == 0
    assert "Rmbg14Url=" in outcome.stdout


def test_an_endpoint_that_is_paused_is_not_called_ready(endpoint: Command, hub_api: Hub) -> None:
    endpoint("--yes")
    hub_api.states = ["paused"]
    outcome = endpoint()
    assert outcome.returncode == 1
    assert "resume it" in outcome.stderr


def test_an_endpoint_that_does_not_come_up_is_told_of(endpoint: Command, hub_api: Hub) -> None:
    hub_api.states = ["failed"]
    outcome = endpoint("--yes")
    assert outcome.returncode == 1
    assert "failed to deploy" in outcome.stderr


def test_a_model_with_terms_needs_a_token_that_reads_it(endpoint: Command, hub_api: Hub) -> None:
    hub_api.gated = "auto"
    outcome = endpoint("--yes")
    assert outcome.returncode == 1
    assert "HF_READ_TOKEN" in outcome.stderr
    assert not hub_api.made


def test_the_endpoint_gets_the_reading_token_and_no_other(endpoint: Command, hub_api: Hub) -> None:
    hub_api.gated = "auto"
    assert endpoint("--yes", HF_READ_TOKEN="hf_reader").returncode == 0
    made = hub_api.endpoints["anna/rmbg-1-4"]
    assert made["model"]["secrets"] == {"HF_TOKEN": "hf_reader"}
    assert TOKEN not in json.dumps(made)


@pytest.mark.parametrize(("token", "said"), [("", "HF_TOKEN is needed"), ("hf_wrong", "Hugging Face refuses")])
def test_a_token_that_is_missing_or_wrong_is_told_of_in_words(endpoint: Command, token: str, said: str) -> None:
    outcome = endpoint("--yes", token=token)
    assert outcome.returncode == 1
    assert said in outcome.stderr
    assert "Traceback" not in outcome.stderr
