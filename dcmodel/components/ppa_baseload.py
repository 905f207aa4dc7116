"""Baseload power purchase agreement: a flat block, its residual settled at the hub."""

from __future__ import annotations

from typing import ClassVar

from dcmodel.components.base import components
from dcmodel.components.contract import FirmSupply


@components.register("ppa_baseload")
class BaseloadPPA(FirmSupply):
    """The same MW in every hour of the year, at one price."""

    kind: ClassVar[str] = "ppa_baseload"
    title: ClassVar[str] = "Baseload"
    flat: ClassVar[bool] = True
