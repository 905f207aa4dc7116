"""A user's tariff as its readers return it: charges as plain fields of tariff forms."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from dcmodel.base.errors import DataError, Fault
from dcmodel.base.yamlfile import YamlFile


@dataclass(frozen=True)
class Charge:
    """One charge of a tariff as a form and its fields.

    Parameters
    ----------
    form : str
        Name of a tariff form.
    fields : dict
        Fields of the form: MW, MWh, and money of the tariff's currency under ``usd`` names.
    where : str
        Place of the charge, for messages.
    at : tuple
        Keys of the charge in the file, where it is a YAML file.
    written : dict
        Keys of the file by field, where they differ.
    """

    form: str
    fields: dict[str, Any]
    where: str
    at: tuple[Hashable, ...] = ()
    written: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class UserTariff:
    """A tariff as it was read.

    Parameters
    ----------
    name : str
    currency : str
        ISO 4217 code of the money in `charges`.
    charges : tuple of Charge
    source : YamlFile, optional
        The file, where its places can be told.
    notes : tuple of str
        What the reader took for granted.
    """

    name: str
    currency: str
    charges: tuple[Charge, ...]
    source: YamlFile | None = None
    notes: tuple[str, ...] = ()


def refuse_other_currency(stated: str, asked: str | None, where: str) -> None:
    """Refuse a bill in another currency than the tariff's.

    Raises
    ------
    DataError
    """
    if asked is not None and asked != stated:
        msg = f"the tariff is in {stated}, a bill in {asked} was asked for; leave --currency out"
        raise DataError(Fault(where, msg))
