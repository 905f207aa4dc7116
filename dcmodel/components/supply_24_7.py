"""Clean supply matched by the hour: the site's forecast, most of it carbon-free in its hour."""

from __future__ import annotations

from typing import ClassVar

from dcmodel.components.base import components
from dcmodel.components.supply_shaped import Shaped


@components.register("supply_24_7")
class CleanSupply(Shaped):
    """Supply in the shape of the forecast; the offer tells the share matched hour by hour."""

    kind: ClassVar[str] = "supply_24_7"
    title: ClassVar[str] = "Hourly matched supply"
