import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.workload.accelerators import accelerator
from dcmodel.workload.vintages import vintages

YEARS = range(2025, 2032)
MIXES = {2025: {"gb200_nvl72": 1.0}, 2027: {"vr_nvl144": 0.75, "gb300_nvl72": 0.25}}


def test_growth_is_bought_in_the_mix_of_its_year_and_the_worn_is_replaced():
    # a life of five years: what was bought in 2025 goes in 2030
    assert accelerator("gb200_nvl72").life == 5
    fleet = vintages([20, 20, 60, 60, 100, 100, 100], YEARS, MIXES)
    assert [chip.key for chip in fleet.generations] == ["gb200_nvl72", "vr_nvl144", "gb300_nvl72"]
    np.testing.assert_allclose(
        fleet.bought,
        [[20, 0, 0], [0, 0, 0], [0, 30, 10], [0, 0, 0], [0, 30, 10], [0, 15, 5], [0, 0, 0]],
    )
    np.testing.assert_allclose(fleet.retired[5], [20, 0, 0])
    np.testing.assert_allclose(fleet.standing.sum(axis=1), [20, 20, 60, 60, 100, 100, 100])
    np.testing.assert_allclose(fleet.shares()[4], [0.2, 0.6, 0.2])


def test_power_is_conserved_year_by_year():
    rng = np.random.default_rng(3)
    installed = rng.uniform(0, 100, 7)
    fleet = vintages(installed, YEARS, MIXES)
    np.testing.assert_allclose(fleet.standing.sum(axis=1), installed, atol=1e-9)
    before = np.vstack([np.zeros(3), fleet.standing[:-1]])
    np.testing.assert_allclose(fleet.standing, before + fleet.bought - fleet.retired, atol=1e-9)
    assert (fleet.standing >= 0).all()


def test_what_shrinks_goes_oldest_first():
    fleet = vintages([10, 10, 30, 15, 0, 0, 0], YEARS, MIXES)
    np.testing.assert_allclose(fleet.standing[3], [0, 11.25, 3.75])
    np.testing.assert_allclose(fleet.standing[4:], 0)
    np.testing.assert_allclose(fleet.shares()[4:], 0)


def test_capital_is_the_annuity_of_each_purchase():
    fleet = vintages([10], [2025], MIXES)
    chip = accelerator("gb200_nvl72")
    accelerators = 10 / (0.125 / 72)
    annuity = 0.1 / (1 - 1.1**-5)
    assert fleet.capital_cost(np.full(3, annuity))[0] == pytest.approx(
        accelerators * chip.price * annuity
    )


def test_bad_mixes_are_refused_together():
    with pytest.raises(StudyError) as error:
        vintages([10], [2025], {2025: {"gb200": 0.5, "vr_nvl144": 0.4}})
    told = [f"{fault.where} {fault.message}" for fault in error.value.faults]
    assert any("shares sum to 0.9" in text for text in told)
    assert any("unknown generation 'gb200'; did you mean" in text for text in told)
    assert any("vr_nvl144 can be had from 2026" in text for text in told)
    with pytest.raises(StudyError, match="first stage is 2027"):
        vintages([10], [2025], {2027: {"gb300_nvl72": 1.0}})
    with pytest.raises(StudyError, match="names no year"):
        vintages([10], [2025], {})
