"""The carbon-free share by the hour from emission factors, against generation by fuel."""

import gzip

import numpy as np
import pandas as pd
import pytest

from dcmodel.profiles.paths import carbon_free_share

CLEAN = {"nuclear", "wind", "solar", "hydro", "biomass", "WND", "SUN", "WAT", "NUC"}


def test_it_falls_as_the_factor_rises_and_keeps_its_mean():
    factor = np.array([[100.0, 300.0], [0.0, 0.0]])
    share = carbon_free_share(factor, [0.4, 0.9])
    assert share == pytest.approx(np.array([[1 - 0.6 * 0.5, 1 - 0.6 * 1.5], [0.9, 0.9]]))


def test_it_stays_a_share():
    share = carbon_free_share(np.array([[10.0, 10.0, 980.0]]), [0.1])
    assert share.min() >= 0
    assert share.max() <= 1


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("eia2022/PJM_NG_avgCI.csv", "avg_CI"),
        ("eia2022/ERCO_NG_avgCI.csv", "avg_CI"),
        ("carboncast/DE_direct_emissions.csv", "carbon_intensity"),
    ],
)
def test_it_agrees_with_generation_by_fuel(real_data, name, factor):
    path = real_data.file(f"genmix/{name}")
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        table = pd.read_csv(stream)
    fuels = [c for c in table if c not in {factor, "timestamp", "UTC time", "Unnamed: 0"}]
    made = table[fuels].clip(lower=0.0)
    total = made.sum(axis=1)
    sound = (total > 0) & (table[factor] > 0.3 * table[factor].median())
    share = (made[[c for c in fuels if c in CLEAN]].sum(axis=1) / total)[sound].to_numpy()
    estimate = carbon_free_share(table[factor][sound].to_numpy()[None], [share.mean()])[0]
    assert np.sqrt(((estimate - share) ** 2).mean()) < 0.04
    assert np.corrcoef(estimate, share)[0, 1] > 0.9
