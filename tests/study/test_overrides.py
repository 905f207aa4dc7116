"""An override acts or is refused: the kind, not a list of cases."""

import numpy as np
import pytest
from support.cases import make_case

from dcmodel.base.errors import StudyError
from dcmodel.components.base import components
from dcmodel.inputs.assumptions import technology
from dcmodel.inputs.library import names
from dcmodel.optimise.build import compile_site
from dcmodel.study.cases import cases
from dcmodel.study.overrides import idle_overrides, overrides, same_program
from dcmodel.study.ready import check_ready, load_ready

STUDY = """\
schema: dcmodel/study-1
name: overrides
years: [2027]
discount_rate: 0.08
resolution: {segments: 24}
it_capacity_mw: {2027: 26}
cooling: water_economizer
workloads:
  rent: {share: 1.0, shape: flat}
sites: [dallas]
components:
  grid_connection:
  building:
"""


def written(write_study, more):
    return write_study(STUDY + more)


@pytest.fixture
def write_study(tmp_path):
    def write(text):
        path = tmp_path / "study.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("component", "parameter"),
    [
        # no load may be lost, so nothing has the value of lost load
        ("unserved_energy: {parameters: {value_of_lost_load: 9}}", "value_of_lost_load"),
        # the connection carries all IT, so nothing stays dark, and no work may be refused
        ("dropped_work: {parameters: {value_of_work: 9999}}", "value_of_work"),
        # read by no rule
        ("ppa_solar: {parameters: {lifecycle_emission_factor: 99}}", "lifecycle_emission_factor"),
        # the price of another region
        ("gas_engine: {order_year: 2020, parameters: {fuel_price_uk: 99}}", "fuel_price_uk"),
    ],
)
def test_an_override_that_changes_nothing_is_refused_at_its_place(
    write_study, component, parameter
):
    path = written(write_study, f"  {component}\n")
    with pytest.raises(StudyError) as caught:
        load_ready(path)
    [fault] = caught.value.faults
    line = 1 + STUDY.count("\n")
    assert fault.where.startswith(f"{path}:{line}:")
    assert parameter in fault.message
    assert "changes nothing in any case" in fault.message


@pytest.mark.parametrize(
    "more",
    [
        "  unserved_energy: {parameters: {value_of_lost_load: 9}}\n"
        "requirements: {unserved_energy: 10}\n",
        "  unserved_energy: {parameters: {value_of_lost_load: 9}}\n"
        "  outage: {scenarios: {short: {duration_h: 4, per_year: 1}}}\n",
        "  diesel: {parameters: {failure_to_start: 0.02}}\n",
        # what the library says anyway is no fault, where it acts
        "  battery: {parameters: {lifetime: 15}}\n",
    ],
)
def test_an_override_that_acts_is_sound(write_study, more):
    check_ready(load_ready(written(write_study, more)))


def test_one_case_in_which_it_acts_is_enough(write_study):
    text = STUDY.replace("sites: [dallas]", "sites: [dallas, frankfurt]")
    text += "  gas_engine: {order_year: 2020, parameters: {fuel_price_eu: 20}}\n"
    study = load_ready(write_study(text))
    check_ready(study, [case for case in cases(study) if case.site.label == "dallas"])


@pytest.mark.parametrize("kind", sorted(set(names("technologies", ".csv")) & set(components)))
def test_no_component_reads_the_library_past_its_own_settings(kind):
    """Whatever acts from the library's file acts from the study, too."""
    table = technology(kind, 2025)
    case = make_case(price=np.full((1, 48), 50.0), load=10.0, kinds=())
    part = components[kind].model_construct(parameters={})
    own = part.technology(case)
    for name in table.names():
        row = next(row for row in table.assumptions if row.parameter == name)
        other = components[kind].model_construct(parameters={name: 2 * row.value + 1})
        changed = {r.value for r in other.technology(case).assumptions if r.parameter == name}
        assert changed == {2 * row.value + 1}
        assert {r.value for r in own.assumptions if r.parameter == name} != changed


def test_programs_are_compared_number_by_number():
    case = make_case(price=[[20.0, 30.0]], load=10.0, kinds=("grid_connection", "battery"))
    other = make_case(price=[[20.0, 30.1]], load=10.0, kinds=("grid_connection", "battery"))
    one, two = (compile_site(c)[1] for c in (case, other))
    assert same_program(one, compile_site(case)[1])
    assert not same_program(one, two)


def test_idle_overrides_are_those_no_rule_reads():
    settings = {"battery": {"parameters": {"lifetime": 9.0, "availability": 0.5}}}
    case = make_case(
        price=[[20.0, 30.0]],
        load=10.0,
        kinds=("grid_connection", "battery", "unserved_energy"),
        settings=settings | {"unserved_energy": {"parameters": {"value_of_lost_load": 3.0}}},
    )
    assert len(list(overrides(case.components))) == 3
    idle = idle_overrides(case, compile_site(case)[1], lambda one: compile_site(one)[1])
    assert [(one.kind, one.parameter) for one in idle] == [
        ("unserved_energy", "value_of_lost_load")
    ]
