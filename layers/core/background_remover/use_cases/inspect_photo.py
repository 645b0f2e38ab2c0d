"""What is found out about a photo before anything is stored, charged or sent because of it."""

from background_remover.domain.jobs import Options
from imaging.cutout import require_room
from imaging.framing import fitted
from imaging.photo import PhotoInfo, inspect
from imaging.region import region_box


def inspect_photo(content: bytes, options: Options) -> PhotoInfo:
    """Raises `ImageError`, also where the format that is wanted could not hold the result.

    How large the result of a crop gets is known when the subject is: its delivery may still raise `TooManyPixelsError`.
    """
    info = inspect(content)
    region_box(options.region, info.width, info.height)
    if options.crop is None:
        require_room(*fitted(info.width, info.height, options.max_size), options.format)
    return info
