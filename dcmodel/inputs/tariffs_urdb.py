"""Rates of the OpenEI Utility Rate Database (URDB), JSON as downloaded.

Prices of the database are in USD per kWh, per kW and month, or per day and month. What a bill here
cannot express is refused by name, never left out in silence.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.units import HOURS_PER_DAY, MONTHS_PER_YEAR
from dcmodel.base.yamlfile import YamlFile, load_yaml
from dcmodel.inputs.charges import Charge, UserTariff, refuse_other_currency
from dcmodel.inputs.time_of_use import TimeOfUse, calendar_of
from dcmodel.inputs.urdb_rate import UrdbRate

_PER_KILO = 1000.0
_PERCENT = 100.0
_LEAST_PERCENT = 10.0
"""A look-back above 1 is in per cent from here on; between 1 and this it is neither."""
_REFUSED = {
    "mincharge": "a least bill",
    "minmonthlycharge": "a least monthly bill",
    "annualmincharge": "a least yearly bill",
    "coincidentratestructure": "coincident charges by schedule",
    "demandratchetpercentage": "a ratchet by month",
    "demandreactivepowercharge": "reactive power",
}
"""Fields of the database that no form of a bill here stands for."""
_PARTS = ("rate", "adj")
_OPEN = 1e15
"""A last tier's limit from here on is none."""
_UNITS = {"flatdemandunit": "flatdemandstructure", "demandrateunit": "demandratestructure"}
"""Units of the demand charges, by the field that says them."""

_Tiers = tuple[list[float], list[float]]
"""Limits [MW or MWh] and prices per MW or MWh of the tiers of a period."""


def read_urdb(path: Path, currency: str | None = None) -> UserTariff:
    """Read one rate of the database.

    Parameters
    ----------
    path : Path
        JSON of a rate, or of ``{"items": [rate]}``. Names of fields are told apart by their
        letters, not by upper and lower case, which differ between versions of the database.
    currency : str, optional
        Refused unless USD.

    Raises
    ------
    DataError
        With file and line of everything that is wrong or cannot be billed.
    """
    loaded = load_yaml(path, error=DataError)
    refuse_other_currency("USD", currency, loaded.where())
    reader = _Reader(UrdbRate(loaded, *_the_rate(loaded)))
    rate = reader.rate
    charges = [*reader.fixed(), *reader.energy(), *reader.flat_demand(), *reader.period_demand()]
    reader.refuse_unknown()
    if not charges and not rate.faults:
        rate.fault((), "holds no energy, demand or fixed charge; is it a URDB rate?")
    if rate.faults:
        raise DataError(rate.faults)
    name = " ".join(str(rate.get(key)) for key in ("utility", "name") if rate.get(key))
    notes = tuple(dict.fromkeys(rate.notes))
    return UserTariff(name or path.stem, "USD", tuple(charges), loaded, notes)


def _the_rate(loaded: YamlFile) -> tuple[dict[str, Any], tuple[Hashable, ...]]:
    items = loaded.data.get("items")
    if items is None:
        return loaded.data, ()
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], dict):
        count = len(items) if isinstance(items, list) else 0
        msg = f"holds {count} rates; keep the one to be billed"
        raise DataError(Fault(loaded.where(("items",)), msg))
    return items[0], ("items", 0)


class _Reader:
    """Charges of one rate."""

    def __init__(self, rate: UrdbRate) -> None:
        self.rate = rate

    def refuse_unknown(self) -> None:
        """File a fault for every field that would change the bill and is not understood."""
        for key, words in _REFUSED.items():
            if any(number != 0 for number in _numbers(self.rate.get(key))):
                msg = f"{key}: {words} cannot be billed; remove it to leave it out"
                self.rate.fault((key,), msg)
        for key, structure in _UNITS.items():
            unit = str(self.rate.get(key) or "kW")
            if unit.lower() != "kw" and self.rate.get(structure):
                msg = f"{key}: found '{unit}'; a load in kW can be billed per kW alone"
                self.rate.fault((key,), msg)
        if window := self.rate.number("demandwindow"):
            self.rate.notes.append(
                f"demandwindow is {window:g} minutes; demand is billed by the readings as they are"
            )

    def fixed(self) -> list[Charge]:
        """Return the standing charge."""
        monthly = self.rate.number("fixedmonthlycharge")
        value = self.rate.number("fixedchargefirstmeter")
        units = str(self.rate.get("fixedchargeunits") or "$/month")
        keys = {
            "$/month": ("month", 1.0),
            "$/day": ("day", 1.0),
            "$/year": ("month", 1 / MONTHS_PER_YEAR),
        }
        if monthly and value:
            msg = "fixedmonthlycharge: stands beside fixedchargefirstmeter; keep one"
            self.rate.fault(("fixedmonthlycharge",), msg)
            return []
        if monthly:
            fields: dict[str, Any] = {"name": "fixed", "charge_usd_per_month": monthly}
            return [Charge("fixed_charge", fields, self.rate.where("fixedmonthlycharge"))]
        if not value:
            return []
        if units not in keys:
            allowed = ", ".join(keys)
            self.rate.fault(("fixedchargeunits",), f"found '{units}'; allowed are {allowed}")
            return []
        unit, factor = keys[units]
        fields = {"name": "fixed", f"charge_usd_per_{unit}": value * factor}
        return [Charge("fixed_charge", fields, self.rate.where("fixedchargefirstmeter"))]

    def energy(self) -> list[Charge]:
        """Return energy by period, and by tier where a period has several."""
        tiers = self._tiers("energyratestructure", "kWh")
        if not tiers:
            return []
        calendar = self._calendar("energyweekdayschedule", "energyweekendschedule", len(tiers))
        if calendar is None:
            return []
        where = self.rate.where("energyratestructure")
        used = [int(name.removeprefix("period ")) for name in calendar.periods]
        if all(len(tiers[k][0]) == 0 for k in used):
            prices = {f"period {k}": tiers[k][1][0] for k in used}
            fields = {"calendar": calendar, "price_usd_per_mwh": prices, "on": "metered"}
            return [Charge("time_of_use_energy", {"name": "energy", **fields}, where)]
        if len(used) > 1:
            self.rate.notes.append("tiers of energy count the energy of each period by itself")
        return [self._tiered_energy(calendar, k, tiers[k], len(used) > 1, where) for k in used]

    @staticmethod
    def _tiered_energy(
        calendar: TimeOfUse, k: int, tier: _Tiers, several: bool, where: str
    ) -> Charge:
        limits, prices = tier
        fields: dict[str, Any] = {"name": f"energy {k}", "on": "metered"}
        fields |= {"limits_mwh": limits, "prices_usd_per_mwh": prices}
        if several:
            fields |= {"calendar": calendar, "period": f"period {k}"}
        return Charge("tiered_energy", fields, where)

    def flat_demand(self) -> list[Charge]:
        """Return the charge on the monthly peak, by season or tier, with its look-back."""
        tiers = self._tiers("flatdemandstructure", "kW")
        if not tiers:
            return []
        where, key = self.rate.where("flatdemandstructure"), "flatdemandmonths"
        months: list[int] = self.rate.get(key) or []
        if not _is_schedule(months, (MONTHS_PER_YEAR,), len(tiers)):
            msg = f"{key}: give the period, 0 to {len(tiers) - 1}, of 12 months"
            self.rate.fault((key,), msg)
            return []
        lookback = lookback_of(self.rate)
        used = sorted(set(months))
        if lookback and any(tiers[k][0] for k in used):
            self.rate.fault(("lookbackpercent",), "a look-back beside tiers cannot be billed")
            return []
        if lookback:
            rates = {"by_month": [tiers[k][1][0] for k in months]}
            fields = {"name": "demand", "rate_usd_per_mw_month": rates, **lookback}
            return [Charge("ratchet_demand", fields, where)]
        if all(not tiers[k][0] for k in used):
            seasons = {f"period {k}": [i + 1 for i, m in enumerate(months) if m == k] for k in used}
            prices = {f"period {k}": tiers[k][1][0] for k in used}
            fields = {"name": "demand", "seasons": seasons, "rate_usd_per_mw_month": prices}
            return [Charge("seasonal_demand", fields, where)]
        return [
            Charge(
                "tiered_demand",
                {
                    "name": f"demand {k}",
                    "limits_mw": tiers[k][0],
                    "rates_usd_per_mw_month": tiers[k][1],
                    "months": [i + 1 for i, m in enumerate(months) if m == k],
                },
                where,
            )
            for k in used
        ]

    def period_demand(self) -> list[Charge]:
        """Return the charge on the peak of each period, by tier where it has several."""
        tiers = self._tiers("demandratestructure", "kW")
        if not tiers:
            return []
        calendar = self._calendar("demandweekdayschedule", "demandweekendschedule", len(tiers))
        if calendar is None:
            return []
        where = self.rate.where("demandratestructure")
        used = [int(name.removeprefix("period ")) for name in calendar.periods]
        charged = any(any(tiers[k][1]) for k in used)
        if charged and lookback_of(self.rate):
            if not self.rate.get("flatdemandstructure"):
                self.rate.fault(("lookbackpercent",), "a look-back on periods cannot be billed")
            msg = "the look-back holds for flatdemandstructure, not for the peaks of periods"
            self.rate.notes.append(msg)
        if all(not tiers[k][0] for k in used):
            rates = {f"period {k}": tiers[k][1][0] for k in used}
            fields = {"name": "demand by period", "calendar": calendar}
            return [Charge("time_of_use_demand", fields | {"rate_usd_per_mw_month": rates}, where)]
        return [
            Charge(
                "tiered_demand",
                {
                    "name": f"demand by period {k}",
                    "limits_mw": tiers[k][0],
                    "rates_usd_per_mw_month": tiers[k][1],
                    "calendar": calendar,
                    "period": f"period {k}",
                },
                where,
            )
            for k in used
        ]

    def _tiers(self, key: str, unit: str) -> list[_Tiers]:
        """Return limits [MW or MWh] and prices per MW or MWh of each period of a structure."""
        structure = self.rate.get(key)
        if not structure:
            return []
        if not isinstance(structure, list):
            self.rate.fault((key,), f"{key}: a list of periods is expected")
            return []
        return [self._period(key, k, period, unit) for k, period in enumerate(structure)]

    def _period(self, key: str, k: int, period: Any, unit: str) -> _Tiers:
        """Return the tiers of one period; a fault is filed for each that is none."""
        limits: list[float] = []
        prices: list[float] = []
        if not isinstance(period, list) or not period:
            text = f"{key}: found {str(period)[:60]}; a period is a list of tiers, [{{rate: ...}}]"
            self.rate.fault((key, k), text)
            return [], [0.0]
        for j, tier in enumerate(period):
            place = (key, k, j)
            if not isinstance(tier, dict):
                self.rate.fault(place, f"{key}: found {str(tier)[:60]}; a tier is {{rate: ...}}")
                return [], [0.0]
            if (tier.get("unit") or unit) != unit:
                text = f"tiers counted in {tier['unit']} cannot be billed; in {unit} they can"
                self.rate.fault((*place, "unit"), text)
            if tier.get("sell"):
                self.rate.notes.append("prices of sale are left out: a load has no export")
            rate, adjustment = (self.rate.checked((*place, name), tier, name) for name in _PARTS)
            prices.append((rate + adjustment) * _PER_KILO)
            limit = self._limit(place, tier)
            if j < len(period) - 1:
                below = limits[-1] if limits else 0.0
                limit = np.inf if limit is None else limit
                if limit / _PER_KILO <= below or not np.isfinite(limit):
                    self.rate.fault((*place, "max"), f"found {limit:g}; limits of tiers rise")
                limits.append(limit / _PER_KILO)
            elif limit is not None and limit < _OPEN:
                text = f"{key}: the last tier ends at {limit:g} {unit}; its price goes on above"
                self.rate.notes.append(text)
        return limits, prices

    def _limit(self, place: tuple[Any, ...], tier: dict[str, Any]) -> float | None:
        """Return the upper end of a tier in its own unit, None where it is open."""
        value = tier.get("max")
        if value is None or (isinstance(value, int | float) and value >= _OPEN):
            return None
        return self.rate.checked((*place, "max"), tier, "max", None)

    def _calendar(self, weekday: str, weekend: str, count: int) -> TimeOfUse | None:
        """Return the calendar of two schedules, 12 months by 24 hours each."""
        tables = []
        for key in (weekday, weekend):
            schedule = self.rate.get(key)
            if not _is_schedule(schedule, (MONTHS_PER_YEAR, HOURS_PER_DAY), count):
                text = f"{key}: give the period, 0 to {count - 1}, of 12 months by 24 hours"
                self.rate.fault((key,), text)
                return None
            tables.append(np.asarray(schedule))
        periods = np.stack([tables[0], tables[1], tables[1]], axis=1)
        return calendar_of(np.char.add("period ", periods.astype(str)))


def lookback_of(rate: UrdbRate) -> dict[str, Any]:
    """Return the fields of a ratchet, empty where the rate has none."""
    months, span = _lookback_months(rate), _lookback_range(rate)
    if rate.get("lookbackpercent") is None and (months or span):
        key = "lookbackmonths" if months else "lookbackrange"
        rate.fault((key,), f"{rate.spelled(key)}: a look-back needs its share, lookbackPercent")
        return {}
    share = _lookback_share(rate)
    if not share:
        return {}
    if span and span < MONTHS_PER_YEAR - 1 and 0 < len(months) < MONTHS_PER_YEAR:
        msg = "found months beside lookbackRange; the database gives one of the two"
        rate.fault(("lookbackmonths",), msg)
    if not (months or span):
        rate.notes.append("the look-back names no months; those of the 11 months before count")
    named = [] if len(months) == MONTHS_PER_YEAR else months
    return {"share": share, "lookback_months": span or MONTHS_PER_YEAR - 1, "months": named}


def _lookback_share(rate: UrdbRate) -> float:
    """Return the share of earlier peaks: a fraction in the database, per cent in some files."""
    key = "lookbackpercent"
    share = rate.number(key)
    if 0 <= share <= 1:
        return share
    if _LEAST_PERCENT <= share <= _PERCENT:
        share /= _PERCENT
        rate.notes.append(f"{rate.spelled(key)} is above 1; it is taken as {share:.4g} of the peak")
        return share
    msg = f"{rate.spelled(key)}: found {share:g}; give a fraction from 0 to 1 (0.8 is 80 %)"
    rate.fault((key,), msg)
    return 0.0


def _lookback_months(rate: UrdbRate) -> list[int]:
    """Return the months, 1 to 12, whose flag is set."""
    key = "lookbackmonths"
    flags = rate.get(key) or []
    fits = isinstance(flags, list) and len(flags) in (0, MONTHS_PER_YEAR)
    if not fits or any(flag not in (0, 1) for flag in flags):
        rate.fault((key,), f"{rate.spelled(key)}: give true or false for each of 12 months")
        return []
    return [i + 1 for i, flag in enumerate(flags) if flag]


def _lookback_range(rate: UrdbRate) -> int:
    """Return how many months before count; 0 where that is not said."""
    key = "lookbackrange"
    span = rate.number(key)
    if span != int(span) or not 0 <= span <= MONTHS_PER_YEAR:
        rate.fault((key,), f"{rate.spelled(key)}: found {span:g}; give whole months, 0 to 12")
        return 0
    return int(span)


def _numbers(value: Any) -> list[float]:
    """Return the numbers of a field, however deep they stand; 1 for what is no number."""
    if value is None or value == "":
        return [0.0]
    if isinstance(value, dict):
        return [n for item in value.values() for n in _numbers(item)] or [0.0]
    if isinstance(value, list):
        return [n for item in value for n in _numbers(item)] or [0.0]
    return [float(value)] if isinstance(value, int | float) else [1.0]


def _is_schedule(value: Any, shape: tuple[int, ...], count: int) -> bool:
    """Return whether a value is an array of whole numbers from 0 to below `count`."""
    try:
        found = np.asarray(value)
    except ValueError:
        return False
    whole = found.shape == shape and found.dtype.kind == "i"
    return bool(whole and (found >= 0).all() and (found < count).all())
