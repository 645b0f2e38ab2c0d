"""Several inferences of one photo: what the model sees mirrored it gets wrong elsewhere, and the mean errs less."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image

from imaging.matte import Matte
from imaging.photo import EncodedImage
from imaging.png import write_png


def mirrored(copy: EncodedImage) -> EncodedImage:
    """An inference copy with left and right exchanged, in the same format.

    A PNG loses nothing. A JPEG is written with its own quantisation tables: where its width is a multiple of 8 the
    blocks are the same as before, and hardly anything is rounded anew.
    """
    with Image.open(BytesIO(copy.content), formats=("JPEG", "PNG")) as image:
        turned = image.convert("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if copy.content_type == "image/png":
            return EncodedImage(write_png(np.asarray(turned)), copy.content_type, copy.width, copy.height)
        encoded = BytesIO()
        tables = image.quantization  # type: ignore[attr-defined]  # JpegImageFile has them
        turned.save(encoded, "JPEG", qtables=tables, subsampling="4:4:4")
    return EncodedImage(encoded.getvalue(), copy.content_type, copy.width, copy.height)


def mirrored_matte(matte: Matte) -> Matte:
    """The matte of a mirrored copy as that of the copy, and the reverse."""
    return matte[:, ::-1]


def averaged(mattes: Sequence[Matte]) -> Matte:
    """The mean of mattes of one size, rounded half up; at most 257 of them."""
    total = np.full(mattes[0].shape, len(mattes) // 2, np.uint16)
    for matte in mattes:
        total += matte
    return (total // len(mattes)).astype(np.uint8)
