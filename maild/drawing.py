"""Charts -> PNG: what runs in a child process of its own when a report is due [matplotlib].

Started as a program it reads what to draw from standard input, answers on standard output and
ends: plain JSON both ways (`plainform`). So the daemon never holds the library in memory.
The ground is transparent and every colour stands out on white and on black alike, since a mail
program may show either.
"""

from __future__ import annotations

import io
import logging
import sys

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from maild import plainform
from maild.core.chart import Chart, Charts, Drawn

WIDTH, HEIGHT = 296, 132
"""In the pixels of a page; each is drawn twice as fine."""
_DOTS = 96
_FINE = 2
_NOW, _BEFORE, _INK, _LINE = "#3d8bd4", "#9db4ca", "#7b828c", "#a9aeb6"
_BAR = 0.62
_HIGHEST = 1000
_ROOM = 1.22
"""Above the highest bar there is room for its text."""


def draw(chart: Chart) -> bytes:
    """Return a chart as PNG."""
    figure = Figure(figsize=(WIDTH / _DOTS, HEIGHT / _DOTS), dpi=_DOTS * _FINE)
    figure.patch.set_alpha(0.0)
    axes = figure.add_axes((0.01, 0.13, 0.98, 0.86))
    _bars(axes, chart)
    _plain(axes, chart)
    picture = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def main() -> None:
    """Draw what standard input asks for."""
    logging.disable(logging.WARNING)
    wanted = plainform.unpacked(Charts, sys.stdin.buffer.read())
    pictures = tuple(draw(chart) for chart in wanted.charts)
    sys.stdout.buffer.write(plainform.packed(Drawn(pictures=pictures)))


def _bars(axes: Axes, chart: Chart) -> None:
    last = len(chart.heights) - 1
    for place, (height, text) in enumerate(zip(chart.heights, chart.texts, strict=True)):
        is_now = place == last
        axes.bar(place, height, width=_BAR, color=_NOW if is_now else _BEFORE, linewidth=0)
        axes.text(
            place,
            height + _HIGHEST * 0.03,
            text,
            ha="center",
            va="bottom",
            color=_NOW if is_now else _INK,
            fontsize=9,
            fontweight="bold" if is_now else "normal",
        )


def _plain(axes: Axes, chart: Chart) -> None:
    """No frame, no grid: a ground line, and what each bar is."""
    axes.patch.set_alpha(0.0)
    axes.set_ylim(0, _HIGHEST * _ROOM)
    axes.set_xlim(-0.55, len(chart.heights) - 0.45)
    axes.set_yticks([])
    axes.set_xticks(range(len(chart.labels)), chart.labels)
    axes.tick_params(axis="x", length=0, pad=3, labelsize=8, labelcolor=_INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_LINE)
        spine.set_linewidth(0.8)


mpl.rcParams.update({"font.family": "DejaVu Sans", "text.usetex": False, "text.parse_math": False})

if __name__ == "__main__":
    main()
