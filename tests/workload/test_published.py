import pytest

from dcmodel.workload.published import CHECK, FIT, compare_published, fit_of


@pytest.fixture(scope="module")
def table():
    return compare_published()


def test_points_that_set_no_efficiency_are_met_within_the_stated_error(table):
    checked = table[table["use"] == CHECK]
    fit = fit_of(checked)
    assert fit.points >= 40
    assert checked["accelerator"].nunique() >= 5
    assert checked["model"].nunique() >= 6
    assert fit.median_error < 0.15
    assert fit.mean_error < 0.25
    assert abs(fit.bias) < 0.10
    assert fit.largest_error < 1.1


def test_few_points_set_the_efficiencies(table):
    assert (table["use"] == FIT).sum() <= len(table) / 3


def test_the_cost_of_a_fast_answer_is_met_in_direction_and_size(table):
    # the same rack, twice: published throughput falls 9.6-fold from 42 to 100 tokens/s a user
    at = table.set_index("point")
    slow, fast = (at.loc[f"b200_sxm_deepseek_r1_1000_1000_rate_{rate}"] for rate in (42, 100))
    published = slow["published"] / fast["published"]
    assert slow["modelled"] / fast["modelled"] == pytest.approx(published, rel=0.3)
