import numpy as np
import pytest

from dcmodel.base.errors import DataError, StudyError
from dcmodel.workload.growth import demand_path, growth_of_work, scenario_names

YEARS = range(2025, 2031)


def test_the_cited_anchors_are_met():
    path = demand_path("central", YEARS)
    assert path.data_centre_energy[[0, -1]] == pytest.approx([485, 950])
    assert path.ai_energy[-1] / path.ai_energy[0] == pytest.approx(3.0)
    assert path.inference_spend_share[-1] == pytest.approx(0.8)
    # inference is half of AI compute in 2025 and two thirds in 2026
    share = path.inference_energy / path.ai_energy
    assert share[:2] == pytest.approx([0.5, 0.667])


def test_tokens_are_energy_times_efficiency_and_outgrow_it():
    path = demand_path("central", YEARS)
    energy = path.inference_energy / path.inference_energy[0]
    assert path.tokens == pytest.approx(energy * path.efficiency)
    assert (path.tokens[1:] > path.efficiency[1:]).all()
    # hardware alone gains 40 % a year
    assert path.efficiency[1] > 1.4


def test_scenarios_lie_in_order():
    assert scenario_names() == ["central", "high", "low"]
    last = [demand_path(name, YEARS).data_centre_energy[-1] for name in ("low", "central", "high")]
    assert last == sorted(last)
    tokens = [demand_path(name, YEARS).tokens[-1] for name in ("low", "central", "high")]
    assert tokens == sorted(tokens)


def test_without_a_change_of_trend_nothing_rebounds():
    path = demand_path("central", YEARS, price_elasticity=3.0)
    assert (
        path.table()
        .drop(columns="scenario")
        .equals(demand_path("central", YEARS).table().drop(columns="scenario"))
    )


@pytest.mark.parametrize(("elasticity", "sign"), [(0.5, -1), (1.0, 0), (1.5, 1)])
def test_efficiency_passed_on_in_price_saves_energy_below_an_elasticity_of_one(elasticity, sign):
    base = demand_path("central", YEARS)
    # tokens per USD rise by the factor by which tokens per MWh rise: 1.4 to 1.75, 0.7 to 0.56
    more = demand_path(
        "central", YEARS, efficiency_gain=0.75, cost_decline=0.44, price_elasticity=elasticity
    )
    change = more.inference_energy[-1] / base.inference_energy[-1]
    assert change == pytest.approx(1.25 ** (5 * (elasticity - 1)))
    assert np.sign(round(change - 1, 9)) == sign
    delta = more.inference_energy - base.inference_energy
    assert more.data_centre_energy - base.data_centre_energy == pytest.approx(delta)


def test_growth_of_work_starts_at_one():
    growth = growth_of_work("central", YEARS)
    assert growth[0] == 1.0
    # three times the energy of AI at a share of 0.72 in place of 0.5
    assert growth[-1] == pytest.approx(3 * 0.72 / 0.5)


def test_unknown_scenarios_and_years_beyond_are_refused():
    with pytest.raises(StudyError, match="unknown scenario 'centre'"):
        demand_path("centre", YEARS)
    with pytest.raises(DataError, match="2031"):
        demand_path("central", [2025, 2031])
