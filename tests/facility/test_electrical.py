import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmodel.facility import load_design
from dcmodel.facility.electrical import (
    Device,
    chain,
    device_efficiency,
    device_loss,
    hall_losses,
    redundancy_multiplier,
)

# k0, k1, k2 and efficiency [%] at 25, 50, 75 and 100 % of rating: published UPS classes.
UPS = [
    ((0.008, 0.012, 0.012), (95.5, 96.7, 96.9, 96.9)),
    ((0.004, 0.018, 0.010), (96.5, 97.0, 97.0, 96.9)),
    ((0.003, 0.004, 0.003), (98.4, 98.9, 99.0, 99.0)),
    ((0.02, 0.02, 0.02), (90.5, 93.5, 94.2, 94.3)),
]


@pytest.mark.parametrize(("coefficients", "efficiencies"), UPS)
def test_ups_efficiency_over_load(coefficients, efficiencies):
    device = Device(*coefficients, rating=1.0)
    found = 100 * device_efficiency(np.array([0.25, 0.5, 0.75, 1.0]), device)
    assert found == pytest.approx(efficiencies, abs=0.06)


def test_shipped_ups_are_these_classes():
    shipped = {
        variant: tuple(load_design("water_economizer", variant)[f"ups_k{i}"] for i in range(3))
        for variant in ("best", "generic", "legacy")
    }
    assert shipped == {"best": UPS[2][0], "generic": UPS[0][0], "legacy": UPS[3][0]}


def test_redundancy():
    assert redundancy_multiplier(4, 1) == 1.25
    assert redundancy_multiplier(1, 0, 2) == 2.0
    # 2N at 60 % of the load runs every unit at 30 % of its rating.
    device = Device(0.0, 0.0, 1.0, rating=redundancy_multiplier(1, 0, 2))
    assert device_loss(0.6, device) == pytest.approx(2.0 * 0.3**2)


@given(st.floats(0, 1), st.floats(0.1, 500))
def test_loss_is_homogeneous_of_degree_one(throughput, scale):
    device = Device(0.01, 0.02, 0.03, rating=1.3)
    larger = Device(0.01, 0.02, 0.03, rating=1.3 * scale)
    assert device_loss(scale * throughput, larger) == pytest.approx(
        scale * device_loss(throughput, device)
    )


NO_LOSS = {
    f"{device}_{k}": 0.0
    for device in ("transformer", "switchgear", "ups", "pdu")
    for k in ("k0", "k1", "k2")
}


def test_losses_cascade():
    # Only proportional losses of 10 % of throughput in the UPS and the transformer, 2 % in the PDU:
    # (((1 * 1.02 + 0.03) * 1.1) + 0.2) * 1.1
    own = NO_LOSS | {"ups_k1": 0.1, "transformer_k1": 0.1, "pdu_k1": 0.02, "battery_float_ratio": 0}
    design = load_design("water_economizer", overrides=own)
    state = chain(design, np.array(1.0), np.array(0.03), np.array(0.2))
    assert state.ups_throughput == pytest.approx(1.05)
    assert state.facility_power == pytest.approx((1.05 * 1.1 + 0.2) * 1.1)
    assert state.loss == pytest.approx(state.facility_power - 1.23)


def test_auxiliaries_behind_the_ups_cost_more():
    design = load_design("water_economizer")
    load, pumps, none = np.array(0.7), np.array(0.05), np.array(0.0)
    behind = chain(design, load, pumps, none).facility_power
    beside = chain(design, load, none, pumps).facility_power
    # The UPS's marginal loss on 50 kW: between its proportional part and 5 %.
    assert 0.012 * 0.05 < behind - beside < 0.05 * 0.05


def test_hall_heat_of_losses():
    own = NO_LOSS | {"pdu_k1": 0.02, "ups_k1": 0.1, "miscellaneous_ratio": 0.005}
    with_ups = load_design("air_economizer", overrides=own | {"ups_heat_in_hall_fraction": 1})
    without = load_design("air_economizer", overrides=own | {"ups_heat_in_hall_fraction": 0})
    assert hall_losses(without, np.array(0.5)) == pytest.approx(0.01 + 0.005)
    assert hall_losses(with_ups, np.array(0.5)) == pytest.approx(0.01 + 0.005 + 0.051)
