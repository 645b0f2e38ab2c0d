"""The part of a photo in which a subject is looked for."""

from background_remover.domain.image_errors import InvalidRegionError
from background_remover.domain.placement import Box, Region


def region_box(region: Region | None, width: int, height: int) -> Box:
    """In a photo of that size, the whole of it without a region. Raises `InvalidRegionError`."""
    whole = Box(0, 0, width, height)
    if region is None:
        return whole
    box = region.box(width, height)
    if box.within(whole) != box:
        raise InvalidRegionError(
            f"The region {region} reaches beyond the photo, which is upright {width} x {height} pixels: say one that "
            "lies within it, or say it in per cent."
        )
    if box.is_empty:
        raise InvalidRegionError(
            f"The region {region} has no pixel of the photo, which is upright {width} x {height} pixels. It is left, "
            "top, right and bottom."
        )
    return box
