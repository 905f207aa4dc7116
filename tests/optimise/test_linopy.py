"""The site of the shipped study, written independently in linopy, has the same optimum."""

from dataclasses import replace

import numpy as np
import pytest
from support.linopy_site import FIXED, site_model

from dcmodel.optimise.build import compile_site
from dcmodel.optimise.site import load_of, segments_of
from dcmodel.optimise.solve import solve
from dcmodel.optimise.solvers.problem import Problem, narrow
from dcmodel.study.assemble import assemble
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study


def site_case(site, years, segments=None):
    study = load_study("quickstart").with_changes({"sites": [site], "years": list(years)})
    case, plant, _ = assemble(cases(study)[0])
    case = replace(case, facility=plant.lines(case, load_of(case, case.workload.total)))
    return case if segments is None else case.segmented(segments_of(case, segments))


def of_linopy(model):
    """Return a linopy model as the arrays a solver takes."""
    arrays = model.matrices
    equal, less = arrays.sense == "=", arrays.sense == "<"
    return Problem(
        cost=np.asarray(arrays.c, dtype=float),
        matrix=narrow(arrays.A.tocsr()),
        row_lower=np.where(less, -np.inf, arrays.b),
        row_upper=np.where(equal | less, arrays.b, np.inf),
        lower=np.asarray(arrays.lb, dtype=float),
        upper=np.asarray(arrays.ub, dtype=float),
    )


def both(case, solver):
    model, constant = site_model(case)
    theirs = solve(of_linopy(model), solver=solver, tolerance=1e-8).objective + constant
    _, lp = compile_site(case)
    ours = solve(lp, solver=solver, tolerance=1e-8)
    terms = case.discount_factor @ lp.term_values(ours.x).T
    fixed = [name.startswith(tuple(f"asset[{kind}]" for kind in FIXED)) for name in lp.term_names]
    return ours.objective - float(terms[fixed].sum()), theirs


@pytest.mark.parametrize("site", ["dallas", "stockholm"])
def test_same_optimum_on_segments(site):
    ours, theirs = both(site_case(site, (2026, 2027, 2028), segments=60), "highs")
    assert ours == pytest.approx(theirs, rel=1e-6)


@pytest.mark.slow
def test_same_optimum_on_every_hour_of_a_year():
    ours, theirs = both(site_case("dallas", (2029,)), "clarabel")
    assert ours == pytest.approx(theirs, rel=1e-6)
