"""The matte made as sharp as the photo: a colour guided filter, solved at the matte's size.

He, Sun and Tang, "Guided image filtering" (2013), https://doi.org/10.1109/TPAMI.2012.213, and He and Sun, "Fast guided
filter" (2015), https://arxiv.org/abs/1505.00996: within any small window alpha is taken to be a linear function of the
photo's colours. That function is found at the matte's size and applied to the photo at its own, and only around edges.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from imaging.matte import Matte, upsample
from imaging.photo import Photo
from imaging.tiles import Floats, enlarged, interpolations, shrunk

RADIUS = 8
"""Of the filter's windows, in pixels of the matte."""

SMOOTHING = 3e-6
"""The filter's epsilon, for colours from 0 to 1: about the grain that is left when a photo is made small."""

LEVELS = 0.05, 0.95
"""What counts as none and as all: the linear function leaves a haze of a few per cent beside an edge."""

EXPLAINED = 0.1, 0.3
"""The share of the matte's variation that the photo's colours explain, below which the matte is left as it is, and
above which the photo is followed: what is white on white has no edge to follow, and would be smeared."""

GRAIN = 2.0
"""What is taken to be chance in a photo's values from 0 to 255: a standard deviation."""

INVISIBLE_NOISE = 0.02
"""Of alpha: a standard deviation."""

FILTER_BYTES = 60_000_000
"""What `refine` takes besides photo and result, of the largest matte that there is: 1024 x 2048 pixels."""

_SOLVED = 12 * RADIUS  # a side of the pieces that are solved together
_REACH = 2 * RADIUS  # how far apart two pixels of the matte have a bearing on each other


def refine(photo: Photo, matte: Matte) -> Matte:
    """The matte, which may be of any size, at the photo's size and following the photo's edges."""
    height, width, _ = photo.rgb.shape
    small_height, small_width = matte.shape
    alpha = upsample(_levelled(matte / np.float32(255)), width=width, height=height).copy()
    active = _near_edges(matte)
    guide = shrunk(photo.on_white, (width, height), (small_width, small_height))
    coefficients = _solved(guide, matte, active)
    for down, across in product(interpolations(height, small_height), interpolations(width, small_width)):
        if not active[_blocks(down.samples), _blocks(across.samples)].any():
            continue
        linear = enlarged(coefficients, down, across)
        colours = photo.on_white(down.pixels, across.pixels)
        value = linear[3]
        for channel in range(3):
            value += linear[channel] * colours[:, :, channel]
        value = _without_grain(value, linear[:3])
        alpha[down.pixels, across.pixels] = _levelled(value)
    return alpha


def _without_grain(value: Floats, multipliers: Floats) -> Floats:
    """Alpha averaged with its neighbours' where it varies no more than grain would make it, multiplied by low contrast.

    Lee, "Digital image enhancement and noise filtering by use of local statistics" (1980),
    https://doi.org/10.1109/TPAMI.1980.4766994: strands vary more, and are left alone.
    """
    noise = np.square(multipliers).sum(0) * np.float32(GRAIN**2)
    if noise.max() < INVISIBLE_NOISE**2:
        return value
    around = np.pad(value, 1, mode="edge")
    mean, square = _box_means(np.stack((around, around * around)), 1)
    variance = np.maximum(square - mean * mean, np.float32(1e-9))
    calmed: Floats = mean + (value - mean) * np.maximum(1 - noise / variance, 0)
    return calmed


def _levelled(value: Floats) -> NDArray[np.uint8]:
    low, high = LEVELS
    stretched = (value - np.float32(low)) * np.float32(255 / (high - low))
    levelled: NDArray[np.uint8] = np.rint(np.clip(stretched, 0, 255)).astype(np.uint8)
    return levelled


def _near_edges(matte: Matte) -> NDArray[np.bool_]:
    """By blocks of RADIUS pixels a side: whether any pixel within _REACH is undecided or decided otherwise."""
    height, width = matte.shape
    low, high = (round(255 * level) for level in LEVELS)
    decided = np.where(matte < low, 0, np.where(matte > high, 2, 1)).astype(np.uint8)
    decided = np.pad(decided, ((0, -height % RADIUS), (0, -width % RADIUS)), mode="edge")
    blocks = decided.reshape(decided.shape[0] // RADIUS, RADIUS, -1, RADIUS)
    least, most = blocks.min((1, 3)), blocks.max((1, 3))
    undecided = _dilated((least == 1) | (most == 1) | (least != most))
    neighbours_differ = _dilated(most == 2) & _dilated(least == 0)
    return _dilated(undecided | neighbours_differ)


def _dilated(blocks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(blocks, 1)
    across = padded[:, :-2] | padded[:, 1:-1] | padded[:, 2:]
    dilated: NDArray[np.bool_] = across[:-2] | across[1:-1] | across[2:]
    return dilated


def _blocks(pixels: slice) -> slice:
    return slice(pixels.start // RADIUS, (pixels.stop - 1) // RADIUS + 1)


def _solved(guide: NDArray[np.uint8], matte: Matte, active: NDArray[np.bool_]) -> Floats:
    """(4, height, width): what to multiply red, green and blue (0 to 255) by, and what to add, for alpha from 0 to 1.

    Where nothing is `active` that is the matte itself.
    """
    height, width = matte.shape
    coefficients = np.zeros((4, height, width), np.float32)
    coefficients[3] = matte / np.float32(255)
    around = (_REACH, _REACH - height % -_SOLVED), (_REACH, _REACH - width % -_SOLVED)
    guide = np.pad(guide, (*around, (0, 0)), mode="edge")
    matte = np.pad(matte, around, mode="edge")
    for top in range(0, height, _SOLVED):
        for left in range(0, width, _SOLVED):
            rows, columns = slice(top, min(top + _SOLVED, height)), slice(left, min(left + _SOLVED, width))
            if active[_blocks(rows), _blocks(columns)].any():
                whole = slice(top, top + _SOLVED + 2 * _REACH), slice(left, left + _SOLVED + 2 * _REACH)
                piece = _solved_piece(guide[whole], matte[whole])
                coefficients[:, rows, columns] = piece[:, : rows.stop - top, : columns.stop - left]
    return coefficients


def _solved_piece(guide: NDArray[np.uint8], matte: Matte) -> Floats:
    """As `_solved`, without the rim of _REACH pixels that the windows of those within reach into."""
    colours = np.ascontiguousarray(guide.transpose(2, 0, 1), dtype=np.float32) / 255
    centre = colours.mean((1, 2))
    colours -= centre[:, np.newaxis, np.newaxis]  # or the variances would drown in the rounding of float32
    red, green, blue = colours
    alpha = matte.astype(np.float32) / 255
    products = (red * red, red * green, red * blue, green * green, green * blue, blue * blue, *(colours * alpha))
    means = _box_means(np.stack((red, green, blue, alpha, alpha * alpha, *products)), RADIUS)
    r, g, b, a, aa, rr, rg, rb, gg, gb, bb, ra, ga, ba = means
    covariances = ra - r * a, ga - g * a, ba - b * a
    multipliers = _three_unknowns(
        (rr - r * r + SMOOTHING, rg - r * g, rb - r * b, gg - g * g + SMOOTHING, gb - g * b, bb - b * b + SMOOTHING),
        covariances,
    )
    solution = np.stack((*multipliers, a, sum(map(np.multiply, multipliers, covariances)), aa - a * a))
    for channel, mean in enumerate((r, g, b)):
        solution[3] -= solution[channel] * mean
    solution = _box_means(solution, RADIUS)
    explained = solution[4] / np.maximum(solution[5], np.float32(1e-6))
    trust = np.clip((explained - EXPLAINED[0]) / (EXPLAINED[1] - EXPLAINED[0]), 0, 1)
    solution = np.asarray(solution[:4] * trust)
    solution[3] += (1 - trust) * alpha[_REACH:-_REACH, _REACH:-_REACH]
    for channel in range(3):
        solution[3] -= solution[channel] * centre[channel]
    solution[:3] /= 255
    return solution


def _box_means(values: Floats, radius: int) -> Floats:
    """Over the windows that lie within (channels, height, width): `radius` fewer on each side."""
    side = 2 * radius + 1
    down = _sums(values, side)
    return _sums(down.transpose(0, 2, 1), side).transpose(0, 2, 1) * np.float32(1 / side**2)


def _sums(values: Floats, length: int) -> Floats:
    """Of every `length` neighbours along the second axis, in few additions: of 2, of 4, of 8, …"""
    count = values.shape[1] - length + 1
    total: Floats | None = None
    taken, size = 0, 1
    while True:
        if length & size:
            part = values[:, taken : taken + count]
            total = part if total is None else total + part
            taken += size
        if total is not None and taken == length:
            return total
        values = values[:, :-size] + values[:, size:]
        size *= 2


def _three_unknowns(matrix: tuple[Floats, ...], right: tuple[Floats, ...]) -> tuple[Floats, Floats, Floats]:
    """Solves a symmetric positive definite system in each pixel, by its LDLᵀ decomposition.

    Cramer's rule would be shorter, and in float32 wrong for grey photos, whose matrices are all but singular.
    """
    xx, xy, xz, yy, yz, zz = matrix
    x, y, z = right
    xy_x, xz_x = xy / xx, xz / xx
    pivot_y = yy - xy_x * xy
    yz_rest = yz - xy_x * xz
    yz_y = yz_rest / pivot_y
    pivot_z = zz - xz_x * xz - yz_y * yz_rest
    y = y - xy_x * x
    z = (z - xz_x * x - yz_y * y) / pivot_z
    y = y / pivot_y - yz_y * z
    return x / xx - xy_x * y - xz_x * z, y, z
