# SPDX-License-Identifier: GPL-2.0-or-later
"""How the plots look, and that the same figures make the same files, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COLORS = {"c_loop": "#111827", "python_loop": "#2563eb", "hal_input": "#c2410c", "hal_mpg": "#1a7f37"}
GRAY = "#6b7280"
SETTINGS = {
    "svg.hashsalt": "hal_mpg",
    "svg.fonttype": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": "medium",
}


@contextmanager
def picture(path: Path, size: tuple[float, float], rows: int = 1, columns: int = 1) -> Iterator[list[Any]]:
    """Yield the axes of a new picture, which is saved in the end."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=size, layout="tight")
        axes = figure.subplots(rows, columns, squeeze=False)
        yield [one for row in axes for one in row]
        figure.savefig(path, metadata={"Date": None})


def bars(axes: Any, values: dict[str, float], form: str, titles: dict[str, str]) -> None:
    """Draw one bar for each program, with its value at its end."""
    for place, (name, value) in enumerate(values.items()):
        axes.barh(place, value, 0.7, color=COLORS[name])
        label = form.format(value)
        axes.annotate(label, (value, place), (4, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(values)), [titles[name] for name in values])
    axes.invert_yaxis()
    axes.margins(x=0.25)
