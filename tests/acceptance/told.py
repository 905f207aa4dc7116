"""What is told of contracts, of tiny figures, of segments, and of idle back-up."""

from __future__ import annotations

import csv
import math
import re
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from dcmodel.api import run_study
from dcmodel.base.paths import studies_dir
from dcmodel.optimise.extract import site_dataset
from dcmodel.requirements.base import requirements
from dcmodel.study.load import load_study
from dcmodel.study.store import open_results
from tests.acceptance.board import Shown, show
from tests.support.cases import StubMarket, make_case, optimum

QUARTER = 2190.0


@cache
def flat() -> tuple:
    """Return 5 MW of a plant in half of the hours, 10 MW contracted for 15 years, 4 MW of load."""
    case = make_case(
        price=[30.0, 50.0, 30.0, 50.0],
        load=4.0,
        years=(2027, 2028),
        duration=np.full(4, QUARTER),
        kinds=("ppa_wind",),
        settings={"ppa_wind": {"contracted_mw": {2027: 10.0}}},
        resale_fee=5.0,
        discount_rate=0.08,
        series={
            "wind_onshore": np.tile([0.5, 0.5, 0.0, 0.0], (2, 1)),
            "emission_factor": np.full((2, 4), 300.0),
        },
        market=StubMarket(contracts={"ppa_wind": (48.0, 20.0, {"term_years": 15.0})}),
    )
    m, lp, solution = optimum(case)
    time = np.arange(4).astype("datetime64[h]").astype("datetime64[ns]")
    return case, site_dataset(m, lp, case, solution.x, time), lp.objective(solution.x)


@show("A flat contract: paid gross 48 x 5 MW x 4,380 h, 1 MW of it sold at 25 and 45 USD/MWh",
      target="1,051,200 USD, -153,300 USD")  # fmt: skip
def gross_and_resale() -> Shown:
    _, result, _ = flat()
    one = result.isel(year=0).sel(supply_contract="ppa_wind")
    paid, sold = float(one["contract_gross_payment"]), float(one["contract_resale"])
    holds = math.isclose(paid, 48 * 5 * 4380) and math.isclose(sold, -(25 + 45) * QUARTER)
    return Shown(f"{paid:,.0f} USD, {sold:,.0f} USD", holds)


@show("It is owed thirteen years after a study of two, gross",
      target="13 x 1,051,200 = 13,665,600 USD")  # fmt: skip
def owed() -> Shown:
    _, result, _ = flat()
    found = float(result["owed_after_horizon"])
    years = np.arange(2, 15)  # 2027 counts in full
    present = float((48 * 5 * 4380 / 1.08**years).sum())
    holds = math.isclose(found, 13 * 48 * 5 * 4380)
    holds &= math.isclose(float(result["owed_after_horizon_present"]), present)
    return Shown(f"{found:,.0f} USD", holds)


@show("Gross, resale and the other cost terms sum to the objective", target="0 USD apart")
def sums() -> Shown:
    _, result, objective = flat()
    factor = result["discount_factor"]
    kinds = result["cost_category"].isin(["contracts", "resale"])
    other = float((result["cost"].where(~kinds, 0.0) * factor).sum())
    told = float((result["contract_net"].sum("supply_contract") * factor).sum())
    apart = abs(told + other - objective)
    return Shown(f"{apart:.2g} USD apart", apart < 0.01)


@show("Back-up diesel does not match an Irish connection: nobody may call it", target="refused")
def idle_diesel() -> Shown:
    case = make_case(price=np.full((1, 3), 40.0), kinds=("grid_connection", "diesel"))
    asked = requirements["onsite_match"].model_validate({"share": 1, "derating": {"diesel": 0.9}})
    faults = asked.check(case)
    return Shown("refused" if faults else "taken", len(faults) == 1 and "0 h a year" in faults[0])


@cache
def quick_look() -> Path:
    """Run Dallas on segments, with contracts and storage."""
    text = (studies_dir() / "quickstart.yaml").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^sites:.*", "sites: [dallas]", text)
    text = re.sub(r"(?m)^resolution:.*", "resolution: {segments: 365}", text)
    folder = Path(tempfile.mkdtemp())
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    run_study(load_study(folder / "study.yaml"), folder / "out")
    return folder / "out"


@show("365 segments have no certified gap", target="not certified hourly", cost="dear")
def segments() -> Shown:
    out = quick_look()
    with (out / "summary.csv").open() as file:
        [row] = csv.DictReader(file)
    told = row["certified_gap"]
    attrs = open_results(out)["dallas/base"].attrs
    holds = told == attrs["certified_gap"] == "not certified hourly"
    holds &= told in (out / "manifest.json").read_text()
    return Shown(told, holds)


@show("No cell of any table is a crumb, a negative zero or longer than nine digits",
      target="0 cells", cost="dear")  # fmt: skip
def crumbs() -> Shown:
    bad = [cell for path in tables(quick_look()) for cell in crumbs_of(path)]
    return Shown(f"{len(bad)} cells {bad[:3]}", not bad)


@show("No size of a result lies between zero and a kilowatt", target="0 sizes", cost="dear")
def small_sizes() -> Shown:
    result = open_results(quick_look())["dallas/base"]
    sizes = np.abs(np.concatenate([result[n].values for n in ("capacity", "reference_capacity")]))
    found = int(((sizes > 0) & (sizes < 1e-3)).sum())
    return Shown(f"{found} sizes", found == 0)


def tables(out: Path) -> list[Path]:
    """Return the tables of results; assumptions are inputs and told as given."""
    found = [*(out / "tables").glob("*.csv"), out / "summary.csv"]
    return [path for path in found if path.stem != "assumptions"]


LEAST = {"mw": 1e-3, "mwh": 1e-3, "usd": 0.01, "t": 1e-3, "m3": 0.01, "usd_per_mwh": 1e-4}
"""Written once more: a kilowatt, a kilowatt-hour, a cent, a kilogram, ten litres."""


def crumbs_of(path: Path) -> list[tuple[str, str, str]]:
    """Return the cells of a table that mean nothing."""
    bad = []
    with path.open() as file:
        for row in csv.DictReader(file):
            for column, text in row.items():
                try:
                    value = float(text)
                except ValueError:
                    continue
                ends = [unit for unit in LEAST if column.endswith(f"_{unit}")]
                least = LEAST[max(ends, key=len)] if ends else 1e-9
                digits = re.sub(r"e.*", "", text.lstrip("-").lower()).replace(".", "").strip("0")
                small = value != 0 and abs(value) < least * (1 - 1e-9)
                if column == "difference":
                    small = False
                if small or (text.startswith("-0") and value == 0) or len(digits) > 9:
                    bad.append((path.name, column, text))
    return bad
