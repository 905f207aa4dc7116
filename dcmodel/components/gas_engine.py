"""Gas engines: on-site power, bridge to a late connection, and backup on pipeline gas."""

from __future__ import annotations

from typing import ClassVar

from dcmodel.components.base import components
from dcmodel.components.generator import Generator


@components.register("gas_engine")
class GasEngine(Generator):
    """Reciprocating engines on pipeline gas.

    Small units, good part load and little derating: the common way to run a campus before its
    connection, and to carry peaks after it. They start in minutes, so an outage needs a bridge.
    """

    kind: ClassVar[str] = "gas_engine"
    title: ClassVar[str] = "Gas engines"
