"""Candidate sites: place, clock, market, connection by date and local prices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from dcmodel.base.errors import DataError, Fault, StudyError
from dcmodel.base.registry import nearest
from dcmodel.base.schema import Quantity, Spec
from dcmodel.base.timeindex import parse_zone
from dcmodel.base.yamlfile import load_yaml, validate
from dcmodel.inputs.library import named_file, names
from dcmodel.inputs.services import Months
from dcmodel.inputs.sourced import Figure, FigurePath

FloatArray = npt.NDArray[np.float64]


class FlexibleConnection(Spec):
    """Interruptible power beyond the firm connection: the grid may switch it off by the hour."""

    available_mw: FigurePath
    """Interruptible power from each year on; a stage holds until the next. [MW]"""
    hours_per_year: Figure
    """Hours of a year in which it may be switched off. [h]"""
    event_h: Figure
    """Length of an interruption. [h]"""
    months: Months | None = None
    """Months in which it may be switched off; all when left out."""
    cost_share: Figure
    """Connection cost of a MW over that of a firm one. [1]"""

    def available(self, years: Iterable[int]) -> FloatArray:
        """Return the interruptible power in each year [MW], shape (years,)."""
        return _staged(self.available_mw, years)


class Connection(Spec):
    """Grid power that a site can get, by date."""

    available_mw: FigurePath
    """Firm power from each year on; a stage holds until the next, and there is none before. [MW]"""
    flexible: FlexibleConnection | None = None
    """Interruptible power beyond it; None where the network offers none."""
    wait_years: Figure | None = None
    """Wait published for a new firm connection of 100 MW in the market, to compare with. [yr]"""

    @field_validator("available_mw")
    @classmethod
    def _grows(cls, value: FigurePath) -> FigurePath:
        if not value:
            msg = "is empty; give the power of at least one year"
            raise ValueError(msg)
        stages = [value[year].value for year in sorted(value)]
        if min(stages) < 0 or stages != sorted(stages):
            msg = f"found {stages} MW; power must not be negative and must not fall with the years"
            raise ValueError(msg)
        return value

    def available(self, years: Iterable[int]) -> FloatArray:
        """Return the firm power in each year [MW], shape (years,)."""
        return _staged(self.available_mw, years)


def _staged(path: FigurePath, years: Iterable[int]) -> FloatArray:
    """Return the value of the last stage in each year, 0 before the first."""
    stages = sorted(path)
    power = np.array([0.0, *(path[stage].value for stage in stages)])
    return np.asarray(power[np.searchsorted(stages, list(years), side="right")])


class Site(Spec):
    """A place where a data centre could stand.

    Figures given as plain numbers, as a study may do for a site of its own, count as set in the
    study: unverified, in money of the study's currency year.
    """

    key: str = ""
    """Name of the file; set when the library is read."""
    name: str
    """Name in tables and figures."""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    """ISO 3166 code."""
    latitude: Annotated[float, Field(ge=-90, le=90), Quantity("degree_north")]
    """Latitude, north positive. [degree]"""
    longitude: Annotated[float, Field(ge=-180, le=180), Quantity("degree_east")]
    """Longitude, east positive. [degree]"""
    elevation: Annotated[float, Field(ge=-430, le=6000), Quantity("m")]
    """Height above sea level. [m]"""
    location_source: str = ""
    """Where coordinates and elevation come from."""
    time_zone: str
    """IANA name, for example ``Europe/Berlin``."""
    jurisdiction: str
    """Legal area whose data rules apply."""
    market: str
    """Name of a market of the library."""
    weather_climate: str
    """Name of the climate in ``data/climate`` from which typical weather is made."""
    connection: Connection
    """Grid power by date."""
    connection_cost_usd_per_mw: Figure
    """Substation and line that the site pays, per MW contracted. [USD MW-1]"""
    water_price_usd_per_m3: Figure
    """Water with its disposal. [USD m-3]"""
    land_ha: Figure | None = None
    """Land of the campus. [ha]"""

    @field_validator("connection_cost_usd_per_mw", "water_price_usd_per_m3", "land_ha")
    @classmethod
    def _not_negative(cls, value: Figure | None) -> Figure | None:
        if (
            value is not None
            and min(value.value, value.value if value.low is None else value.low) < 0
        ):
            msg = f"found {value.value:g}; 0 or more is needed"
            raise ValueError(msg)
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_time_zone(cls, value: str) -> str:
        parse_zone(value)
        return value


def site_names() -> list[str]:
    """Return the names of the sites of the library, sorted."""
    return names("sites", ".yaml")


def site_definition(key: str) -> dict[str, Any]:
    """Return what the library's file says of a site, as plain data for a study to change."""
    return dict(load_yaml(named_file("sites", key, ".yaml", StudyError), error=DataError).data)


def load_site(key: str) -> Site:
    """Read a site of the library.

    Raises
    ------
    StudyError
        When the library has no such site; the message names the nearest.
    DataError
        When the file is damaged or names a market that the library has not.
    """
    loaded = load_yaml(named_file("sites", key, ".yaml", StudyError), error=DataError)
    site = validate(Site, loaded, data={**loaded.data, "key": key})
    markets = names("markets", ".yaml")
    if site.market not in markets:
        msg = f"market: found '{site.market}'{nearest(site.market, markets)} (known: "
        raise DataError(Fault(loaded.where(("market",), of="value"), f"{msg}{', '.join(markets)})"))
    return site
