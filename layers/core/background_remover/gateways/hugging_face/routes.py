"""Where each model is served, as configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

Dialect = Literal["endpoint", "fal_queue"]


@dataclass(frozen=True, slots=True)
class ModelRoute:
    """`headers` are sent besides ours and replace them where they have the same name.

    `border`: what the model sees best has so much of width and height added on each side, in the photo's mean colour.
    `dollars`: what one inference costs.
    """

    url: str
    dialect: Dialect
    headers: Mapping[str, str] = field(default_factory=dict)
    border: float = 0.0
    dollars: float = 0.0

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"
