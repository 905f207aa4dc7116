"""Energy attribute certificates: of the year, or of the hour."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyomo.environ as pyo

from dcmodel.arrays import ArrayParam, ArrayVar, array_expression, cost_term
from dcmodel.base.units import HOURS_PER_YEAR
from dcmodel.components.base import FloatArray, Limit, SiteCase, components
from dcmodel.components.contract import PAYMENT, Offered


@components.register("certificates")
class Certificates(Offered):
    """Certificates of the year: a claim on carbon-free energy, whenever it was produced.

    The volume of the offer is the mean power of what can be bought in a year.
    """

    kind: ClassVar[str] = "certificates"
    title: ClassVar[str] = "Certificates"

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the certificates bought and their cost."""
        m = b.model()
        offer = self.terms_in(case)
        most = np.where(offer.available, offer.volume_max_mw * HOURS_PER_YEAR, 0.0)
        b.bought = ArrayVar(
            m.Y, lower=0, upper=np.minimum(most, _consumption(case)),
            doc="Certificates bought [MWh]",
        )  # fmt: skip
        b.price = ArrayParam(m.Y, values=case.contract_price_scale * offer.price)

        @array_expression(b, m.Y, doc="Carbon-free energy of the year [MWh yr-1]")
        def certificates(b: pyo.Block, y: Any) -> Any:
            return 1.0 * b.bought[y]

        @cost_term(b, m.Y, category=PAYMENT, doc="Certificates of the year [USD]")
        def price_paid(b: pyo.Block, y: Any) -> Any:
            return b.price[y] * b.bought[y]

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the volume offered, in energy of the year."""
        place = ("components", self.kind)
        return (Limit.of_size("Volume of certificates", "MWh", place, b.bought),)


@components.register("certificates_hourly")
class HourlyCertificates(Offered):
    r"""Certificates with the hour of production.

    Notes
    -----
    They come from the carbon-free plants of the grid, so that with the grid's carbon-free share
    :math:`\kappa_t` and the mean volume :math:`V` of the offer, :math:`q_t \le V \kappa_t /
    \bar\kappa`: few where they are needed most.
    """

    kind: ClassVar[str] = "certificates_hourly"
    title: ClassVar[str] = "Hourly certificates"
    profiles: ClassVar[tuple[str, ...]] = ("grid_clean_share",)

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare the certificates of each hour and their cost."""
        m = b.model()
        offer = self.terms_in(case)
        volume = np.where(offer.available, offer.volume_max_mw, 0.0)[:, None]
        b.bought = ArrayVar(
            m.Y, m.T, lower=0, upper=volume * self._produced(case),
            doc="Certificates of the hour [MW]",
        )  # fmt: skip
        b.price = ArrayParam(m.Y, values=case.contract_price_scale * offer.price)

        @array_expression(b, m.Y, m.T, doc="Carbon-free energy of the hour [MW]")
        def clean(b: pyo.Block, y: Any, t: Any) -> Any:
            return 1.0 * b.bought[y, t]

        @array_expression(b, m.Y, doc="Carbon-free energy of the year [MWh yr-1]")
        def certificates(b: pyo.Block, y: Any) -> Any:
            return sum(m.duration[t] * b.bought[y, t] for t in m.T)

        @cost_term(b, m.Y, category=PAYMENT, doc="Certificates of the hour [USD]")
        def price_paid(b: pyo.Block, y: Any) -> Any:
            return b.price[y] * sum(m.duration[t] * b.bought[y, t] for t in m.T)

    @staticmethod
    def _produced(case: SiteCase) -> FloatArray:
        """Return production over its yearly mean [1], shape (years, steps)."""
        share = case.series["grid_clean_share"]
        mean = (share @ case.duration / case.duration.sum())[:, None]
        return np.divide(share, mean, out=np.zeros_like(share), where=mean > 0)

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the volume offered, the mean power of a year."""
        offer = self.terms_in(case)
        value = np.where(offer.available, offer.volume_max_mw, 0.0)
        bounds = ((b.bought, self._produced(case)),)
        place = ("components", self.kind)
        return (Limit("Volume of hourly certificates", "MW", place, value, bounds),)


def _consumption(case: SiteCase) -> FloatArray:
    """Return a bound on the energy of each year: the facility at full power [MWh]."""
    lines = case.facility
    full = (lines.power_slope + lines.power_fixed) * case.it_capacity[:, None]
    return np.asarray(np.maximum(full, 0.0) @ case.duration)
