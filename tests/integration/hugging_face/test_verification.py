"""What `make verify` says of each model: the real client, the stand-in, and a secret in moto."""

import json
import re

import pytest
from mypy_boto3_secretsmanager import SecretsManagerClient
from PIL import Image, ImageOps

from background_remover.domain.tiers import Model
from background_remover.verification import Finding, verify
from tests.integration.hugging_face.conftest import StoredToken
from tests.integration.hugging_face.scripted_server import Scripted, ScriptedServer
from tests.project import PROJECT
from tests.stack.hugging_face import Fault, FixedMatte, HuggingFaceStandIn, Segmenter
from tests.stack.hugging_face.stand_in import TOKEN


class Inverted:
    """White where the background is."""

    def matte(self, photo: Image.Image) -> Image.Image:
        return ImageOps.invert(FixedMatte().matte(photo))


class Deployment:
    """The variables that a function has; a model's address is empty unless a test gives one."""

    def __init__(self, secrets: SecretsManagerClient, secret_id: str) -> None:
        self._secrets = secrets
        self.variables = {"HF_TOKEN_SECRET": secret_id}
        for model, dialect in (("HF_RMBG_1_4", "endpoint"), ("HF_RMBG_2_0", "fal_queue")):
            self.variables |= {f"{model}_URL": "", f"{model}_DIALECT": dialect, f"{model}_HEADERS": "{}"}
            self.variables |= {f"{model}_BORDER": "0", f"{model}_DOLLARS": "0"}

    def findings(self, seconds: float = 1.0, /, **variables: str) -> list[Finding]:
        return list(verify({**self.variables, **variables}, self._secrets, seconds=seconds))

    def first(self, url: str, **variables: str) -> Finding:
        """Of RMBG-1.4."""
        return self.findings(HF_RMBG_1_4_URL=url, **variables)[0]


@pytest.fixture
def deployment(secrets_manager: SecretsManagerClient, token: StoredToken) -> Deployment:
    return Deployment(secrets_manager, token.id)


def served(hub: HuggingFaceStandIn) -> str:
    return f"{hub.url}/models/briaai/RMBG-1.4"


def test_each_configured_model_is_sent_one_photo(deployment: Deployment, hub: HuggingFaceStandIn) -> None:
    fal = f"{hub.url}/fal-ai/fal-ai/bria/background/remove"
    findings = deployment.findings(10.0, HF_RMBG_1_4_URL=served(hub), HF_RMBG_2_0_URL=fal)
    assert [finding.model for finding in findings] == [Model.RMBG_1_4, Model.RMBG_2_0]
    for finding in findings:
        assert re.fullmatch(
            r"briaai/RMBG-[\d.]+: a matte of 640 x 480 in \d+\.\d s, which agrees with the subject to (99|100)%",
            str(finding),
        )
        assert not finding.is_wrong
    assert sum(request.call in ("infer", "submit") for request in hub.requests) == 2


def test_a_model_that_is_not_configured_is_said_to_be_so_and_is_no_failure(deployment: Deployment) -> None:
    first, second = deployment.findings()
    assert str(first) == "briaai/RMBG-1.4: not configured: Rmbg14Url is empty, and 503 the answer to basic"
    assert "standard, professional, industry" in str(second)
    assert not first.is_wrong
    assert not second.is_wrong


def test_the_photo_is_shown_with_the_border_that_is_configured(deployment: Deployment, hub: HuggingFaceStandIn) -> None:
    plain = deployment.first(served(hub))
    without = len(hub.last_photo or b"")
    bordered = deployment.first(served(hub), HF_RMBG_1_4_BORDER="25")
    assert "640 x 480" in str(plain)
    assert "640 x 480" in str(bordered)
    assert len(hub.last_photo or b"") > without


def test_the_headers_that_are_configured_are_sent(deployment: Deployment, hub: HuggingFaceStandIn) -> None:
    deployment.first(served(hub), HF_RMBG_1_4_HEADERS=json.dumps({"X-Scale-Up-Timeout": "10"}))
    assert hub.requests[0].headers["x-scale-up-timeout"] == "10"


def test_a_refused_token_names_the_secret(deployment: Deployment, token: StoredToken, hub: HuggingFaceStandIn) -> None:
    token.rotate("hf_old")
    finding = deployment.first(served(hub))
    assert finding.is_wrong
    assert "Hugging Face answered 401" in finding.what
    assert f"Put a token that may call it into the secret {token.id}." in finding.what
    assert "hf_old" not in finding.what
    assert TOKEN not in finding.what


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("not_found", times=99), "Is Rmbg14Url right"),
        (Fault("payment_required", times=99), "the account's credit"),
        (Fault("forbidden", times=99), "the token's permissions"),
        (Fault("html_200", times=99), "Its handler answers in a way that cannot be read"),
        (Fault("bad_request", times=99), "Look at the endpoint's log and its handler"),
        (Fault("wrong_size", times=99), "answered with 320 x 240. Look at the endpoint's log and its handler"),
        (Fault("cold_start", times=99), "verify again in some minutes"),
        (Fault("server_error", times=99, status=502), "verify again in some minutes"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
def test_what_is_wrong_and_what_to_do_is_said_in_one_line(
    deployment: Deployment, hub: HuggingFaceStandIn, fault: Fault, said: str
) -> None:
    hub.play(fault)
    finding = deployment.first(served(hub))
    assert finding.is_wrong
    assert said in finding.what
    assert "\n" not in str(finding)


def test_what_a_foreign_handler_answers_with_is_said(deployment: Deployment) -> None:
    answer = Scripted(body=b'{"label": "cat", "score": 0.9}', headers={"Content-Type": "application/json"})
    with ScriptedServer(answer).running() as server:
        finding = deployment.first(server.url)
    assert finding.is_wrong
    assert "no images in an object with 'label' (text), 'score' (a number)" in finding.what


def test_a_matte_of_something_else_is_wrong(deployment: Deployment) -> None:
    with HuggingFaceStandIn(segmenter=Inverted()) as hub:
        finding = deployment.first(served(hub))
    assert finding.is_wrong
    assert "is it inverted" in finding.what


def test_one_model_that_fails_does_not_keep_the_other_from_being_asked(
    deployment: Deployment, hub: HuggingFaceStandIn
) -> None:
    hub.play(Fault("not_found", on="infer"))
    fal = f"{hub.url}/fal-ai/fal-ai/bria/background/remove"
    first, second = deployment.findings(10.0, HF_RMBG_1_4_URL=served(hub), HF_RMBG_2_0_URL=fal)
    assert first.is_wrong
    assert not second.is_wrong


def test_a_real_model_sees_the_subject_of_the_photo(deployment: Deployment) -> None:
    with HuggingFaceStandIn(segmenter=Segmenter(PROJECT / ".cache/assets/u2netp.onnx")) as hub:
        finding = deployment.findings(20.0, HF_RMBG_1_4_URL=served(hub))[0]
    assert not finding.is_wrong, finding.what
