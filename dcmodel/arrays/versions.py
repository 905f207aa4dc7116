"""The versions of Pyomo with which the array layer was proven.

Index templates are the mechanism behind Pyomo's own templated constraints, but their classes are
not a documented interface, so a new minor version is refused until the tests have run with it.
Pyomo 6.10.0 takes only the first summand of ``sum`` over a Python sequence inside a template,
without a word; 6.10.1 is the first version with which the tests pass.
"""

from __future__ import annotations

import pyomo

from dcmodel.base.errors import DcmodelError

FIRST_PROVEN = (6, 10, 1)
FIRST_UNPROVEN = (6, 11, 0)


def check_pyomo_version(version: tuple[int, int, int] | None = None) -> None:
    """Raise an error unless Pyomo is one of the proven versions.

    Parameters
    ----------
    version : tuple of int, optional
        Version to check; the installed one by default.
    """
    found = tuple(pyomo.version.version_info[:3]) if version is None else version
    if FIRST_PROVEN <= found < FIRST_UNPROVEN:
        return
    shown, first, last = (".".join(map(str, v)) for v in (found, FIRST_PROVEN, FIRST_UNPROVEN))
    msg = (
        f"Pyomo {shown} is installed; dcmodel compiles models with Pyomo from {first} up to, "
        f"not including, {last}: pip install 'pyomo>={first},<{last}'"
    )
    raise DcmodelError(msg)
