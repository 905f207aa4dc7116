"""Errors of the array layer: they speak to the person who writes a rule."""

from __future__ import annotations

from dcmodel.base.errors import DcmodelError


class FormulationError(DcmodelError):
    """A rule, a bound or an index of a model cannot be compiled into a linear program."""


class NotTemplatableError(Exception):
    """A rule needs its index as a number; it is compiled row by row instead.

    Internal signal of the layer, never shown to a user.
    """
