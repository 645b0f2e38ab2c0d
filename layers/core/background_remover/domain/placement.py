"""Where in a photo a subject is looked for, what is kept around it, and where on the canvas it stands."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Length:
    """`amount` in pixels of the photo, or in per cent of a whole that depends on what it measures."""

    amount: int
    unit: Literal["px", "%"] = "px"

    def pixels(self, whole: int) -> int:
        return self.amount if self.unit == "px" else round(whole * self.amount / 100)


@dataclass(frozen=True, slots=True)
class Margin(Length):
    """Around the subject: in pixels of the photo, or in per cent of the subject's larger side."""


@dataclass(frozen=True, slots=True)
class Margins:
    """One for each side of the subject."""

    top: Margin
    right: Margin
    bottom: Margin
    left: Margin


@dataclass(frozen=True, slots=True)
class Position:
    """Of the subject on the canvas: how much of the room beside it is on its left, and above it, in per cent."""

    across: int
    down: int


CENTER = Position(50, 50)


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels of a picture, `right` and `bottom` not included."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def is_empty(self) -> bool:
        return self.width <= 0 or self.height <= 0

    def within(self, other: "Box") -> "Box":
        """What both have in common."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True)
class Region:
    """Of the upright photo, from its left upper to its right lower corner; per cent are of its width and height."""

    left: Length
    top: Length
    right: Length
    bottom: Length

    def box(self, width: int, height: int) -> Box:
        """In a photo of that size; it may be empty, or reach beyond the photo."""
        return Box(
            self.left.pixels(width), self.top.pixels(height), self.right.pixels(width), self.bottom.pixels(height)
        )

    def __str__(self) -> str:
        edges = (self.left, self.top, self.right, self.bottom)
        return " ".join(f"{edge.amount}{edge.unit}" for edge in edges)
