# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which cooling, where?
#
# PUE is not a constant: it depends on the weather, the load, the design and the water you may use.
# This notebook asks the facility physics alone, without any optimisation:
#
# 1. a year of one design,
# 2. designs and places side by side,
# 3. a hall specified for training that now serves inference,
# 4. what water is worth: when should heat leave dry?
#
# From the command line: `dcmodel facility`, `dcmodel facility compare`, `dcmodel facility specs`.

# %%
import numpy as np
import pandas as pd

import dcmodel
from dcmodel.base.paths import data_dir
from dcmodel.facility import architectures, evaluate, load_design
from dcmodel.facility.linearise import linearise_convex
from dcmodel.facility.performance import performance
from dcmodel.facility.preset import load_preset, twin, with_rack
from dcmodel.report import facility as figures

# %% [markdown]
# ## 1. A year of one design
#
# `facility_weather` takes a site of the library (its typical year) or a weather file of your own.
# Racks of 130 kW set the share of heat that the liquid takes.

# %%
dallas = dcmodel.facility_weather("dallas")
design = with_rack(load_design("direct_to_chip"), 130)
year = performance(design, dallas, load=0.7, it_mw=20)
{name: round(value, 3) for name, value in year.as_dict().items() if isinstance(value, float)}

# %%
figures.year_figure(design, dallas, 0.7, "Direct-to-chip in Dallas");
# %% [markdown]
# Every number behind it has a unit, a range and a source; what is assumed says so.

# %%
pd.DataFrame([vars(parameter) for parameter in design.parameters.values()]).set_index("name").loc[
    ["liquid_fraction", "liquid_cooler_approach", "ups_k0"],
    ["value", "low", "high", "unit", "provenance", "source"],
]

# %% [markdown]
# ## 2. Designs and places side by side
#
# PUE and water together: the quiet designs of the desert drink, the dry ones draw power when the grid
# is dearest.

# %%
places = {
    name: dcmodel.facility_weather(name) for name in ("dallas", "northern_virginia", "stockholm")
}
rows = [
    {"cooling": key, "weather": place, "load": 0.7}
    | performance(load_design(key), air, 0.7).as_dict()
    for key in architectures
    for place, air in places.items()
]
table = pd.DataFrame(rows).pivot(index="cooling", columns="weather", values=["pue", "wue"])
table.round(3)

# %%
figures.compare_figure(rows, "generic");
# %% [markdown]
# ## 3. A training hall on an inference load
#
# Two preset files of the library, `data/cooling/specs/`, hold what a specification for steady full
# power and one for a load that follows people may look like (judged: marked as assumed). Write your
# own and load it with `load_preset`.

# %%
specs = {
    name: load_preset(data_dir() / "cooling" / "specs" / f"{name}.yaml")
    for name in ("training", "inference")
}
loads = np.linspace(0.3, 1.0, 8)
pd.DataFrame(
    {name: [performance(spec, dallas, load).pue for load in loads] for name, spec in specs.items()},
    index=pd.Index(loads.round(2), name="load"),
).round(4)

# %% [markdown]
# ## 4. When should heat leave dry?
#
# A dry twin of a wet plant has the same halls and electrical chain. The difference of the two, hour by
# hour, is what a component `dry_cooling` lets the optimiser choose from. At 60 USD/MWh, the water price
# above which an hour should be dry:

# %%
wet = load_design("water_economizer")
dry = twin(wet, "free_cooling_chiller")
at = {name: evaluate(plant, dallas, 0.7) for name, plant in (("wet", wet), ("dry", dry))}
power = at["dry"].facility_power - at["wet"].facility_power
water = at["wet"].water - at["dry"].water
break_even = pd.Series(60 * power / water, index=pd.Index(dallas.temp_air, name="degC"))
break_even.groupby(np.floor(break_even.index / 5) * 5).median().round(2).rename("USD/m3")

# %% [markdown]
# In cold hours the dry plant needs less power too: there water saves nothing. In the hottest hours it
# is worth several dollars a cubic metre, which is when a hybrid earns its place.
#
# ## What the optimiser sees
#
# Three straight pieces an hour, touching the physics at four loads, never below it at full load:

# %%
pieces = linearise_convex(wet, dallas)
error = [
    np.abs(pieces.power(load) / evaluate(wet, dallas, load).facility_power - 1).max()
    for load in np.linspace(0.4, 1.0, 13)
]
print(f"largest error of any hour and load: {max(error):.2%}")
