"""What a component is, and the case it is built for.

A component is one file: a small settings class, its equations and its costs; its numbers lie in
``data/technologies/<kind>.csv``. `Component.build` declares Pyomo parts on a block of its own.
The balances of `dcmodel.optimise.build` sum what the blocks offer, by these names:

==================  ==============  ==========================================================
name on the block   index           meaning
==================  ==============  ==========================================================
``supply``          year, time      power into the site bus, negative when drawing [MW]
``delivery``        year, time      contracted energy delivered to the site's meter account [MW]
``dark``            year            installed IT that has no power and serves nothing [MW]
``unserved``        year, time      part of ``supply`` that is not supplied: load that is lost [MW]
``dropped``         ``K``, year,    work of the classes in its set ``K`` that is refused [MW]
                    time
``it_shift``        year, time      IT work moved into the hour, negative when moved out [MW]
``served``          ``K``, year,    work of the classes in its set ``K`` that leaves their queue
                    time            [MW], with ``batched`` of those in its set ``S``
``saved``           year, time      IT work saved by larger batches [MW]
``facility_draw``   year, time      power of the facility beyond that of its lines [MW]
``water_saved``     year, time      water not used of what the facility's lines ask for [m3 h-1]
``emissions``       year            emissions of fuel burnt on site [t CO2e]
``clean``           year, time      carbon-free energy that may be claimed in the hour [MW]
``nox``             year            nitrogen oxides of fuel burnt on site [t]
``opposed``         -               the flows into and out of its content, of which one at most runs
                                    (`dcmodel.components.opposed`)
``outage_supply``   year, start, h  power given in an outage, by start and hour into it [MW]
cost terms          year            undiscounted real USD of the year, each with a category
==================  ==============  ==========================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo

from dcmodel.arrays import ArrayVar
from dcmodel.base.clock import Clock
from dcmodel.base.registry import Registry
from dcmodel.base.schema import Spec
from dcmodel.base.units import MONTHS_PER_YEAR
from dcmodel.components.levers import Lever, levers_of
from dcmodel.components.outages import Found, Means, Outages
from dcmodel.facility.design import Design
from dcmodel.facility.linearise import AffineFacility
from dcmodel.facility.weather import FacilityWeather
from dcmodel.finance.bill import BillItem, Meter
from dcmodel.finance.obligations import Obligation
from dcmodel.finance.settlement import Settlement
from dcmodel.inputs.assumptions import Technology, technology
from dcmodel.inputs.markets import Market
from dcmodel.inputs.sites import Site
from dcmodel.profiles.segment import Segments, aggregate
from dcmodel.reliability.distribution import DistributionOffer
from dcmodel.reliability.parts import BackupPart
from dcmodel.reliability.sizing import Added

FloatArray = npt.NDArray[np.float64]

components: Registry[type[Component]] = Registry("dcmodel.components", "dcmodel.components")
"""Every component by its kind; other distributions add theirs by the entry-point group."""


@dataclass(frozen=True)
class Workload:
    """Inference work that arrives at the site, by class.

    Work is measured in MW of dynamic IT power (MWh over time), at the reference fleet.
    """

    names: tuple[str, ...]
    arrivals: FloatArray
    """Work arriving, mean over the step [MW], shape (classes, years, steps)."""
    window_h: tuple[float, ...]
    """Deferral window of each class; 0 is interactive [h]."""
    backlog_max: FloatArray
    """Work that arrived within the window before the step's end [MWh], as `arrivals`."""
    value: tuple[float | None, ...] = ()
    """What a unit of work of each class is worth by its own statement; None where it states
    nothing (`dcmodel.components.values.work_values`) [USD MWh-1]."""
    priority: tuple[int, ...] = ()
    """Rank of each class among those without a value of their own: 1 is lost last."""
    batch_saving: FloatArray | None = None
    """Energy saved by work that waited and runs in larger batches [1], shape (classes, years)."""
    otherwise: Callable[[FloatArray], Workload] | None = field(
        default=None, repr=False, compare=False
    )
    """Returns the work with another installed IT [MW], shape (years,); None is in proportion."""

    @property
    def total(self) -> FloatArray:
        """All arrivals [MW], shape (years, steps)."""
        return np.asarray(self.arrivals.sum(axis=0))


@dataclass(frozen=True)
class SiteCase:
    """Everything the model of one site needs, as arrays: the only carrier between rooms.

    Years run along axis 0 and steps along axis 1. A step is an hour, or a segment of adjacent hours
    of the same month; the durations of a year's steps sum to 8,760 hours.
    """

    name: str
    site: Site
    market: Market
    years: tuple[int, ...]
    currency_year: int
    discount_rate: float
    """Real rate [1]."""
    discount_factor: FloatArray
    """Present value of one USD of each year [1], shape (years,)."""
    duration: FloatArray
    """Hours of each step [h], shape (steps,)."""
    month: npt.NDArray[np.int64]
    """Month of each step in the site's local calendar, 0 to 11, shape (steps,)."""
    clock: Clock
    """Local time of every hour, and the step that holds it."""
    grid_available: FloatArray
    """Largest import the site can get, interruptible power included [MW], shape (years,)."""
    it_capacity: FloatArray
    """Installed IT [MW], shape (years,)."""
    idle_fraction: float
    """Power of an idle fleet as a share of its full power [1]."""
    utilisation_max: float
    """Largest share of the fleet's dynamic power that may be used [1]."""
    workload: Workload
    facility: AffineFacility
    """Facility power and water as hourly straight lines in IT power, arrays (years, steps)."""
    facility_design_peak: FloatArray
    """Facility MW per MW of installed IT at full load in the design hour [1], shape (years,)."""
    design_temp_air: FloatArray
    """Air temperature of the hottest design hour [degC], shape (years,)."""
    series: dict[str, FloatArray]
    """Hourly profiles by name, each of shape (years, steps): prices, carbon, capacity factors."""
    components: tuple[Component, ...] = field(default=())
    tariffs: tuple[Component, ...] = field(default=())
    requirements: tuple[Component, ...] = field(default=())
    grid_firm: FloatArray | None = None
    """Firm part of `grid_available` [MW], shape (years,); all of it when left out."""
    contract_price_scale: float = 1.0
    """Factor on the price of every contract [1]."""
    left_out: tuple[Component, ...] = field(default=())
    """Components of the study that a reference has not: what they set of values holds in it."""
    hourly: dict[str, FloatArray] = field(default_factory=dict)
    """`series` by the hour of the clock, where steps are longer, shape (years, hours)."""
    hours: SiteCase | None = None
    """The case of every hour, where steps are longer."""

    @property
    def distributions(self) -> tuple[DistributionOffer, ...]:
        """Paths to the racks, then better ones; empty where no component lays them."""
        return tuple(offer for part in self.components for offer in part.distributions(self))

    def parameters_of(self, kind: str) -> Technology:
        """Return the parameters of a kind as the case's own component has them, else the library's.

        Whoever needs a number of another component asks here, so that what a study sets acts.
        """
        for part in (*self.components, *self.left_out):
            if part.kind == kind:
                return part.technology(self)
        return technology(kind, self.currency_year)

    @cached_property
    def previous(self) -> npt.NDArray[np.int64]:
        """Index of the step before each step; the first follows the last of its year."""
        return np.roll(np.arange(len(self.duration)), 1)

    @cached_property
    def months_used(self) -> npt.NDArray[np.bool_]:
        """Months that hold a step, shape (12,)."""
        return np.isin(np.arange(MONTHS_PER_YEAR), self.month)

    def hourly_series(self, name: str) -> FloatArray:
        """Return a series by the hour of the clock, shape (years, hours)."""
        return self.hourly[name] if name in self.hourly else self.series[name]

    def hour_series(self, y: int) -> dict[str, FloatArray]:
        """Return every series of the year at position `y` by hour, each of shape (hours,)."""
        return {name: self.hourly_series(name)[y] for name in self.series}

    @property
    def facility_energy(self) -> FloatArray:
        """Facility energy of each year with all work served as it arrives [MWh], shape (years,)."""
        installed = self.it_capacity[:, None]
        it_power = self.idle_fraction * installed + (1 - self.idle_fraction) * self.workload.total
        power = self.facility.power_slope * it_power + self.facility.power_fixed * installed
        return np.asarray(power @ self.duration)

    @cached_property
    def stands(self) -> FloatArray:
        """1 where what was built in year ``v`` stands in year ``y``, shape (y, v)."""
        return np.tril(np.ones((len(self.years), len(self.years))))

    def segmented(self, segments: Segments) -> SiteCase:
        """Return the case on segments of adjacent hours; energies and deadlines are kept."""

        def mean(values: FloatArray) -> FloatArray:
            return aggregate(values, segments)

        work, facility = self.workload, self.facility
        return replace(
            self,
            duration=segments.duration.astype(float),
            month=self.month[segments.start],
            clock=self.clock.merged(segments.label),
            hourly=self.series,
            hours=self,
            workload=replace(
                work,
                arrivals=mean(work.arrivals),
                backlog_max=aggregate(work.backlog_max, segments, "last"),
            ),
            facility=AffineFacility(
                mean(facility.power_slope),
                mean(facility.power_fixed),
                mean(facility.water_slope),
                mean(facility.water_fixed),
            ),
            series={name: mean(values) for name, values in self.series.items()},
        )

    def reference(self, *, with_supply: bool = False) -> SiteCase:
        """Return the case without what an ordinary buyer of grid power would leave out.

        Parameters
        ----------
        with_supply : bool
            Keep what firms the supply on the site, too: what a competent buyer has where the grid
            falls short of the load.
        """
        kept = tuple(
            one.ordinary()
            for one in self.components
            if one.in_reference or (with_supply and one.firms_supply)
        )
        asked = tuple(requirement for requirement in self.requirements if requirement.in_reference)
        return replace(self, components=kept, requirements=asked, left_out=self.components)


@dataclass(frozen=True)
class Limit:
    """A limit that a person may move: what an infeasible study is explained by."""

    name: str
    unit: str
    place: tuple[str, ...]
    """Where a study states it, as keys from the top; the site's own keys follow ``sites``."""
    value: FloatArray
    """The limit as it stands, in its unit, shape (years,)."""
    bounds: tuple[tuple[ArrayVar, FloatArray], ...]
    """Variables it bounds from above, each with the rise of its bound per unit of the limit."""
    falls: bool = False
    """Whether a unit less is what lets go: the limit is a least amount."""
    stated: float | FloatArray | None = None
    """What the key at `place` says, where that is not `value`: one number or by year."""
    stated_unit: str | None = None
    """Unit of `stated`, where it is not `unit`."""

    @classmethod
    def of_size(
        cls,
        name: str,
        unit: str,
        place: tuple[str, ...],
        *variables: ArrayVar,
        value: FloatArray | None = None,
        stated: float | None = None,
        stated_unit: str | None = None,
    ) -> Limit:
        """Return a limit on a size by year and on variables whose bounds are in proportion.

        The limit is the bound of the first variable, unless `value` says it in another unit. Where
        a study's key says something else, from which the bound follows, `stated` is that.
        """
        if value is None:
            value = np.asarray(variables[0].upper_bound, dtype=float)
        bounds = tuple((variable, _per_unit(variable, value)) for variable in variables)
        return cls(name, unit, place, value, bounds, stated=stated, stated_unit=stated_unit)


def _per_unit(variable: ArrayVar, value: FloatArray) -> FloatArray:
    """Return upper bounds as multiples of the limit of their year, one where the limit is zero."""
    upper = np.asarray(variable.upper_bound, dtype=float)
    limit = value.reshape((-1,) + (1,) * (upper.ndim - 1))
    return np.divide(upper, limit, out=np.ones_like(upper), where=limit > 0)


@dataclass(frozen=True)
class Held:
    """What a solved year holds of one contract."""

    signed: FloatArray
    """Capacity signed by year [MW], shape (years,); of certificates what was bought [MWh]."""
    delivered: FloatArray
    """Power delivered to the meter account [MW], shape (steps,)."""
    sold: FloatArray
    """Part of it that the contract itself sold [MW], shape (steps,)."""


def offering(m: pyo.ConcreteModel, name: str) -> list[pyo.Block]:
    """Return the component blocks that declare `name`."""
    return [block for block in m.asset.values() if block.component(name) is not None]


class Component(Spec):
    """Settings of one thing that is sized or dispatched."""

    kind: ClassVar[str]
    """Name in the study language and of the parameter file."""
    in_reference: ClassVar[bool] = True
    """Whether the reference case, an ordinary grid-supplied site, has it too."""
    profiles: ClassVar[tuple[str, ...]] = ()
    """Hourly series of `SiteCase.series` that the equations need."""
    receives_work: ClassVar[bool] = False
    """Whether the work of the site is chosen elsewhere, by a portfolio that sizes it."""
    moves_work: ClassVar[bool] = False
    """Whether it moves work in time; a portfolio does so itself, before work is routed."""

    sought_as: ClassVar[dict[str, str]] = {}
    """Names under which it may be sought among requirements, and how it is stated."""
    firms_supply: ClassVar[bool] = False
    """Whether a competent buyer has it where grid and standby fall short of the load."""
    after_solution: ClassVar[frozenset[str]] = frozenset()
    """Parameters that act on what follows a solution, such as the verification of backup, and need
    not change the program."""
    behind_meter: ClassVar[bool] = False
    """Whether it asks for no site and no market, so that a metered load can have it."""

    parameters: dict[str, float] = {}
    """Values that replace those of the parameter file, in the file's units."""

    @property
    def label(self) -> str:
        """Name of its block in the model, and in results."""
        return self.kind

    def technology(self, case: SiteCase) -> Technology:
        """Return the component's parameters in money of the study's currency year."""
        return technology(self.kind, case.currency_year, dict(self.parameters))

    def acts_after(self, parameter: str) -> bool:
        """Return whether a parameter acts on what follows a solution."""
        return parameter in self.after_solution

    def check_place(self, site: Site, market: Market, years: tuple[int, ...]) -> list[str]:
        """Return what at a site or in its market makes these settings impossible, in words.

        Asked for every site when a study is validated.
        """
        return []

    def check(self, case: SiteCase) -> list[str]:
        """Return what makes these settings impossible for the case, in words."""
        return []

    def build(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare variables, equations and costs on the block `b`."""

    def facility_series(
        self, design: Design, weather: FacilityWeather, load: FloatArray
    ) -> dict[str, FloatArray]:
        """Return series that follow the physics of the facility, drawn with its lines.

        Parameters
        ----------
        design : Design
            The facility's own design.
        weather : FacilityWeather
            Arrays of shape (steps,).
        load : array of shape (years, steps)
            IT power over installed IT [1].

        Returns
        -------
        dict
            Arrays of shape (years, steps) for `SiteCase.series`.
        """
        return {}

    def ordinary(self) -> Component:
        """Return the component as the reference case has it."""
        return self

    def hours_apart(self, case: SiteCase) -> npt.NDArray[np.int64]:
        """Return hours of the year that segments of hours must leave by themselves."""
        return np.zeros(0, dtype=np.int64)

    def limits(self, b: pyo.Block, case: SiteCase) -> tuple[Limit, ...]:
        """Return the limits on the sizes of a built block."""
        return ()

    def levers(self, b: pyo.Block, case: SiteCase) -> Sequence[Lever]:
        """Return the settings that may be moved where no design serves the load."""
        return levers_of(self, self.limits(b, case), len(case.years))

    def priced(self, b: pyo.Block, case: SiteCase) -> Sequence[Lever]:
        """Return the settings of which the study is told what one more unit would save."""
        return levers_of(self, self.limits(b, case), len(case.years))

    def items(self, meter: Meter) -> Iterable[BillItem]:
        """Return the lines of the bill of a metered year; tariff forms have some."""
        return ()

    def statement(self, case: SiteCase, y: int, held: Held) -> Settlement | None:
        """Return what a contract cost in year `y` by an independent statement [USD].

        None for what is no contract.
        """
        return None

    def allowance(self, case: SiteCase) -> FloatArray:
        """Return what a requirement allows of the component of its name, shape (years,)."""
        return np.zeros(len(case.years))

    def dispatchable_hours(self, case: SiteCase) -> float:
        """Return the hours a year in which its power may be had on request [h]; 0 for most."""
        return 0.0

    def obligations(self, case: SiteCase, sizes: Mapping[str, FloatArray]) -> list[Obligation]:
        """Return what is owed after the last year of the case for what was signed in it.

        Parameters
        ----------
        case : SiteCase
        sizes : mapping
            Sizes of the solved case by name, each of shape (years,).
        """
        return []

    def ride_through(self, b: pyo.Block, case: SiteCase, outages: Outages) -> None:
        """Declare what the block gives in outages, where a study asks for them."""

    def outage_most(self, case: SiteCase, hours: int) -> tuple[float, float]:
        """Return the most that any size may give in an outage of some hours [MW], [MWh]."""
        return 0.0, 0.0

    def outage_means(self, b: pyo.Block, case: SiteCase, hours: int) -> Means | None:
        """Return what the solved block gives in an outage of some hours, in numbers."""
        return None

    def critical_shares(self, case: SiteCase) -> FloatArray | None:
        """Return the share of each workload class that must go on in an outage, where it says."""
        return None

    def backup(self, case: SiteCase, found: Found, y: int) -> BackupPart | None:
        """Return what the component is in an outage of year `y`, for the verification of backup.

        Parameters
        ----------
        case : SiteCase
            Hourly case.
        found : Found
            Sizes and content by the result.
        y : int
            Position of the year.
        """
        return None

    def distributions(self, case: SiteCase) -> tuple[DistributionOffer, ...]:
        """Return the paths to the racks, then better ones, of the component that lays them."""
        return ()

    def larger(
        self, case: SiteCase, found: Found, year: int, added: Sequence[Added]
    ) -> Component | None:
        """Return the component with what verification of backup adds in a year.

        None for what cannot be bought larger so.

        Parameters
        ----------
        case : SiteCase
        found : Found
            Sizes of the year by the result, before.
        year : int
            The year itself.
        added : sequence of (Addition, int)
            What is added of this component, and how often.
        """
        return None

    def revised(self, m: pyo.ConcreteModel, case: SiteCase) -> Component | None:
        """Return the component with what a solved model shows it left out; None if nothing."""
        return None

    def charge(self, b: pyo.Block, case: SiteCase) -> None:
        """Declare costs of what the finished site draws: meter, purchase, facility power, water."""
