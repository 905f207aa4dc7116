"""Colours, words and places of figures: safe for colour-blind readers, the same everywhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import matplotlib as mpl
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from dcmodel.report.tables import case_name

WIDTH = 8.5
"""Width of a figure on a report page. [in]"""
VISIBLE = 1e-3
"""What stays below this share of the largest of its kind is left out. [1]"""

PALETTE = (
    "#332288", "#88CCEE", "#DDCC77", "#117733", "#CC6677", "#44AA99", "#AA4499", "#999933",
    "#882255", "#BBBBBB",
)  # fmt: skip
"""Muted qualitative scheme of Paul Tol (SRON/EPS/TN/09-002, 2021) and a grey."""

HATCHES = ("", "///", "...", "xxx")
"""Added, one after the other, when there are more things than colours."""

LINES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

CATEGORIES = (
    "building", "energy", "contracts", "network", "backup", "storage", "on-site", "water",
    "workload", "unserved", "resale",
)  # fmt: skip
"""Cost categories in the order they are stacked; the last palette entry is left to `unserved`, and
what is earned, left of zero, is hatched."""

INK = "#222222"
FAINT = "#6B6B6B"
GRID = "#DDDDDD"

RC = {
    "font.size": 9.0,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "hatch.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
"""Settings under which every figure is drawn; they hold for its making only."""

_ABBREVIATIONS = {"ppa": "PPA", "it": "IT", "pue": "PUE", "cfd": "CfD", "ups": "UPS"}
_UNITS = ("_mw", "_mwh")
_DARK = 0.55


_drawing = threading.RLock()


@contextmanager
def applied() -> Iterator[None]:
    """Set what `RC` names, and nothing else, while a figure is made.

    `matplotlib.rc_context` would also undo what pyplot sets when it is first imported within, and
    figures would no longer be shown in notebooks. The settings are matplotlib's own, of the whole
    process: figures of several threads are made one after the other.
    """
    with _drawing:
        before = {key: mpl.rcParams[key] for key in RC}
        mpl.rcParams.update(RC)
        try:
            yield
        finally:
            mpl.rcParams.update(before)


def words(name: str) -> str:
    """Return a name of the model as words: ``ppa_solar.capacity_mw`` is ``PPA solar capacity``."""
    for unit in _UNITS:
        name = name.removesuffix(unit)
    parts = name.replace(".", " ").replace("_", " ").split()
    text = " ".join(_ABBREVIATIONS.get(part, part) for part in parts)
    return text[:1].upper() + text[1:]


def colours(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return colour and hatch of each name, by its place in the sequence."""
    return {
        name: (PALETTE[i % len(PALETTE)], HATCHES[i // len(PALETTE) % len(HATCHES)])
        for i, name in enumerate(names)
    }


def category_order(found: Sequence[str]) -> list[str]:
    """Return cost categories in the order they are stacked; others follow as found."""
    others = [name for name in dict.fromkeys(found) if name not in CATEGORIES]
    return [*CATEGORIES, *others]


def ink_on(colour: str) -> str:
    """Return the colour of letters that is readable on a fill."""
    red, green, blue = to_rgb(colour)
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue
    return "white" if luminance < _DARK else INK


def title_of(result: xr.Dataset) -> str:
    """Return the words for a case: site, scenario, and where its cost is not certified."""
    site = result.attrs.get("site_title", result.attrs.get("site", case_name(result)))
    scenario = str(result.attrs.get("scenario", "")).replace("_", " ")
    words = f"{site}, {scenario}" if scenario else str(site)
    gap = result.attrs.get("certified_gap")
    return f"{words} ({gap})" if isinstance(gap, str) else words


def label_of(name: str, result: xr.Dataset) -> str:
    """Return the words for a case among others; a name of the user's own is kept."""
    return title_of(result) if name == case_name(result) else name


def panel(ax: Axes | Figure | None, size: tuple[float, float]) -> Axes:
    """Return a panel to draw in: the one given, or one of a figure of a size [in]."""
    return ax if isinstance(ax, Axes) else sheet(ax, size).subplots()


def sheet(figure: Figure | None, size: tuple[float, float]) -> Figure:
    """Return a figure of a size [in]: the one given, or a new one of pyplot."""
    if figure is not None:
        figure.set_size_inches(size)
        return figure
    import matplotlib.pyplot as plt

    return plt.figure(figsize=size, layout="constrained")


def canvas() -> Figure:
    """Return a figure outside pyplot: drawn by Agg whatever backend the user chose."""
    return Figure(layout="constrained")


def legend(ax: Axes, handles: list[Patch] | None = None, title: str | None = None) -> None:
    """Put the legend right of the panel, where it covers no data."""
    found = ax.get_legend_handles_labels()[0] if handles is None else handles
    if found:
        ax.legend(
            handles=found, title=title, loc="upper left", bbox_to_anchor=(1.01, 1.0),
            borderaxespad=0.0, alignment="left",
        )  # fmt: skip


def empty(ax: Axes, why: str) -> Axes:
    """Say in the panel why it is empty."""
    ax.text(0.5, 0.5, why, ha="center", va="center", transform=ax.transAxes, color=FAINT)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax
