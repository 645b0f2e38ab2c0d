"""The dialect of a dedicated Inference Endpoint: photo in, mask or cut-out back, in one exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from background_remover.gateways.hugging_face.image_in_json import only_image

if TYPE_CHECKING:
    from background_remover.gateways.hugging_face.encoded_photo import EncodedPhoto
    from background_remover.gateways.hugging_face.routes import ModelRoute
    from background_remover.gateways.hugging_face.transport import Answer, Transport


def infer(transport: Transport, route: ModelRoute, photo: EncodedPhoto, *, deadline: float) -> bytes:
    """The encoded image that carries the matte. Raises the errors of `Transport.call` and `InvalidMatteError`."""
    return transport.call(
        "POST",
        route.url,
        _image,
        headers={"Content-Type": photo.content_type, "Accept": "application/json", **route.headers},
        content=photo.content,
        deadline=deadline,
    )


def _image(answer: Answer) -> bytes:
    return answer.body if answer.is_image else only_image(answer)
