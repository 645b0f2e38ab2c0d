"""The handler that we give to Inference Endpoints, in process, with a small model in RMBG-1.4's place."""

import base64
import io
import sys
from collections.abc import Callable, Iterator, Mapping
from unittest.mock import MagicMock

import numpy as np
import pytest
from PIL import Image

from background_remover.domain.inference_errors import InferenceRefusedError
from docs.huggingface import handler
from docs.huggingface.handler import SIDE, EndpointHandler, Pixels
from imaging.matte import read_matte
from imaging.photo import EncodedImage
from tests.integration.hugging_face.asking import HEIGHT, WIDTH, matte, routes
from tests.integration.hugging_face.conftest import ClientFor
from tests.project import PROJECT
from tests.stack.hugging_face import Segmenter
from tests.stack.hugging_face.answers import Answer, error_answer, json_answer
from tests.stack.hugging_face.server import Server


class SmallModel:
    """What is bright is the subject, more or less surely; keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: list[Pixels] = []

    def __call__(self, colours: Pixels) -> Pixels:
        self.shown.append(colours)
        brightness: Pixels = colours[0].mean(axis=0)
        return brightness / np.float32(2)


def u2netp(colours: Pixels) -> Pixels:
    """U²-Net's small model behind the same face."""
    picture = Image.fromarray(((colours[0].transpose(1, 2, 0) + 0.5) * 255).round().astype(np.uint8))
    saliency = Segmenter(PROJECT / ".cache/assets/u2netp.onnx").matte(picture)
    return np.asarray(saliency, np.float32) / np.float32(255)


def with_model(monkeypatch: pytest.MonkeyPatch, model: Callable[[Pixels], Pixels]) -> EndpointHandler:
    monkeypatch.setattr(handler, "load_model", lambda: model)
    return EndpointHandler("/repository")


@pytest.fixture
def model() -> SmallModel:
    return SmallModel()


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch, model: SmallModel) -> EndpointHandler:
    return with_model(monkeypatch, model)


def bright_on_dark(width: int, height: int) -> Image.Image:
    """Its middle third is the subject, in both directions."""
    picture = Image.new("RGB", (width, height), (20, 20, 20))
    picture.paste((220, 220, 220), (width // 3, height // 3, 2 * width // 3, 2 * height // 3))
    return picture


def encoded(picture: Image.Image, image_format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, image_format)
    return buffer.getvalue()


def mask_of(answer: Mapping[str, str]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(answer["mask"], validate=True)))


@pytest.mark.parametrize("size", [(60, 40), (40, 60), (1, 1), (1500, 7), (1024, 1024)])
def test_the_mask_has_the_size_of_what_was_sent(handle: EndpointHandler, size: tuple[int, int]) -> None:
    mask = mask_of(handle({"inputs": bright_on_dark(*size)}))
    assert (mask.size, mask.mode, mask.format) == (size, "L", "PNG")


def test_the_subject_is_white_and_the_background_black(handle: EndpointHandler) -> None:
    mask = np.asarray(mask_of(handle({"inputs": bright_on_dark(300, 300)})))
    assert mask[150, 150] == 255
    assert mask[10, 10] == 0


def test_the_model_is_shown_what_rmbg_was_trained_on(handle: EndpointHandler, model: SmallModel) -> None:
    handle({"inputs": Image.new("RGB", (30, 20), (255, 0, 51))})
    (shown,) = model.shown
    assert shown.shape == (1, 3, SIDE, SIDE)
    assert shown.dtype == np.float32
    assert shown[0, :, 0, 0] == pytest.approx([0.5, -0.5, -0.3], abs=1e-6)


def test_a_photo_without_a_subject_has_an_empty_mask(handle: EndpointHandler) -> None:
    mask = mask_of(handle({"inputs": Image.new("RGB", (30, 20), "grey")}))
    assert mask.getextrema() == (0, 0)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK"])
def test_an_image_of_any_mode_is_taken(handle: EndpointHandler, mode: str) -> None:
    assert mask_of(handle({"inputs": bright_on_dark(30, 20).convert(mode)})).size == (30, 20)


def test_bytes_and_base64_are_taken_too(handle: EndpointHandler) -> None:
    picture = bright_on_dark(90, 60)
    content = encoded(picture)
    text = base64.b64encode(content).decode()
    expected = handle({"inputs": picture})
    assert handle({"inputs": content}) == expected
    assert handle({"inputs": text}) == expected
    assert handle({"inputs": f"data:image/png;base64,{text}"}) == expected


@pytest.mark.parametrize(
    "data", [{}, {"inputs": None}, {"inputs": "a cat"}, {"inputs": b"GIF8"}, {"inputs": 5}, {"inputs": b""}]
)
def test_what_is_no_image_is_refused(handle: EndpointHandler, data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="“inputs” is no image that can be read"):
        handle(data)


@pytest.fixture
def endpoint(handle: EndpointHandler) -> Iterator[str]:
    """Around the handler what Hugging Face's image does:
    https://github.com/huggingface/huggingface-inference-toolkit/blob/main/src/huggingface_inference_toolkit/webservice_starlette.py
    """

    def respond(_method: str, _target: str, _headers: Mapping[str, str], body: bytes) -> tuple[Answer, None]:
        try:
            with Image.open(io.BytesIO(body)) as image:
                return json_answer(handle({"inputs": image.convert("RGB")})), None
        except (OSError, ValueError) as error:
            return error_answer(400, str(error)), None

    server = Server("127.0.0.1", 0, respond)
    server.start()
    yield server.url
    server.stop()


@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_our_client_reads_what_the_handler_answers(client_for: ClientFor, endpoint: str, image_format: str) -> None:
    content = encoded(bright_on_dark(WIDTH, HEIGHT), image_format)
    sent = EncodedImage(content, f"image/{image_format.lower()}", WIDTH, HEIGHT)
    received = matte(client_for(routes(endpoint)), sent=sent)
    assert received.shape == (HEIGHT, WIDTH)
    assert received[HEIGHT // 2, WIDTH // 2] > 240
    assert received[2, 2] < 40


def test_what_the_endpoint_cannot_read_is_refused_for_good(client_for: ClientFor, endpoint: str) -> None:
    broken = EncodedImage(b"no photo", "image/jpeg", WIDTH, HEIGHT)
    with pytest.raises(InferenceRefusedError, match="cannot identify image"):
        matte(client_for(routes(endpoint)), sent=broken)


def test_the_models_finest_mask_is_taken_from_the_revision_that_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch and the weights are not here: what the handler calls of them is."""
    torch, transformers, network = MagicMock(), MagicMock(), MagicMock()
    torch.cuda.is_available.return_value = False
    finest = MagicMock()
    finest.__getitem__.return_value.float.return_value.cpu.return_value.numpy.return_value = np.eye(SIDE)
    network.return_value = ([finest, "coarser"], ["features"])
    load = transformers.AutoModelForImageSegmentation.from_pretrained
    load.return_value.eval.return_value.to.return_value = network
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "transformers", transformers)
    monkeypatch.setenv("MODEL_REVISION", "0123abc")

    saliency = handler.load_model()(np.zeros((1, 3, SIDE, SIDE), np.float32))

    load.assert_called_once_with("briaai/RMBG-1.4", revision="0123abc", trust_remote_code=True)
    finest.__getitem__.assert_called_once_with((0, 0))
    assert np.array_equal(saliency, np.eye(SIDE))


def test_with_a_real_model_a_subject_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = with_model(monkeypatch, u2netp)({"inputs": (PROJECT / ".cache/assets/astronaut.png").read_bytes()})
    found = read_matte(base64.b64decode(answer["mask"]), width=512, height=512)
    assert found[300, 230] > 200
    assert found[20, 20] < 50
