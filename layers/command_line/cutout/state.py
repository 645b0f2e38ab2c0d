"""What is under way, in a small file beside the cut-outs, so that a killed run goes on with the same batch.

An order is written down before it is sent, with its Idempotency-Key: whenever the run dies, the next one repeats it and
gets what the first made. A batch stands here until all its photos have ended and their cut-outs are saved.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cutout.errors import ConfigurationError
from cutout.files import write_atomically

NAME = ".cutout.json"
KEY_SECONDS = 23 * 3600
"""For a day the service knows an Idempotency-Key."""
UPLOAD_SECONDS = 14 * 60
"""For a quarter of an hour it waits for a photo."""


@dataclass(slots=True)
class Item:
    """A photo, the name under which it is sent, and where its cut-out goes. `job_id` is empty until it is known."""

    photo: str
    name: str
    size: int
    output: str
    job_id: str = ""


@dataclass(slots=True)
class Order:
    """`inline`: one photo that is sent with the request itself. `batch_id` is empty until it is known."""

    items: list[Item]
    inline: bool = False
    batch_id: str = ""
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    made_at: float = field(default_factory=time.time)

    def age(self) -> float:
        return time.time() - self.made_at


@dataclass(slots=True)
class State:
    """`request`: tier and options, which all orders share."""

    folder: Path
    request: dict[str, Any]
    orders: list[Order] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / NAME

    @classmethod
    def load(cls, folder: Path, api: str, request: dict[str, Any]) -> State:
        """Raises `ConfigurationError` where something else is under way there."""
        state = cls(folder, {"api": api, **request})
        try:
            stored = json.loads(state.file.read_text())
            state.orders = [
                Order(**{**order, "items": [Item(**item) for item in order["items"]]}) for order in stored["orders"]
            ]
        except FileNotFoundError:
            return state
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"{state.file} cannot be read ({error}). Delete it to begin anew.") from None
        if state.orders and stored["request"] != state.request:
            said = " ".join(f"{name}={value}" for name, value in stored["request"].items())
            raise ConfigurationError(
                f"A run into {folder} that is not finished has other options ({said}). Finish it with these, or delete "
                f"{state.file}."
            )
        return state

    def save(self) -> None:
        """Without an order there is nothing to remember."""
        if not self.orders:
            self.file.unlink(missing_ok=True)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {"request": self.request, "orders": [asdict(order) for order in self.orders]}
        write_atomically(self.file, json.dumps(content, indent=1).encode())

    def add(self, items: Sequence[Item], *, inline: bool = False) -> Order:
        order = Order(list(items), inline=inline)
        self.orders.append(order)
        self.save()
        return order

    def remove(self, order: Order) -> None:
        self.orders.remove(order)
        self.save()
