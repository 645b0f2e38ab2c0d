"""Several looks of the model at one photo: what it gets wrong in one copy it often gets right in another."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, ImageStat

from imaging.matte import Matte
from imaging.photo import EncodedImage
from imaging.png import write_png

WIDER = 0.15
"""The border of the third look, on top of the model's own."""

OPPOSED = 128
"""Two mattes contradict each other in a pixel where they differ by one half or more."""

CONTRADICTION = 0.01
"""The share of pixels above which two mattes contradict each other as a whole."""

_BLOCK = 8  # the side of a JPEG's blocks, in pixels


@dataclass(frozen=True, slots=True)
class Look:
    """How the model is shown a photo.

    `border` is a share of width and height, added on each side in the photo's mean colour.
    """

    mirrored: bool = False
    border: float = 0.0

    def of(self, copy: EncodedImage) -> EncodedImage:
        """An inference copy as it is shown, in the same format.

        A PNG loses nothing. A JPEG is written with its own quantisation tables: where its blocks stay whole they are
        the same as before, and hardly anything is rounded anew.
        """
        if self == Look():
            return copy
        with Image.open(BytesIO(copy.content), formats=("JPEG", "PNG")) as image:
            shown = image.convert("RGB")
            if self.mirrored:
                shown = ImageOps.mirror(shown)
            if self.border:
                mean = tuple(round(value) for value in ImageStat.Stat(shown).mean)
                shown = ImageOps.expand(shown, self._margins(copy), fill=mean)
            if copy.content_type == "image/png":
                content = write_png(np.asarray(shown))
            else:
                encoded = BytesIO()
                tables = image.quantization  # type: ignore[attr-defined]  # JpegImageFile has them
                shown.save(encoded, "JPEG", qtables=tables, subsampling="4:4:4")
                content = encoded.getvalue()
        return EncodedImage(content, copy.content_type, *shown.size)

    def undone(self, matte: Matte, copy: EncodedImage) -> Matte:
        """The matte of what was shown as the matte of the copy."""
        across, down = self._margins(copy)
        inner = matte[down : down + copy.height, across : across + copy.width]
        return inner[:, ::-1] if self.mirrored else inner

    def _margins(self, copy: EncodedImage) -> tuple[int, int]:
        """Pixels on the left and right, and above and below; whole blocks, so that those of a JPEG stay whole."""
        across, down = (round(side * self.border / _BLOCK) * _BLOCK for side in (copy.width, copy.height))
        return across, down


def looks_at(border: float) -> tuple[Look, Look, Look]:
    """In the order in which a model is asked for them that is best shown photos with such a border.

    The third is for where the first two contradict each other.
    """
    return Look(border=border), Look(mirrored=True, border=border), Look(border=border + WIDER)


def contradict(first: Matte, second: Matte) -> bool:
    apart = np.maximum(first, second) - np.minimum(first, second)
    return bool(np.count_nonzero(apart >= OPPOSED) > CONTRADICTION * apart.size)


def agreed(mattes: Sequence[Matte]) -> Matte:
    """What one to three mattes of one size come to: itself, their mean (rounded half up) or their median, by pixel."""
    match mattes:
        case [only]:
            return only
        case [first, second]:
            return ((first.astype(np.uint16) + second + 1) // 2).astype(np.uint8)
        case [first, second, third]:
            median: Matte = np.maximum(np.minimum(first, second), np.minimum(np.maximum(first, second), third))
            return median
        case _:
            raise ValueError(f"{len(mattes)} mattes")
