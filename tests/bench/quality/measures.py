"""How far a cut-out is from the truth.

The measures of alpha are those of Rhemann et al., "A perceptually motivated online benchmark for image matting"
(2009), https://doi.org/10.1109/CVPR.2009.5206503, over the whole photo.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.bench.quality.scenes import Floats, Scene

BACKGROUNDS = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (0.0, 0.5, 1.0)
"""White, black and a blue, as RGB from 0 to 1."""

_GRADIENT_SIGMA = 1.4
_CONNECTIVITY_STEP, _CONNECTIVITY_TOLERANCE = 0.1, 0.15


@dataclass(frozen=True, slots=True)
class Measures:
    """`sad`, `gradient` and `connectivity` are sums in thousands, `mse` and `composite` mean squares x 1000, `colour`
    the mean difference, in 8-bit levels, of what shows half-transparently."""

    sad: float
    mse: float
    gradient: float
    connectivity: float
    colour: float
    composite: float


def measures(rgba: NDArray[np.uint8], scene: Scene) -> Measures:
    alpha = rgba[:, :, 3].astype(np.float32) / 255
    difference = alpha - scene.alpha
    return Measures(
        sad=float(np.abs(difference).sum()) / 1000,
        mse=float(np.square(difference).mean()) * 1000,
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
    front = rgba[:, :, :3].astype(np.float32) / 255 * alpha[:, :, np.newaxis]
    front -= scene.foreground * scene.alpha[:, :, np.newaxis]
    behind = (scene.alpha - alpha)[:, :, np.newaxis]
    return (
        float(np.mean([np.square(front + behind * np.array(page, np.float32)).mean() for page in BACKGROUNDS])) * 1000
    )


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
    for threshold in np.arange(_CONNECTIVITY_STEP, 1 + 1e-6, _CONNECTIVITY_STEP):
        both = ((alpha >= threshold - 1e-6) & (truth >= threshold - 1e-6)).astype(np.uint8)
        count, labels, statistics, _ = cv2.connectedComponentsWithStats(both, connectivity=4)
        if count < 2:
            break
        largest = labels == 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
        still &= largest
        connected[still] = threshold
    return float(np.abs(_connectedness(alpha, connected) - _connectedness(truth, connected)).sum())


def _connectedness(alpha: Floats, connected: Floats) -> Floats:
    distance = alpha - connected
    return 1 - distance * (distance >= _CONNECTIVITY_TOLERANCE)
