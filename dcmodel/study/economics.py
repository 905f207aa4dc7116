"""What a generation serves for a MWh at the wall and for a USD, alone or as a fleet by vintage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.units import HOURS_PER_YEAR, MONTHS_PER_YEAR
from dcmodel.finance.annuity import capital_recovery_factor
from dcmodel.inputs.assumptions import Technology, parameters_of
from dcmodel.workload.accelerators import Accelerator, accelerator
from dcmodel.workload.fleet import load_fleet
from dcmodel.workload.growth import trend
from dcmodel.workload.service import ServingPlan, service
from dcmodel.workload.tokens import Request
from dcmodel.workload.vintages import vintages


@dataclass(frozen=True)
class Terms:
    """Where and at what price a fleet runs."""

    pue: float
    """Facility energy over IT energy [1]."""
    energy_price: float
    """Delivered price of facility energy [USD MWh-1]."""
    site_cost: float
    """Building and plant per installed IT power [USD MW-1 month-1]."""
    discount_rate: float
    """Real [1]."""
    hardware_maintenance: float
    """Yearly, of the price of accelerators [1]."""
    utilisation: float
    """Mean use of the installed power [1]."""
    idle_fraction: float
    """Power of an idle fleet over that of a full one [1]."""


def reference_parameters(currency_year: int = 2025) -> Technology:
    """Return the reference terms and the figures of the claims, with their sources."""
    return parameters_of(data_dir() / "fleet_reference.csv", "fleet_reference", currency_year)


def terms(currency_year: int = 2025, **given: float | None) -> Terms:
    """Return the library's terms with those given in their place; None keeps the library's."""
    reference, fleet = reference_parameters(currency_year), load_fleet()
    library = {
        name: reference.value(name)
        for name in (field.name for field in fields(Terms))
        if name in reference.names()
    }
    own = {"utilisation": fleet.mean_utilisation, "idle_fraction": fleet.idle_fraction}
    found = Terms(**{**library, **own})
    faults = []
    for name, value in given.items():
        if value is None:
            continue
        if value < 0 or (name == "pue" and value < 1) or (name == "utilisation" and value == 0):
            low = {"pue": "1 or more", "utilisation": "above 0 to 1"}.get(name, "0 or more")
            faults.append(Fault(name, f"found {value:g}; allowed: {low}"))
        elif name in ("utilisation", "discount_rate") and value > 1:
            faults.append(Fault(name, f"found {value:g}; allowed: at most 1"))
    if faults:
        raise StudyError(faults)
    return replace(found, **{name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True)
class Economy:
    """Tokens of one generation per unit of energy and money, counted as the plan says."""

    accelerator: Accelerator
    interactivity: float
    """Output tokens a second for each user [s-1]."""
    group: int
    batch: float
    """Requests in flight for each accelerator."""
    rate: float
    """Output tokens a second of a busy accelerator [s-1]."""
    mtok_per_work: float
    """Million tokens per MWh of work: of installed power in use."""
    mtok_per_mwh: float
    """Million tokens per MWh at the wall, with idle hours and the PUE."""
    wh_per_request: float
    """Energy at the wall of one mean request [Wh]."""
    usd_per_mtok: float
    """Accelerators, building and energy per million tokens."""
    usd_per_accelerator_hour: float
    """The same per accelerator and hour, used or not."""
    energy_share: float
    """Share of energy in the cost [1]."""


def economy(
    chip: Accelerator, plan: ServingPlan, request: Request, interactivity: float, on: Terms
) -> Economy:
    """Return what one generation serves at given terms.

    A fleet used to the share ``u`` draws its idle power all the time: of the energy of a busy
    accelerator ``E``, that of a token is ``E + idle (1 - u) / u`` of its installed power.
    """
    served = service(chip, plan, request, interactivity)
    used = on.utilisation
    idle = on.idle_fraction * (1 - used) / used / served.tokens_per_work
    wall = (served.energy_per_mtok + idle) * on.pue
    mtok_per_hour = served.tokens_per_work * chip.it_power * used
    capital = capital_recovery_factor(on.discount_rate, chip.life) + on.hardware_maintenance
    fixed = capital * chip.price / HOURS_PER_YEAR
    fixed += on.site_cost * chip.it_power * MONTHS_PER_YEAR / HOURS_PER_YEAR
    energy = wall * mtok_per_hour * on.energy_price
    tokens = request.tokens(plan.counted).amount
    return Economy(
        accelerator=chip,
        interactivity=served.point.interactivity,
        group=served.group,
        batch=served.point.batch / served.group,
        rate=served.point.output_rate,
        mtok_per_work=served.tokens_per_work,
        mtok_per_mwh=1 / wall,
        wh_per_request=wall * tokens,
        usd_per_mtok=(fixed + energy) / mtok_per_hour,
        usd_per_accelerator_hour=fixed + energy,
        energy_share=energy / (fixed + energy),
    )


def economies(
    keys: Sequence[str],
    plan: ServingPlan,
    request: Request,
    interactivity: float,
    on: Terms,
    currency_year: int = 2025,
) -> pd.DataFrame:
    """Return one row a generation, chat beside batch, by year and name.

    A generation that cannot give what is asked keeps its row, with the reason in ``note``.
    """
    rows = []
    for key in keys:
        chip = accelerator(key, currency_year)
        row: dict[str, object] = {
            "generation": key,
            "name": chip.name,
            "year": chip.year_available,
            "rack_kw": 1e3 * chip.rack_power,
            "merchant": chip.merchant,
            "assumed": len(chip.assumed),
            "specification_assumed": _specification_assumed(chip, plan.precision),
            "note": "",
        }
        for point, rate in (("chat", interactivity), ("batch", 0.0)):
            try:
                found = economy(chip, plan, request, rate, on)
            except StudyError as error:
                row["note"] = f"{point}: {error.faults[0].message}"
                continue
            row |= {
                f"{point}_group": found.group,
                f"{point}_batch": found.batch,
                f"{point}_tokens_per_s": found.rate,
                f"{point}_interactivity": found.interactivity,
                f"{point}_mtok_per_mwh": found.mtok_per_mwh,
                f"{point}_wh_per_request": found.wh_per_request,
                f"{point}_usd_per_mtok": found.usd_per_mtok,
            }
        rows.append(row)
    table = pd.DataFrame(rows)
    for column in ("chat_mtok_per_mwh", "batch_mtok_per_mwh"):
        if column not in table:
            table[column] = np.nan
    table["interactivity_price"] = table["batch_mtok_per_mwh"] / table["chat_mtok_per_mwh"]
    return table.sort_values(["year", "generation"], kind="stable").reset_index(drop=True)


def _specification_assumed(chip: Accelerator, precision: str) -> bool:
    """Return whether power, memory, bandwidth or arithmetic rest on judgement."""
    return bool({"tdp", "memory", "memory_bandwidth", f"peak_{precision}"} & set(chip.assumed))


def by_year(
    table: pd.DataFrame, years: Sequence[int], plan: ServingPlan, request: Request, rate: float,
    on: Terms,
) -> pd.DataFrame:  # fmt: skip
    """Return the best generation on sale in each year, and a fleet grown evenly of them.

    Columns: ``year``, ``generation``, ``mtok_per_mwh`` and ``usd_per_mtok`` of the best (the least
    USD per million tokens), the same of a fleet that adds one part a year and replaces what is
    worn, and what the cited gain of efficiency and fall of cost make of the first year's best.
    """
    known = table[table["merchant"]].dropna(subset=["chat_usd_per_mtok"]).set_index("generation")
    best = []
    for year in years:
        offered = known[known["year"] <= year]
        if offered.empty:
            msg = f"no generation on sale of these can be had in {year}; name an older one"
            raise StudyError(Fault("generations", msg))
        best.append(str(offered["chat_usd_per_mtok"].idxmin()))
    mixes = {year: {key: 1.0} for year, key in zip(years, best, strict=True)}
    fleet = vintages(np.arange(1.0, len(years) + 1), years, mixes)
    economy_of = {chip.key: economy(chip, plan, request, rate, on) for chip in fleet.generations}
    each = [economy_of[chip.key] for chip in fleet.generations]
    # work spreads by power: tokens add up, and so do energy and cost
    tokens = np.array([one.mtok_per_work for one in each])
    energy = tokens / np.array([one.mtok_per_mwh for one in each])
    cost = tokens * np.array([one.usd_per_mtok for one in each])
    shares = fleet.shares()
    gain, fall = 1 + trend("central", "efficiency_gain"), 1 - trend("central", "cost_decline")
    age = np.asarray(years) - years[0]
    return pd.DataFrame(
        {
            "year": list(years),
            "generation": best,
            "mtok_per_mwh": [economy_of[key].mtok_per_mwh for key in best],
            "usd_per_mtok": [economy_of[key].usd_per_mtok for key in best],
            "fleet_mtok_per_mwh": shares @ tokens / (shares @ energy),
            "fleet_usd_per_mtok": shares @ cost / (shares @ tokens),
            "trend_mtok_per_mwh": economy_of[best[0]].mtok_per_mwh * gain**age,
            "trend_usd_per_mtok": economy_of[best[0]].usd_per_mtok * fall**age,
        }
    )
