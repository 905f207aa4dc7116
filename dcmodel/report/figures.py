"""Results as figures: one function a figure, which draws what a table or the result holds.

Functions of one panel return a matplotlib Axes, those of several panels a Figure. Without a place
to draw in, pyplot makes one, so that a notebook shows it. Nothing here computes a result.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from dcmodel.report import style, tables
from dcmodel.report.dispatch import peak_week
from dcmodel.report.style import VISIBLE
from dcmodel.report.tables import Results, by_case
from dcmodel.report.week import year_of

__all__ = ["build_out", "cost_stack", "load_duration", "monthly_pue", "peak_week"]

LABEL_SHARE = 0.06
"""Parts of a bar wider than this share of the longest bar bear their value. [1]"""
_BAR = 0.38
_MONTHS = "JFMAMJJASOND"


@style.applied()
def cost_stack(results: Results, ax: Axes | Figure | None = None) -> Axes:
    """Draw levelised cost of IT energy by cost category, the reference below the optimum.

    Parameters
    ----------
    results : Results
        One or more cases; the cheapest stands on top. Cases without IT energy are left out.
    ax : Axes, optional

    Returns
    -------
    Axes
        Parts of a bar sum to ``levelised_cost`` [USD MWh-1]; a category with net income stands left
        of zero.
    """
    named = by_case(results)
    ranked = tables.ranking(named).dropna(subset="levelised_cost_usd_per_mwh")
    parts = tables.levelised_costs(named)
    names = list(ranked["case"])
    ax = style.panel(ax, (style.WIDTH, 1.3 + 0.72 * max(len(names), 2)))
    money = _money(named.values())
    ax.set(xlabel=f"{money} per MWh of IT energy", title="Levelised cost of IT energy")
    if not names:
        return style.empty(ax, "no IT energy in any year")
    longest = float(ranked.filter(like="levelised_cost").to_numpy().max())
    order = style.category_order(list(parts["category"]))
    fills = style.colours(order)
    drawn = set()
    for position, row in enumerate(ranked.itertuples()):
        own = parts[parts["case"] == row.case].set_index("category")
        for prefix, offset, alpha in (("", -0.2, 1.0), ("reference_", 0.2, 0.45)):
            values = own[f"{prefix}levelised_cost_usd_per_mwh"].reindex(order).fillna(0.0)
            drawn |= _bar(ax, position + offset, values, fills, alpha, longest)
        _totals(ax, position, row, own)
    labels = [style.label_of(name, named[name]) for name in names]
    ax.set_yticks(range(len(names)), ["\n".join(label.rsplit(", ", 1)) for label in labels])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(right=1.3 * longest)
    ax.grid(visible=False, axis="y")
    ax.axvline(0, color=style.INK, linewidth=0.8)
    handles = [
        Patch(facecolor=fills[name][0], hatch=fills[name][1], label=style.words(name))
        for name in order
        if name in drawn
    ]
    style.legend(
        ax, handles, title="Upper bar: optimum.\nPale bar: reference,\nordinary grid supply."
    )
    return ax


def _bar(
    ax: Axes,
    y: float,
    values: pd.Series,
    fills: dict[str, tuple[str, str]],
    alpha: float,
    longest: float,
) -> set[str]:
    """Draw one stacked bar; return the categories that are seen."""
    left, right = 0.0, 0.0
    drawn = set()
    for category, value in values.items():
        if abs(value) < VISIBLE * longest:
            continue
        start = right if value > 0 else left
        colour, hatch = fills[str(category)]
        ax.barh(
            y, value, _BAR, left=start, color=colour, hatch=hatch, alpha=alpha, edgecolor="white",
            linewidth=0.4, label=f"_{category}",
        )  # fmt: skip
        if abs(value) > LABEL_SHARE * longest:
            ink = style.ink_on(colour) if alpha == 1 else style.INK
            ax.text(
                start + value / 2, y, f"{value:.0f}", ha="center", va="center", color=ink, size=7.5
            )
        if value > 0:
            right += value
        else:
            left += value
        drawn.add(str(category))
    return drawn


def _totals(ax: Axes, position: int, row: object, own: pd.DataFrame) -> None:
    """Write the sums at the ends of the bars of a case, and what is saved."""
    for prefix, offset in (("", -0.2), ("reference_", 0.2)):
        column = f"{prefix}levelised_cost_usd_per_mwh"
        total = getattr(row, column)
        end = own[column].clip(lower=0).sum()
        text = f"{total:.1f}"
        saving = getattr(row, "saving_percent", np.nan)
        if not prefix and np.isfinite(saving):
            text += f" ({'−' if saving >= 0 else '+'}{abs(saving):.1f} %)"
        ax.annotate(
            text, (end, position + offset), xytext=(4, 0), textcoords="offset points", va="center",
            size=8.5, weight="normal" if prefix else "bold",
        )  # fmt: skip


@style.applied()
def load_duration(
    result: xr.Dataset, year: int | None = None, ax: Axes | Figure | None = None
) -> Axes:
    """Draw how many hours a year the facility and the import are at or above a power.

    Parameters
    ----------
    result : Dataset
        One case.
    year : int, optional
        Year; left out, the year with the highest import.
    ax : Axes, optional

    Returns
    -------
    Axes
        Both curves [MW], with the contracted grid power and that of the reference.
    """
    year = year_of(result, year, "grid_import")
    now = result.sel(year=year)
    hours = result["duration"].to_numpy()
    ax = style.panel(ax, (style.WIDTH, 3.8))
    for name, colour, width in (
        ("facility_power", style.PALETTE[2], 5.0),
        ("grid_import", style.PALETTE[0], 1.6),
    ):
        values = now[name].to_numpy()
        order = np.argsort(-values, kind="stable")
        edges = np.concatenate([[0.0], np.cumsum(hours[order])])
        label = f"{style.words(name)}\n(peak {values.max():.1f} MW)"
        steps = np.append(values[order], values[order][-1])
        ax.step(edges, steps, where="post", color=colour, linewidth=width, label=label)
    for variable, line, words in (
        ("capacity", "-.", "Contracted grid power"),
        ("reference_capacity", ":", "Contracted in the reference"),
    ):
        contracted = tables.contracted_power(now.assign(capacity=now[variable]))
        if contracted is not None and float(contracted) > 0:
            label = f"{words}\n({float(contracted):.1f} MW)"
            ax.axhline(float(contracted), color=style.INK, linestyle=line, label=label)
    ax.set_xlim(0, hours.sum())
    ax.set_ylim(bottom=0)
    ax.set(
        xlabel="Hours of the year at or above [h]",
        ylabel="Power [MW]",
        title=f"{style.title_of(result)}: load duration, {year}",
    )
    style.legend(ax)
    return ax


@style.applied()
def monthly_pue(results: Results, year: int | None = None, ax: Axes | Figure | None = None) -> Axes:
    """Draw power usage effectiveness by month of the site's calendar, one line a case.

    The colour tells the site, line and marker the scenario.

    Parameters
    ----------
    results : Results
        Cases; those without IT in the year are left out.
    year : int, optional
        Year; left out, the last one that all cases have.
    ax : Axes, optional
    """
    named = by_case(results)
    shared = sorted(set.intersection(*({int(y) for y in r["year"].values} for r in named.values())))
    table = tables.monthly(named)
    if year is None:
        year = shared[-1]
    for result in named.values():
        year_of(result, year, "grid_import")
    ax = style.panel(ax, (style.WIDTH, 3.6))
    sites, scenarios = (
        list(dict.fromkeys(str(result.attrs.get(key)) for result in named.values()))
        for key in ("site", "scenario")
    )
    for name, result in named.items():
        own = table[(table["case"] == name) & (table["year"] == year)].dropna(subset="pue")
        site = sites.index(str(result.attrs.get("site")))
        scenario = scenarios.index(str(result.attrs.get("scenario")))
        if len(own):
            ax.plot(
                own["month"], own["pue"], color=style.PALETTE[site % len(style.PALETTE)],
                linestyle=style.LINES[scenario % len(style.LINES)],
                marker=style.MARKERS[scenario % len(style.MARKERS)], markerfacecolor="none",
                label=style.label_of(name, result),
            )  # fmt: skip
    ax.set(
        xlabel="Month, local calendar",
        ylabel="PUE [MWh facility per MWh IT]",
        title=f"Power usage effectiveness by month, {year}",
    )
    if not ax.lines:
        return style.empty(ax, f"no IT runs in {year}")
    ax.set_xticks(range(1, 13), list(_MONTHS))
    ax.set_xlim(0.5, 12.5)
    ax.set_ylim(bottom=1.0)
    style.legend(ax)
    return ax


@style.applied()
def build_out(result: xr.Dataset, figure: Figure | None = None) -> Figure:
    """Draw what stands in each year: capacities in MW beside installed IT, energies in MWh below.

    Sizes that are never built are left out.
    """
    sizes = tables.standing_sizes(result)
    fills = style.colours([str(name) for name in sizes["size"].values])
    used = _built_sizes(sizes)
    panels = [unit for unit, members in used.items() if members or unit == "MW"]
    figure = style.sheet(figure, (style.WIDTH, 2.0 + 1.6 * len(panels)))
    heights = [2.0 if unit == "MW" else 1.0 for unit in panels]
    axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    years = np.arange(result.sizes["year"])
    for ax, unit in zip(axes, panels, strict=True):
        width = 0.8 / max(len(used[unit]), 5)
        first = -0.5 * width * (len(used[unit]) - 1)
        for i, name in enumerate(used[unit]):
            colour, hatch = fills[name]
            ax.bar(
                years + first + i * width, sizes.sel(size=name).to_numpy(), width,
                color=colour, hatch=hatch, edgecolor="white", linewidth=0.4,
                label=style.words(name),
            )  # fmt: skip
        if unit == "MW" and "it_capacity" in result:
            ax.stairs(
                result["it_capacity"].to_numpy(), np.append(years, len(years)) - 0.5, baseline=None,
                color="black", linewidth=1.6, label="Installed IT",
            )  # fmt: skip
        ax.set_xticks(years, [str(year) for year in result["year"].values])
        ax.set_xlim(-0.5, len(years) - 0.5)
        ax.set_ylim(bottom=0)
        ax.grid(visible=False, axis="x")
        ax.set(ylabel=f"{'Energy' if unit == 'MWh' else 'Capacity'} [{unit}]")
        style.legend(ax)
    axes[0].set_title(f"{style.title_of(result)}: what stands in each year")
    return figure


def _built_sizes(sizes: xr.DataArray) -> dict[str, list[str]]:
    """Return unit -> names of the sizes that are built in any year, MW first."""
    units = sizes["size_units"].values.astype(str)
    used: dict[str, list[str]] = {}
    for unit in dict.fromkeys(["MW", *units]):
        own = sizes.isel(size=units == unit)
        largest = max(1.0, float(own.max())) if own.size else 1.0
        used[unit] = [
            str(name)
            for name in own["size"].values
            if float(own.sel(size=name).max()) > VISIBLE * largest
        ]
    return used


def _money(results: Iterable[xr.Dataset]) -> str:
    years = {int(result.attrs["currency_year"]) for result in results}
    return f"USD of {years.pop()}" if len(years) == 1 else "USD of each case's own year"
