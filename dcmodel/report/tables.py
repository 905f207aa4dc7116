"""Results as tidy tables: one function a table, the unit of a column in its name.

Every function takes results of cases, one or many (`by_case`), and returns a pandas DataFrame that
holds plain columns only, so that it can be written as CSV as it is. What the columns add up to is
said in each docstring and is tested by `checks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.units import HOURS_PER_YEAR, KG_PER_TONNE
from dcmodel.finance.metrics import levelised_cost
from dcmodel.study.summary import column_name

FloatArray = npt.NDArray[np.float64]
Results: TypeAlias = "xr.Dataset | Mapping[str, xr.Dataset] | Iterable[xr.Dataset]"
"""One result, results by name (what `open_results` gives), or several results."""

CERTAIN = (
    "certified_gap", "segments_gap", "status", "solver", "resolution", "assumed_values",
    "case_hash",
)  # fmt: skip
"""Attributes of a result that say how sure it is."""
ADDITIONS = ("_built", ".signed")
"""Endings of sizes that tell what is added in a year, not what stands."""
CONTRACTED = ".contracted"
"""Ending of sizes that limit the metered import."""
PER_TOKEN = ("usd_per_mtok", "site_usd_per_mtok", "usd_per_outcome", "mtok_per_mwh")
"""Figures of a result whose study gives tokens; units stand in the names."""
SUPPLY, DELIVERY = "site supply", "metered energy"
"""The two accounts of `energy`: who feeds the site, and who sold what was metered."""

CONTRACTS = ("contracts", "resale")
"""Cost categories of contracts: what is paid gross, and what is sold of it."""

BALANCE_TOLERANCE = 1e-5
"""Hourly series are stored in 32 bits; their sums agree to this, relative to the largest. [1]"""
COST_TOLERANCE = 1e-9
"""Cost terms are stored in full. [1]"""


def by_case(results: Results) -> dict[str, xr.Dataset]:
    """Return results by the name of their case.

    Parameters
    ----------
    results : Dataset, mapping of name to Dataset, or iterable of Dataset
        A mapping keeps its names; else a case is named by its attribute ``case``.

    Raises
    ------
    DataError
        When two results bear one name.
    """
    single = [results] if isinstance(results, xr.Dataset) else results  # a Dataset is a Mapping too
    if isinstance(single, Mapping):
        return dict(single)
    named: dict[str, xr.Dataset] = {}
    for result in single:
        name = case_name(result)
        if name in named:
            message = "two results bear this name; give a mapping with a name of your own for each"
            raise DataError(Fault(name, message))
        named[name] = result
    return named


def case_name(result: xr.Dataset) -> str:
    """Return the name of a case, ``site/scenario``."""
    attributes = result.attrs
    return str(attributes.get("case", f"{attributes['site']}/{attributes['scenario']}"))


def standing_sizes(result: xr.Dataset, variable: str = "capacity") -> xr.DataArray:
    """Return the sizes that stand, shape (size, year), without the additions of each year."""
    names = [str(name) for name in result["size"].values]
    return result[variable].isel(
        size=[i for i, name in enumerate(names) if not name.endswith(ADDITIONS)]
    )


def contracted_power(result: xr.Dataset) -> xr.DataArray | None:
    """Return the contracted power of each year [MW], None where the study has no such limit."""
    names = [str(name) for name in result["size"].values]
    found = [i for i, name in enumerate(names) if name.endswith(CONTRACTED)]
    return result["capacity"].isel(size=found).sum("size") if found else None


def ranking(results: Results) -> pd.DataFrame:
    """Return one row per case, the least levelised cost first.

    Sizes are those of the last year, peaks the largest of all years; energies, water and emissions
    are sums over the years, and their ratios are ratios of those sums. The saving is the
    reference less the optimum. A case without IT energy has no levelised cost and comes last.
    """
    rows = [_ranked(name, result) for name, result in by_case(results).items()]
    table = pd.DataFrame(rows)
    if not rows:
        return table
    table = table.sort_values("levelised_cost_usd_per_mwh", kind="stable", na_position="last")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table.reset_index(drop=True)


def notes(results: Results) -> pd.DataFrame:
    """Return what results say of themselves: lost work, dark IT, a reference that is missing."""
    rows = [
        {"case": name, "note": note}
        for name, result in by_case(results).items()
        for note in str(result.attrs.get("notes", "")).split("; also ")
        if note
    ]
    return pd.DataFrame(rows, columns=["case", "note"])


def _ranked(name: str, result: xr.Dataset) -> dict[str, object]:
    cost = float(result["levelised_cost"])
    reference = float(result["reference_levelised_cost"])
    contracted = contracted_power(result)
    row: dict[str, object] = {
        "case": name,
        **{key: result.attrs[key] for key in ("site", "scenario") if key in result.attrs},
        "levelised_cost_usd_per_mwh": cost,
        "reference_levelised_cost_usd_per_mwh": reference,
        "saving_usd_per_mwh": reference - cost,
        "saving_percent": 100 * (reference - cost) / reference if reference else np.nan,
        "net_present_cost_usd": float(result["net_present_cost"]),
        "reference_net_present_cost_usd": float(result["reference_net_present_cost"]),
        "peak_import_mw": float(result["peak_import"].max()),
        "contracted_mw": np.nan if contracted is None else float(contracted.max()),
        **{key: float(result[key]) for key in PER_TOKEN if key in result},
        **_ratios(result),
    }
    sizes = standing_sizes(result).isel(year=-1)
    for size, unit, value in zip(
        sizes["size"].values, sizes["size_units"].values, sizes.values, strict=True
    ):
        row[column_name(str(size), str(unit))] = float(value)
    shares = [key for key in result.data_vars if str(key).startswith("clean_share")]
    row |= {str(key): float(result[key]) for key in shares if result[key].ndim == 0}
    return row | {key: result.attrs[key] for key in CERTAIN if key in result.attrs}


def _ratios(result: xr.Dataset) -> dict[str, float]:
    """Return PUE, WUE, carbon and water over all years."""
    it_energy = float(result["it_energy"].sum())
    per_it = 1.0 / it_energy if it_energy else np.nan
    emissions = {
        name: float(result[name].sum())
        for name in ("emissions", "emissions_market")
        if name in result
    }
    return {
        "it_energy_mwh": it_energy,
        "pue": float(result["facility_energy"].sum()) * per_it,
        "wue_l_per_kwh": float(result["water"].sum()) * per_it,
        "water_m3": float(result["water"].sum()),
        **{f"{name}_t": total for name, total in emissions.items()},
        **{
            f"{name}_kg_per_mwh": KG_PER_TONNE * total * per_it for name, total in emissions.items()
        },
    }


def costs(results: Results) -> pd.DataFrame:
    """Return every cost term of every year, optimum and reference, one row each.

    ``usd`` is undiscounted and real; ``present_value_usd`` weights it with the year's discount
    factor and sums to the net present cost of the case, ``reference_present_value_usd`` to the
    reference's.
    """
    frames = []
    for name, result in by_case(results).items():
        cost, reference = result["cost"], result["reference_cost"]
        count, years = cost.sizes["cost_term"], result["year"].to_numpy()
        factor = np.tile(result["discount_factor"].to_numpy(), count)
        usd, reference_usd = (part.transpose("cost_term", "year") for part in (cost, reference))
        frame = {
            "case": name,
            "year": np.tile(years, count),
            **{
                column: np.repeat(result[coordinate].to_numpy().astype(str), len(years))
                for column, coordinate in (
                    ("component", "cost_component"),
                    ("category", "cost_category"),
                    ("term", "cost_term"),
                )
            },
            "usd": usd.to_numpy().ravel(),
            "reference_usd": reference_usd.to_numpy().ravel(),
        }
        frame["present_value_usd"] = frame["usd"] * factor
        frame["reference_present_value_usd"] = frame["reference_usd"] * factor
        frames.append(pd.DataFrame(frame))
    return _joined(frames)


def levelised_costs(results: Results) -> pd.DataFrame:
    """Return levelised cost of IT energy by cost category, optimum and reference [USD MWh-1].

    The categories of a case sum to its levelised cost; they are empty where no IT runs.
    """
    rows = []
    for name, result in by_case(results).items():
        factor = result["discount_factor"].to_numpy()
        energy = result["it_energy_promised"].to_numpy()
        categories = result["cost_category"].to_numpy().astype(str)
        for category in dict.fromkeys(categories):
            row: dict[str, object] = {"case": name, "category": category}
            for prefix in ("", "reference_"):
                cost = result[f"{prefix}cost"].transpose("cost_term", "year").to_numpy()
                cost = cost[categories == category].sum(axis=0)
                row[f"{prefix}levelised_cost_usd_per_mwh"] = levelised_cost(cost, energy, factor)
            rows.append(row)
    return pd.DataFrame(rows)


def capacities(results: Results) -> pd.DataFrame:
    """Return every size by year, optimum and reference; the unit stands in its own column.

    Rows whose size ends in ``_built`` or ``.signed`` are additions of the year and add up, while
    their life lasts, to the size that stands.
    """
    frames = []
    for name, result in by_case(results).items():
        years, count = result["year"].to_numpy(), result.sizes["size"]
        labels = {
            key: np.repeat(result[source].to_numpy().astype(str), len(years))
            for key, source in (("size", "size"), ("title", "size_title"), ("unit", "size_units"))
        }
        component = [str(size).partition(".")[0] for size in labels["size"]]
        values = {
            variable: result[variable].transpose("size", "year").to_numpy().ravel()
            for variable in ("capacity", "reference_capacity")
        }
        year = {"case": name, "year": np.tile(years, count), "component": component}
        frames.append(pd.DataFrame({**year, **labels, **values}))
    return _joined(frames)


def yearly(results: Results) -> pd.DataFrame:
    """Return one row per case and year: everything the result tells by year, and its cost.

    ``cost_usd`` and ``reference_cost_usd`` are the sums of the year's rows in `costs`. PUE and WUE
    are empty in years without IT.
    """
    frames = []
    for name, result in by_case(results).items():
        told = {
            column_name(str(key), str(variable.attrs.get("units", ""))): variable.to_numpy()
            for key, variable in result.data_vars.items()
            if variable.dims == ("year",)
        }
        total = {
            f"{key}_usd": result[key].sum("cost_term", skipna=False).to_numpy()
            for key in ("cost", "reference_cost")
        }
        frames.append(pd.DataFrame({"case": name, "year": result["year"].values, **told, **total}))
    return _joined(frames)


def monthly(results: Results) -> pd.DataFrame:
    """Return one row per case, year and month of the site's local calendar.

    Energies are hourly power times the length of the step: their sums over the months are the
    yearly energies. ``price_energy_usd_per_mwh`` is the mean over time.
    """
    frames = []
    for name, result in by_case(results).items():
        month = result["month"].to_numpy() + 1
        hours = result["duration"].to_numpy()
        for position, year in enumerate(result["year"].to_numpy()):
            now = result.isel(year=position)
            frame = pd.DataFrame({"month": month, "hours": hours})
            for series in ("it", "facility"):
                frame[f"{series}_energy_mwh"] = now[f"{series}_power"].to_numpy() * hours
            frame["grid_energy_mwh"] = now["grid_import"].to_numpy() * hours
            if "water_use" in now:
                frame["water_m3"] = now["water_use"].to_numpy() * hours
            if "price_energy" in now:
                frame["price_energy_usd_per_mwh"] = now["price_energy"].to_numpy() * hours
            table = frame.groupby("month").sum()
            if "price_energy" in now:
                table["price_energy_usd_per_mwh"] /= table["hours"]
            it = table["it_energy_mwh"].where(table["it_energy_mwh"] > 0)
            table.insert(3, "pue", table["facility_energy_mwh"] / it)
            peak = pd.Series(now["grid_import"].to_numpy()).groupby(month).max()
            table.insert(4, "peak_import_mw", peak)
            table.insert(0, "year", year)
            table.insert(0, "case", name)
            frames.append(table.reset_index())
    table = _joined(frames)
    front = ["case", "year", "month"]
    return table[front + [c for c in table.columns if c not in front]] if len(table) else table


def energy(results: Results) -> pd.DataFrame:
    """Return energy by year and source in two accounts.

    ``site supply`` is what feeds the site and sums to the facility's energy (a battery counts with
    its losses, below zero). ``metered energy`` is who sold what the meter of the grid read: it sums
    to the grid energy, with contract energy that was not used below zero: ``surplus`` is sold by
    the tariff, ``KIND.settled`` at the hub by the contract itself.
    """
    frames = []
    for name, result in by_case(results).items():
        for account, variable, dim in (
            (SUPPLY, "supply", "component"),
            (DELIVERY, "delivery", "contract"),
        ):
            if variable not in result:
                continue
            total = (result[variable] * result["duration"]).sum("time").transpose("year", dim)
            years, sources = result["year"].to_numpy(), result[dim].to_numpy().astype(str)
            frame = {
                "case": name,
                "year": np.repeat(years, len(sources)),
                "account": account,
                "source": np.tile(sources, len(years)),
                "energy_mwh": total.to_numpy().ravel(),
            }
            frames.append(pd.DataFrame(frame))
    return _joined(frames)


def assumptions(results: Results, path: Path | None = None) -> pd.DataFrame:
    """Return the assumptions a result rests on, with unit, source and provenance.

    Parameters
    ----------
    results : Results
        Their variables ``assumption_*`` over one dimension become columns.
    path : Path, optional
        A table written beside the results, taken where the results carry none.

    Returns
    -------
    pandas.DataFrame
        Empty where there is neither.
    """
    frames = []
    for name, result in by_case(results).items():
        told = {
            str(key).removeprefix("assumption_"): variable.to_numpy()
            for key, variable in result.variables.items()
            if str(key).startswith("assumption_") and variable.ndim == 1
        }
        if told:
            frames.append(pd.DataFrame({"case": name, **told}))
    if not frames and path is not None and path.is_file():
        return pd.read_csv(path)
    return _joined(frames)


def checks(results: Results) -> pd.DataFrame:
    """Return what must agree within each result, recomputed from its parts.

    Columns ``found`` and ``expected`` in the check's own unit, ``difference`` relative to the
    larger of expected and the largest part, ``tolerance`` [1] and ``passed``.
    """
    rows = []
    for name, result in by_case(results).items():
        for check, found, expected, tolerance in _checks(result):
            if np.isnan(expected).any():
                continue  # there is no such reference
            scale = max(float(np.abs(expected).max()), 1.0)
            difference = float(np.abs(np.asarray(found) - expected).max()) / scale
            worst = int(np.abs(np.asarray(found) - expected).argmax())
            rows.append(
                {
                    "case": name,
                    "check": check,
                    "found": float(np.ravel(found)[worst]),
                    "expected": float(np.ravel(expected)[worst]),
                    "difference": difference,
                    "tolerance": tolerance,
                    "passed": difference <= tolerance,
                }
            )
    return pd.DataFrame(rows)


def _checks(result: xr.Dataset) -> list[tuple[str, FloatArray, FloatArray, float]]:
    """Return name, found, expected and tolerance of every check that the result allows."""
    hours = result["duration"]
    found: list[tuple[str, npt.ArrayLike, npt.ArrayLike, float]] = [
        ("hours of a year [h]", hours.sum(), HOURS_PER_YEAR, COST_TOLERANCE)
    ]
    for prefix in ("", "reference_"):
        present = (result[f"{prefix}cost"] * result["discount_factor"]).sum()
        words = f"{prefix.replace('_', ' ')}cost terms against net present cost [USD]"
        found.append((words, present, result[f"{prefix}net_present_cost"], COST_TOLERANCE))
    if "contract_net" in result:
        signed = result["cost_category"].isin(CONTRACTS)
        terms = result["cost"].where(signed, 0.0).sum("cost_term")
        words = "contracts less resale against cost terms [USD]"
        net = result["contract_net"].sum("supply_contract")
        found.append((words, net, terms, BALANCE_TOLERANCE))
    for variable, total, dim, words in (
        ("supply", "facility_power", "component", "supply against facility power [MW]"),
        ("delivery", "grid_import", "contract", "energy sold against import [MW]"),
    ):
        if variable in result:
            expected = result[total].transpose("year", "time")
            summed = result[variable].sum(dim).transpose("year", "time")
            found.append((words, summed, expected, BALANCE_TOLERANCE))
    for power, total in (("it_power", "it_energy"), ("facility_power", "facility_energy")):
        words = f"hours against {total.replace('_', ' ')} [MWh]"
        found.append((words, (result[power] * hours).sum("time"), result[total], BALANCE_TOLERANCE))
    return [
        (words, np.asarray(value, float), np.asarray(expected, float), tolerance)
        for words, value, expected, tolerance in found
    ]


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
