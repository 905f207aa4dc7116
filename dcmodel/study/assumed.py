"""The numbers a case rests on: value, unit, source and provenance, one row each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd
import xarray as xr
from pydantic import BaseModel

from dcmodel.components.base import SiteCase
from dcmodel.facility.design import Design
from dcmodel.inputs.assumptions import Technology
from dcmodel.inputs.library import names
from dcmodel.inputs.sourced import Figure
from dcmodel.study.work import Fleet
from dcmodel.workload.accelerators import accelerator_table
from dcmodel.workload.fleet import fleet_parameters
from dcmodel.workload.serving import serving_parameters

COLUMNS = (
    "group", "parameter", "year", "value", "low", "high", "unit", "provenance", "source", "note",
)  # fmt: skip

_UNITS = {
    "_usd_per_mw_month": "USD/MW/month",
    "_usd_per_mwh": "USD/MWh",
    "_usd_per_mw": "USD/MW",
    "_usd_per_mw_year": "USD/MW/yr",
    "hours_per_year": "h/yr",
    "_usd_per_m3": "USD/m3",
    "_kg_per_mwh": "kg/MWh",
    "_per_year": "1/yr",
    "_years": "yr",
    "_mw": "MW",
    "_ha": "ha",
    "_h": "h",
}


def assumptions(case: SiteCase, design: Design, fleet: Fleet) -> pd.DataFrame:
    """Return every sourced number that a case uses, in the units of the library's files.

    Parameters
    ----------
    case : SiteCase
    design : Design
        Cooling and power design of the facility.
    fleet : Fleet
        What the study says of the fleet.

    Returns
    -------
    pandas.DataFrame
        One row a number: group, parameter, year, value, low, high, unit, provenance, source, note.
    """
    rows: list[dict[str, Any]] = []
    rows += _figures("site", case.site)
    rows += _figures("market", _as_used(case))
    rows += _technology(fleet_parameters(fleet.use()))
    rows += _served(fleet)
    kinds = names("technologies", ".csv")
    for component in case.components:
        if component.kind in kinds:
            rows += _technology(component.technology(case))
        rows += _figures(component.kind, component)
    for parameter in design.parameters.values():
        row = {key: getattr(parameter, key, "") for key in COLUMNS}
        rows.append({**row, "group": "cooling", "parameter": parameter.name})
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype(object).where(table.notna(), "").astype(str)


def _as_used(case: SiteCase) -> BaseModel:
    """Return the market with the offers that the components of the case take, and no other."""
    own = {part.kind for part in case.components if getattr(part, "offer", None) is not None}
    taken = {part.kind for part in case.components} - own
    offers = {kind: terms for kind, terms in case.market.contracts.items() if kind in taken}
    services = {kind: terms for kind, terms in case.market.services.items() if kind in taken}
    return case.market.model_copy(update={"contracts": offers, "services": services})


def of_parameters(files: Iterable[Technology]) -> pd.DataFrame:
    """Return the numbers of parameter files as `assumptions` does."""
    rows = [row for one in files for row in _technology(one)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype(object).where(table.notna(), "").astype(str)


def attach(result: xr.Dataset, table: pd.DataFrame) -> None:
    """Add the table to a result as ``assumption_*`` over one dimension; changed in place."""
    for column in COLUMNS:
        result[f"assumption_{column}"] = ("assumption", table[column].to_numpy(dtype=str))
    result.attrs["assumed_values"] = int((table["provenance"] == "assumed").sum())


def _technology(table: Technology) -> list[dict[str, Any]]:
    frame = table.rows().rename(columns={"kind": "group"})
    return [{key: row.get(key) for key in COLUMNS} for row in frame.to_dict("records")]


def _served(fleet: Fleet) -> list[dict[str, Any]]:
    """Return what the tokens rest on: the generations named and the roofline."""
    if fleet.generations is None:
        return []
    named = {key for mix in fleet.generations.values() for key in mix}
    table = accelerator_table()
    chips = table[table["accelerator"].isin(named)].rename(columns={"accelerator": "group"})
    rows = [{key: row.get(key, "") for key in COLUMNS} for row in chips.to_dict("records")]
    return rows + _technology(serving_parameters())


def _figures(group: str, model: BaseModel) -> list[dict[str, Any]]:
    """Return the figures of a site or market, found wherever they stand in it."""
    return [
        {
            **{key: getattr(figure, key, "") for key in COLUMNS},
            "group": group,
            "parameter": ".".join(path),
            "year": year,
            "unit": _unit(path),
        }
        for path, year, figure in _walk(model, ())
    ]


def _walk(
    value: Any, path: tuple[str, ...], year: int | str = ""
) -> Iterator[tuple[tuple[str, ...], int | str, Figure]]:
    if isinstance(value, Figure):
        yield path, year, value
    elif isinstance(value, BaseModel):
        label = (value.form,) if hasattr(value, "form") else ()
        for name in type(value).model_fields:
            yield from _walk(getattr(value, name), (*path, *label, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, int):
                yield from _walk(item, path, key)
            else:
                yield from _walk(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _walk(item, path)


def _unit(path: tuple[str, ...]) -> str:
    """Return the unit that the name of a field carries, 1 where it carries none."""
    return next((unit for end, unit in _UNITS.items() if path[-1].endswith(end)), "1")
