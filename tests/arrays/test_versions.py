"""Versions of Pyomo outside those proven are refused in clear words."""

import pytest

from dcmodel.arrays import check_pyomo_version
from dcmodel.base.errors import DcmodelError


def test_the_installed_version_is_proven():
    check_pyomo_version()


@pytest.mark.parametrize("version", [(6, 10, 1), (6, 10, 7)])
def test_proven(version):
    check_pyomo_version(version)


@pytest.mark.parametrize("version", [(6, 9, 5), (6, 10, 0), (6, 11, 0), (7, 0, 0)])
def test_not_proven(version):
    shown = ".".join(map(str, version))
    with pytest.raises(DcmodelError, match=f"Pyomo {shown} is installed.*pip install"):
        check_pyomo_version(version)
