"""A part of the bench, and what it measures with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.sizes import Sizes
from tests.stack.local_stack import LocalStack


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """`folder` is the part's own, and empty."""

    folder: Path
    sizes: Sizes
    running: LocalStack | None = None

    def stack(self, *, page_by_https: bool = False, **parameters: str) -> AbstractContextManager[LocalStack]:
        """A new one, with these parameters of the template; where one is `running`, that one as it is.

        Hugging Face's stand-in answers without a model: what is measured is ours.
        """
        if self.running:
            return nullcontext(self.running)
        return LocalStack.start(
            self.folder / "stack", parameters=parameters, real_model=False, page_by_https=page_by_https
        )


@dataclass(frozen=True, slots=True)
class Part:
    """`title` is what is printed meanwhile; `figures`, what the names of its figures begin with."""

    name: str
    title: str
    measure: Callable[[Means], dict[str, Figure]]
    figures: tuple[str, ...]
