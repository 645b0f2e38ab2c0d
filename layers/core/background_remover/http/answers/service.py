"""The service itself."""

from typing import Literal, TypedDict


class Health(TypedDict):
    """Liveness, and version and commit of what is deployed."""

    status: Literal["ok"]
    version: str
    commit: str
