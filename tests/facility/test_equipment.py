import numpy as np
import pytest

from dcmodel.base.errors import StudyError
from dcmodel.facility.equipment import (
    check_density,
    liquid_share,
    rack_limit,
    racks,
    server_fan_share,
)


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
    check_density("water_economizer", 15)
    with pytest.raises(StudyError, match=r"120 kW a rack is beyond water_economizer.*40 kW"):
        check_density("water_economizer", 120, "study.yaml:3:1")
    assert rack_limit("direct_to_chip") > rack_limit("rear_door") > rack_limit("air_economizer")


def test_server_fans_fall_with_the_liquid_share():
    assert server_fan_share(0.0) > server_fan_share(0.85) > 0.0
