"""A site's program at any installed IT, read off three sizes."""

from typing import ClassVar

import numpy as np
import pytest
from support.cases import StubMarket, make_case

from dcmodel.arrays import ArrayVar, array_constraint
from dcmodel.base.errors import StudyError
from dcmodel.components.base import Component
from dcmodel.optimise.affine import affine_program, expecting
from dcmodel.optimise.build import compile_site

KINDS = ("grid_connection", "building", "battery", "water_supply", "unserved_energy")


def equipped(**changes):
    return make_case(
        price=[[20.0, 70.0], [30.0, 60.0]], load=0.0, years=(2025, 2026), it_capacity=[1.0, 1.0],
        slope=1.2, fixed=0.1, kinds=KINDS, market=StubMarket(build_cost=1e6), **changes,
    )  # fmt: skip


@pytest.mark.parametrize("size", [(4.0, 4.0), (6.0, 17.0), (20.0, 20.0)])
def test_any_size_is_on_the_line_between_those_read(size):
    case = equipped()
    program = affine_program(case, 4.0, np.array([20.0, 20.0]), 0.5)
    direct = compile_site(expecting(case, np.array(size), 0.5))[1]
    installed = np.append(size, 0.0)[program.lp.row_year]
    for side in ("row_lower", "row_upper"):
        found = getattr(program.lp, side) + program.rise * installed + program.step
        assert found == pytest.approx(getattr(direct, side), rel=1e-9, abs=1e-9)
    added = np.diff(size, prepend=0.0)
    cost = program.slope @ added + program.standing
    assert cost.ravel() == pytest.approx(direct.term_offset, rel=1e-9, abs=1e-6)
    assert abs(program.lp.matrix - direct.matrix).max() == 0


class Uneven(Component):
    """Capacity that counts by the root of the installed IT: no portfolio can size it."""

    kind: ClassVar[str] = "uneven"

    def build(self, b, case):
        m = b.model()
        b.output = ArrayVar(m.Y, lower=0, upper=1)
        share = float(np.sqrt(case.it_capacity.max() + 1.0))

        @array_constraint(b, m.Y)
        def crooked(b, y):
            return share * b.output[y] <= 1


def test_a_part_that_does_not_grow_in_proportion_is_refused_by_name():
    case = equipped()
    case = type(case)(**{**vars(case), "components": (*case.components, Uneven())})
    with pytest.raises(StudyError, match=r"asset\[uneven\].crooked.*mode: compare"):
        affine_program(case, 4.0, np.array([20.0, 20.0]), 0.5)
