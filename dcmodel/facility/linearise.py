r"""Hourly affine facility for the optimiser, and how far it is from the physics.

.. math:: P^{fac}_t = a_t P^{IT}_t + c_t S, \qquad W_t = b_t P^{IT}_t + d_t S

with installed IT :math:`S`. The slope is the secant of the physics over the operating load plus and
minus a half width; the fixed part makes the line exact *at* the operating load. So when the optimum
lies where the lines were drawn, its yearly energy is that of the physics; when it does not, draw
them again at the optimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from dcmodel.facility.design import Design
from dcmodel.facility.model import evaluate
from dcmodel.facility.psychrometrics import Array, Numeric
from dcmodel.facility.weather import FacilityWeather


@dataclass(frozen=True, eq=False)
class AffineFacility:
    """Hourly affine coefficients, all of shape (..., T).

    Parameters
    ----------
    power_slope : ndarray
        Facility power per IT power at the margin [MW MW-1]; never negative.
    power_fixed : ndarray
        Facility power per installed IT [MW MW-1]; negative for cube-law plant.
    water_slope : ndarray
        Water per IT power at the margin [m3 MWh-1]; never negative.
    water_fixed : ndarray
        Water per installed IT [m3 h-1 MW-1].
    """

    power_slope: Array
    power_fixed: Array
    water_slope: Array
    water_fixed: Array

    def power(self, load: Numeric) -> Array:
        """Facility power [MW per MW of installed IT] at a load [1]."""
        return np.asarray(self.power_slope * load + self.power_fixed)

    def water(self, load: Numeric) -> Array:
        """Water [m3 h-1 per MW of installed IT] at a load [1]."""
        return np.asarray(self.water_slope * load + self.water_fixed)


@dataclass(frozen=True, eq=False)
class LinearisationError:
    """Affine minus physics at a given load, one value per leading index of the load.

    Parameters
    ----------
    energy : ndarray
        Yearly facility energy, relative [1].
    water : ndarray
        Yearly water, relative; zero where there is none [1].
    hourly_p99, hourly_max : ndarray
        Facility power of the hour, relative and absolute in sign: 99th percentile and highest [1].
    """

    energy: Array
    water: Array
    hourly_p99: Array
    hourly_max: Array

    def within(self, tolerance: float) -> bool:
        """Whether every year's energy agrees to `tolerance` [1]."""
        return bool(np.all(np.abs(self.energy) <= tolerance))


def linearise(
    design: Design,
    weather: FacilityWeather,
    load: npt.ArrayLike,
    half_width: float = 0.1,
    span: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
) -> AffineFacility:
    """Affine coefficients around an operating load.

    Parameters
    ----------
    design : Design
    weather : FacilityWeather
        Arrays of shape (T,).
    load : array_like, shape (..., T), or a number
        Operating load: IT power over installed IT [1].
    half_width : float
        Secant from ``load - half_width`` to ``load + half_width``, cut at 0 and 1 [1]. Wide enough
        to bridge the steps of chiller staging, narrow enough to follow the margin.
    span : pair of array_like, optional
        Lowest and highest load that each hour may take: the secant from one to the other, in place
        of the half width. With the slopes of a span, drawing again at another load moves the fixed
        part alone, so an optimiser's choice among hours stays what it was.

    Returns
    -------
    AffineFacility
        Coefficients of the broadcast shape; exact at `load`.
    """
    if not 0.0 < half_width <= 1.0:
        msg = f"half_width must lie in (0, 1]; found {half_width}"
        raise ValueError(msg)
    shape = np.broadcast_shapes(np.shape(load), weather.temp_air.shape)
    centre = np.broadcast_to(np.clip(load, 0.0, 1.0), shape)
    low, high = _secant_ends(centre, half_width, span)
    at, below, above = (evaluate(design, weather, point) for point in (centre, low, high))
    power_slope = np.maximum((above.facility_power - below.facility_power) / (high - low), 0.0)
    water_slope = np.maximum((above.water - below.water) / (high - low), 0.0)
    return AffineFacility(
        power_slope=power_slope,
        power_fixed=at.facility_power - power_slope * centre,
        water_slope=water_slope,
        water_fixed=at.water - water_slope * centre,
    )


def _secant_ends(
    centre: Array, half_width: float, span: tuple[npt.ArrayLike, npt.ArrayLike] | None
) -> tuple[Array, Array]:
    """Return the loads between which the slope is taken, at least the half width apart."""
    if span is None:
        return np.clip(centre - half_width, 0.0, 1.0), np.clip(centre + half_width, 0.0, 1.0)
    low, high = (np.broadcast_to(np.clip(end, 0.0, 1.0), centre.shape) for end in span)
    too_close = high - low < half_width
    middle = 0.5 * (low + high)
    return (
        np.where(too_close, np.clip(middle - half_width, 0.0, 1.0), low),
        np.where(too_close, np.clip(middle + half_width, 0.0, 1.0), high),
    )


def linearisation_error(
    coefficients: AffineFacility,
    design: Design,
    weather: FacilityWeather,
    load: npt.ArrayLike,
    duration: npt.ArrayLike = 1.0,
) -> LinearisationError:
    """Compare the affine facility with the full physics at a load.

    Parameters
    ----------
    coefficients : AffineFacility
    design : Design
    weather : FacilityWeather
        Arrays of shape (T,).
    load : array_like, shape (..., T) or a number
        Load to compare at, for example the optimum [1].
    duration : array_like, shape (T,)
        Length of each step [h].

    Returns
    -------
    LinearisationError
    """
    state = evaluate(design, weather, load)
    hours = np.broadcast_to(np.asarray(duration, dtype=float), weather.temp_air.shape)
    gap = coefficients.power(state.it) - state.facility_power
    relative = np.abs(gap) / state.facility_power
    water = state.water @ hours
    water_gap = (coefficients.water(state.it) - state.water) @ hours
    return LinearisationError(
        energy=np.asarray(gap @ hours / (state.facility_power @ hours)),
        water=np.divide(water_gap, water, out=np.zeros_like(water), where=water > 0),
        hourly_p99=np.asarray(np.percentile(relative, 99, axis=-1)),
        hourly_max=np.asarray(relative.max(axis=-1)),
    )


LOADS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Loads at which convex pieces may touch the physics [1]."""


@dataclass(frozen=True, eq=False)
class ConvexFacility:
    """Hourly convex pieces: facility power is the largest of them; arrays (pieces, T).

    Parameters
    ----------
    slope : ndarray
        Facility power per IT power of each piece [MW MW-1].
    fixed : ndarray
        Facility power per installed IT of each piece [MW MW-1].
    """

    slope: Array
    fixed: Array

    def power(self, load: Numeric) -> Array:
        """Facility power [MW per MW of installed IT] at a load [1], shape (T,)."""
        return np.asarray((self.slope * np.asarray(load) + self.fixed).max(axis=0))


def linearise_convex(
    design: Design, weather: FacilityWeather, loads: tuple[float, ...] = LOADS
) -> ConvexFacility:
    """Three convex pieces of facility power in IT power, homogeneous in installed IT.

    Chords of the physics between four knots: between two knots a chord of a convex function lies
    above it, so a peak is never understated. The two inner knots are those of `loads` that keep the
    hour's largest error smallest, so that a kink (a floor of fans or pumps, one more machine) is
    met. Where the physics is slightly concave, slopes are made to rise from the full load
    downwards, which keeps the full load exact.

    Parameters
    ----------
    design : Design
    weather : FacilityWeather
        Arrays of shape (T,).
    loads : tuple of float
        Loads, rising, from which knots are taken; the ends are always knots [1].

    Returns
    -------
    ConvexFacility
        Arrays of shape (3, T).
    """
    at = np.array(loads)
    power = np.stack([evaluate(design, weather, load).facility_power for load in loads])
    best = np.full(power.shape[1], np.inf)
    slope, fixed = np.zeros((2, 3, power.shape[1]))
    for inner in combinations(range(1, len(loads) - 1), 2):
        pieces = _chords(at, power, (0, *inner, len(loads) - 1))
        error = np.max([np.abs(pieces.power(x) / p - 1) for x, p in zip(at, power, strict=True)], 0)
        better = error < best
        best = np.where(better, error, best)
        slope, fixed = np.where(better, pieces.slope, slope), np.where(better, pieces.fixed, fixed)
    return ConvexFacility(slope=slope, fixed=fixed)


def _chords(at: Array, power: Array, knots: tuple[int, ...]) -> ConvexFacility:
    """Return the chords between knots, their slopes rising with load, exact at the last knot."""
    ends = list(knots)
    slope = np.maximum(np.diff(power[ends], axis=0) / np.diff(at[ends])[:, None], 0.0)
    # from the top: no piece may be steeper than the one above it
    slope = np.minimum.accumulate(slope[::-1], axis=0)[::-1]
    drops = slope * np.diff(at[ends])[:, None]
    upper = power[-1] - np.cumsum(drops[::-1], axis=0)[::-1] + drops  # power at each upper knot
    return ConvexFacility(slope=slope, fixed=upper - slope * at[ends[1:]][:, None])
