"""What strings of answers hold."""

from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True, slots=True)
class Format:
    """Says by a format of JSON Schema what a string holds."""

    name: str

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "format": self.name}


Instant = Annotated[str, Format("date-time")]
Link = Annotated[str, Format("uri")]
