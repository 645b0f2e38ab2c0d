"""What was found on all scenes: means, as tables and as bench-quality.json."""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from background_remover.domain.tiers import TIERS
from tests.bench.quality.mattes import KINDS
from tests.bench.quality.measures import AlphaErrors
from tests.bench.quality.on_scene import OfNoModel, OnScene

Table = dict[str, dict[str, float]]


def of_model(found: Sequence[OnScene], border: float) -> dict[str, Any]:
    models = [each.model for each in found]
    return {
        "scenes": len(found),
        "border": border,
        "looks": _means(model.looks for model in models),
        "contradictions": statistics.fmean(model.contradictions / 2 for model in models),
        "copies": _means(model.copies for model in models),
        "tiers": _means(model.tiers for model in models),
    }


def of_no_model(found: Sequence[OfNoModel], paths: Table) -> dict[str, Any]:
    return {
        "scenes": len(found),
        "worse_truths": {kind: _means(each.worse_truths[kind] for each in found) for kind in KINDS},
        "colour_given_true_alpha": {
            tier: statistics.fmean(each.given_the_truth[tier] for each in found) for tier in TIERS
        },
        "paths": paths,
    }


def show(name: str, model: Mapping[str, Any], no_model: Mapping[str, Any] | None) -> None:
    _print_table(f"{name}: what is made of its looks", model["looks"])
    print(f"  two looks contradict each other in {model['contradictions']:.0%}")
    _print_table(f"{name}: one inference of such a copy", model["copies"])
    _print_table(f"{name}: cut-outs", model["tiers"])
    if no_model:
        for kind, tiers in no_model["worse_truths"].items():
            _print_table(f"true mattes, {kind}: cut-outs", tiers)
        colours = {tier: {"colour": error} for tier, error in no_model["colour_given_true_alpha"].items()}
        _print_table("given the true alpha", colours)
        _print_table("from file to file", no_model["paths"])


def write(file: Path, name: str, model: Mapping[str, Any], no_model: Mapping[str, Any] | None) -> None:
    """What the file has of other models stays, and so does what it has without a model if there is nothing new."""
    old = json.loads(file.read_text()) if file.exists() else {}
    report = {
        "models": old.get("models", {}) | {name: model},
        "without_model": no_model or old.get("without_model"),
    }
    file.write_text(json.dumps(report, indent=1) + "\n")


def _means(scenes: Iterable[Mapping[str, Sequence[AlphaErrors]]]) -> Table:
    """By rule, copy or tier."""
    rows: dict[str, list[dict[str, float]]] = {}
    for scene in scenes:
        for name, found in scene.items():
            rows.setdefault(name, []).extend(asdict(each) for each in found)
    return {
        name: {measure: statistics.fmean(row[measure] for row in found) for measure in found[0]}
        for name, found in rows.items()
    }


def _print_table(title: str, table: Table) -> None:
    columns = next(iter(table.values()))
    print(f"\n{title:50}" + "".join(f"{name:>14}" for name in columns))
    for name, values in table.items():
        print(f"  {name:48}" + "".join(f"{value:14.3f}" for value in values.values()))
