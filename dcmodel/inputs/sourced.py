"""Sourced figures of the library's YAML files, and paths of them over years."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import model_validator

from dcmodel.base.schema import Sourced
from dcmodel.inputs.assumptions import between_years
from dcmodel.inputs.currency import BASE_CURRENCY, convert

FloatArray = npt.NDArray[np.float64]


class Figure(Sourced):
    """A sourced number; money also carries the year of its USD.

    A plain number in a study's own definition stands for a value set in the study, unverified and
    in money of the study's currency year.
    """

    currency_year: int | None = None
    """Year of the USD when the figure is money; None for other units and for study values."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"value": value, "source": "set in the study", "provenance": "assumed"}
        return value

    @model_validator(mode="after")
    def _in_range(self) -> Figure:
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        if not low <= self.value <= high:
            msg = f"value {self.value:g} lies outside its range {low:g} to {high:g}"
            raise ValueError(msg)
        if not self.source.strip():
            msg = "source is empty; name where the number stands"
            raise ValueError(msg)
        return self

    def __call__(self, currency_year: int) -> float:
        """Return the figure; money in real USD of `currency_year`."""
        if self.currency_year is None:
            return self.value
        return convert(self.value, BASE_CURRENCY, self.currency_year, currency_year)


FigurePath = dict[int, Figure]
"""Figures by year; linear between years."""


def path_at(
    path: Figure | Mapping[int, Figure],
    years: Iterable[int],
    where: str,
    what: str,
    currency_year: int | None = None,
) -> FloatArray:
    """Return a figure, or a path of figures, in each year.

    Parameters
    ----------
    path : Figure or mapping
        One figure holds in all years; a path is linear between its years, never beyond.
    years : iterable of int
        Years wanted.
    where, what : str
        File and key for the message of an error.
    currency_year : int, optional
        Money is returned in real USD of this year; left out for figures that are no money.

    Returns
    -------
    array of shape (years,)
    """
    figures = {0: path} if isinstance(path, Figure) else path
    points = {
        year: figure.value if currency_year is None else figure(currency_year)
        for year, figure in figures.items()
    }
    return between_years(points, years, where, what)
