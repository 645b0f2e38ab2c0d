"""How much a matte may be relied on, as far as it shows that itself: nobody knows what the photo's owner wanted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.image_errors import UnknownForegroundError
from background_remover.domain.jobs import Doubt, Quality
from imaging.matte import Matte

FAINT = 16
"""Alpha below it is as good as nothing, and as far below 255 as good as all: nobody sees 6 % of a colour."""

SMALLEST_FOREGROUND = 1 / 5000
"""Of the frame: 14 x 14 of the 1024 x 1024 pixels that the models look at. Less is noise."""

SUBJECT = 128
"""Alpha from which a pixel counts as the subject's, where it has to be one or the other."""

PARTS_LONG_EDGE = 256
"""Separate parts are counted at this size: smaller ones are grains that a viewer does not see either."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """A measure is fine up to `fine` and costs `points` of 100 from `worst` on, in between in proportion.

    Set by the mattes of 18 photos: what was well cut out stays below `fine`. The points say how sure a sign it is.
    """

    fine: float
    worst: float
    points: int

    def cost(self, measure: float) -> int:
        share = (measure - self.fine) / (self.worst - self.fine)
        return round(self.points * min(1.0, max(0.0, share)))


SCALES = {
    # Close-ups reach two thirds of the frame. Where all of it is subject, the background was taken for subject too.
    Doubt.FULL_FRAME: _Scale(fine=0.9, worst=0.99, points=70),
    # A group of people and their things are up to ten parts; a matte of noise had 180.
    Doubt.FRAGMENTS: _Scale(fine=10, worst=60, points=40),
    # Shoulders and bodies that enter at one side take a quarter of the left, upper and right border.
    Doubt.TOUCHING_BORDERS: _Scale(fine=0.25, worst=1.0, points=30),
    # Of what is visible at all. Fur and hair come to 0.28; from 0.39 on mattes were wrong, or the thing transparent.
    Doubt.UNDECIDED_PIXELS: _Scale(fine=0.3, worst=0.9, points=60),
}


def require_foreground(matte: Matte) -> float:
    """How much of the frame is subject. Raises `UnknownForegroundError`."""
    share = float(matte.sum(where=matte >= FAINT, dtype=np.uint64)) / 255 / matte.size
    if share < SMALLEST_FOREGROUND:
        raise UnknownForegroundError(
            "No foreground was found in the photo. Crop it closer to the subject, or send one in which the subject "
            "stands out from what is behind it."
        )
    return share


def assess(matte: Matte) -> Quality:
    """The quality of a matte as the model gave it, before it is refined. Raises `UnknownForegroundError`."""
    foreground = require_foreground(matte)
    visible = matte >= FAINT
    measures = {
        Doubt.FULL_FRAME: foreground,
        Doubt.FRAGMENTS: float(_parts(matte)),
        Doubt.TOUCHING_BORDERS: _share_of_borders(matte),
        Doubt.UNDECIDED_PIXELS: np.count_nonzero(visible & (matte <= 255 - FAINT)) / np.count_nonzero(visible),
    }
    costs = {doubt: cost for doubt, scale in SCALES.items() if (cost := scale.cost(measures[doubt]))}
    return Quality(max(0, 100 - sum(costs.values())), tuple(costs))


def _share_of_borders(matte: Matte) -> float:
    """How much of the left, upper and right border is the subject's. At the lower one people and products end."""
    borders = np.concatenate([matte[0], matte[:, 0], matte[:, -1]])
    return float((borders >= SUBJECT).mean())


def _parts(matte: Matte) -> int:
    """Of how many parts the subject is, that do not touch, not even at a corner."""
    height, width = matte.shape
    scale = min(1.0, PARTS_LONG_EDGE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    subject = np.asarray(Image.fromarray(matte).resize(size, Image.Resampling.BOX)) >= SUBJECT
    part = np.arange(subject.size)
    first, second = _neighbours(subject)
    while first.size:
        # Of each two that touch the part of the higher number joins the other, and all that is in it follows.
        low, high = np.minimum(part[first], part[second]), np.maximum(part[first], part[second])
        np.minimum.at(part, high, low)
        while not np.array_equal(part, followed := part[part]):
            part = followed
        apart = part[first] != part[second]
        first, second = first[apart], second[apart]
    return len(np.unique(part[subject.ravel()]))


def _neighbours(subject: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The numbers of each two pixels of the subject that touch."""
    number = np.arange(subject.size).reshape(subject.shape)
    first, second = [], []
    for one, other in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1], np.s_[1:]),
        (np.s_[:-1, :-1], np.s_[1:, 1:]),
        (np.s_[:-1, 1:], np.s_[1:, :-1]),
    ):
        both = subject[one] & subject[other]
        first.append(number[one][both])
        second.append(number[other][both])
    return np.concatenate(first), np.concatenate(second)
