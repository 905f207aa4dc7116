"""Pictures of accelerators: tokens per MWh and USD per million tokens by generation and year."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from dcmodel.report import style

_POINTS = (("chat", "o"), ("batch", "s"))
_SPREAD = 0.32
"""Half the width over which the generations of one year are set side by side. [yr]"""


@style.applied()
def generations_figure(
    table: pd.DataFrame, years: pd.DataFrame, counted: str, title: str
) -> Figure:
    """Draw generations by their year: tokens per MWh at the wall, and USD per million tokens.

    Marks are filled where the specification is cited and hollow where some of it is assumed.

    Parameters
    ----------
    table : DataFrame
        Of `dcmodel.study.economics.economies`.
    years : DataFrame
        Of `dcmodel.study.economics.by_year`.
    counted : str
        Which tokens are counted.
    title : str
        What is served.
    """
    figure = Figure(figsize=(style.WIDTH * 1.3, 5.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    words = counted.replace("_", " ")
    known = _placed(table.dropna(subset=["chat_mtok_per_mwh"]))
    for ax, column, label in (
        (left, "mtok_per_mwh", f"Million {words} tokens per MWh at the wall"),
        (right, "usd_per_mtok", f"USD per million {words} tokens"),
    ):
        _generations(ax, known, column)
        _years(ax, years, column)
        _log_axis(ax)
        ax.set(xlabel="Year available", ylabel=label)
    left.set_title(title)
    names = [
        f"{number} {str(name).replace('_', ' ')}"
        for number, name in zip(known["number"], known["generation"], strict=True)
    ]
    blank = [Line2D([], [], linestyle="none") for _ in names]
    figure.legend(blank, names, loc="outside right upper", fontsize=7, handlelength=0)
    figure.legend(*_key(), loc="outside lower center", ncols=4, fontsize=7.5)
    return figure


@style.applied()
def speed_figure(curves: Mapping[str, pd.DataFrame], counted: str, title: str) -> Figure:
    """Draw tokens per MWh and USD per million tokens over what each user receives.

    Parameters
    ----------
    curves : mapping
        Tables of `dcmodel.study.levers.interactivity_curve` by generation.
    counted : str
        Which tokens are counted.
    title : str
        What is served.
    """
    figure = Figure(figsize=(style.WIDTH * 1.2, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    words = counted.replace("_", " ")
    for ax, column, label in (
        (left, "mtok_per_mwh", f"Million {words} tokens per MWh at the wall"),
        (right, "usd_per_mtok", f"USD per million {words} tokens"),
    ):
        for position, (key, curve) in enumerate(curves.items()):
            ax.plot(
                curve["interactivity"],
                curve[column],
                marker=style.MARKERS[position % len(style.MARKERS)],
                markersize=3.5,
                color=style.PALETTE[position % len(style.PALETTE)],
                label=key.replace("_", " "),
            )
        _log_axis(ax)
        ax.set(xlabel="Output tokens/s for each user", ylabel=label, xlim=(0, None))
    left.set_title(title)
    right.legend(fontsize="small")
    return figure


def _log_axis(ax: Axes) -> None:
    """Give the vertical axis powers of ten in plain numbers."""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _placed(table: pd.DataFrame) -> pd.DataFrame:
    """Give generations numbers and set those of one year side by side."""
    placed = table.sort_values(["year", "chat_mtok_per_mwh"]).reset_index(drop=True)
    placed["number"] = np.arange(1, len(placed) + 1)
    rank = placed.groupby("year").cumcount()
    count = placed.groupby("year")["year"].transform("size")
    middle = (count - 1) / 2
    placed["at"] = placed["year"] + _SPREAD * (rank - middle) / np.maximum(middle, 1)
    return placed


def _generations(ax: Axes, table: pd.DataFrame, column: str) -> None:
    for row in table.to_dict("records"):
        colour = _colour(bool(row["merchant"]))
        for point, marker in _POINTS:
            ax.plot(
                row["at"],
                row[f"{point}_{column}"],
                marker,
                color=colour,
                markersize=5 if point == "chat" else 3.5,
                fillstyle="none" if row["specification_assumed"] else "full",
            )
        ax.plot(
            [row["at"]] * 2,
            [row[f"chat_{column}"], row[f"batch_{column}"]],
            color=colour,
            linewidth=0.6,
            alpha=0.6,
        )
        ax.annotate(
            str(row["number"]),
            (row["at"], row[f"chat_{column}"]),
            xytext=(0, -9 if column == "mtok_per_mwh" else 5),
            textcoords="offset points",
            fontsize=6.5,
            ha="center",
            color=style.INK,
        )


def _years(ax: Axes, years: pd.DataFrame, column: str) -> None:
    """Draw the best of each year, the fleet by vintage and the cited trend."""
    at = years["year"]
    ax.step(at, years[column], where="post", color=style.INK, linewidth=1.2)
    ax.plot(at, years[f"fleet_{column}"], "--", color=style.PALETTE[3])
    ax.plot(at, years[f"trend_{column}"], ":", color=style.PALETTE[8])


def _colour(merchant: bool) -> str:
    return style.PALETTE[0] if merchant else style.PALETTE[4]


def _key() -> tuple[list[Line2D], list[str]]:
    """Return handles and words of the legend."""
    ink = style.INK
    marks = [
        (Line2D([], [], marker="o", linestyle="none", color=_colour(True)), "on sale, chat"),
        (Line2D([], [], marker="o", linestyle="none", color=_colour(False)), "rented only, chat"),
        (
            Line2D([], [], marker="s", markersize=3.5, linestyle="none", color=ink),
            "batch: most throughput",
        ),
        (
            Line2D([], [], marker="o", linestyle="none", color=ink, fillstyle="none"),
            "specification partly assumed",
        ),
        (Line2D([], [], color=ink, linewidth=1.2), "cheapest on sale, chat"),
        (Line2D([], [], color=style.PALETTE[3], linestyle="--"), "fleet by vintage, even growth"),
        (Line2D([], [], color=style.PALETTE[8], linestyle=":"), "cited trend from 2025"),
    ]
    return [handle for handle, _ in marks], [words for _, words in marks]
