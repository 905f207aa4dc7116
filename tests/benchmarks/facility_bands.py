"""Published bands of PUE and WUE: ``python tests/benchmarks/facility_bands.py``.

Every row of ``tests/real/facility_targets.csv`` (5th to 95th percentile of Lei & Masanet 2022) with
the generic preset of the same system, under the typical year (EPW) of a city of the climate zone.
"""

import csv
import os
from pathlib import Path

from dcmodel.facility import FacilityWeather, load_design, yearly
from dcmodel.inputs.weather import read_weather

TESTS = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("DCMODEL_REAL_DATA", TESTS.parents[1] / "shared" / "data"))
CITIES = {
    "2B": ("Phoenix", "USA_AZ_Phoenix-Sky.Harbor_TMYx.2007-2021"),
    "3A": ("Dallas", "USA_TX_Dallas-Fort.Worth_TMYx.2007-2021"),
    "4A": ("Dulles", "USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3"),
    "4C": ("Seattle", "USA_WA_Seattle-Tacoma_TMYx.2007-2021"),
    "5A": ("Chicago", "USA_IL_Chicago.OHare_TMYx.2007-2021"),
}
# design and load: large fleets run fuller than mid-sized halls, and those than small rooms
SYSTEMS = {
    "Airside economizer& adiabatic cooling": ("air_economizer", 0.7),
    "Water-cooled chiller (waterside economizer)": ("water_economizer", 0.7),
    "Air-cooled chiller": ("air_cooled_chiller", 0.5),
    "Direct expansion system": ("direct_expansion", 0.4),
}


def main():
    weather = {
        zone: FacilityWeather.from_dataset(read_weather(DATA / "weather" / "epw" / f"{file}.epw"))
        for zone, (_, file) in CITIES.items()
    }
    print("| city | system | load | PUE | band | | WUE | band | |")
    print("|---|---|---:|---:|---|---|---:|---|---|")
    met = {"pue": 0, "wue": 0}
    with (TESTS / "real" / "facility_targets.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        key, load = SYSTEMS[row["cooling_system"]]
        year = yearly(load_design(key), weather[row["climate_zone"]], load)
        cells = []
        for name, unit in (("pue", ""), ("wue", "_l_per_kwh")):
            low, high = (float(row[f"{name}_{end}{unit}"]) for end in ("p05", "p95"))
            value = float(getattr(year, name))
            inside = low <= value <= high
            met[name] += inside
            cells += [f"{value:.3f}", f"{low:.3f}-{high:.3f}", "in" if inside else "**out**"]
        print(f"| {CITIES[row['climate_zone']][0]} | {key} | {load} | " + " | ".join(cells) + " |")
    print(f"\nPUE in {met['pue']} of {len(rows)} bands, WUE in {met['wue']}")


if __name__ == "__main__":
    main()
