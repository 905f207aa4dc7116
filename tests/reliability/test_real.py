"""Survival on a real year: the replay against plain Python from every hour of 2023."""

import numpy as np
import pytest

from dcmodel.facility.design import load_design
from dcmodel.facility.model import evaluate
from dcmodel.facility.weather import FacilityWeather
from dcmodel.inputs.weather import read_weather
from dcmodel.reliability.chain import survival
from dcmodel.reliability.replay import replay
from dcmodel.reliability.system import BackupSystem, BatteryReserve, DeferrableLoad, GeneratorGroup

OUTAGE = 48


def by_hand(system, start):
    """Replay one outage hour by hour: one group, one battery, work shed for its window."""
    [group], battery, [batch] = system.generators, system.battery, system.deferrable
    fuel, stored = group.fuel_stock, battery.stored[start]
    for k in range(OUTAGE):
        t = (start + k) % 8760
        load = system.critical_load[t] + (batch.power[t] if k >= batch.window else 0.0)
        idle = group.fuel_idle * group.rating * group.units
        most = min(group.units * group.rating * group.derating[t], (fuel - idle) / group.fuel_slope)
        most = max(most, 0.0)
        missing = load - most
        if missing > 0:
            drawn = missing / battery.discharge_efficiency
            if missing > battery.power + 1e-8 or drawn > stored + 1e-8:
                return k
            stored, made = max(stored - drawn, 0.0), most
        else:
            room = (battery.energy - stored) / battery.charge_efficiency
            charge = min(-missing, battery.power, room)
            stored, made = stored + battery.charge_efficiency * charge, load + charge
        fuel = max(fuel - idle - group.fuel_slope * made, 0.0)
    return OUTAGE


@pytest.mark.real
@pytest.mark.parametrize(("zone", "units"), [("US-TEX-ERCO", 9), ("GB", 9)])
def test_survival_of_2023_equals_a_replay_of_every_start_hour(real_data, zone, units):
    """Measured weather of 2023 drives cooling load and derating; 20 MW of servers, tight backup."""
    path = real_data.file(f"weather/openmeteo/{zone}/2023.json")
    weather = FacilityWeather.from_dataset(read_weather(path, calendar_year=2023))
    t = np.arange(8760)
    load = np.clip(0.75 + 0.2 * np.sin(2 * np.pi * (t - 9) / 24), 0.0, 1.0)
    facility = 20 * evaluate(load_design("air_cooled_chiller"), weather, load).facility_power
    hotter = np.maximum(weather.temp_air - 25.0, 0.0)
    diesel = GeneratorGroup(
        "diesel", units, 2.5, derating=1 - 0.01 * hotter, fuel_stock=1.95e5,
        fuel_idle=15, fuel_slope=249,
    )  # fmt: skip
    stored = 15 * (0.5 + 0.45 * np.cos(2 * np.pi * (t - 4) / 24))
    system = BackupSystem(
        0.85 * facility,
        (diesel,),
        BatteryReserve(5.0, 15.0, stored, 0.95, 0.95),
        (DeferrableLoad("batch", 0.15 * facility, 12.0),),
    )

    found = replay(system, OUTAGE)

    expected = np.array([by_hand(system, start) for start in range(8760)])
    assert len(np.unique(expected)) > 10, "the case decides nothing"
    np.testing.assert_array_equal(found.survived, expected)
    np.testing.assert_allclose(survival(system, OUTAGE).curve, found.curve, atol=1e-9)
