"""What a model is shown of a scene, what it answers, and what several answers come to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from PIL import Image

from imaging.looks import Look, agreed, contradict, looks_at
from imaging.matte import Matte
from imaging.photo import EncodedImage, inference_copy
from tests.stack.hugging_face.model import MattingModel

Ask = Callable[[EncodedImage], Matte]
"""A model: to an image in a file, its matte in the same size."""

Looks = tuple[Look, Look, Look]
PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Sight:
    """A copy of a photo in a look: the copy that Hugging Face gets, or one with so many pixels on its long edge."""

    look: Look = PLAIN
    long_edge: int | None = None

    def matte(self, ask: Ask, photo: bytes) -> Matte:
        """In the copy's size."""
        copy = inference_copy(photo) if self.long_edge is None else _copy(photo, self.long_edge)
        return self.look.undone(ask(self.look.of(copy)), copy)


COPIES = {
    "plain": Sight(),
    "border_10": Sight(Look(border=0.10)),
    "border_15": Sight(Look(border=0.15)),
    "long_edge_1024": Sight(long_edge=1024),
    "long_edge_2048": Sight(long_edge=2048),
}


def as_industry(mattes: Sequence[Matte]) -> Matte:
    """What the tier makes of three looks: it takes the third only where the first two contradict each other."""
    return agreed(mattes if contradict(mattes[0], mattes[1]) else mattes[:2])


RULES: dict[str, Callable[[Sequence[Matte]], Matte]] = {
    "one": lambda mattes: mattes[0],
    "mean_of_two": lambda mattes: agreed(mattes[:2]),
    "median_of_three": agreed,
    "third_where_two_contradict": as_industry,
}
"""What may be made of the three looks at a photo."""


def both_ways(border: float) -> tuple[Looks, Looks]:
    """The three looks, and those that there were if the photo were its mirror image: which way a subject looks is
    chance, and no rule must win or lose by it."""
    photo, mirrored, third = looks_at(border)
    return (photo, mirrored, third), (mirrored, photo, replace(third, mirrored=True))


def sights(border: float) -> list[Sight]:
    """All that a model is asked about one scene, each once: so many inferences it takes."""
    looks = [Sight(look) for way in both_ways(border) for look in way]
    return list(dict.fromkeys([*looks, *COPIES.values()]))


def asked_of(model: MattingModel) -> Ask:
    def ask(image: EncodedImage) -> Matte:
        with Image.open(BytesIO(image.content)) as shown:
            shown.load()  # or a JPEG would be decoded at a reduced scale
            return np.asarray(model.matte(shown))

    return ask


def _copy(photo: bytes, long_edge: int) -> EncodedImage:
    with Image.open(BytesIO(photo)) as image:
        image.thumbnail((long_edge, long_edge), Image.Resampling.BILINEAR)
        encoded = BytesIO()
        image.save(encoded, "JPEG", quality=95, subsampling="4:4:4")  # as `inference_copy` does
        return EncodedImage(encoded.getvalue(), "image/jpeg", *image.size)
