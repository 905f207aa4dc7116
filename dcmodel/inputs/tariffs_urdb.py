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

_PER_KILO = 1000.0
_PERCENT = 100.0
_OPEN = 1e30
"""A tier's limit from here on is none."""
_REFUSED = {
    "mincharge": "a least bill",
    "minmonthlycharge": "a least monthly bill",
    "annualmincharge": "a least yearly bill",
    "coincidentratestructure": "coincident charges by schedule",
    "demandratchetpercentage": "a ratchet by month",
    "demandreactivepowercharge": "reactive power",
}
"""Fields of the database that no form of a bill here stands for."""


def read_urdb(path: Path, currency: str | None = None) -> UserTariff:
    """Read one rate of the database.

    Parameters
    ----------
    path : Path
        JSON of a rate, or of ``{"items": [rate]}``.
    currency : str, optional
        Refused unless USD.

    Raises
    ------
    DataError
        With file and line of everything that is wrong or cannot be billed.
    """
    loaded = load_yaml(path, error=DataError)
    refuse_other_currency("USD", currency, loaded.where())
    rate, at = _the_rate(loaded)
    reader = _Reader(loaded, rate, at)
    charges = [*reader.fixed(), *reader.energy(), *reader.flat_demand(), *reader.period_demand()]
    reader.refuse_unknown()
    if not charges and not reader.faults:
        reader.fault((), "holds no energy, demand or fixed charge; is it a URDB rate?")
    if reader.faults:
        raise DataError(reader.faults)
    name = " ".join(str(rate[key]) for key in ("utility", "name") if rate.get(key))
    return UserTariff(name or path.stem, "USD", tuple(charges), loaded)


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
    """Charges of one rate, and the faults met on the way."""

    def __init__(self, loaded: YamlFile, rate: dict[str, Any], at: tuple[Hashable, ...]) -> None:
        self.loaded, self.rate, self.at = loaded, rate, at
        self.faults: list[Fault] = []

    def fault(self, keys: tuple[Hashable, ...], message: str) -> None:
        """File a fault at some keys of the rate."""
        self.faults.append(Fault(self.loaded.where((*self.at, *keys)), message))

    def where(self, key: str) -> str:
        """Return the place of a key."""
        return self.loaded.where((*self.at, key))

    def refuse_unknown(self) -> None:
        """File a fault for every field that would change the bill and is not understood."""
        for key, words in _REFUSED.items():
            value = self.rate.get(key)
            if np.any(np.asarray(_numbers(value)) != 0):
                self.fault((key,), f"{key}: {words} cannot be billed; remove it to leave it out")

    def fixed(self) -> list[Charge]:
        """Return the standing charge."""
        value = float(self.rate.get("fixedchargefirstmeter") or 0.0)
        units = str(self.rate.get("fixedchargeunits") or "$/month")
        keys = {
            "$/month": ("month", 1.0),
            "$/day": ("day", 1.0),
            "$/year": ("month", 1 / MONTHS_PER_YEAR),
        }
        if not value:
            return []
        if units not in keys:
            allowed = ", ".join(keys)
            self.fault(("fixedchargeunits",), f"found '{units}'; allowed are {allowed}")
            return []
        unit, factor = keys[units]
        fields = {"name": "fixed", f"charge_usd_per_{unit}": value * factor}
        return [Charge("fixed_charge", fields, self.where("fixedchargefirstmeter"))]

    def energy(self) -> list[Charge]:
        """Return energy by period, and by tier where a period has several."""
        tiers = self._tiers("energyratestructure", "kWh")
        if not tiers:
            return []
        calendar = self._calendar("energyweekdayschedule", "energyweekendschedule", len(tiers))
        if calendar is None:
            return []
        where = self.where("energyratestructure")
        used = [int(name.removeprefix("period ")) for name in calendar.periods]
        if all(len(tiers[k][0]) == 0 for k in used):
            prices = {f"period {k}": tiers[k][1][0] for k in used}
            fields = {"calendar": calendar, "price_usd_per_mwh": prices, "on": "metered"}
            return [Charge("time_of_use_energy", {"name": "energy", **fields}, where)]
        return [self._tiered_energy(calendar, k, tiers[k], len(used) > 1, where) for k in used]

    @staticmethod
    def _tiered_energy(
        calendar: TimeOfUse,
        k: int,
        tier: tuple[list[float], list[float]],
        several: bool,
        where: str,
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
        where, key = self.where("flatdemandstructure"), "flatdemandmonths"
        months: list[int] = self.rate.get(key) or []
        if not _is_schedule(months, (MONTHS_PER_YEAR,), len(tiers)):
            self.fault((key,), f"{key}: give the period, 0 to {len(tiers) - 1}, of 12 months")
            return []
        lookback = self._lookback()
        used = sorted(set(months))
        if lookback and (len(used) > 1 or tiers[used[0]][0]):
            self.fault(("lookbackPercent",), "a look-back beside seasons or tiers cannot be billed")
        elif lookback:
            fields = {"name": "demand", "rate_usd_per_mw_month": tiers[used[0]][1][0], **lookback}
            return [Charge("ratchet_demand", fields, where)]
        if all(not tiers[k][0] for k in used):
            seasons = {f"period {k}": [i + 1 for i, m in enumerate(months) if m == k] for k in used}
            rates = {f"period {k}": tiers[k][1][0] for k in used}
            fields = {"name": "demand", "seasons": seasons, "rate_usd_per_mw_month": rates}
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

    def _lookback(self) -> dict[str, Any]:
        """Return the fields of a ratchet, empty where the rate has none."""
        share = float(self.rate.get("lookbackPercent") or 0.0) / _PERCENT
        if not share:
            return {}
        months = self.rate.get("lookbackMonths") or []
        named = [i + 1 for i, flag in enumerate(months) if flag]
        span = int(self.rate.get("lookbackRange") or 0)
        return {"share": share, "lookback_months": span or MONTHS_PER_YEAR - 1, "months": named}

    def period_demand(self) -> list[Charge]:
        """Return the charge on the peak of each period, by tier where it has several."""
        tiers = self._tiers("demandratestructure", "kW")
        if not tiers:
            return []
        calendar = self._calendar("demandweekdayschedule", "demandweekendschedule", len(tiers))
        if calendar is None:
            return []
        where = self.where("demandratestructure")
        if self._lookback() and not self.rate.get("flatdemandstructure"):
            self.fault(("lookbackPercent",), "a look-back on periods cannot be billed")
        used = [int(name.removeprefix("period ")) for name in calendar.periods]
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

    def _tiers(self, key: str, unit: str) -> list[tuple[list[float], list[float]]]:
        """Return limits [MW or MWh] and prices per MW or MWh of each period of a structure."""
        structure = self.rate.get(key)
        if not structure:
            return []
        if not isinstance(structure, list):
            self.fault((key,), f"{key}: a list of periods is expected")
            return []
        found = []
        for k, period in enumerate(structure):
            limits: list[float] = []
            prices: list[float] = []
            for j, tier in enumerate(period):
                place = (key, k, j)
                if tier.get("unit", unit) != unit:
                    text = f"tiers counted in {tier['unit']} cannot be billed; in {unit} they can"
                    self.fault((*place, "unit"), text)
                prices.append((float(tier.get("rate", 0)) + float(tier.get("adj", 0))) * _PER_KILO)
                limit = float(tier.get("max", _OPEN))
                last = j == len(period) - 1
                if not last:
                    if limit / _PER_KILO <= (limits[-1] if limits else 0.0):
                        self.fault((*place, "max"), f"found {limit:g}; limits of tiers rise")
                    limits.append(limit / _PER_KILO)
            found.append((limits, prices))
        return found

    def _calendar(self, weekday: str, weekend: str, count: int) -> TimeOfUse | None:
        """Return the calendar of two schedules, 12 months by 24 hours each."""
        tables = []
        for key in (weekday, weekend):
            schedule = self.rate.get(key)
            if not _is_schedule(schedule, (MONTHS_PER_YEAR, HOURS_PER_DAY), count):
                text = f"{key}: give the period, 0 to {count - 1}, of 12 months by 24 hours"
                self.fault((key,), text)
                return None
            tables.append(np.asarray(schedule))
        periods = np.stack([tables[0], tables[1], tables[1]], axis=1)
        return calendar_of(np.char.add("period ", periods.astype(str)))


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
