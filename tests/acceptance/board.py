"""What a "must show" is, and the board that holds all of them.

A module of this folder names what it shows with a decorated function that computes one figure::

    @show("Dallas sheds no load while its grid is idle", target="0 MWh", cost="dear")
    def idle_grid() -> Shown:
        lost = ...
        return Shown(f"{lost:.3g} MWh", holds=lost < 1e-6)

Figures are computed when the function is called, never stored; a target comes from a closed form, a
published figure or independent code.
"""

from __future__ import annotations

import importlib
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Cost = Literal["cheap", "dear"]
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Shown:
    """One figure, and whether it meets its target."""

    figure: str
    holds: bool


@dataclass(frozen=True)
class Claim:
    """One line of the board."""

    name: str
    """Module and function, as given on the command line."""
    what: str
    target: str
    cost: Cost
    """``cheap``: seconds, also run by the tests. ``dear``: minutes, run before an issue closes."""
    compute: Callable[[], Shown]


@dataclass(frozen=True)
class Line:
    """A claim with its figure."""

    claim: Claim
    figure: str
    holds: bool
    seconds: float


_claims: dict[str, Claim] = {}


def show(what: str, *, target: str, cost: Cost = "cheap") -> Callable:
    """Register a function as a claim of the board."""

    def register(function: Callable[[], Shown]) -> Callable[[], Shown]:
        module = function.__module__.rpartition(".")[2]
        name = f"{module}.{function.__name__}"
        if name in _claims:
            message = f"two claims are called {name}"
            raise ValueError(message)
        _claims[name] = Claim(name, what, target, cost, function)
        return function

    return register


def claims() -> list[Claim]:
    """Return every claim of every module of this folder, by name."""
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem not in {"board", "__main__", "__init__"} and not path.stem.startswith("test_"):
            importlib.import_module(f"tests.acceptance.{path.stem}")
    return [_claims[name] for name in sorted(_claims)]


def run(chosen: list[Claim]) -> Iterator[Line]:
    """Compute each claim; one that fails with an exception does not hold."""
    for claim in chosen:
        start = time.perf_counter()
        try:
            shown = claim.compute()
        except Exception as error:  # a board is shown whole
            traceback.print_exc()
            shown = Shown(f"{type(error).__name__}: {error}".splitlines()[0][:100], holds=False)
        yield Line(claim, shown.figure, shown.holds, time.perf_counter() - start)
