"""A year of a facility in the figures that engineers compare: PUE, TUE, WUE, hours, parts, heat."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from dcmodel.facility.design import Design
from dcmodel.facility.equipment import equipment, server_fan_share
from dcmodel.facility.model import design_peak, evaluate
from dcmodel.facility.weather import FacilityWeather

PARTS = ("it", "electrical_loss", "fan", "pump", "chiller", "heat_rejection", "auxiliary")
"""Parts of facility power, in the order they are shown."""
SOME = 1e-6
"""Shares of the heat below this are none. [1]"""


@dataclass(frozen=True)
class Performance:
    """Figures of a year at a load; energies and peaks are of the whole facility.

    Attributes
    ----------
    pue : float
        Facility energy over IT energy [1].
    tue : float
        Facility energy over the energy of what computes: PUE over one less the server fans [1].
    wue, wue_source : float
        Water on site over IT energy, and with that of generating the electricity [L kWh-1].
    peak_mw : float
        Highest power in the year at this load [MW].
    design_peak_mw : float
        Power at full IT load in the design hour: what a contract must carry [MW].
    mechanical_hours, free_cooling_hours : int
        Hours in which compressors carry heat, and in which they rest.
    mechanical_share : float
        Share of the year's heat carried by compressors, hours weighted alike [1].
    parts_mwh : dict
        Energy by part [MWh].
    water_m3 : float
    reuse_heat_mwh : float
        Heat that leaves at `reuse_temperature` in the warmest loop [MWh].
    reuse_temperature : float
        [degC]; NaN where the heat leaves with outside air.
    """

    pue: float
    tue: float
    wue: float
    wue_source: float
    peak_mw: float
    design_peak_mw: float
    mechanical_hours: int
    free_cooling_hours: int
    mechanical_share: float
    parts_mwh: dict[str, float]
    water_m3: float
    reuse_heat_mwh: float
    reuse_temperature: float

    def as_dict(self) -> dict[str, object]:
        """Return the figures by name, for tables and JSON."""
        return asdict(self)


EULER_GAMMA = 0.5772156649015329


def return_level(yearly_maxima: npt.ArrayLike, years: float) -> float:
    r"""Return what the highest value of a year exceeds once in so many years on average.

    Parameters
    ----------
    yearly_maxima : array_like, shape (n,)
        Highest value of each year, two years or more.
    years : float
        Return period, above one year [years].

    Returns
    -------
    float
        In the unit of the maxima.

    Notes
    -----
    Gumbel distribution by the method of moments: with mean :math:`\mu` and standard deviation
    :math:`s` of the maxima,
    :math:`x_n = \mu - s \frac{\sqrt{6}}{\pi} (\gamma + \ln\ln\frac{n}{n-1})`.
    """
    maxima = np.asarray(yearly_maxima, dtype=float)
    if maxima.size < 2 or years <= 1:
        msg = f"needs two years or more and a period above 1; found {maxima.size} and {years:g}"
        raise ValueError(msg)
    spread = maxima.std(ddof=1) * np.sqrt(6) / np.pi
    return float(maxima.mean() - spread * (EULER_GAMMA + np.log(np.log(years / (years - 1)))))


def performance(
    design: Design,
    weather: FacilityWeather,
    load: npt.ArrayLike,
    it_mw: float = 1.0,
    grid_water: float | None = None,
) -> Performance:
    """Return the figures of a year.

    Parameters
    ----------
    design : Design
    weather : FacilityWeather
        A year, shape (8760,).
    load : array_like, shape (8760,) or a number
        IT power over installed IT [1].
    it_mw : float
        Installed IT [MW].
    grid_water : float, optional
        Water of generation [L kWh-1]; default ``water_grid`` of the library.
    """
    state = evaluate(design, weather, load)
    it = float(state.it.sum())
    facility = float(state.facility_power.sum())
    water = float(state.water.sum())
    pue = facility / it if it > 0 else np.nan
    names = design.parameters
    liquid = design["liquid_fraction"] if "liquid_fraction" in names else 0.0
    intensity = equipment("water_grid") if grid_water is None else grid_water
    mechanical = np.broadcast_to(state.mechanical_fraction, state.it.shape)
    parts = {name: it_mw * float(getattr(state, name).sum()) for name in PARTS}
    share, temperature = design.architecture.reuse(design)
    return Performance(
        pue=pue,
        tue=pue / (1.0 - server_fan_share(liquid)),
        wue=water / it if it > 0 else np.nan,
        wue_source=water / it + pue * intensity if it > 0 else np.nan,
        peak_mw=it_mw * float(state.facility_power.max()),
        design_peak_mw=it_mw * design_peak(design, weather),
        mechanical_hours=int((mechanical > SOME).sum()),
        free_cooling_hours=int((mechanical <= SOME).sum()),
        mechanical_share=float(mechanical.mean()),
        parts_mwh=parts,
        water_m3=it_mw * water,
        reuse_heat_mwh=it_mw * share * it,
        reuse_temperature=temperature,
    )
