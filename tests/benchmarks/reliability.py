"""How long verification takes: python tests/benchmarks/reliability.py

Seconds by the clock, the least of three runs, and beside them the seconds of a fixed piece of
numpy work at the same time, so that a busy or slow machine can be told from slow code.
"""

import time

import numpy as np

from dcmodel.reliability.chain import survival
from dcmodel.reliability.expected import expected
from dcmodel.reliability.montecarlo import simulate
from dcmodel.reliability.outages import Duration, GridOutages, OutageCause
from dcmodel.reliability.replay import replay
from dcmodel.reliability.system import BackupSystem, BatteryReserve, GeneratorGroup

T = np.arange(8760)


def yardstick():
    """Sort, multiply and add ten million numbers."""
    values = np.random.default_rng(0).random(10_000_000)
    begin = time.perf_counter()
    np.sort(values)
    (values * values + values).sum()
    return time.perf_counter() - begin


def site(power, units, energy=0.0, fuel_h=np.inf):
    load = power * (0.85 + 0.1 * np.sin(2 * np.pi * T / 24) + 0.05 * np.cos(2 * np.pi * T / 8760))
    stock = fuel_h * units * 2.5 * 264 if np.isfinite(fuel_h) else np.inf
    diesel = GeneratorGroup(
        "diesel", units, 2.5, 0.98 * np.ones(8760), availability=0.995, failure_to_start=0.0094,
        mean_time_to_failure=1100, mean_time_to_repair=37, fuel_stock=stock, fuel_idle=15,
        fuel_slope=249, minimum_load=0.3,
    )  # fmt: skip
    if energy == 0:
        return BackupSystem(load, (diesel,))
    stored = energy * (0.5 + 0.45 * np.sin(2 * np.pi * (T - 6) / 24))
    battery = BatteryReserve(energy / 2, energy, stored, 0.95, 0.95, 0.97)
    return BackupSystem(load, (diesel,), battery)


SITES = {
    "20 MW, 10 sets, N+1": site(20, 10),
    "20 MW, 10 sets N+1, 48 h of fuel": site(20, 10, fuel_h=48),
    "20 MW, 10 sets N+1, 48 h of fuel, 10 MWh": site(20, 10, 10.0, 48),
    "60 MW, 26 sets N+1, 48 h of fuel": site(60, 26, fuel_h=48),
    "60 MW, 28 sets N+3, 48 h of fuel, 40 MWh": site(60, 28, 40.0, 48),
    "60 MW, 24 sets, 40 MWh (worst case)": site(60, 24, 40.0),
}
OUTAGES = GridOutages(
    (
        OutageCause("ordinary", 0.2, Duration(2.0, "lognormal", 1.5)),
        OutageCause("storm", 0.03, Duration(24.0), resupply=False),
    )
)


def timed(work):
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begin)
    return min(seconds), result


def main():
    print(
        f"{'8,760 starts, outages to 96 h':42s} {'replay':>7s} {'chain':>7s} {'yardstick':>9s} [s]"
    )
    for name, system in SITES.items():
        first, _ = timed(lambda system=system: replay(system, 96))
        second, curve = timed(lambda system=system: survival(system, 96).curve)
        print(f"{name:42s} {first:7.2f} {second:7.2f} {yardstick():9.2f}   S(96) {curve[96]:.5f}")
    system = SITES["20 MW, 10 sets N+1, 48 h of fuel, 10 MWh"]
    seconds, found = timed(lambda: simulate(system, OUTAGES, years=100_000))
    low, high = found.interval()
    print(f"Monte Carlo of 100,000 years: {seconds:.2f} s, {found.outages:,} outages, "
          f"availability {low:.7f} to {high:.7f} (yardstick {yardstick():.2f} s)")  # fmt: skip
    seconds, exact = timed(lambda: expected(system, OUTAGES))
    print(f"expected by the chain: {seconds:.2f} s, availability {exact.value:.7f}")


if __name__ == "__main__":
    main()
