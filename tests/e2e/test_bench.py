import json
import math
import re
from pathlib import Path

import pytest

from tests.bench.__main__ import PARTS, main
from tests.bench.figures import Figure, figure
from tests.bench.part import Means, Part
from tests.bench.sizes import SMOKE
from tests.stack.local_stack import LocalStack

COUNTS = ("calls", "units", "USD")
"""Units of what may be none at all."""


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_each_part_of_the_bench_measures_what_it_declares(part: Part, stack: LocalStack, tmp_path: Path) -> None:
    figures = part.measure(Means(folder=tmp_path, sizes=SMOKE, running=stack))
    declared = re.compile("|".join(sorted(part.figures, reverse=True)))  # The longest of those that fit.
    assert {match[0] for name in figures if (match := declared.match(name))} == set(part.figures)
    assert [name for name in figures if not declared.match(name)] == []
    assert [name for name, each in figures.items() if not _makes_sense(each)] == []


def _makes_sense(each: Figure) -> bool:
    is_enough = each.value >= 0 if each.unit in COUNTS else each.value > 0
    return is_enough and math.isfinite(each.value) and math.isfinite(each.spread) and each.n > 0


def test_a_part_that_fails_is_named_and_the_others_figures_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.json"
    with pytest.raises(SystemExit, match="failed: torn, worn") as end:
        main([_fine("first"), _torn("torn", file), _torn("worn", file), _fine("last")], SMOKE, file)
    assert end.value.code != 0
    assert sorted(json.loads(file.read_text())) == ["figure_of_first", "figure_of_last"]
    printed, errors = capsys.readouterr()
    assert [line for line in printed.splitlines() if "…" in line] == [
        "1/4 measuring first …",
        "2/4 measuring torn …",
        "3/4 measuring worn …",
        "4/4 measuring last …",
    ]
    assert "RuntimeError: torn, with ['figure_of_first'] written" in errors


def test_a_bench_without_failures_ends_without_an_error(tmp_path: Path) -> None:
    main([_fine("only")], SMOKE, tmp_path / "bench.json")


def _fine(name: str) -> Part:
    return Part(name, f"measuring {name}", lambda _: {f"figure_of_{name}": figure([1.0, 2.0], "s")}, ("figure",))


def _torn(name: str, file: Path) -> Part:
    """It fails, and says what is written by then."""

    def measure(_: Means) -> dict[str, Figure]:
        raise RuntimeError(f"{name}, with {sorted(json.loads(file.read_text()))} written")

    return Part(name, f"measuring {name}", measure, ("figure",))
