"""Facility physics: weather and IT power to cooling, electrical losses and water.

``load_design`` reads a preset, ``evaluate`` gives every hour's powers and water per MW of installed
IT, ``yearly`` the PUE and WUE, ``design_peak`` what contracts must carry, and ``linearise`` the
affine hourly form the optimiser uses.
"""

from dcmodel.facility.design import Design, architectures, load_design, variants
from dcmodel.facility.linearise import (
    AffineFacility,
    LinearisationError,
    linearisation_error,
    linearise,
)
from dcmodel.facility.model import (
    FacilityState,
    YearlyFigures,
    design_peak,
    design_weather,
    evaluate,
    yearly,
)
from dcmodel.facility.weather import FacilityWeather

__all__ = [
    "AffineFacility",
    "Design",
    "FacilityState",
    "FacilityWeather",
    "LinearisationError",
    "YearlyFigures",
    "architectures",
    "design_peak",
    "design_weather",
    "evaluate",
    "linearisation_error",
    "linearise",
    "load_design",
    "variants",
    "yearly",
]
