"""What the stand-in computes mattes with."""

import threading
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

# U²-Net works at 320² on ImageNet-normalised colours:
# https://github.com/xuebinqin/U-2-Net/blob/master/u2net_test.py and data_loader.py (ToTensorLab)
SIDE = 320
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


class MattingModel(Protocol):
    def matte(self, photo: Image.Image) -> Image.Image:
        """Return the matte (mode L, 255 is subject) in the photo's size.

        EXIF orientation is ignored, as model servers do: the pixels count as they are stored. A JPEG that was opened
        but not yet loaded is decoded at reduced scale and keeps that scale: open it anew for anything else.
        """
        ...


class Segmenter:
    """U²-Net's small model on the CPU: 320 pixels a side, so its mattes are soft at the edges.

    Models of the same kind differ in `side` and in the colours that they want: their answer is stretched alike.
    """

    side = SIDE

    def __init__(self, weights: Path, threads: int = 2) -> None:
        # Imported here: it takes longer than everything else together, and tests with FixedMatte do without.
        import onnxruntime  # type: ignore[import-untyped]  # ships no types

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # The arena and the memory pattern keep 190 MB of freed activations.
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        # Idle threads must not spin: benchmarks run client and model on the same cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        # The first of seven outputs is the fused one, the others are side outputs for training.
        self._output = self._session.get_outputs()[0].name
        self._one_at_a_time = threading.Lock()

    def matte(self, photo: Image.Image) -> Image.Image:
        size = photo.size
        photo.draft("RGB", (self.side, self.side))
        if photo.mode != "RGB":
            photo = photo.convert("RGB")
        small = photo.resize((self.side, self.side), Image.Resampling.BILINEAR, reducing_gap=2.0)
        colours = self.normalised(np.asarray(small, np.float32))
        with self._one_at_a_time:
            (saliency,) = self._session.run([self._output], {self._input: colours.transpose(2, 0, 1)[np.newaxis]})
        saliency = saliency[0, 0] - saliency.min()
        saliency *= 255.0 / max(float(saliency.max()), 1e-6)
        return Image.fromarray(saliency.round().astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)

    @staticmethod
    def normalised(colours: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of (height, width, 3) from 0 to 255."""
        return (colours / np.float32(max(float(colours.max()), 1.0)) - MEAN) / STD


class OneSided:
    """What is on the left of a photo is subject: so what it sees mirrored contradicts what it sees."""

    def matte(self, photo: Image.Image) -> Image.Image:
        matte = Image.new("L", photo.size)
        matte.paste(255, (0, 0, photo.width // 2, photo.height))
        return matte


class FixedMatte:
    """An ellipse in the middle, whatever the photo shows: at once, for tests and for load with a fixed latency."""

    def matte(self, photo: Image.Image) -> Image.Image:
        ellipse = Image.new("L", (SIDE, SIDE))
        ImageDraw.Draw(ellipse).ellipse((SIDE // 5, SIDE // 8, SIDE - SIDE // 5, SIDE - SIDE // 8), fill=255)
        return ellipse.resize(photo.size, Image.Resampling.BILINEAR)
