r"""Demand of the world for inference, 2025-2030: scenarios on cited anchors, and rebound.

A scenario states electricity of data centres and of AI, inference's share of it, yearly gains of
efficiency and falls of price. Tokens follow: energy of inference times tokens per unit of energy.

Rebound is a response to price. Were efficiency or price to take another path than the scenario's,
with tokens :math:`n`, price :math:`p` and efficiency :math:`\eta`,

.. math:: n' = n \, (p' / p)^{-\varepsilon}, \qquad E' = E \, (n' / n) \, (\eta / \eta') .

Energy of inference is unchanged by a gain in efficiency that is passed on in price at
:math:`\varepsilon = 1`, and grows with it above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.registry import nearest
from dcmodel.inputs.assumptions import between_years
from dcmodel.inputs.library import number, optional_number, read_table, source_faults

FloatArray = npt.NDArray[np.float64]

_COLUMNS = ("scenario", "parameter", "year", "value", "unit", "source", "provenance", "note")
_WHERE = "data/demand_scenarios.csv"


@dataclass(frozen=True)
class DemandPath:
    """Demand of the world by year; arrays of shape (years,)."""

    scenario: str
    years: tuple[int, ...]
    data_centre_energy: FloatArray
    """Electricity of data centres [TWh]."""
    ai_energy: FloatArray
    """Electricity of AI in them [TWh]."""
    inference_energy: FloatArray
    """Electricity of inference [TWh]."""
    inference_spend_share: FloatArray
    """Inference's share of what is spent on AI semiconductors in cloud [1]."""
    tokens: FloatArray
    """Tokens served, the first year one [1]."""
    efficiency: FloatArray
    """Tokens per unit of energy, the first year one [1]."""
    price: FloatArray
    """Price of a token, the first year one [1]."""

    def table(self) -> pd.DataFrame:
        """Return the path as a table, one row a year, units in the names of the columns."""
        return pd.DataFrame(
            {
                "scenario": self.scenario,
                "year": self.years,
                "data_centre_energy_twh": self.data_centre_energy,
                "ai_energy_twh": self.ai_energy,
                "inference_energy_twh": self.inference_energy,
                "inference_spend_share": self.inference_spend_share,
                "tokens_index": self.tokens,
                "efficiency_index": self.efficiency,
                "price_index": self.price,
            }
        )


def scenario_names() -> list[str]:
    """Return the names of the scenarios of demand, sorted."""
    return sorted(_scenarios())


def demand_path(
    scenario: str,
    years: Sequence[int],
    *,
    efficiency_gain: float | None = None,
    cost_decline: float | None = None,
    price_elasticity: float | None = None,
) -> DemandPath:
    """Return demand by year, with rebound where a trend is replaced.

    Parameters
    ----------
    scenario : str
        Name of the library.
    years : sequence of int
        Years from 2025 to 2030, rising.
    efficiency_gain, cost_decline : float, optional
        Yearly gain of efficiency and fall of cost of hardware in place of the scenario's [1].
    price_elasticity : float, optional
        Response of tokens to their price [1].

    Returns
    -------
    DemandPath
    """
    told = _scenarios()
    if scenario not in told:
        msg = f"unknown scenario '{scenario}'{nearest(scenario, sorted(told))}"
        raise StudyError(Fault("demand", f"{msg} (known: {', '.join(sorted(told))})"))
    points = told[scenario]

    def at(name: str) -> FloatArray:
        return between_years(points[name], years, _WHERE, f"{scenario} {name}")

    age = np.asarray(years, dtype=float) - years[0]
    model = 1 + trend(scenario, "model_gain")
    efficiency = ((1 + trend(scenario, "efficiency_gain")) * model) ** age
    price = ((1 - trend(scenario, "cost_decline")) / model) ** age
    inference = at("ai_energy") * at("inference_share")
    tokens = inference / inference[0] * efficiency
    given = _or(efficiency_gain, trend(scenario, "efficiency_gain"))
    other_efficiency = ((1 + given) * model) ** age
    other_price = ((1 - _or(cost_decline, trend(scenario, "cost_decline"))) / model) ** age
    response = (other_price / price) ** -_or(price_elasticity, trend(scenario, "price_elasticity"))
    inference_then = inference * response * efficiency / other_efficiency
    more = inference_then - inference
    return DemandPath(
        scenario=scenario,
        years=tuple(years),
        data_centre_energy=at("data_centre_energy") + more,
        ai_energy=at("ai_energy") + more,
        inference_energy=inference_then,
        inference_spend_share=at("inference_spend_share"),
        tokens=tokens * response,
        efficiency=other_efficiency,
        price=other_price,
    )


def trend(scenario: str, parameter: str) -> float:
    """Return a yearly trend of a scenario, such as ``efficiency_gain`` [1/yr]."""
    return _scenarios()[scenario][parameter][0]


def growth_of_work(scenario: str, years: Sequence[int]) -> FloatArray:
    """Return electricity of inference by year over that of the first [1], shape (years,)."""
    energy = demand_path(scenario, years).inference_energy
    return np.asarray(energy / energy[0])


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _scenarios() -> dict[str, dict[str, dict[int, float]]]:
    """Return values by scenario, parameter and year; year 0 holds in all years."""
    faults: list[Fault] = []
    told: dict[str, dict[str, dict[int, float]]] = {}
    for row in read_table(data_dir() / "demand_scenarios.csv", _COLUMNS):
        faults += source_faults(row)
        year = optional_number(row, "year", faults)
        values = told.setdefault(row["scenario"], {}).setdefault(row["parameter"], {})
        values[0 if year is None else int(year)] = number(row, "value", faults)
    if faults:
        raise DataError(faults)
    return told
