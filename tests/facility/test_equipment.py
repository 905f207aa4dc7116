import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.facility import architectures, load_design
from dcmodel.facility.equipment import (
    equipment,
    generation_water,
    liquid_share,
    rack_power,
    racks,
    server_fan_share,
    server_power,
)
from dcmodel.facility.preset import rack_limit, with_rack


def test_racks_grow_denser():
    platforms = racks()
    assert [rack.year for rack in platforms] == sorted(rack.year for rack in platforms)
    assert all(rack.low <= rack.rack_kw <= rack.high for rack in platforms)
    by_name = {rack.platform: rack.rack_kw for rack in platforms}
    assert 115 <= by_name["GB200 NVL72"] <= 132  # eight shelves of 33 kW, N+N


def test_liquid_share_by_density():
    assert float(liquid_share(10)) == 0.0
    # NVL72: 115 kW on liquid of 132 kW
    assert float(liquid_share(132)) == pytest.approx(115 / 132, abs=0.03)
    assert (np.diff(liquid_share(np.linspace(0, 600, 200))) >= 0).all()


def test_racks_beyond_an_architecture_are_refused_with_the_reason():
    with_rack(load_design("water_economizer"), 15)
    with pytest.raises(StudyError, match=r"120 kW a rack is beyond water_economizer.*40 kW"):
        with_rack(load_design("water_economizer"), 120, "study.yaml:3:1")
    liquid, door, air = (
        rack_limit(architectures[key]) for key in ("direct_to_chip", "rear_door", "air_economizer")
    )
    assert liquid > door > air


def test_server_fans_fall_with_the_liquid_share():
    assert server_fan_share(0.0) > server_fan_share(0.85) > 0.0


def test_density_path_of_accelerators_and_of_the_fleet():
    path = [rack_power(year).rack_kw for year in range(2020, 2031)]
    assert path == sorted(path)
    # published: AI servers grew eleven times denser in five years; racks, fewer nodes each, four
    assert 4 < rack_power(2025).rack_kw / rack_power(2020).rack_kw < 11
    assert rack_power(2028).platform == "Rubin Ultra NVL576"
    assert rack_power(2026, fleet=True).rack_kw == 8
    with pytest.raises(StudyError, match="begins in 2020"):
        rack_power(2019)


def test_server_power_over_utilisation():
    assert server_power(0.0) == equipment("server_idle")
    assert server_power(1.0, prefill_share=1.0) == equipment("server_prefill")
    assert server_power(1.0, prefill_share=0.0) == equipment("server_decode")
    # half busy, half of that in prefill: 0.25 + 0.5 (0.775 - 0.25)
    assert server_power(0.5, prefill_share=0.5) == pytest.approx(0.5125)
    # a fleet in decode draws well below a training cluster: published peaks 0.79 against 0.97
    assert server_power(1.0) < 0.79 < server_power(equipment("training_utilisation"), 1.0)


def test_water_of_generation_by_source():
    assert generation_water({"wind": 0.5, "solar": 0.5}) == 0
    # 0.4 x 1.14 + 0.1 x 1.70 + 0.2 x 2.27
    mix = {"gas": 0.4, "coal": 0.1, "nuclear": 0.2, "wind": 0.3}
    assert generation_water(mix) == pytest.approx(1.08)
    with pytest.raises(StudyError, match="did you mean 'nuclear'") as caught:
        generation_water({"nucular": 0.5})
    assert len(caught.value.faults) == 2
