"""Inference demand: classes of work to hourly arrivals of dynamic IT power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.paths import data_dir
from dcmodel.base.schema import Fraction, Hours, Spec
from dcmodel.base.timeindex import model_hours
from dcmodel.inputs.assumptions import between_years
from dcmodel.inputs.library import number, read_table, source_faults
from dcmodel.workload.classes import settings
from dcmodel.workload.fleet import Fleet
from dcmodel.workload.shapes import WeeklyShape, hourly_shape, region_time_zone

FloatArray = npt.NDArray[np.float64]

_SHARE_TOLERANCE = 1e-6
_MIX = ("work_class", "year", "share", "low", "high", "source", "provenance", "note")


class ClassOfWork(Protocol):
    """What the demand needs to know of a class; a study's own class fits too."""

    @property
    def share(self) -> float | None:
        """Share of the year's work [1]; None where the work is stated itself."""

    @property
    def shape(self) -> str | WeeklyShape:
        """Weekly shape of arrivals, by name or itself."""

    @property
    def region(self) -> str | None:
        """Where the users are."""


class WorkloadClass(Spec):
    """One class of inference work."""

    share: Fraction
    """Share of the year's work; the shares of all classes sum to one. [1]"""
    shape: str
    """Weekly shape of arrivals, a name of the library."""
    region: str | None = None
    """Where the users are: a region, an IANA zone, ``as_measured``; None is the site's own zone."""
    deferral_h: Hours = 0.0
    """Work may wait this long after its arrival; 0 is interactive. [h]"""


def hourly_arrivals(
    classes: Mapping[str, ClassOfWork],
    installed: Sequence[float] | FloatArray,
    years: Sequence[int],
    calendar_year: int,
    *,
    fleet: Fleet,
    site_time_zone: str,
    growth: float = 1.0,
    stated: Mapping[str, FloatArray] | None = None,
) -> FloatArray:
    r"""Return the work that arrives at a site, by class.

    Parameters
    ----------
    classes : mapping
        Classes of work by name; their shares sum to one.
    installed : array of shape (years,)
        Installed IT power of each year, :math:`S_y` [MW].
    years : sequence of int
        Model years.
    calendar_year : int
        Year of the reference calendar, whose hours serve all model years.
    fleet : Fleet
        Mean and largest use of the installed power.
    site_time_zone : str
        IANA zone of the site, for classes of local users.
    growth : float
        Factor on work from year to year inside a stage of constant installed power [1]. The stage
        begins at the mean utilisation of the fleet.
    stated : mapping, optional
        Mean work of each year by class, shape (years,) [MW of dynamic IT power]: all classes or
        none. Shares and the mean utilisation of the fleet then have no part.

    Returns
    -------
    array of shape (classes, years, 8760)
        Dynamic IT work arriving, mean over the hour [MW].

    Raises
    ------
    StudyError
        When shares do not sum to one, or arrivals exceed what the fleet may serve in an hour.

    Notes
    -----
    With share :math:`\sigma_k`, shape :math:`f_{kt}` of mean one, mean utilisation :math:`\bar u`
    and :math:`a_y` years since the stage began,

    .. math:: A_{kyt} = \sigma_k\, f_{kt}\, \bar u\, g^{a_y} S_y .

    The peak of the sum must stay within the largest utilisation as it arrives, so that a site
    without any shifting serves it; shifting then is a choice and never a need.
    """
    power = np.asarray(installed, dtype=float)
    if stated is None:
        age = years_in_stage(power, years)
        shares = _shares(classes)
        mean_work = shares[:, None] * (fleet.mean_utilisation * growth**age * power)
    else:
        mean_work = np.array([stated[name] for name in classes], dtype=float)
    shapes = np.array([_shape_of(work, calendar_year, site_time_zone) for work in classes.values()])
    _check_peak(mean_work, shapes, power, years, calendar_year, fleet, stated is not None)
    return np.asarray(mean_work[:, :, None] * shapes[:, None, :])


def _shares(classes: Mapping[str, ClassOfWork]) -> FloatArray:
    """Return the shares of all classes; refuse those that do not sum to one."""
    shares = {name: work.share or 0.0 for name, work in classes.items()}
    total = sum(shares.values())
    if abs(total - 1) > _SHARE_TOLERANCE:
        listed = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        msg = f"shares sum to {total:g} ({listed}); they must sum to 1"
        raise StudyError(Fault("workloads", msg))
    return np.array(list(shares.values()))


def years_in_stage(installed: FloatArray, years: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return years since the installed power last changed, shape (years,)."""
    changed = np.concatenate([[True], np.diff(installed) != 0])
    start = np.asarray(years)[np.maximum.accumulate(np.where(changed, np.arange(len(years)), 0))]
    return np.asarray(np.asarray(years) - start, dtype=np.int64)


def inference_mix(year: int) -> dict[str, WorkloadClass]:
    """Return the library's mix of inference work in a year, by class.

    The shares are judgement, linear between 2025 and 2030; no public measurement exists. Shape and
    deadline are those of the library's classes (`dcmodel.workload.classes`).
    """
    faults: list[Fault] = []
    shares: dict[str, dict[int, float]] = {}
    for row in read_table(data_dir() / "workloads.csv", _MIX):
        faults += source_faults(row)
        when = int(number(row, "year", faults))
        shares.setdefault(row["work_class"], {})[when] = number(row, "share", faults)
    if faults:
        raise DataError(faults)
    mix = {}
    for name, points in shares.items():
        own = settings(name)
        mix[name] = WorkloadClass(
            share=float(between_years(points, [year], "data/workloads.csv", name)[0]),
            shape=own["shape"],
            deferral_h=own.get("deferral_h", 0.0),
        )
    return mix


def _shape_of(work: ClassOfWork, calendar_year: int, site_time_zone: str) -> FloatArray:
    return hourly_shape(work.shape, calendar_year, region_time_zone(work.region, site_time_zone))


def _check_peak(
    mean_work: FloatArray,
    shapes: FloatArray,
    installed: FloatArray,
    years: Sequence[int],
    calendar_year: int,
    fleet: Fleet,
    is_stated: bool,
) -> None:
    """Refuse arrivals that the installed fleet could not serve in the hour they arrive."""
    faults = []
    for y, (year, power) in enumerate(zip(years, installed, strict=True)):
        work = mean_work[:, y] @ shapes
        peak, mean, hour = float(work.max()), float(mean_work[:, y].sum()), int(work.argmax())
        allowed = fleet.utilisation_max * power
        if peak > allowed * (1 + _SHARE_TOLERANCE):
            possible = np.floor(1000 * fleet.mean_utilisation * allowed / peak) / 1000
            advice = (
                "install more IT, or state less work"
                if is_stated
                else f"lower mean_utilisation to {possible:g} or less, install more IT, or mix in "
                "flatter work"
            )
            msg = (
                f"work peaks at {peak:.4g} MW ({model_hours(calendar_year)[hour]:%a %d %b %H:%M} "
                f"UTC), {peak / mean:.3g} times its mean of {mean:.4g} MW; {power:g} MW of IT may "
                f"serve {allowed:.4g} MW (utilisation_max {fleet.utilisation_max:g}); {advice}"
            )
            faults.append(Fault(f"workloads, {year}", msg))
    if faults:
        raise StudyError(faults)
