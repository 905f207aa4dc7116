"""Pictures of a facility: a year in parts, and architectures over sites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from dcmodel.base.units import HOURS_PER_DAY
from dcmodel.facility.design import Design
from dcmodel.facility.model import evaluate
from dcmodel.facility.performance import PARTS
from dcmodel.facility.weather import FacilityWeather
from dcmodel.report import style


@style.applied()
def year_figure(
    design: Design,
    weather: FacilityWeather,
    load: float,
    title: str,
    figure: Figure | None = None,
) -> Figure:
    """Draw daily means of the parts beside IT, and PUE over the outdoor temperature.

    Parameters
    ----------
    design : Design
    weather : FacilityWeather
        A year, shape (8760,).
    load : float
        IT power over installed IT [1].
    title : str
        What the picture shows.
    figure : Figure, optional
        Figure to draw in; a new one of pyplot when left out.
    """
    state = evaluate(design, weather, load)
    figure = style.sheet(figure, (style.WIDTH, 3.6))
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    days = len(weather.temp_air) // HOURS_PER_DAY
    parts = [name for name in PARTS if name != "it"]

    def daily(values: Any) -> Any:
        return np.asarray(values)[: days * HOURS_PER_DAY].reshape(days, HOURS_PER_DAY).mean(axis=1)

    layers = [daily(getattr(state, name)) * 1000 / load for name in parts]
    names = [name.replace("_", " ") for name in parts]
    left.stackplot(np.arange(days), layers, labels=names, colors=style.PALETTE[: len(parts)])
    left.set(xlabel="Day of the year", ylabel="Power beside IT [kW per MW of IT]", title=title)
    left.set_xlim(0, days - 1)
    left.set_ylim(0, 1.3 * float(np.sum(layers, axis=0).max()))  # room for the legend
    left.legend(fontsize="small", ncols=3, loc="upper left")
    pue = state.facility_power / state.it
    right.plot(weather.temp_air, pue, ".", markersize=1.5, color=style.PALETTE[0], alpha=0.4)
    right.set(xlabel="Outdoor temperature [degC]", ylabel="PUE of the hour [1]")
    right.set_ylim(bottom=1.0)
    return figure


@style.applied()
def compare_figure(
    rows: list[dict[str, Any]], variant: str, figure: Figure | None = None
) -> Figure:
    """Draw a heat map of the yearly PUE: architectures down, places and loads across.

    Parameters
    ----------
    rows : list of dict
        With ``cooling``, ``weather``, ``load`` and ``pue``.
    variant : str
        Preset variant, for the title.
    figure : Figure, optional
        Figure to draw in; a new one of pyplot when left out.
    """
    keys = list(dict.fromkeys(row["cooling"] for row in rows))
    columns = list(dict.fromkeys((row["weather"], row["load"]) for row in rows))
    values = np.full((len(keys), len(columns)), np.nan)
    for row in rows:
        at = keys.index(row["cooling"]), columns.index((row["weather"], row["load"]))
        values[at] = row["pue"]
    size = (max(style.WIDTH, 1.1 * len(columns) + 2.5), 0.45 * len(keys) + 1.6)
    figure = style.sheet(figure, size)
    ax = figure.subplots()
    image = ax.imshow(values, cmap="viridis_r", aspect="auto")
    loads = {load for _, load in columns}
    labels = [
        Path(place).stem[:18] + (f"\nload {load:g}" if len(loads) > 1 else "")
        for place, load in columns
    ]
    ax.set_xticks(range(len(columns)), labels, rotation=30, ha="right")
    ax.set_yticks(range(len(keys)), [key.replace("_", " ") for key in keys])
    ax.grid(visible=False)
    middle = 0.5 * (np.nanmin(values) + np.nanmax(values))
    for (i, j), value in np.ndenumerate(values):
        colour = "white" if value > middle else "black"
        ax.text(j, i, f"{value:.2f}", ha="center", va="center", color=colour, fontsize="small")
    figure.colorbar(image, ax=ax, label="PUE of the year [1]")
    load_words = "" if len(loads) > 1 else f", load {loads.pop():g}"
    ax.set_title(f"PUE of {variant} designs{load_words}")
    return figure
