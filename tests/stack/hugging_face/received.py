"""What the stand-in remembers of each request, for tests to assert on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tests.stack.hugging_face.faults import Call


@dataclass(frozen=True)
class ReceivedRequest:
    call: Call | None
    """None: no route of Hugging Face's has this method, path and query"""
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """names in lower case"""
    body_size: int
    authorized: bool
    """whether it carried the token; a "file" is answered without one, and ours must not send it there"""
    fault: str | None
    """the kind of the fault it met"""

    @property
    def token_sent(self) -> bool:
        return "authorization" in self.headers

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "ReceivedRequest":
        return cls(**fields)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
