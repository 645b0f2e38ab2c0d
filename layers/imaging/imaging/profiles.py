"""ICC profiles made of what files say of their colours in other words."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

type Point = tuple[float, float]
type Light = NDArray[np.float64]

SRGB = b""
"""In place of a profile: nobody needs one for what everybody takes for granted."""

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_CURVE_STEPS = 1024
_REFERENCE_WHITE = 203  # cd/m², of a page or a face in HDR: ITU-R BT.2408
_BRIGHTEST = 1000 / _REFERENCE_WHITE  # that is mastered for as a rule


@dataclass(frozen=True, slots=True)
class Primaries:
    """As x and y of CIE 1931."""

    white: Point
    red: Point
    green: Point
    blue: Point


_D65: Point = (0.3127, 0.3290)
_C: Point = (0.310, 0.316)
BT_709 = Primaries(_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_NTSC_1987 = Primaries(_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
# By their numbers in ITU-T H.273, table 2.
_PRIMARIES = {
    1: BT_709,
    4: Primaries(_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: Primaries(_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: _NTSC_1987,
    7: _NTSC_1987,
    8: Primaries(_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: Primaries(_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: Primaries((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: Primaries(_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: Primaries(_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}


def colour_space(profile: bytes) -> bytes:
    """https://www.color.org/specification/ICC.1-2022-05.pdf, 7.2: signature at 36, data colour space at 16."""
    return profile[16:20] if profile[36:40] == b"acsp" else b""


def _srgb_light(signal: Light) -> Light:
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def _pq_light(signal: Light) -> Light:
    """SMPTE ST 2084 (ITU-R BT.2100, table 4)."""
    root = signal ** (32 / 2523)
    light = np.maximum(root - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * root)
    return _toned(light ** (8192 / 1305) * 10_000 / _REFERENCE_WHITE)


def _hlg_light(signal: Light) -> Light:
    """ITU-R BT.2100, table 5, on a screen of 1000 cd/m²."""
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    return _toned(scene**1.2 * _BRIGHTEST)


def _toned(light: Light) -> Light:
    """What is brighter than white made to fit below it, as Chromium does: Reinhard's curve."""
    return np.minimum(light * (1 + light / _BRIGHTEST**2) / (1 + light), 1)


# By their numbers in ITU-T H.273, table 3: exponents, or functions of the signal. What was made for BT.709's camera
# curve is shown by sRGB's, as in Chromium.
_CURVES: dict[int, float | Callable[[Light], Light]] = {
    **dict.fromkeys((1, 6, 13, 14, 15), _srgb_light),
    4: 2.2,
    5: 2.8,
    8: 1.0,
    16: _pq_light,
    17: 2.6,
    18: _hlg_light,
}


@cache
def cicp_profile(primaries: int, transfer: int) -> bytes | None:
    """None for codes that say nothing or are not supported."""
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    if _PRIMARIES[primaries] == BT_709 and _CURVES[transfer] == _srgb_light:
        return SRGB
    return _profile(_PRIMARIES[primaries], _CURVES[transfer])


def gamma_profile(exponent: float, primaries: Primaries | None) -> bytes | None:
    """None where the values make no sense. An exponent of about 2.2 with about sRGB's primaries, or none, is sRGB."""
    # https://github.com/pnggroup/libpng/blob/libpng16/pngpriv.h, PNG_GAMMA_THRESHOLD; Chromium has the same one.
    if abs(2.2 / exponent - 1) < 0.05 and (primaries is None or _are_like_srgb(primaries)):
        return SRGB
    if not 1 <= round(exponent * 256) < 1 << 16:
        return None
    return _profile(BT_709 if primaries is None else primaries, exponent)


def _are_like_srgb(primaries: Primaries) -> bool:
    return bool(abs(_points(primaries) - _points(BT_709)).max() < 0.01)


def _points(primaries: Primaries) -> Light:
    return np.array([primaries.red, primaries.green, primaries.blue, primaries.white])


def _profile(primaries: Primaries, curve: float | Callable[[Light], Light]) -> bytes | None:
    """Version 2.4, matrix and curves: https://www.color.org/icc_specs2.xalter. None where the matrix makes no sense."""
    x, y = _points(primaries).T
    if not (y > 0).all():
        return None
    red, green, blue, white = np.stack([x / y, np.ones(4), (1 - x - y) / y], axis=1)
    unscaled = np.stack([red, green, blue], axis=1)
    if abs(np.linalg.det(unscaled)) < 1e-6:
        return None
    adaptation = np.linalg.inv(_BRADFORD) @ np.diag(_BRADFORD @ _D50 / (_BRADFORD @ white)) @ _BRADFORD
    columns = (adaptation @ unscaled @ np.diag(np.linalg.solve(unscaled, white))).T
    if not (abs(columns) < 4).all():
        return None
    if callable(curve):
        steps = np.rint(curve(np.linspace(0, 1, _CURVE_STEPS)) * 65535).astype(">u2")
        coded = struct.pack(">4s4xI", b"curv", len(steps)) + steps.tobytes()
    else:
        coded = struct.pack(">4s4xIH2x", b"curv", 1, round(curve * 256))
    name = b"colours as the photo has them\0"
    return _file(
        {
            b"desc": struct.pack(">4s4xI", b"desc", len(name)) + name + bytes(78),
            b"cprt": b"text\0\0\0\0No copyright\0",
            b"wtpt": _xyz(_D50),
            **{tag: _xyz(column) for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)},
            **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), coded),
        }
    )


def _xyz(values: Light) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(value * 65536) for value in values.tolist()))


def _file(tags: dict[bytes, bytes]) -> bytes:
    table, data, places = b"", b"", dict[bytes, int]()
    start = 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        if content not in places:  # the curves are all one
            places[content] = start + len(data)
            data += content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", tag, places[content], len(content))
    header = struct.pack(">I4xI4s4s4s", start + len(data), 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s28x", 2026, 1, 1, 0, 0, 0, b"acsp") + _xyz(_D50)[8:]
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data
