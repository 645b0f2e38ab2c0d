"""A progress bar: one line that is redrawn on a terminal, one line for each tenth in a file or a pipe."""

from typing import TextIO

WIDTH = 40


class ProgressBar:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.percent = 0

    def show(self, percent: int, note: str = "") -> None:
        """100 ends the bar."""
        done = WIDTH * percent // 100
        line = f"[{'#' * done}{'.' * (WIDTH - done)}] {percent:3} %  {note:20}"
        if self._stream.isatty():
            print(f"\r{line}", end="\n" if percent == 100 else "", file=self._stream, flush=True)
        elif percent // 10 > self.percent // 10:
            print(line.rstrip(), file=self._stream, flush=True)
        self.percent = percent
