"""The dialect of a dedicated Inference Endpoint: photo in, mask or cut-out back, in one exchange."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from background_remover.domain.errors import InferenceUnavailableError, InvalidMatteError
from background_remover.gateways.hugging_face import verdict

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
    if answer.is_image:
        return answer.body
    match answer.json():
        case [{"mask": str(mask)}, *_] | str(mask):
            return _decoded(mask)
        case {"estimated_time": _} if (seconds := verdict.estimated_seconds(answer.body)) is not None:
            raise InferenceUnavailableError("The model is loading.", retry_after=seconds)
        case _:
            raise answer.lacking("a mask")


def _decoded(mask: str) -> bytes:
    """The bytes of a base64 image, which some servers send as a data URI."""
    try:
        return base64.b64decode(mask.rpartition("base64,")[2], validate=True)
    except ValueError:
        raise InvalidMatteError("Hugging Face's mask is not base64.") from None
