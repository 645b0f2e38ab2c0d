"""How far a cut-out is from the truth.

The measures of alpha are those of Rhemann et al., "A perceptually motivated online benchmark for image matting"
(2009), https://doi.org/10.1109/CVPR.2009.5206503, over the whole photo.
"""

import statistics
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench.quality.scenes import Floats, Scene

BACKGROUNDS = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (0.0, 0.5, 1.0)
"""White, black and a blue, as RGB from 0 to 1."""

_GRADIENT_SIGMA = 1.4
_CONNECTIVITY_STEP, _CONNECTIVITY_TOLERANCE = 0.1, 0.15


@dataclass(frozen=True, slots=True)
class AlphaErrors:
    """Of all pixels, x 1000: `mse` the mean square, `haze` the share that is half-transparent (between 0.1 and 0.9)
    where the truth is nothing or all (below 0.02, above 0.98), `wrong` the share on the wrong side of one half."""

    mse: float
    haze: float
    wrong: float


@dataclass(frozen=True, slots=True)
class Measures(AlphaErrors):
    """`sad`, `gradient` and `connectivity` are sums in thousands, `colour` the mean difference, in 8-bit levels, of
    what shows half-transparently, `composite` a mean square x 1000."""

    sad: float
    gradient: float
    connectivity: float
    colour: float
    composite: float


def alpha_errors(alpha: Floats, truth: Floats) -> AlphaErrors:
    half_transparent = (alpha > 0.1) & (alpha < 0.9)
    clear = (truth < 0.02) | (truth > 0.98)
    return AlphaErrors(
        mse=float(np.square(alpha - truth).mean()) * 1000,
        haze=float((half_transparent & clear).mean()) * 1000,
        wrong=float(((alpha >= 0.5) != (truth >= 0.5)).mean()) * 1000,
    )


def measures(rgba: NDArray[np.uint8], scene: Scene) -> Measures:
    alpha = rgba[:, :, 3].astype(np.float32) / 255
    return Measures(
        **asdict(alpha_errors(alpha, scene.alpha)),
        sad=float(np.abs(alpha - scene.alpha).sum()) / 1000,
        gradient=_gradient_error(alpha, scene.alpha) / 1000,
        connectivity=_connectivity_error(alpha, scene.alpha) / 1000,
        colour=colour_error(rgba, scene),
        composite=composite_error(rgba, scene),
    )


def colour_error(rgba: NDArray[np.uint8], scene: Scene) -> float:
    shows = (scene.alpha > 0.05) & (scene.alpha < 1) & (rgba[:, :, 3] > 0)
    return float(np.abs(rgba[shows][:, :3] - scene.foreground[shows] * 255).mean())


def composite_error(rgba: NDArray[np.uint8], scene: Scene) -> float:
    """Mean square x 1000, over BACKGROUNDS."""
    alpha = rgba[:, :, 3].astype(np.float32) / 255
    behind = scene.alpha - alpha
    errors: list[float] = []
    for channel, pages in enumerate(zip(*BACKGROUNDS, strict=True)):
        front = rgba[:, :, channel].astype(np.float32) / 255 * alpha - scene.foreground[:, :, channel] * scene.alpha
        errors += (float(np.square(front + behind * np.float32(page)).mean()) for page in pages)
    return statistics.fmean(errors) * 1000


def _gradient_error(alpha: Floats, truth: Floats) -> float:
    return float(np.square(_gradient(alpha) - _gradient(truth)).sum())


def _gradient(alpha: Floats) -> Floats:
    """The magnitude of the derivative of a Gaussian."""
    reach = np.arange(-5, 6, dtype=np.float32)
    bell = np.exp(-np.square(reach) / (2 * _GRADIENT_SIGMA**2)) / (_GRADIENT_SIGMA * np.sqrt(2 * np.pi))
    slope = -reach * bell / _GRADIENT_SIGMA**2
    strength = np.sqrt(np.square(slope).sum() * np.square(bell).sum())
    across = cv2.sepFilter2D(alpha, cv2.CV_32F, slope, bell)
    down = cv2.sepFilter2D(alpha, cv2.CV_32F, bell, slope)
    return np.asarray(np.hypot(across, down) / strength, dtype=np.float32)


def _connectivity_error(alpha: Floats, truth: Floats) -> float:
    connected = np.zeros(alpha.shape, np.float32)  # the highest threshold at which a pixel belongs to the largest part
    still = np.ones(alpha.shape, bool)
    lower = np.minimum(alpha, truth)
    for threshold in np.arange(_CONNECTIVITY_STEP, 1 + 1e-6, _CONNECTIVITY_STEP):
        both = (lower >= threshold - 1e-6).view(np.uint8)
        count, labels = cv2.connectedComponents(both, connectivity=4)
        if count < 2:
            break
        still &= labels == 1 + int(np.argmax(np.bincount(np.asarray(labels, np.intp).ravel())[1:]))
        connected[still] = threshold
    return float(np.abs(_connectedness(alpha, connected) - _connectedness(truth, connected)).sum())


def _connectedness(alpha: Floats, connected: Floats) -> Floats:
    distance = alpha - connected
    return 1 - distance * (distance >= _CONNECTIVITY_TOLERANCE)
