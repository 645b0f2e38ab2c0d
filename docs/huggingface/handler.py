"""Serves briaai/RMBG-1.4 from a Hugging Face Inference Endpoint: a photo in, `{"mask": …}` of its size back.

`make endpoint` puts this file into a repository of yours. How Hugging Face calls it:
https://huggingface.co/docs/inference-endpoints/guides/custom_handler
"""

import base64
import io
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MODEL = "briaai/RMBG-1.4"
SIDE = 1024
"""What the model looks at is squashed to so many pixels a side."""

Pixels = NDArray[np.float32]


class EndpointHandler:
    def __init__(self, path: str = "") -> None:
        """`path` is the repository's folder, which has no weights: they come from the model's own repository."""
        self.saliency = load_model()

    def __call__(self, data: dict[str, Any]) -> dict[str, str]:
        """Raises `ValueError` for what is no image, of which Hugging Face makes a 400."""
        photo = _photo(data.get("inputs"))
        small = photo.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        colours = np.asarray(small, np.float32) / np.float32(255) - np.float32(0.5)
        saliency = self.saliency(colours.transpose(2, 0, 1)[np.newaxis])
        # The least and the most salient pixel are background and subject, as in the model's own code.
        saliency = saliency - saliency.min()
        stretched = saliency * (255 / max(float(saliency.max()), 1e-6))
        mask = Image.fromarray(stretched.round().astype(np.uint8)).resize(photo.size, Image.Resampling.BILINEAR)
        png = io.BytesIO()
        mask.save(png, "PNG")
        return {"mask": base64.b64encode(png.getvalue()).decode()}


def load_model() -> Callable[[Pixels], Pixels]:
    """From (1, 3, SIDE, SIDE), -0.5 to 0.5, to (SIDE, SIDE)."""
    import torch
    from transformers import AutoModelForImageSegmentation

    device = "cuda" if torch.cuda.is_available() else "cpu"
    # The model's repository has code that runs here: of the revision that the endpoint was made with, and no later one.
    revision = os.environ.get("MODEL_REVISION", "main")
    model = AutoModelForImageSegmentation.from_pretrained(MODEL, revision=revision, trust_remote_code=True)
    model = model.eval().to(device)

    def saliency(colours: Pixels) -> Pixels:
        with torch.inference_mode():
            # Its first answer has six masks, from the finest to the coarsest.
            finest = model(torch.from_numpy(colours).to(device))[0][0]
        pixels: Pixels = finest[0, 0].float().cpu().numpy()
        return pixels

    return saliency


def _photo(inputs: object) -> Image.Image:
    """Of an image that Hugging Face has decoded already, of its bytes, or of base64 in JSON.

    The pixels count as they are stored: who sends a photo turns it upright.
    """
    if isinstance(inputs, Image.Image):
        return inputs.convert("RGB")
    try:
        content = base64.b64decode(inputs.rpartition("base64,")[2]) if isinstance(inputs, str) else inputs
        if not isinstance(content, bytes):
            raise TypeError(f"a {type(content).__name__}")
        with Image.open(io.BytesIO(content)) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError, TypeError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"“inputs” is no image that can be read: {error}"[:200]) from error
