"""What is sent to Hugging Face."""

from typing import Protocol


class EncodedPhoto(Protocol):
    """An encoded image, `content_type` exactly its own."""

    @property
    def content(self) -> bytes: ...

    @property
    def content_type(self) -> str: ...
