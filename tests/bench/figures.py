"""What was measured: medians with their spread, as a table and as bench.json."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is the median of `n` measurements, `spread` the width of the middle half of them."""

    value: float
    unit: str
    spread: float
    n: int


def figure(measurements: Sequence[float], unit: str) -> Figure:
    middle = statistics.quantiles(measurements, n=4) if len(measurements) > 1 else [measurements[0]] * 3
    return Figure(
        value=round(statistics.median(measurements), 4),
        unit=unit,
        spread=round(middle[2] - middle[0], 4),
        n=len(measurements),
    )


def print_table(figures: dict[str, Figure]) -> None:
    width = max(map(len, figures), default=0)
    print(f"\n{'':{width}}{'median':>11}{'spread':>10}{'n':>5}  unit")
    for name, each in figures.items():
        print(f"{name:{width}}{each.value:11.3f}{each.spread:10.3f}{each.n:5}  {each.unit}")


def read_json(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return content


def write_json(others: Mapping[str, Any], figures: Mapping[str, Figure], file: Path) -> None:
    content = {**others, **{name: asdict(each) for name, each in figures.items()}}
    file.write_text(json.dumps(content, indent=1) + "\n")
