"""The figure of one week's dispatch: who supplies the site, contracts, IT work and price."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dcmodel.report import style, tables
from dcmodel.report.week import PURCHASE, SOLD, Window, contract_use, peak_window, year_of

FloatArray = npt.NDArray[np.float64]


@style.applied()
def peak_week(
    result: xr.Dataset,
    year: int | None = None,
    *,
    by: str = "grid_import",
    figure: Figure | None = None,
) -> Figure:
    """Draw the dispatch of the week around the peak of an hourly series.

    Parameters
    ----------
    result : Dataset
        One case.
    year : int, optional
        Year; left out, the year with the peak.
    by : str
        Hourly variable whose peak is sought: ``grid_import``, ``price_energy``, ``facility_power``.
    figure : Figure, optional

    Returns
    -------
    Figure
        Panels, from the top: power by source [MW] with the facility's power, contract energy
        delivered [MW] if any, IT work arriving and served [MW], energy price [USD MWh-1].
    """
    year = year_of(result, year, by)
    window = peak_window(result, year, by)
    panels = [(_supply_panel, 2.6)]
    if _contracts(window.result):
        panels.append((_contract_panel, 1.3))
    if "work_arrived" in result and "work_served" in result:
        panels.append((_work_panel, 1.1))
    if "price_energy" in result:
        panels.append((_price_panel, 1.0))
    heights = [height for _, height in panels]
    figure = style.sheet(figure, (style.WIDTH, 1.0 + 1.15 * sum(heights)))
    axes = figure.subplots(len(panels), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    for ax, (draw, _) in zip(axes, panels, strict=True):
        draw(ax, window)
        ax.margins(x=0)
        style.legend(ax)
    what = {"grid_import": "highest grid import", "price_energy": "highest energy price"}
    words = what.get(by, f"highest {style.words(by).lower()}")
    figure.suptitle(
        f"{style.title_of(result)}: week of the {words}, {year}", x=0.01, ha="left", weight="bold"
    )
    positions, labels = window.midnights()
    axes[-1].set_xticks(positions, labels)
    axes[-1].set_xlim(window.edges[0], window.edges[-1])
    steps = result.attrs.get("resolution", "hourly")
    axes[-1].set_xlabel(f"Local time, {window.time_zone}; a week of the reference year, {steps}")
    return figure


def _supply_panel(ax: Axes, window: Window) -> None:
    """Draw what feeds the site: tariff and contract energy of the import, then what is on site."""
    sources = contract_use(window.result)
    peak = float(np.abs(window.values("facility_power")).max(initial=0.0))
    _stack(ax, window, sources, peak)
    contracted = tables.contracted_power(window.result)
    if contracted is not None:
        ax.axhline(float(contracted), color="white", linewidth=2.6, alpha=0.8)
        ax.axhline(
            float(contracted), color=style.INK, linestyle="--", linewidth=1.2,
            label="Contracted grid power",
        )  # fmt: skip
    ax.stairs(
        window.values("facility_power"), window.edges, baseline=None, color="black", linewidth=1.4,
        label="Facility power",
    )  # fmt: skip
    ax.set(ylabel="Power [MW]", title="Who supplies the site")
    _from_zero(ax)


def _contract_panel(ax: Axes, window: Window) -> None:
    """Draw what the contracts deliver against the import that can use it."""
    fills = style.colours(list(contract_use(window.result)))
    names = _contracts(window.result)
    delivered = {name: window.result["delivery"].sel(contract=name).to_numpy() for name in names}
    _stack(ax, window, delivered, 1.0, fills, drawn_label="delivered")
    ax.stairs(
        window.values("grid_import"), window.edges, baseline=None, color="black", linewidth=1.4,
        label="Grid import",
    )  # fmt: skip
    ax.set(ylabel="Power [MW]", title="Contract energy; what lies above the line is sold")
    _from_zero(ax)


def _work_panel(ax: Axes, window: Window) -> None:
    """Draw IT work as it arrives and as it is served."""
    arrived, served = window.values("work_arrived"), window.values("work_served")
    ax.stairs(
        served, window.edges, baseline=arrived, fill=True, color=style.PALETTE[1], alpha=0.8,
        label="Shifted in time",
    )  # fmt: skip
    for values, label, line in ((arrived, "arriving", "--"), (served, "served", "-")):
        ax.stairs(
            values, window.edges, baseline=None, linestyle=line, color=style.PALETTE[0],
            linewidth=1.2, label=f"IT work {label}",
        )  # fmt: skip
    ax.set(ylabel="Power [MW]", title="IT work")
    _from_zero(ax)


def _price_panel(ax: Axes, window: Window) -> None:
    """Draw the energy price."""
    ax.stairs(
        window.values("price_energy"), window.edges, baseline=None, color=style.PALETTE[8],
        linewidth=1.2, label="Energy price",
    )  # fmt: skip
    ax.set(ylabel="Price [USD/MWh]", title="Wholesale price of energy")


def _contracts(result: xr.Dataset) -> list[str]:
    """Return the contracts that deliver anything."""
    if "delivery" not in result:
        return []
    delivery = result["delivery"]
    return [
        str(name)
        for name in delivery["contract"].values
        if name != PURCHASE
        and not name.endswith(SOLD)
        and float(delivery.sel(contract=name).max()) > style.VISIBLE
    ]


def _stack(
    ax: Axes,
    window: Window,
    sources: dict[str, FloatArray],
    peak: float,
    fills: dict[str, tuple[str, str]] | None = None,
    drawn_label: str = "",
) -> None:
    """Stack series upwards where positive and downwards where negative."""
    fills = fills or style.colours(list(sources))
    above = np.zeros(len(window.edges) - 1)
    below = np.zeros_like(above)
    for name, values in sources.items():
        if np.abs(values).max(initial=0.0) <= style.VISIBLE * peak:
            continue
        colour, hatch = fills[name]
        words = f"{style.words(name)} {drawn_label}".strip()
        top = above + np.maximum(values, 0.0)
        bottom = below + np.minimum(values, 0.0)
        ax.stairs(
            top, window.edges, baseline=above, fill=True, facecolor=colour, edgecolor="white",
            hatch=hatch, linewidth=0, label=words,
        )  # fmt: skip
        if values.min() < -style.VISIBLE * peak:
            ax.stairs(
                bottom, window.edges, baseline=below, fill=True, facecolor=colour,
                edgecolor="white", hatch=hatch, linewidth=0, alpha=0.6,
            )  # fmt: skip
        above, below = top, bottom
    if below.min(initial=0.0) < -style.VISIBLE * peak:
        ax.axhline(0, color=style.INK, linewidth=0.8)


def _from_zero(ax: Axes) -> None:
    """Let the axis begin at zero where nothing lies below; last, for it ends the autoscaling."""
    if ax.dataLim.ymin >= 0:
        ax.set_ylim(bottom=0)
