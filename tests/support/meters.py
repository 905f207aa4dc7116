"""Meters small enough to bill by hand."""

import numpy as np
import pandas as pd

from dcmodel.base.clock import Clock
from dcmodel.finance.bill import Meter, itemise


def monthly(peaks, **options):
    """Return a meter with one reading of an hour at noon of the 15th of each month [MW]."""
    time = pd.DatetimeIndex([f"2025-{month:02d}-15 12:00" for month in range(1, len(peaks) + 1)])
    return Meter(time, np.asarray(peaks, dtype=float), np.ones(len(peaks)), **options)


def hours(start, readings, **options):
    """Return a meter of consecutive hours from a local time on [MW]."""
    time = pd.date_range(start, periods=len(readings), freq="h")
    return Meter(time, np.asarray(readings, dtype=float), np.ones(len(readings)), **options)


def amounts(form, meter):
    """Return the amounts of a bill by month, in the order of the months."""
    return itemise([form], meter).groupby("month")["amount"].sum().tolist()


def clock_of(meter):
    """Return the clock of a model that has the meter's intervals for its steps."""
    return Clock(meter.time, meter.hours, np.arange(len(meter.time)))
