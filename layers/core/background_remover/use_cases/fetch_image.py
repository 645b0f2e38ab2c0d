"""What the function that goes out does: it fetches an image, and stores it where its caller signed for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from background_remover.domain.errors import DomainError
from background_remover.observability import logger


def fetch_image(
    order: Mapping[str, Any], *, download: Callable[[str], bytes], store: Callable[[str, bytes], None]
) -> dict[str, Any]:
    """Fulfils an order of `gateways/image_fetcher.py`. Its answer has the `size`, or why there is no image."""
    try:
        content = download(order["url"])
    except DomainError as error:
        logger.info("The image is not fetched", code=error.code)
        return {"code": error.code, "detail": error.detail, "members": error.members}
    store(order["storeAt"], content)
    return {"size": len(content)}
