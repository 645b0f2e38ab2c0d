"""The models that can be measured: two on this machine, and the operator's own at Hugging Face."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from background_remover.domain.tiers import Model
from tests.bench.quality.hosted import DOLLARS_PER_IMAGE, Meter, hosted, route_to, token_from_environment
from tests.bench.quality.isnet import IsNet, fetch_weights
from tests.bench.quality.sights import Ask, asked_of, sights
from tests.project import PROJECT
from tests.stack.hugging_face.model import Segmenter

LOCAL = ("u2netp", "isnet")
NAMES = (*LOCAL, *Model)


@dataclass(frozen=True, slots=True)
class Measured:
    """A model: `begin` makes it ready, once in each process. `meter` is None where it costs nothing."""

    name: str
    border: float
    begin: Callable[[], Ask]
    meter: Meter | None = None


def measured(name: str, *, scenes: int, limit: float, dollars_per_image: float | None) -> Measured:
    """One of NAMES. Says what the scenes will cost where they cost something, and raises `AskingError` where that is
    beyond the limit (in dollars), or the environment does not say where the model is."""
    match name:
        case "u2netp":
            return Measured(name, 0.0, partial(_local, Segmenter, PROJECT / ".cache/assets/u2netp.onnx"))
        case "isnet":
            return Measured(name, 0.0, partial(_local, IsNet, fetch_weights(PROJECT / ".cache/isnet")))
        case _:
            model = Model(name)
            route, token = route_to(model), token_from_environment()
            price = DOLLARS_PER_IMAGE[route.dialect] if dollars_per_image is None else dollars_per_image
            meter = Meter(price, limit)
            meter.announce(scenes * len(sights(route.border)), model, route)
            return Measured(name, route.border, partial(hosted, model, route, token, meter), meter)


def _local(kind: type[Segmenter], weights: Path) -> Ask:
    return asked_of(kind(weights, threads=1))
