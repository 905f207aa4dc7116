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
import io
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from dcmodel.base.paths import studies_dir
from dcmodel.report import figures, tables
from dcmodel.report.write import write_reports
from dcmodel.study.load import load_study
from dcmodel.study.run import run_study

# %% [markdown]
# ## 1. Load a study and change it
#
# A study is one YAML file. It says how much IT is installed by when, what the work looks like, which
# sites compete, and what may be built. The shipped `quickstart` compares four sites hour by hour.

# %%
load_study(studies_dir() / "quickstart.yaml")

# %% [markdown]
# For a quick look we change four things, as one would in a text editor:
#
# - **two sites** in place of four;
# - **365 segments a year** in place of 8,760 hours. A segment joins neighbouring hours that are much
#   alike. Costs come out close, sizes less so: run `hourly` before you sign anything;
# - **no battery**;
# - a second **scenario** in which no work can wait.
#
# What is misspelt or makes no sense is refused, with line and column.

# %%
yaml = YAML()
document = yaml.load(studies_dir() / "quickstart.yaml")
document["name"] = "first_study"
document["sites"] = ["dallas", "stockholm"]
document["resolution"] = {"segments": 365}
document["components"].remove("battery")
document["scenarios"] = {"base": {}, "no_waiting": {"components.shiftable_load": None}}

text = io.StringIO()
yaml.dump(document, text)
study = load_study("first_study.yaml", text=text.getvalue())
study

# %% [markdown]
# ## 2. Run it
#
# A *case* is one site under one scenario, over all years. Each case is solved twice: the optimum, and
# the *reference*, an ordinary site that buys all its power from the grid and shifts nothing. Results
# go to a folder; run the cell again and finished cases are taken from there. (`jobs="auto"` runs
# cases side by side.)

# %%
run = run_study(study, out="out/first_study", jobs=1)
for failure in run.failures:
    print(failure.case, failure.message)
run

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
figures.monthly_pue({name: results[name] for name in ("dallas/base", "stockholm/base")});

# %%
figures.build_out(ds);

# %% [markdown]
# ## 5. Ask your own questions
#
# **What is waiting worth?** The two scenarios differ in nothing else.

# %%
cost = ranking.set_index("case")["levelised_cost_usd_per_mwh"]
contracted = ranking.set_index("case")["contracted_mw"]
for site in ("dallas", "stockholm"):
    saved = cost[f"{site}/no_waiting"] - cost[f"{site}/base"]
    spared = contracted[f"{site}/no_waiting"] - contracted[f"{site}/base"]
    print(f"{site}: waiting saves {saved:.2f} USD/MWh and {spared:.1f} MW of connection")

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
# All tables as CSV and all figures as PNG, rebuilt from the stored results:

# %%
for path in write_reports("out/first_study"):
    print(Path(path).name)
