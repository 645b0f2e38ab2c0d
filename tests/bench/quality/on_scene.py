"""All that is measured on one scene: what a model makes of it, and what the tiers make of worse truths."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.tiers import TIERS, Refinement
from imaging.cutout import compose
from imaging.looks import agreed, contradict
from imaging.matte import Matte, encode_matte, upsample
from imaging.photo import Photo, inference_copy
from tests.bench.quality.mattes import KINDS, worse_truth
from tests.bench.quality.measures import AlphaErrors, Measures, alpha_errors, colour_error, measures
from tests.bench.quality.scenes import Scene, scene, to_bytes
from tests.bench.quality.sheet import Row, edge, subject
from tests.bench.quality.sights import COPIES, RULES, Ask, Sight, as_industry, both_ways, sights

SHOWN = "quarter"
"""The kind of worse truth that the sheet's edges and the paths get: about what the large models deliver."""


@dataclass(frozen=True, slots=True)
class OfModel:
    """Errors of the model's mattes as they are, enlarged to the photo's size, by rule (`looks`) and by copy
    (`copies`), and of what the tiers make of them.

    `looks` and `tiers` have two each: of the scene, and as if it were its mirror image. In `contradictions` of these
    the first two looks contradict each other; if they do in the scene, `row` shows its subject.
    """

    looks: dict[str, list[AlphaErrors]]
    copies: dict[str, list[AlphaErrors]]
    tiers: dict[str, list[Measures]]
    contradictions: int
    row: Row | None


@dataclass(frozen=True, slots=True)
class OfNoModel:
    """`worse_truths` by kind and tier; `given_the_truth`: the colour error by tier where the matte is the truth."""

    worse_truths: dict[str, dict[str, list[Measures]]]
    given_the_truth: dict[str, float]


@dataclass(frozen=True, slots=True)
class OnScene:
    """`row` shows the edge."""

    name: str
    model: OfModel
    no_model: OfNoModel | None
    row: Row


def on_scene(folder: Path, files: Path, position: int, ask: Ask, *, border: float, model_alone: bool) -> OnScene:
    """Leaves the scene as a JPEG in `files`, and beside it the matte of the kind SHOWN."""
    truth = scene(folder, position)
    encoded = BytesIO()
    Image.fromarray(truth.photo).save(encoded, "JPEG", quality=92)  # with halved colours, as cameras do
    jpeg = encoded.getvalue()
    copy = inference_copy(jpeg)
    size = copy.width, copy.height
    first, second = worse_truth(truth, SHOWN, size)
    (files / f"{position}.jpg").write_bytes(jpeg)
    (files / f"{position}.png").write_bytes(encode_matte(first))
    return OnScene(
        truth.name,
        _of_model(truth, jpeg, ask, border),
        None if model_alone else OfNoModel(_worse_truths(truth, size), _given_the_truth(truth)),
        edge(truth, list(_cutouts(truth, one=first, several=agreed([first, second])).values())),
    )


def _of_model(truth: Scene, jpeg: bytes, ask: Ask, border: float) -> OfModel:
    seen = {sight: sight.matte(ask, jpeg) for sight in sights(border)}
    ways = [[seen[Sight(look)] for look in way] for way in both_ways(border)]
    contradicted = [contradict(first, second) for first, second, _ in ways]

    def cutouts(way: list[Matte]) -> dict[str, NDArray[np.uint8]]:
        return _cutouts(truth, one=way[0], several=as_industry(way))

    tiers: dict[str, list[Measures]] = {}
    for way in ways:
        for tier, each in cutouts(way).items():
            tiers.setdefault(tier, []).append(measures(each, truth))
    return OfModel(
        looks={rule: [_errors(decide(way), truth) for way in ways] for rule, decide in RULES.items()},
        copies={name: [_errors(seen[sight], truth)] for name, sight in COPIES.items()},
        tiers=tiers,
        contradictions=sum(contradicted),
        row=subject(truth, list(cutouts(ways[0]).values())) if contradicted[0] else None,
    )


def _worse_truths(truth: Scene, size: tuple[int, int]) -> dict[str, dict[str, list[Measures]]]:
    found = {}
    for kind in KINDS:
        first, second = worse_truth(truth, kind, size)
        made = _cutouts(truth, one=first, several=agreed([first, second]))
        found[kind] = {tier: [measures(each, truth)] for tier, each in made.items()}
    return found


def _given_the_truth(truth: Scene) -> dict[str, float]:
    photo, matte = Photo(truth.photo, None, None), to_bytes(truth.alpha)
    return {
        tier.name: colour_error(
            compose(photo, matte, Refinement(colour_pixels=tier.refinement.colour_pixels)).rgba, truth
        )
        for tier in TIERS.values()
    }


def _cutouts(truth: Scene, *, one: Matte, several: Matte) -> dict[str, NDArray[np.uint8]]:
    """By tier, (height, width, 4), of the matte of one look or what several came to."""
    photo = Photo(truth.photo, None, None)
    return {
        tier.name: compose(photo, several if tier.looks > 1 else one, tier.refinement).rgba for tier in TIERS.values()
    }


def _errors(matte: Matte, truth: Scene) -> AlphaErrors:
    height, width = truth.alpha.shape
    return alpha_errors(upsample(matte, width=width, height=height) / np.float32(255), truth.alpha)
