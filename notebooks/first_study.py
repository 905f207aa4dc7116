# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first study
#
# You want to place 100 MW of AI inference. Which site is cheaper, and what is it worth that a third
# of the work may wait a day? This notebook answers both for two sites, in about half a minute:
#
# 1. load the shipped study and change it,
# 2. run it,
# 3. read the results as tables and as arrays,
# 4. look at the figures, and ask questions of your own.
#
# Everything here also works from the command line: `dcmodel study my_study.yaml`.

# %%
import numpy as np

import dcmodel
from dcmodel.report import figures, tables

# %% [markdown]
# ## 1. Load a study and change it
#
# A study is one YAML file. It says how much IT is installed by when, what the work looks like, which
# sites compete, and what may be built. The shipped `quickstart` compares four sites hour by hour.

# %%
quickstart = dcmodel.load_study("quickstart")
quickstart

# %% [markdown]
# For a quick look we change three things:
#
# - **two sites** in place of four;
# - **1,095 segments a year** in place of 8,760 hours. A segment joins neighbouring hours that are much
#   alike. Costs come out close and are not certified, sizes less so: run `hourly` before you sign;
# - **no battery**.
#
# What is misspelt or makes no sense is refused, with the nearest word that exists. A second study
# differs in one thing: no work can wait.

# %%
study = quickstart.with_changes(
    {
        "sites": ["dallas", "stockholm"],
        "resolution": {"segments": 1095},
        "components.battery": None,
    }
)
rigid = study.with_changes({"components.shiftable_load": None})
study

# %% [markdown]
# ## 2. Run it
#
# A *case* is one site over all years. Each case is solved twice: the optimum, and the *reference*, an
# ordinary site that buys all its power from the grid and shifts nothing. Results go to a folder; run
# the cell again and finished cases are taken from there. (`jobs="auto"` runs cases side by side.)

# %%
run = dcmodel.run_study(study, out="out/first_study", jobs=1)
rigid_run = dcmodel.run_study(rigid, out="out/first_study_rigid", jobs=1)
assert not run.failures and not rigid_run.failures
f"{len(run.done)} + {len(rigid_run.done)} cases run"

# %% [markdown]
# ## 3. Read the results
#
# The ranking first. The levelised cost is what one MWh of IT energy must earn to pay for building,
# power, backup and water over all years, discounted. It holds neither servers nor staff.

# %%
results = run.results
ranking = tables.ranking(results)
ranking[
    [
        "case",
        "levelised_cost_usd_per_mwh",
        "reference_levelised_cost_usd_per_mwh",
        "saving_percent",
        "contracted_mw",
        "pue",
        "wue_l_per_kwh",
        "emissions_kg_per_mwh",
    ]
].round(2)

# %% [markdown]
# Each case is one xarray Dataset: hourly series, yearly sums, sizes and every cost term, all with
# units. Nothing is hidden in the program: what the tables show is computed from here.

# %%
ds = results["dallas/base"]
ds

# %%
ds["capacity"].to_pandas().round(1)

# %% [markdown]
# Where does the money go? Cost terms by category and year, in million USD:

# %%
costs = tables.costs(ds)
costs.pivot_table(index="category", columns="year", values="usd", aggfunc="sum").div(1e6).round(2)

# %% [markdown]
# Results check themselves: supply equals demand in every step, and the cost terms sum to the net
# present cost.

# %%
checks = tables.checks(results)
assert checks["passed"].all()
checks[["case", "check", "difference", "passed"]].head(7)

# %% [markdown]
# And they carry what they rest on: every number with unit, source and provenance. `cited` stands in
# the source, `derived` is computed from sources, `assumed` is a judgement: look at those first.

# %%
assumptions = tables.assumptions(ds)
print(assumptions["provenance"].value_counts().to_string())
assumptions[assumptions["provenance"] == "assumed"].drop(columns="case").head()

# %% [markdown]
# ## 4. Look
#
# Upper bars are the optimum, pale bars the reference. Most of the cost is the building with its
# electrical and mechanical plant; what can be designed is power.

# %%
figures.cost_stack(results);

# %% [markdown]
# The week with the highest grid import. Work that can wait leaves the dear hours, so the site
# contracts less power than its IT could draw. Solar energy bought by contract is paid whether the
# site uses it or not: what lies above the import is sold at the price of the hour.

# %%
figures.peak_week(ds);

# %%
figures.load_duration(ds);

# %% [markdown]
# The power usage effectiveness (PUE) follows the weather. The yearly mean hides that Dallas needs its
# chillers in the very months in which power is dear.

# %%
figures.monthly_pue(results);

# %%
figures.build_out(ds);

# %% [markdown]
# ## 5. Ask your own questions
#
# **What is waiting worth?** The two studies differ in nothing else. Results under names of your own
# can be put in one table or figure.

# %%
compared = {
    "Dallas, a third may wait": results["dallas/base"],
    "Dallas, nothing may wait": rigid_run.results["dallas/base"],
}
figures.cost_stack(compared);

# %%
table = tables.ranking(compared).set_index("case")
table[["levelised_cost_usd_per_mwh", "contracted_mw", "peak_import_mw", "pue"]].round(2)

# %% [markdown]
# **How much of the year is the connection full?** Durations weight the segments.

# %%
last = ds.sel(year=2030)
full = last["grid_import"] >= 0.999 * float(tables.contracted_power(last))
print(f"{float(last['duration'].where(full).sum()):.0f} h of 2030 at the contracted power")

# %% [markdown]
# **Does work really move away from high prices?** The price that the average MWh of work meets, as it
# arrives and as it is served:

# %%
for word in ("arrived", "served"):
    weight = last[f"work_{word}"] * last["duration"]
    mean = np.average(last["price_energy"], weights=weight)
    print(f"work {word}: {mean:.2f} USD/MWh")

# %% [markdown]
# ## 6. Pass it on
#
# The run has written every table as CSV and every figure as PNG beside the results.

# %%
sorted(path.name for folder in ("tables", "figures") for path in (run.out / folder).iterdir())
