"""Unit conversions that appear in inputs; inside the package units are those of the design.

Power MW, energy MWh, time h, temperature degC, pressure Pa, speed m s-1, irradiance W m-2, water
m3, emissions t CO2e, emission factors kg MWh-1 (equal to g/kWh), money real USD of a stated year.
"""

from __future__ import annotations

HOURS_PER_YEAR = 8760
"""Hours of a modelled year; 29 February is left out everywhere (`dcmodel.base.timeindex`)."""

HOURS_PER_DAY = 24
HOURS_PER_WEEK = 168
DAYS_PER_YEAR = 365
MONTHS_PER_YEAR = 12
DAYS_OF_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month of a modelled year."""
MINUTES_PER_HOUR = 60
SECONDS_PER_HOUR = 3600.0
KW_PER_MW = 1000.0
KG_PER_TONNE = 1000.0
LITRES_PER_M3 = 1000.0
LITRES_PER_GALLON = 3.785411784
KWH_PER_MMBTU = 293.07107
KG_PER_POUND = 0.45359237
