"""The operator's own models: what they will cost is said first, and the limit holds."""

import copy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from background_remover.domain.tiers import Model
from background_remover.gateways.hugging_face.routes import ModelRoute
from imaging.photo import EncodedImage
from imaging.png import write_png
from tests.bench.quality.hosted import AskingError, Meter, hosted, route_to
from tests.bench.quality.models import measured
from tests.bench.quality.on_scene import on_scene
from tests.bench.quality.sights import sights
from tests.stack.hugging_face import Fault, FixedMatte, HuggingFaceStandIn
from tests.stack.hugging_face.stand_in import TOKEN
from tests.unit.bench.small_scenes import folder as folder

FAL = "/fal-ai/fal-ai/bria/background/remove"
ENDPOINT = "/models/briaai/RMBG-1.4"


@pytest.fixture(autouse=True)
def environment(hub: HuggingFaceStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both models at the stand-in, each by the dialect that template.yaml has for it."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_RMBG_1_4_URL", hub.url + ENDPOINT)
    monkeypatch.setenv("HF_RMBG_2_0_URL", hub.url + FAL)


def photo() -> EncodedImage:
    return EncodedImage(write_png(np.zeros((30, 40, 3), np.uint8)), "image/png", 40, 30)


def calls(hub: HuggingFaceStandIn) -> int:
    return len([request for request in hub.requests if request.call in ("infer", "submit")])


@pytest.mark.parametrize("model", Model)
def test_a_model_is_asked_in_its_own_dialect(model: Model) -> None:
    ask = measured(model, scenes=1, limit=2, dollars_per_image=None).begin()

    assert np.array_equal(ask(photo()), np.asarray(FixedMatte().matte(Image.new("RGB", (40, 30)))))


def test_what_is_not_set_is_as_the_template_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_RMBG_2_0_URL")

    assert route_to(Model.RMBG_2_0) == ModelRoute(
        "https://router.huggingface.co/fal-ai/fal-ai/bria/background/remove", "fal_queue", dollars=0.018
    )


def test_the_looks_have_the_border_that_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_RMBG_2_0_BORDER", "10")

    assert measured(Model.RMBG_2_0, scenes=1, limit=2, dollars_per_image=None).border == 0.1


# ---- what it costs ---------------------------------------------------------------------------------------------------


def test_a_scene_costs_what_was_said(
    hub: HuggingFaceStandIn, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = measured(Model.RMBG_2_0, scenes=1, limit=0.13, dollars_per_image=None)
    assert capsys.readouterr().out == ("7 inferences by briaai/RMBG-2.0 (fal_queue): $0.018 each, $0.13 together\n")

    on_scene(folder, tmp_path, 0, model.begin(), border=model.border, model_alone=True)

    assert calls(hub) == 7
    assert str(model.meter) == "7 inferences, $0.13"


def test_nothing_is_asked_that_would_cost_more_than_the_limit(hub: HuggingFaceStandIn) -> None:
    with pytest.raises(AskingError, match=r"beyond the limit of \$2.00: say LIMIT=…, or take fewer photos"):
        measured(Model.RMBG_2_0, scenes=16, limit=2, dollars_per_image=None)

    assert len(sights(0.0)) * 16 * 0.018 > 2
    assert calls(hub) == 0


def test_an_endpoint_costs_its_hours(capsys: pytest.CaptureFixture[str]) -> None:
    measured(Model.RMBG_1_4, scenes=1000, limit=0, dollars_per_image=None)

    assert "7000 inferences by briaai/RMBG-1.4 (endpoint): they cost the hours of your endpoint" in (
        capsys.readouterr().out
    )


def test_a_price_of_ones_own_counts_for_an_endpoint_too() -> None:
    with pytest.raises(AskingError, match="beyond the limit"):
        measured(Model.RMBG_1_4, scenes=1, limit=2, dollars_per_image=0.5)


def test_the_limit_holds_whatever_was_said(hub: HuggingFaceStandIn) -> None:
    route = ModelRoute(hub.url + FAL, "fal_queue")
    ask = hosted(Model.RMBG_2_0, route, TOKEN, Meter(dollars_each=0.018, limit=0.02))
    ask(photo())

    with pytest.raises(AskingError, match=r"The limit of \$0.02 is reached \(1 inferences, \$0.02\)"):
        ask(photo())
    assert calls(hub) == 1


# ---- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_token_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")

    with pytest.raises(AskingError, match="HF_TOKEN is needed"):
        measured(Model.RMBG_2_0, scenes=1, limit=2, dollars_per_image=None)


def test_an_address_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_RMBG_1_4_URL", "")

    with pytest.raises(AskingError, match=r"no address for briaai/RMBG-1.4"):
        measured(Model.RMBG_1_4, scenes=1, limit=2, dollars_per_image=None)


def test_an_unknown_dialect_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_RMBG_2_0_DIALECT", "fal")

    with pytest.raises(AskingError, match=r"no dialect “fal”: it is one of fal_queue, endpoint"):
        measured(Model.RMBG_2_0, scenes=1, limit=2, dollars_per_image=None)


def test_a_refusal_says_why_and_gets_from_one_process_to_another(hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("payment_required", times=9))
    ask = measured(Model.RMBG_2_0, scenes=1, limit=2, dollars_per_image=None).begin()

    with pytest.raises(AskingError, match=r"inference_misconfigured: .*monthly included credits") as refusal:
        ask(photo())
    assert str(copy.copy(refusal.value)) == str(refusal.value)  # copied as it is pickled
