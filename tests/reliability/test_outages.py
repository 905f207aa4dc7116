import numpy as np
import pytest
from scipy import integrate, stats

from dcmodel.base.errors import StudyError
from dcmodel.reliability.outages import Duration, GridOutages, OutageCause
from dcmodel.reliability.system import BackupSystem, GeneratorGroup

FORMS = [Duration(2.0, "exponential"), Duration(5.0, "lognormal", 1.5), Duration(3.0, "fixed")]


def test_a_lognormal_length_has_the_mean_and_variation_asked_for():
    """Against scipy's lognormal with sigma^2 = ln(1 + cv^2)."""
    sigma = np.sqrt(np.log(1 + 1.5**2))
    reference = stats.lognorm(sigma, scale=5.0 / np.exp(sigma**2 / 2))
    duration = Duration(5.0, "lognormal", 1.5)

    assert reference.mean() == pytest.approx(5.0)
    assert reference.std() == pytest.approx(7.5)
    hours = np.array([0.0, 0.3, 2.0, 40.0])
    np.testing.assert_allclose(duration.longer(hours), reference.sf(hours), rtol=1e-9)
    assert duration.quantile(0.99) == pytest.approx(reference.ppf(0.99))


@pytest.mark.parametrize("duration", FORMS, ids=lambda d: d.form)
def test_the_mean_cut_off_is_the_area_under_the_tail(duration):
    for hours in (0.0, 0.7, 2.5, 30.0):
        area, _ = integrate.quad(duration.longer, 0, hours, points=[min(3.0, hours)], limit=200)
        assert duration.mean_until(hours) == pytest.approx(area, abs=1e-6)


@pytest.mark.parametrize("duration", FORMS, ids=lambda d: d.form)
def test_draws_follow_the_form(duration):
    drawn = duration.draw(np.random.default_rng(1), 200_000)

    assert drawn.mean() == pytest.approx(duration.mean, rel=0.02)
    assert (drawn > 4).mean() == pytest.approx(duration.longer(4.0), abs=0.004)


def test_a_cause_changes_the_backup_it_finds():
    """A freeze doubles failures to start, stops deliveries, and takes the gas half of the time."""
    groups = (
        GeneratorGroup("gas", 2, 1.0, failure_to_start=0.01),
        GeneratorGroup("diesel", 1, 1.0, failure_to_start=0.02, resupply_after=24),
    )
    freeze = OutageCause(
        "freeze", 0.02, Duration(24.0), start_failure_factor=2, groups_lost=("gas",),
        loss_probability=0.5, resupply=False,
    )  # fmt: skip

    (p, usual), (q, without) = freeze.systems(BackupSystem(np.ones(24), groups))

    assert (p, q) == (0.5, 0.5)
    assert [g.units for g in usual.generators] == [2, 1]
    assert [g.units for g in without.generators] == [0, 1]
    assert usual.group("diesel").failure_to_start == 0.04
    assert usual.group("diesel").resupply_after == np.inf


def test_outages_that_cannot_be_are_refused_together():
    causes = (
        OutageCause("a", -1.0, Duration(2.0)),
        OutageCause("b", 1.0, Duration(0.0), weight=np.zeros(24)),
    )

    with pytest.raises(StudyError) as caught:
        GridOutages(causes).check(24)

    assert len(caught.value.faults) == 3
    assert "a.rate  found -1" in str(caught.value)
