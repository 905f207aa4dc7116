"""Six sites, three regions of users, six classes, six years: chosen, sized, routed by the hour.

    python tests/benchmarks/portfolio.py [--segments 1095] [--hourly]

Prints wall and processor time of the plan, its certified gap, the sites chosen; with ``--hourly``
also the routing of the plan's sizes hour by hour and what was checked of it.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from dcmodel.optimise import placement
from dcmodel.study.cases import cases
from dcmodel.study.load import load_study
from dcmodel.study.portfolio import assemble_portfolio

STUDY = """
schema: dcmodel/study-1
name: six_sites
mode: portfolio
years: {first: 2025, last: 2030}
discount_rate: 0.08
portfolio: {archetype: campus, values: false}
it_capacity_mw: {2025: 60, 2027: 180, 2029: 300}
cooling: water_economizer
workloads:
  chat:
    share: 0.35
    shape: conversation
    regions: {us_east: 0.4, us_central: 0.2, europe_central: 0.4}
    latency_ms: 60
  coding:
    share: 0.2
    shape: coding
    regions: {us_east: 0.5, europe_central: 0.5}
    latency_ms: 80
  agents:
    share: 0.15
    shape: coding
    regions: {us_east: 0.4, us_central: 0.2, europe_central: 0.4}
    latency_ms: 150
  health:
    {share: 0.05, shape: conversation, regions: {europe_central: 1.0}, latency_ms: 60,
     jurisdictions: [EU]}
  batch:
    {share: 0.15, shape: flat, regions: {us_east: 0.5, us_central: 0.2, europe_central: 0.3},
     deferral_h: 24}
  indexing:
    {share: 0.1, shape: flat, regions: {us_east: 0.6, europe_central: 0.4}, deferral_h: 168}
sites:
  - dallas
  - northern_virginia
  - london
  - frankfurt
  - stockholm
  - {site: dallas, label: west_texas, latitude: 32.45, longitude: -99.73,
     placement: {archetype: campus, it_max_mw: {2025: 25, 2027: 90, 2029: 150}}}
components:
  [grid_connection, building, diesel, battery, ppa_solar, ppa_wind, shiftable_load, water_supply,
   unserved_energy]
"""


def processor_seconds() -> float:
    """Return processor time of this process and of all below it, ended or not [s]."""
    own = psutil.Process()
    used = own.cpu_times()
    total = used.user + used.system + used.children_user + used.children_system
    for child in own.children(recursive=True):
        times = child.cpu_times()
        total += times.user + times.system
    return float(total)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--segments", type=int, default=1095)
    parser.add_argument("--hourly", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if options.verbose:
        logging.basicConfig(level=logging.WARNING)
        logging.getLogger("dcmodel.optimise.closing").setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.yaml"
        path.write_text(STUDY, encoding="utf-8")
        [case] = cases(load_study(path))
        begin = time.perf_counter()
        inputs = assemble_portfolio(case)
        portfolio = placement.planned_lines(inputs.portfolio, inputs.plants)
    print(f"inputs            {time.perf_counter() - begin:7.1f} s wall")
    begin, used = time.perf_counter(), processor_seconds()
    plan = placement.solve_plan(portfolio, segments=options.segments)
    spent = processor_seconds() - used
    print(
        f"plan              {time.perf_counter() - begin:7.1f} s wall, {spent:.1f} s of processors"
    )
    n, lp = options.segments, plan.program.lp
    print(f"on {n} segments: {lp.n_rows} rows, {lp.n_columns} columns, {lp.integer.sum()} binaries")
    print(
        f"certified gap     {plan.solution.gap:7.2%}  cost {plan.solution.objective / 1e6:.1f} MUSD"
    )
    for name, size in plan.size.items():
        print(f"  {name:18s} {np.round(size, 1)} MW")
    if options.hourly:
        begin = time.perf_counter()
        used = processor_seconds()
        routing = placement.route_hourly(portfolio, plan)
        spent = processor_seconds() - used
        wall = time.perf_counter() - begin
        print(f"hourly routing    {wall:7.1f} s wall, {spent:.1f} s of processors")
        print(f"work late or lost {routing.work_error:.1e} MWh in the worst year and group")
        dropped = sum(float(values.sum()) for values in routing.dropped.values())
        print(f"work dropped      {dropped:.3g} MWh in six years")


if __name__ == "__main__":
    main()
