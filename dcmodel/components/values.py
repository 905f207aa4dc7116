"""What load and work are worth where they are lost, by the library."""

from __future__ import annotations

from dcmodel.inputs.assumptions import technology


def lost_load_value(currency_year: int) -> float:
    """Return the value of lost load [USD MWh-1]."""
    return technology("unserved_energy", currency_year).value("value_of_lost_load")


def work_value(currency_year: int, priority: int = 1) -> float:
    """Return the value of a unit of work, by the rank of its class from 1 [USD MWh-1]."""
    library = technology("dropped_work", currency_year)
    return library.value("value_of_work") * library.value("rank_factor") ** (priority - 1)
