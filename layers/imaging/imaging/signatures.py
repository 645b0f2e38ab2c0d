"""Image types that are not taken, so that a refusal can name them.

Recognised here and not by Pillow, whose forty decoders would all have a go at the stranger's bytes.
"""

import re

_SIGNATURES = {
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "AVIF sequence": rb".{4}ftyp(avis|msf1.{4}(?:.{4}){0,8}?avis)",
    "HEIF": rb".{4}ftyp(hei[ms]|hev[cmsx]|mif1|msf1)",
    "JPEG 2000": rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51",
    "JPEG-LS": rb"\xff\xd8\xff\xf7",
    "JPEG XL": rb"\0\0\0\x0cJXL |\xff\x0a",
    "Photoshop": rb"8BPS\0[\1\2]",
    # These have little of their own to begin with, so that the fields behind it must make sense as well.
    # File header up to the length of the next: https://learn.microsoft.com/windows/win32/gdi/bitmap-header-types
    "BMP": rb"BM.{4}\0{4}.{4}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0{3}",
    # How many, and of the first its size and place: https://learn.microsoft.com/previous-versions/ms997538(v=msdn.10)
    "icon": rb"\0\0[\1\2]\0[^\0]\0.{3}[\0\xff].{4}(?!\0{4}).{3}\0[^\0].{2}\0",
    # No palette or one of 15 to 32 bits; width, height, bits a pixel: https://www.fileformat.info/format/tga/egff.htm
    "TGA": rb".(\0[\2\3\n\v]\0{5}|\x01[\1\t].{4}[\x0f\x10\x18 ]).{4}(?!\0\0)..(?!\0\0)..[\x08\x0f\x10\x18 ][\0-?]",
}
_OTHER_TYPES = {name: re.compile(signature, re.DOTALL) for name, signature in _SIGNATURES.items()}


def name_of_other_type(content: bytes) -> str | None:
    return next((name for name, signature in _OTHER_TYPES.items() if signature.match(content)), None)
