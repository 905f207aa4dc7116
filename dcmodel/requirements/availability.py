"""Availability: the share of the time in which the site has power, outages and failures counted."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from dcmodel.requirements.base import Requirement, requirements


@requirements.register("availability")
class Availability(Requirement):
    """Least expected availability of every year in which IT stands.

    Notes
    -----
    Failures of generators and fuel over every start hour are no equation of the model. The case is
    solved, its backup verified year by year (`dcmodel.reliability`), what is missing is added as
    least units and fuel of the generators, and the case is solved again until the requirement
    holds (`dcmodel.study.available`).
    """

    kind: ClassVar[str] = "availability"
    main: ClassVar[str] = "share"

    share: Annotated[float, Field(gt=0, lt=1)]
    """Least share of the time with power, as 0.99995. [1]"""
