"""remove.bg's request as one of ours: the job whose result is then packed as it was asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from background_remover.domain.image_errors import (
    CorruptImageError,
    ImageNotFetchedError,
    ImageTooLargeError,
    ImageUrlRefusedError,
)
from background_remover.domain.jobs import Options
from background_remover.domain.placement import Box, Region
from background_remover.domain.public_url import PublicUrl
from background_remover.http.headers import asks_anew, idempotency_key
from background_remover.http.messages import LARGEST_BINARY
from background_remover.removebg.parameters import Asked, file_name
from background_remover.removebg.refusals import RefusedError
from background_remover.removebg.sizes import MOST_PNG_PIXELS, PIXELS, sizes_to_try
from background_remover.use_cases.remove_by_url import UrlRemoval
from background_remover.use_cases.remove_image import Removal
from imaging.backdrop import read_backdrop
from imaging.photo import Photo, inspect
from imaging.repacking import Packing

if TYPE_CHECKING:
    from background_remover.domain.tiers import Tier
    from background_remover.http.messages import Request


@dataclass(frozen=True, slots=True)
class Translation:
    """`packing` is how the result of the removal, a PNG, becomes the file that was asked for."""

    removal: Removal | UrlRemoval
    packing: Packing


def translations(
    request: Request, asked: Asked, backdrop: Photo | None, tiers: Mapping[str, Tier]
) -> list[Translation]:
    """The one to be tried, or those of size auto: each if the credits do not pay for the one before it.

    Raises `RefusedError`, `ImageError` and `InvalidParameterError`.
    """
    sizes = sizes_to_try(asked.size, tiers)
    dimensions = None if isinstance(asked.photo, PublicUrl) else _dimensions(asked.photo.content)
    if dimensions and asked.region:
        _require_within(asked.region, *dimensions)
    return [_translation(request, asked, backdrop, size, tiers[size], dimensions) for size in sizes]


def backdrop_of(asked: Asked, fetch: Callable[[PublicUrl], bytes]) -> Photo | None:
    """Raises `RefusedError`, before anything is held."""
    if asked.backdrop is None:
        return None
    try:
        content = fetch(asked.backdrop) if isinstance(asked.backdrop, PublicUrl) else asked.backdrop.content
        return read_backdrop(content).photo
    except ImageUrlRefusedError as error:
        raise RefusedError("invalid_bg_image_url", error.detail) from None
    except ImageNotFetchedError as error:
        raise RefusedError("failed_bg_download", error.detail) from None


def _translation(
    request: Request,
    asked: Asked,
    backdrop: Photo | None,
    size: str,
    tier: Tier,
    dimensions: tuple[int, int] | None,
) -> Translation:
    packing = Packing(
        kind=asked.kind,
        alpha_only=asked.channels == "alpha",
        background=asked.background,
        backdrop=backdrop,
        most_pixels=PIXELS[size],
        most_png_pixels=min(PIXELS[size], MOST_PNG_PIXELS),
    )
    options = Options(
        region=asked.region,
        crop=asked.crop,
        scale=asked.scale,
        position=asked.position,
        max_size=_long_edge(dimensions, packing) if dimensions else None,
    )
    key, anew = idempotency_key(request.headers), asks_anew(request.headers)
    if isinstance(asked.photo, PublicUrl):
        removal: Removal | UrlRemoval = UrlRemoval(
            user_id=request.user_id,
            tier=tier,
            url=str(asked.photo),
            options=options,
            file_name=file_name(asked.photo),
            idempotency_key=key,
            respond_async=False,
            anew=anew,
        )
    else:
        removal = Removal(
            user_id=request.user_id,
            tier=tier,
            content=asked.photo.content,
            options=options,
            file_name=file_name(asked.photo),
            idempotency_key=key,
            respond_async=False,
            anew=anew,
        )
    return Translation(removal, packing)


def _dimensions(content: bytes) -> tuple[int, int]:
    if len(content) > LARGEST_BINARY:
        raise ImageTooLargeError(f"File exceeds limit of {LARGEST_BINARY / 1e6}MB", limit=LARGEST_BINARY)
    try:
        info = inspect(content)
    except CorruptImageError as error:
        raise RefusedError("invalid_dimensions", error.detail) from None
    return info.width, info.height


def _require_within(region: Region, width: int, height: int) -> None:
    box, whole = region.box(width, height), Box(0, 0, width, height)
    if box.within(whole) != box:
        raise RefusedError("roi_exceeds_bounds", f"The image is {width} x {height} pixels.")
    if box.is_empty:
        raise RefusedError("roi_region_empty", "The given roi parameter defines an empty region.")


def _long_edge(dimensions: tuple[int, int], packing: Packing) -> int | None:
    """Of a photo that has more pixels than are wanted; what a crop has above that, `repack` takes off."""
    width, height = dimensions
    may_be_png = packing.kind == "png" or (packing.kind == "auto" and not packing.is_opaque)
    most = packing.most_png_pixels if may_be_png else packing.most_pixels
    if width * height <= most:
        return None
    return math.ceil(max(width, height) * math.sqrt(most / (width * height)))
