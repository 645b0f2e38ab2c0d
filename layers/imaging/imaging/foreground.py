"""The subject's own colours, freed of the old background that shines through its edge.

Germer, Uelwer, Conrad and Harmeling, "Fast multi-level foreground estimation" (2020), https://arxiv.org/abs/2006.14970,
on a small copy of the photo. At full size one closed-form step per pixel makes alpha and colours account for the photo.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from imaging.matte import Matte
from imaging.photo import Photo
from imaging.tiles import Floats, enlarged, interpolations, shrunk

SMOOTHNESS = 1e-5  # the paper's regularization …
EDGE_WEIGHT = 1.0  # … and its gradient weight
_SMALL, _SMALL_ITERATIONS, _LARGE_ITERATIONS = 32, 10, 2

BYTES_PER_LAYER_PIXEL = 260
"""What `separate` takes for each of its `pixels` besides photo and result."""

TRUST = 0.2
"""How much the matte weighs against the alpha that the photo's colour has on the way between the layers' colours."""


def separate(photo: Photo, matte: Matte, rgba: NDArray[np.uint8], *, pixels: int) -> None:
    """Writes the subject's colours, and the alpha that goes with them, into `rgba` where `matte` is not 0 or 255.

    The layers are estimated at about `pixels` pixels, by the alpha that `rgba` has so far. What is transparent in the
    file itself is left as it is.
    """
    height, width = matte.shape
    scale = min(1.0, (pixels / (height * width)) ** 0.5)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    colours = shrunk(photo.on_white, (width, height), size).transpose(2, 0, 1)
    alpha = shrunk(lambda rows: rgba[rows, :, 3], (width, height), size)
    layers = _layers(np.ascontiguousarray(colours, dtype=np.float32) / 255, alpha.astype(np.float32) / 255)
    layers = layers.reshape(6, *alpha.shape)
    whole_pixels = rgba.view(np.uint32)[:, :, 0]
    for down, across in product(interpolations(height, size[1]), interpolations(width, size[0])):
        where = down.pixels, across.pixels
        mixed = (matte[where] > 0) & (matte[where] < 255)
        if photo.alpha is not None:
            mixed &= photo.alpha[where] == 255
        if not mixed.any():
            continue
        here, alone = np.flatnonzero(mixed), matte[where].ravel()
        colours, both = photo.rgb[where].reshape(-1, 3).T, enlarged(layers, down, across).reshape(6, -1)
        if len(here) < len(alone):
            colours, alone, both = colours.take(here, axis=1), alone[here], both.take(here, axis=1)
        whole_pixels[where][mixed] = _unmixed(colours, alone, both).view(np.uint32)[:, 0]


def _unmixed(colours: NDArray[np.uint8], matte: NDArray[np.uint8], layers: Floats) -> NDArray[np.uint8]:
    """RGBA, (pixels, 4), of mixed colours (3, pixels), matte (pixels) and the layers (6, pixels).

    Every step is taken in place: a photo may be undecided everywhere, and new arrays take most of the time.
    """
    foreground, background = layers[:3], layers[3:]
    contrast = foreground - background
    missing = colours * np.float32(1 / 255)
    missing -= background
    alpha = np.einsum("cp,cp->p", missing, contrast)
    alpha += matte * np.float32(TRUST / 255)
    alpha /= np.einsum("cp,cp->p", contrast, contrast) + np.float32(TRUST)
    np.clip(alpha, 0, 1, out=alpha)
    alpha *= 255
    np.rint(alpha, out=alpha)
    opacity = alpha * np.float32(1 / 255)
    # The smallest change of both layers that makes them account for the photo.
    contrast *= opacity
    missing -= contrast
    missing *= opacity / (opacity * opacity + (1 - opacity) ** 2)
    missing += foreground
    np.clip(missing, 0, 1, out=missing)
    missing *= 255
    np.rint(missing, out=missing)
    found = np.empty((len(alpha), 4), np.uint8)
    for channel in range(3):  # several times faster than all three at once
        found[:, channel] = missing[channel]
    found[:, 3] = alpha
    found[alpha == 0] = 0
    return found


def _layers(colours: Floats, alpha: Floats) -> Floats:
    """Foreground and background, (2, 3, height, width), of colours (3, height, width) from 0 to 1."""
    pyramid = [(colours, alpha)]
    while max(pyramid[-1][1].shape) > 1:
        pyramid.append((_halved(pyramid[-1][0]), _halved(pyramid[-1][1])))
    layers = np.broadcast_to(pyramid[-1][0], (2, 3, 1, 1))
    for colours, alpha in reversed(pyramid):
        height, width = alpha.shape
        layers = layers.repeat(2, axis=2).repeat(2, axis=3)[:, :, :height, :width]
        iterations = _SMALL_ITERATIONS if max(height, width) <= _SMALL else _LARGE_ITERATIONS
        layers = _improved(layers, colours, alpha, iterations)
    return layers


def _improved(layers: Floats, colours: Floats, alpha: Floats, iterations: int) -> Floats:
    """Jacobi iterations for layers that are smooth where alpha is not, and that mix to the photo's colours."""
    height, width = alpha.shape
    centre = slice(1, -1)
    neighbours = (
        (slice(None, -2), centre),
        (slice(2, None), centre),
        (centre, slice(None, -2)),
        (centre, slice(2, None)),
    )
    around = np.pad(alpha, 1, mode="edge")
    weights = [SMOOTHNESS + EDGE_WEIGHT * np.abs(alpha - around[neighbour]) for neighbour in neighbours]
    smoothness = sum(weights[1:], start=weights[0])
    rest = 1 - alpha
    both = alpha * rest
    front, back = alpha * alpha + smoothness, rest * rest + smoothness
    scale = 1 / (front * back - both * both)
    mixture = np.stack((alpha * colours, rest * colours))
    padded = np.empty((2, 3, height + 2, width + 2), np.float32)
    for _ in range(iterations):
        padded[:, :, 1:-1, 1:-1] = layers
        padded[:, :, 0], padded[:, :, -1] = padded[:, :, 1], padded[:, :, -2]
        padded[:, :, :, 0], padded[:, :, :, -1] = padded[:, :, :, 1], padded[:, :, :, -2]
        wanted = mixture.copy()
        for weight, neighbour in zip(weights, neighbours, strict=True):
            wanted += weight * padded[:, :, *neighbour]
        layers = np.stack(
            ((back * wanted[0] - both * wanted[1]) * scale, (front * wanted[1] - both * wanted[0]) * scale)
        )
        np.clip(layers, 0, 1, out=layers)
    return layers


def _halved(values: Floats) -> Floats:
    """Means of 2 x 2, over the last two axes."""
    sides = [(0, length % 2) for length in values.shape[-2:]]
    even = np.pad(values, [(0, 0)] * (values.ndim - 2) + sides, mode="edge")
    return (even[..., ::2, ::2] + even[..., 1::2, ::2] + even[..., ::2, 1::2] + even[..., 1::2, 1::2]) / 4
