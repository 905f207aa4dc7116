"""Speed of the facility physics: ``python tests/benchmarks/facility.py [SITE_YEARS]``.

Every preset under typical years of the library's sites at several loads, hour by hour, until the
site-years are done (1,000 by default). Milliseconds a site-year by architecture; as a measure that
does not depend on the machine, multiples of one exponential and one wet bulb of 8,760 hours.
"""

import sys
import time
from itertools import product

import numpy as np

from dcmodel import facility_weather
from dcmodel.facility import architectures, load_design, psychrometrics, variants, yearly
from dcmodel.inputs.sites import site_names

LOADS = np.linspace(0.3, 1.0, 8)
REPEATS = 50


def seconds(function, *arguments):
    begun = time.perf_counter()
    for _ in range(REPEATS):
        function(*arguments)
    return (time.perf_counter() - begun) / REPEATS


def main(count=1000):
    years = [facility_weather(name) for name in site_names()]
    temp, ratio, pressure = years[0].temp_air, years[0].humidity_ratio, years[0].pressure
    exponential = seconds(np.exp, temp)
    wet_bulb = seconds(psychrometrics.wet_bulb, temp, ratio, pressure)
    spent = {}
    every = [(key, variant) for key in architectures for variant in variants(key)]
    runs = [(*design, *rest) for rest in product(LOADS, years) for design in every]
    begun = time.perf_counter()
    for position in range(count):
        key, variant, load, weather = runs[position % len(runs)]
        start = time.perf_counter()
        yearly(load_design(key, variant), weather, load)
        spent.setdefault(key, []).append(time.perf_counter() - start)
    total = time.perf_counter() - begun
    print(f"{count} site-years in {total:.1f} s on one core")
    print(f"{'architecture':24s} {'ms':>6s} {'exponentials':>13s} {'wet bulbs':>10s}")
    for key, times in spent.items():
        mean = float(np.mean(times))
        print(f"{key:24s} {1e3 * mean:6.1f} {mean / exponential:13.0f} {mean / wet_bulb:10.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
