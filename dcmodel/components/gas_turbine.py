"""Gas turbines in simple cycle: large units that lose power in heat and height."""

from __future__ import annotations

from typing import ClassVar

from dcmodel.components.base import components
from dcmodel.components.generator import Generator


@components.register("gas_turbine")
class GasTurbine(Generator):
    """Aeroderivative turbines in simple cycle on pipeline gas.

    Derated from 15 degC on, and thirsty at part load: idling takes a quarter of full-load fuel.
    """

    kind: ClassVar[str] = "gas_turbine"
    title: ClassVar[str] = "Gas turbines"
