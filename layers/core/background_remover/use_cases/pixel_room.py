"""How many pixels may be in memory at once, whatever their number of images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class PixelRoom:
    """Safe to share between threads. An image with more pixels than there is room for has it all to itself."""

    def __init__(self, pixels: float = math.inf) -> None:
        self._pixels = pixels
        self._free = pixels
        self._changed = Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Waits until there is room."""
        needed = min(pixels, self._pixels)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= needed)
            self._free -= needed
        try:
            yield
        finally:
            with self._changed:
                self._free += needed
                self._changed.notify_all()
