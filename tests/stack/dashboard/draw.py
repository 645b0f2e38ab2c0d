"""Draws the dashboard: `draw.py FILE PICTURE`, in the environment that has matplotlib."""

import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

INCHES = 0.8
"""Of a dashboard's unit, of which there are 24 in its width."""

AXES = (0.09, 0.24, 0.84, 0.64)
"""Left, bottom, width and height, as shares of a widget; the rest is for title and legend."""

MOST_LINES = 8
"""More are only drawn where something happened."""

COLOURS = plt.get_cmap("tab10").colors + plt.get_cmap("Set2").colors


def main(file: Path, picture: Path) -> None:
    content = json.loads(file.read_text())
    widgets = content["widgets"]
    rows = max(each["y"] + each["height"] for each in widgets) + 1
    figure = plt.figure(figsize=(24 * INCHES, rows * INCHES), dpi=75)
    figure.text(0.01, 1 - 0.5 / rows, content["title"], size=11, va="center")
    for each in widgets:
        left, top = each["x"] / 24, 1 - (each["y"] + 1) / rows
        width, height = each["width"] / 24, each["height"] / rows
        if "text" in each:
            figure.text(left + 0.01, top - height / 2, each["text"], size=15, weight="bold", va="center")
            continue
        place = (left + AXES[0] * width, top - (1 - AXES[1]) * height, AXES[2] * width, AXES[3] * height)
        draw(figure.add_axes(place), each, content["minutes"])
    picture.parent.mkdir(exist_ok=True)
    figure.savefig(picture)


def draw(axes: Axes, widget: dict[str, Any], minutes: list[float]) -> None:
    axes.set_title(widget["title"], size=11, loc="left")
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
    axes.set_xlim(minutes[0], minutes[-1])
    notes = [f"only in AWS: {', '.join(widget['absent'])}"] if widget["absent"] else []
    lines = [each for each in widget["lines"] if any(map(math.isfinite, each["values"]))]
    if len(lines) > MOST_LINES:
        eventful = [each for each in lines if any(value > 0 for value in each["values"])]
        notes += [f"{len(lines) - len(eventful)} lines at 0"] if len(eventful) < len(lines) else []
        lines = eventful
    elif not lines and not notes:
        notes.append("nothing of this happened")
    if widget["stacked"] and lines:
        filled = [[value if math.isfinite(value) else 0.0 for value in each["values"]] for each in lines]
        axes.stackplot(minutes, filled, labels=[each["label"] for each in lines], colors=COLOURS)
    else:
        right = axes.twinx() if any(each["side"] == "right" for each in lines) else axes
        right.tick_params(labelsize=8)
        for number, each in enumerate(lines):
            target, style = (right, "--") if each["side"] == "right" else (axes, "-")
            label = f"{each['label']} (right)" if each["side"] == "right" else each["label"]
            colour = COLOURS[number % len(COLOURS)]
            target.plot(minutes, each["values"], style, marker=".", markersize=3, label=label, color=colour)
        right.set_ylim(0, 1.05 * max(1e-9, right.get_ylim()[1]))
    axes.set_ylim(0, 1.05 * max(1e-9, axes.get_ylim()[1]))
    axes.text(0.5, 0.9, "\n".join(notes), transform=axes.transAxes, ha="center", va="top", size=8, color="dimgray")
    handles = [handle for each in {axes, *axes.figure.axes[-1:]} for handle in each.get_legend_handles_labels()[0]]
    by_label = {_short(str(handle.get_label())): handle for handle in handles}
    if by_label:
        axes.legend(
            list(by_label.values()),
            list(by_label),
            fontsize=7,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.07),
            ncols=4,
            columnspacing=1.0,
            handlelength=1.2,
            frameon=False,
        )


def _short(label: str) -> str:
    """Without what the names of all functions of the stack share."""
    return re.sub(r"\S*-(\w+)Function-\w+", r"\1", label)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
