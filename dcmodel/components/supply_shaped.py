"""Shaped supply: energy that follows the site's forecast, at one price."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from dcmodel.components.base import FloatArray, SiteCase, components
from dcmodel.components.contract import FirmSupply


class Shaped(FirmSupply):
    """The site's own forecast of IT power, scaled to the contracted MW in the yearly mean."""

    def shape(self, case: SiteCase) -> FloatArray:
        """Return the forecast over its yearly mean [1], flat in a year without IT."""
        installed = case.it_capacity[:, None]
        phi = case.idle_fraction
        forecast = phi * installed + (1 - phi) * case.workload.total
        mean = (forecast @ case.duration / case.duration.sum())[:, None]
        return np.divide(forecast, mean, out=np.ones_like(forecast), where=mean > 0)


@components.register("supply_shaped")
class ShapedSupply(Shaped):
    """Supply in the shape of the forecast, whoever produces it."""

    kind: ClassVar[str] = "supply_shaped"
    title: ClassVar[str] = "Shaped supply"
