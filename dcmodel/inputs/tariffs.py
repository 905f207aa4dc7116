"""Tariffs of users: a YAML file of charges, a table of time-of-use periods, or a URDB rate.

Readers return charges as plain fields of tariff forms, each with the place it was read from; what a
form means is known in ``dcmodel/markets`` alone. Money stays in the currency of the file.
How rates differ by month and year is told in `dcmodel.markets.rates`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.schema import Spec
from dcmodel.base.yamlfile import load_yaml, validate
from dcmodel.inputs.charges import Charge, UserTariff, refuse_other_currency
from dcmodel.inputs.tariffs_table import read_table_tariff
from dcmodel.inputs.tariffs_urdb import read_urdb

SCHEMA = "dcmodel/tariff-1"
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

_MONEY = re.compile(r"(?P<stem>.+)_(?P<currency>[a-z]{3})_per_(?P<unit>.+)")
_COUNTED = re.compile(r"_usd_per_|_mwh?$")
"""Fields that hold numbers in a unit."""
_PER_KILO = {"kw": "mw", "kwh": "mwh"}
_KILO = 1000.0


class _TariffFile(Spec):
    """A tariff file of a user."""

    schema_: Literal["dcmodel/tariff-1"] = Field(alias="schema")
    """Version of the tariff language."""
    name: str
    """Name of the tariff on the bill."""
    currency: Currency
    """ISO 4217 code of the money; it stands in the keys too: price_eur_per_mwh."""
    source: str = ""
    """Where the tariff was published."""
    note: str = ""
    """What to beware of."""
    charges: list[dict[str, Any]] = Field(min_length=1)
    """Charges: a form and its fields."""


def read_tariff(path: Path | str, currency: str | None = None) -> UserTariff:
    """Read a user's tariff: ``.yaml``, a time-of-use table ``.csv``, or URDB ``.json``.

    Parameters
    ----------
    path : Path or str
    currency : str, optional
        Currency of a file that does not state it; checked against one that does.

    Raises
    ------
    DataError
        When the file is damaged or contradicts itself.
    """
    path = Path(path)
    if path.suffix.lower() == ".csv":
        return read_table_tariff(path, currency)
    if path.suffix.lower() == ".json":
        return read_urdb(path, currency)
    return _read_yaml(path, currency)


def _read_yaml(path: Path, currency: str | None) -> UserTariff:
    loaded = load_yaml(path, error=DataError)
    tariff = validate(_TariffFile, loaded)
    refuse_other_currency(tariff.currency, currency, loaded.where(("currency",)))
    faults: list[Fault] = []
    charges = []
    for position, entry in enumerate(tariff.charges):
        at = ("charges", position)
        form = entry.get("form")
        if not isinstance(form, str):
            faults.append(Fault(loaded.where(at), "is no charge: 'form' names the kind of charge"))
            continue
        written: dict[str, str] = {}
        fields: dict[str, Any] = {}
        for key, value in entry.items():
            if key == "form":
                continue
            name, factor, money = canonical(str(key))
            if money is not None and money != tariff.currency:
                wanted = str(key).replace(f"_{money.lower()}_", f"_{tariff.currency.lower()}_")
                msg = (
                    f"is in {money}, but the file states currency {tariff.currency}; write "
                    f"'{wanted}', or correct the currency"
                )
                faults.append(Fault(loaded.where((*at, key)), f"{key}: {msg}"))
                continue
            if name in fields:
                msg = f"'{key}' and '{written.get(name, name)}' say the same; keep one"
                faults.append(Fault(loaded.where((*at, key)), msg))
            fields[name] = scaled(numeric(value) if _COUNTED.search(name) else value, factor)
            if name != key:
                written[name] = str(key)
        charges.append(Charge(form, fields, loaded.where(at), at, written))
    if faults:
        raise DataError(faults)
    return UserTariff(tariff.name, tariff.currency, tuple(charges), loaded)


def canonical(key: str) -> tuple[str, float, str | None]:
    """Return the field of a form that a key means, the factor to its unit, and the key's currency.

    ``price_eur_per_kwh`` is ``price_usd_per_mwh`` times 1000 in EUR; ``limits_kwh`` is
    ``limits_mwh`` divided by 1000.
    """
    match = _MONEY.fullmatch(key)
    if match is not None:
        unit, *rest = match["unit"].split("_")
        factor = _KILO if unit in _PER_KILO else 1.0
        unit = "_".join([_PER_KILO.get(unit, unit), *rest])
        return f"{match['stem']}_usd_per_{unit}", factor, match["currency"].upper()
    stem, _, unit = key.rpartition("_")
    if stem and unit in _PER_KILO:
        return f"{stem}_{_PER_KILO[unit]}", 1.0 / _KILO, None
    return key, 1.0, None


def numeric(value: Any) -> Any:
    """Return numbers that stand in quotes as numbers, wherever they stand; the rest as it is.

    Left as text they would be read later, after the units of the file became those of the form.
    """
    if isinstance(value, dict):
        return {key: numeric(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numeric(item) for item in value]
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def scaled(value: Any, factor: float) -> Any:
    """Return numbers times a factor, wherever they stand in lists and mappings."""
    if factor == 1.0:
        return value
    if isinstance(value, dict):
        return {key: scaled(item, factor) for key, item in value.items()}
    if isinstance(value, list):
        return [scaled(item, factor) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value * factor
    return value
