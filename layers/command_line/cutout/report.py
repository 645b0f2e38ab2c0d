"""What a run tells: a bar while it goes on, and in the end what became of each photo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from cutout.state import Item


@dataclass(slots=True)
class Report:
    """Lines and bar go to stderr; the bar only where that is a terminal."""

    results: list[dict[str, Any]] = field(default_factory=list)
    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True))
    _progress: Progress | None = None

    def begin(self, description: str, total: int) -> Any:
        if self._progress is None:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._progress = Progress(
                *columns, console=self.console, transient=True, disable=not self.console.is_terminal
            )
            self._progress.start()
        return self._progress.add_task(description, total=total)

    def stop(self) -> None:
        if self._progress:
            self._progress.stop()
            self._progress = None

    def advance(self, task: Any) -> None:
        if self._progress:
            self._progress.advance(task)

    def say(self, line: str) -> None:
        self.console.print(line, markup=False)

    def done(self, item: Item, job: dict[str, Any]) -> None:
        self._add(item, "done", jobId=job["jobId"], credits=job["credits"], output=item.output)

    def skipped(self, item: Item) -> None:
        self._add(item, "skipped", output=item.output)

    def failed(self, item: Item, code: str, detail: str, job_id: str = "") -> None:
        self._add(item, "failed", error={"code": code, "detail": detail}, **({"jobId": job_id} if job_id else {}))
        self.say(f"{item.photo}: {detail} ({code})")

    def count(self, status: str) -> int:
        return sum(result["status"] == status for result in self.results)

    def document(self) -> dict[str, Any]:
        return {
            "done": self.count("done"),
            "failed": self.count("failed"),
            "skipped": self.count("skipped"),
            "credits": sum(result.get("credits", 0) for result in self.results),
            "photos": self.results,
        }

    def _add(self, item: Item, status: str, **more: Any) -> None:
        self.results.append({"photo": item.photo, "status": status, **more})
