"""Array-native Pyomo: ordinary rules, called once, compiled by numpy."""

from dcmodel.arrays.compile import compile_model
from dcmodel.arrays.constraints import ArrayConstraint, array_constraint
from dcmodel.arrays.declare import ArrayParam, ArrayVar
from dcmodel.arrays.errors import FormulationError
from dcmodel.arrays.expressions import ArrayExpression, CostTerm, array_expression, cost_term
from dcmodel.arrays.program import ColumnBlock, LinearProgram, RowBlock
from dcmodel.arrays.solution import evaluate
from dcmodel.arrays.versions import check_pyomo_version

__all__ = [
    "ArrayConstraint",
    "ArrayExpression",
    "ArrayParam",
    "ArrayVar",
    "ColumnBlock",
    "CostTerm",
    "FormulationError",
    "LinearProgram",
    "RowBlock",
    "array_constraint",
    "array_expression",
    "check_pyomo_version",
    "compile_model",
    "cost_term",
    "evaluate",
]
