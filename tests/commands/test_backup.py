"""``dcmodel backup`` on a small finished case."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from dcmodel.cli import app
from dcmodel.reliability.distribution import Distribution, PathPart
from dcmodel.report.backup import figures_of, survival_figure
from dcmodel.study.backup import open_backup
from dcmodel.study.run import run_study
from dcmodel.study.verification import less_one, verify_backup

STUDY = """\
schema: dcmodel/study-1
name: small
years: [2027]
discount_rate: 0.08
resolution: {segments: 24}
it_capacity_mw: {2027: 20}
cooling: water_economizer
workloads:
  chat: {share: 0.7, shape: conversation}
  batch: {share: 0.3, shape: flat, deferral_h: 24}
sites: [stockholm]
components:
  grid_connection:
  diesel: {parameters: {resupply_after: 1000, fuel_autonomy: 12}}
  shiftable_load:
  unserved_energy:
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backup")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    result = run_study(folder / "study.yaml", folder / "out", jobs=1)
    assert not result.failures
    return folder / "out"


def call(*words):
    return CliRunner().invoke(app, ["backup", *map(str, words)])


def test_json_tells_survival_nines_and_fuel(out):
    done = call(out / "stockholm/base", "--json", "--years", 3000, "--outage", 30)

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    diesel = found["generators"][0]
    assert found["year"] == 2027
    assert found["survival"]["outage_h"][-1] == 30
    assert diesel["fuel_h_at_full_load"] == pytest.approx(12)
    assert diesel["test_h_per_year"] == 9
    assert found["expected"]["nines"] > 4
    low, high = found["monte_carlo"]["availability_interval"]
    assert low <= found["monte_carlo"]["availability"] <= high
    assert set(found["grid"]) == {"ordinary", "wide_area_blackout"}


def test_fuel_for_half_a_day_at_full_load_ends_within_two_days(out):
    """The load is well below full load, so that 12 h of fuel last longer, but not always 48 h."""
    done = call(out / "stockholm/base", "--years", 100, "--outage", 48)

    assert done.exit_code == 0, done.output
    assert "an outage of 48 h is not survived from 8760 of 8760 start hours" in done.stdout
    assert "the fuel of diesel is" in done.stdout
    # without paths to the racks the nines are those of the supply
    assert "not told: the study names no tier of power_distribution" in done.stdout
    table = pd.read_csv(out / "tables" / "stockholm_base_backup.csv")
    assert table["share_of_starts_0_out"].iloc[12] == 1.0
    assert table["share_of_starts_0_out"].iloc[48] == 0.0
    assert np.all(np.diff(table["probability"]) <= 1e-12)
    # until fuel counts: fewer sets burn less of it
    day = table[:24]
    assert np.all(day["probability_1_out"] <= day["probability"] + 1e-8)


@pytest.fixture(scope="module")
def found(out):
    return verify_backup(open_backup(out, "stockholm/base"), outage=6, years=50)


def test_the_next_nine_is_what_it_says(found):
    """What is added reaches its target by the library's own verification, and costs money."""
    nine = found.next_nine

    assert nine.target == pytest.approx(1 - 10 ** -(np.floor(found.expectation.nines) + 1))
    if nine.sizing is None:
        assert "is not reached" in nine.reason
    else:
        assert nine.sizing.expectation.value >= nine.target
        assert nine.sizing.cost > 0


def test_a_target_that_holds_takes_nothing(out):
    done = call(
        out / "stockholm/base", "--years", 50, "--outage", 6, "--availability", 0.99, "--json"
    )

    assert done.exit_code == 0, done.output
    target = json.loads(done.stdout)["next_nine"]
    assert target["availability"] == 0.99
    assert "holds already" in target["reason"]


@pytest.fixture(scope="module")
def at_racks(out):
    """The case with one path that is shut for two hours a year and never fails."""
    paths = Distribution("tier_1", (PathPart(np.inf, 1.0),), paths=1, maintenance=2.0)
    backup = replace(open_backup(out, "stockholm/base"), distributions=((paths, 0.0),))
    return verify_backup(backup, outage=6, years=50)


def test_nines_at_the_racks_are_those_of_supply_and_paths(at_racks):
    """Two hours of 8760 are lost in the paths, whatever stands behind them: 3.6 nines at most."""
    told = figures_of(at_racks)["distribution"]
    lost = sum(at_racks.expectation.hours_lost.values()) + 2.0

    assert told["hours_lost_per_year"] == pytest.approx(2.0)
    assert told["availability_at_racks"] == pytest.approx(1 - lost / 8760, rel=1e-12)
    assert told["nines_at_racks"] == pytest.approx(-np.log10(lost / 8760), rel=1e-9)
    assert at_racks.backup.of_supply(0.999) == pytest.approx(0.999 + 2.0 / 8760, rel=1e-12)
    assert at_racks.next_nine.target == pytest.approx(0.9999)
    assert "(tier_1) alone has 0.99977169, 120 min lost" in at_racks.next_nine.reason
    assert "choose a higher tier" in at_racks.next_nine.reason


def test_the_next_nine_may_take_a_higher_tier(at_racks):
    """Paths that never fail and are never shut leave the supply alone: the tier is all it takes."""
    own, better = at_racks.backup.distribution, replace(at_racks.backup.distribution, maintenance=0)
    better = replace(better, name="tier_4")
    backup = replace(at_racks.backup, distributions=((own, 0.0), (better, 5e5)))
    nine = verify_backup(backup, outage=6, years=50, target=0.9998).next_nine

    assert at_racks.expectation.value > 0.9998
    assert (nine.tier, nine.sizing.added, nine.cost) == ("tier_4", {}, 5e5)
    assert nine.value == pytest.approx(at_racks.expectation.value, rel=1e-12)


def test_a_picture_shows_what_the_paths_lose(at_racks):
    _, right = survival_figure(at_racks, Figure(layout="constrained")).axes

    names = [label.get_text() for label in right.get_yticklabels()]
    minutes = dict(zip(names, (bar.get_width() for bar in right.patches), strict=True))
    assert minutes["Distribution"] == pytest.approx(120.0)
    assert right.get_title(loc="left") == "3.6 nines at the racks"


def test_one_unit_out_is_one_of_every_group(found):
    system = found.backup.system

    assert less_one(system).group("diesel").units == system.group("diesel").units - 1


def test_a_picture_shows_the_chance_of_loss(found, tmp_path):
    figure = Figure(layout="constrained")
    left, right = survival_figure(found, figure).axes

    assert left.get_yscale() == "log"
    [mean] = [line for line in left.lines if line.get_label() == "Mean of starts"]
    np.testing.assert_allclose(mean.get_ydata()[1:], 1 - found.survival.curve[1:])
    minutes = [bar.get_width() for bar in right.patches]
    np.testing.assert_allclose(minutes, [60 * h for h in found.expectation.hours_lost.values()])
    figure.savefig(tmp_path / "backup.png")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere/base",), "lies in no output folder"),
        (("OUT/dublin/base",), "no case 'dublin/base'"),
        (("OUT/stockholm/base", "--year", 2040), "found 2040; the case has 2027"),
        (("OUT/stockholm/base", "--outage", 0), "--outage  found 0"),
        (("OUT/stockholm/base", "--availability", 99.995), "did you mean 0.99995?"),
    ],
)
def test_a_wrong_call_is_explained(out, words, message):
    done = call(*(str(word).replace("OUT", str(out)) for word in words))

    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.output
