"""A shipped study, coarse, from its file to a verified result."""

import numpy as np
import pytest
import xarray as xr

from dcmodel.base.errors import InfeasibleError, StudyError
from dcmodel.study.assemble import assemble
from dcmodel.study.available import run_case
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study

CHANGES = {
    "resolution": {"segments": 60},
    "years": [2026, 2027],
    "it_capacity_mw": {2025: 20, 2027: 60},
    "sites": ["stockholm"],
}


@pytest.fixture(scope="module")
def case():
    [found] = cases(load_study("quickstart").with_changes(CHANGES))
    return found


@pytest.fixture(scope="module")
def result(case):
    return run_case(case)


def test_prices_and_carbon_have_the_market_levels(case):
    site_case, _, weather = assemble(case)
    level = site_case.market.wholesale_price(case.spec.years, 2025)
    assert site_case.series["price_energy"].mean(axis=1) == pytest.approx(level)
    factor = site_case.market.emission_factor(case.spec.years)
    assert site_case.series["emission_factor"].mean(axis=1) == pytest.approx(factor)
    assert weather.sizes["time"] == 8760


def test_work_is_the_stated_share_of_the_installed_power(case):
    site_case, _, _ = assemble(case)
    mean = site_case.workload.total.mean(axis=1) / site_case.it_capacity
    assert mean == pytest.approx([0.45, 0.45])
    batch = site_case.workload.arrivals[site_case.workload.names.index("batch")]
    assert batch.sum() == pytest.approx(0.3 * site_case.workload.total.sum())


def test_segments_keep_energy_and_deadlines(case):
    from dcmodel.optimise.site import segments_of

    site_case, _, _ = assemble(case)
    coarse = site_case.segmented(segments_of(site_case, 100))
    assert coarse.duration.sum() == 8760
    hourly = site_case.workload.arrivals.sum(axis=-1)
    assert coarse.workload.arrivals @ coarse.duration == pytest.approx(hourly)
    assert coarse.workload.backlog_max[..., -1] == pytest.approx(0.0)


def test_the_result_says_what_it_is(result):
    assert isinstance(result, xr.Dataset)
    assert result.attrs["status"] == result.attrs["certified_gap"] == "not certified hourly"
    assert result.attrs["check_balance_mw"] < 1e-6
    assert result.attrs["check_cost_relative"] < 1e-9
    assert result.attrs["facility_energy_error"] <= 1e-3
    for name, variable in result.data_vars.items():
        if not name.startswith("assumption_"):
            assert "units" in variable.attrs, name
    assert set(result["assumption_provenance"].values) <= {"cited", "derived", "assumed"}


def test_more_options_never_cost_more_than_the_reference(result):
    assert float(result["net_present_cost"]) <= float(result["reference_net_present_cost"])


def test_all_work_is_served(result):
    hours = result["duration"]
    arrived = (result["work_arrived"] * hours).sum("time")
    served = (result["work_served"] * hours).sum("time")
    np.testing.assert_allclose(served, arrived, rtol=1e-9)


def test_magnitudes_an_engineer_expects(result):
    assert 1.05 < float(result["pue_mean"]) < 1.25
    assert 0.8 < float(result["wue_mean"]) < 2.2
    peak = result["peak_import"].values
    assert (peak < 1.35 * result["it_capacity"].values).all()


def test_two_calendars_are_refused(case):
    from dataclasses import replace

    from dcmodel.study.spec import SeriesFile

    update = {
        "prices": SeriesFile(series="a.yaml", calendar_year=2022),
        "carbon": SeriesFile(series="b.yaml", calendar_year=2023),
    }
    with pytest.raises(StudyError, match="one calendar"):
        assemble(replace(case, spec=case.spec.model_copy(update=update)))


@pytest.mark.slow
def test_an_infeasible_study_names_the_place_in_its_file(small_text, write_study):
    text = small_text.replace("grid_connection:", "grid_connection: {contracted_max_mw: 12}")
    study = load_study(write_study(text))
    with pytest.raises(InfeasibleError) as caught:
        run_case(cases(study)[0])
    key = "components.grid_connection.contracted_max_mw"
    [change] = [fault for fault in caught.value.faults if fault.where.endswith(key)]
    line = next(i for i, row in enumerate(text.splitlines(), 1) if "contracted_max_mw" in row)
    assert f"study.yaml:{line}:" in change.where
    assert "needs" in change.message
    assert "this alone does: contracted_max_mw: " in change.message
