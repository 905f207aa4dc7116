"""Tables and a picture of verified backup."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dcmodel.reliability.intervals import nines
from dcmodel.report import style
from dcmodel.study.verification import Verification

SHOWN_H = (1, 2, 4, 8, 12, 24, 48, 72, 96, 168, 336)
"""Lengths of outage in the table on a terminal [h]."""


_APART = 100.0
"""Ratio of losses from which a linear scale hides the smaller [1]."""
_FLOOR = 1e-9
"""Probabilities below are not drawn: the chain leaves out what is rarer [1]."""


def survival_table(found: Verification) -> pd.DataFrame:
    """Return survival by length of outage.

    Returns
    -------
    DataFrame
        ``outage_h``; share of start hours survived without chance with 0, 1 and 2 units of each
        group out; probability with chance: mean, worst start hour, and with one unit out.
    """
    table = pd.DataFrame({"outage_h": np.arange(len(found.survival.curve))})
    for out, result in found.replays.items():
        table[f"share_of_starts_{out}_out"] = result.curve
    table["probability"] = found.survival.curve
    table["probability_worst_start"] = found.survival.worst
    table["probability_1_out"] = found.survival_less_one.curve
    return table


def figures_of(found: Verification) -> dict[str, Any]:
    """Return the figures of a verified backup, as JSON knows them."""
    played, expectation, backup = found.availability, found.expectation, found.backup
    low, high = played.interval()
    system = backup.system
    load = system.critical_load
    battery = system.battery
    return {
        "case": backup.case,
        "year": backup.year,
        "critical_load_mw": {"lowest": float(load.min()), "highest": float(load.max())},
        "deferrable_mw": {part.name: float(part.power.mean()) for part in system.deferrable},
        "generators": [_group(found, name) for name in (g.name for g in system.generators)],
        "battery": None
        if battery is None
        else {
            "power_mw": battery.power,
            "energy_mwh": battery.energy,
            "lowest_charge_mwh": float(np.min(battery.stored)),
        },
        "ride_through_h": system.ride_through,
        "grid": {
            cause.name: {"per_year": cause.rate, "mean_h": cause.duration.mean}
            for cause in backup.outages.causes
        },
        "expected": {
            "availability": expectation.value,
            "nines": _finite(expectation.nines),
            "hours_lost_per_year": expectation.hours_lost,
            "outages_lost_per_year": expectation.outages_lost,
        },
        "monte_carlo": {
            "years": played.years,
            "outages": played.outages,
            "outages_lost": played.outages_lost,
            "availability": played.value,
            "availability_interval": [low, high],
            "nines": _finite(nines(played.value)),
            "nines_interval": [_finite(nines(low)), _finite(nines(high))],
            "hours_lost_per_year": float(played.hours_lost.mean()),
            "energy_not_served_mwh_per_year": float(played.energy_not_served.mean()),
        },
        "distribution": _distribution(found),
        "next_nine": _next(found),
        "findings": list(found.findings),
        "notes": list(backup.notes),
    }


def _group(found: Verification, name: str) -> dict[str, Any]:
    group, replayed = found.backup.system.group(name), found.replays[0]
    full_load = group.units * group.rating * (group.fuel_idle + group.fuel_slope)
    stocked = np.isfinite(group.fuel_stock) and full_load > 0
    return {
        "name": name,
        "units": group.units,
        "rating_mw": group.rating,
        "fuel": group.fuel_stock if stocked else None,
        "fuel_unit": group.fuel_unit,
        "fuel_h_at_full_load": group.fuel_stock / full_load if stocked else None,
        "resupply_after_h": _finite(group.resupply_after),
        "longest_outage_fuel": float(replayed.fuel_used[name].max()),
        "longest_outage_run_h": float(replayed.run_hours[name].max()),
        "fuel_in_outages_per_year": found.availability.fuel_used[name],
        "run_h_in_outages_per_year": found.availability.run_hours[name],
        "test_h_per_year": group.test_hours,
        "permit_h_per_year": _finite(group.permit_hours),
    }


def _distribution(found: Verification) -> dict[str, Any] | None:
    """Return the paths to the racks, and supply and distribution together."""
    backup, paths = found.backup, found.backup.distribution
    if paths is None:
        return None
    at_racks = backup.at_racks(found.expectation.value)
    return {
        "tier": paths.name,
        "paths": paths.paths,
        "availability": paths.value(backup.restart),
        "nines": _finite(nines(paths.value(backup.restart))),
        "hours_lost_per_year": backup.hours_in_distribution,
        "losses_per_year": paths.losses(),
        "availability_at_racks": at_racks,
        "nines_at_racks": _finite(nines(at_racks)),
    }


def _next(found: Verification) -> dict[str, Any]:
    nine = found.next_nine
    if nine.sizing is None:
        return {"availability": nine.target, "reached": False, "reason": nine.reason}
    return {
        "availability": nine.target,
        "reached": True,
        "added": nine.sizing.added,
        "tier": nine.tier or None,
        "cost_usd_per_year": nine.cost,
        "nines": _finite(nines(nine.value)),
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


@style.applied()
def survival_figure(found: Verification, figure: Figure | None = None) -> Figure:
    """Draw the chance of losing load over the length of an outage, and the loss a year by cause.

    Parameters
    ----------
    found : Verification
    figure : Figure, optional
        Figure to draw in; a new one of pyplot when left out.
    """
    figure = style.sheet(figure, (style.WIDTH, 3.8))
    left, right = figure.subplots(1, 2, width_ratios=(1.9, 1))
    _curves(left, found)
    _hours(right, found)
    backup = found.backup
    left.set_title(f"{backup.site_title} ({backup.case}), {backup.year}")
    return figure


def _curves(ax: Axes, found: Verification) -> None:
    """Draw the probability that load is lost, on a scale on which nines can be read."""
    hours = np.arange(len(found.survival.curve))
    mean, out, cause = style.PALETTE[0], style.PALETTE[4], style.PALETTE[1]
    lines = [
        ("Mean of starts", found.survival.curve, mean, "-"),
        ("Worst start", found.survival.worst, mean, ":"),
        ("One unit out", found.survival_less_one.curve, out, "--"),
        ("No failures", found.replays[0].curve, style.PALETTE[3], "-."),
    ]
    for name, curve in list(found.expectation.curves.items())[1:]:
        lines.append((style.words(name), curve, cause, "-"))
    least = 1.0
    for label, curve, colour, line in lines:
        gone = 1.0 - np.asarray(curve)[: len(hours)]
        shown = np.where(gone > _FLOOR, gone, np.nan)
        if np.isfinite(shown).any():
            ax.plot(hours[: len(shown)], shown, color=colour, ls=line, label=label)
            least = min(least, float(np.nanmin(shown)))
    ax.set_yscale("log")
    ax.set(xlabel="Length of the outage [h]", ylabel="Probability that load is lost [1]")
    ax.set_xlim(0, hours[-1])
    ax.set_ylim(least / 3, 1.5)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="best", fontsize="small")


def _hours(ax: Axes, found: Verification) -> None:
    """Draw minutes lost a year by cause, and the nines with the interval of the supply's."""
    lost = dict(found.expectation.hours_lost)
    if found.backup.distribution is not None:
        lost["distribution"] = found.backup.hours_in_distribution
    names = [style.words(name) for name in lost]
    minutes = [60 * hours for hours in lost.values()]
    bars = ax.barh(names, minutes, height=0.6, color=style.PALETTE[: len(names)])
    ax.bar_label(bars, [f"{value:.2g}" for value in minutes], padding=2)
    ax.invert_yaxis()
    # supply and distribution lie orders of magnitude apart
    seen = [value for value in minutes if value > 0]
    if seen and max(seen) > _APART * min(seen):
        ax.set_xscale("log")
        ax.set_xlim(min(seen) / 10, max(seen) * 10)
    else:
        ax.margins(x=0.2)
    ax.grid(visible=False, axis="y")
    low, high = (nines(value) for value in found.availability.interval())
    supply = f"{found.expectation.nines:.1f} nines ({low:.1f} to {high:.1f})"
    label, title = "Expected loss [min a year]", supply
    if found.backup.distribution is not None:
        at_racks = nines(found.backup.at_racks(found.expectation.value))
        label, title = f"{label}\nsupply: {supply}", f"{at_racks:.1f} nines at the racks"
    ax.set(xlabel=label, title=title)
