"""How much memory the images of one worker may take together, however many they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class NoRoomError(Exception):
    """Others were too long in the way."""


class MemoryRoom:
    """Safe to share between threads. What needs more than there is has it all to itself."""

    def __init__(self, size: float = math.inf) -> None:
        """`size` in bytes."""
        self._size = size
        self._free = size
        self._changed = Condition()

    @contextmanager
    def taken(self, size: int, *, seconds: float) -> Iterator[None]:
        """Waits for room for `size` bytes; raises `NoRoomError` where there is none after `seconds`."""
        needed = min(size, self._size)
        with self._changed:
            if not self._changed.wait_for(lambda: self._free >= needed, timeout=max(0.0, seconds)):
                raise NoRoomError(f"no room for {needed} bytes within {seconds:.0f} s")
            self._free -= needed
        try:
            yield
        finally:
            with self._changed:
                self._free += needed
                self._changed.notify_all()
