"""Run the ranking of four sites on real hours of 2023: ``python tests/real/ranking.py OUT``.

The study and the descriptions of its series are laid beside links to the real files
(``$DCMODEL_REAL_DATA``, default ``../shared/data``), because a study names its files relative to
itself.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from dcmodel.study.run import run_study

HERE = Path(__file__).resolve().parent
DEFAULT = HERE.parents[2] / "shared" / "data"


PRICES = "price/sustaincluster"
FILES = (
    "weather/epw/USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3.epw",
    "weather/openmeteo/US-TEX-ERCO/2023.json",
    "weather/openmeteo/DE-LU/2023.json",
    "weather/openmeteo/GB/2023.json",
    # of the year, and of the one before for the first hours of the year in UTC
    *(f"{PRICES}/US-MIDA-PJM/US-MIDA-PJM_electricity_prices_{y}.csv" for y in (2022, 2023)),
    *(f"{PRICES}/US-TEX-ERCO/US-TEX-ERCO_electricity_prices_{y}.csv" for y in (2022, 2023)),
    *(f"{PRICES}/DE-LU/DE-LU_electricity_prices_{y}.csv" for y in (2022, 2023)),
    *(f"{PRICES}/GB_incompleted/GB_electricity_prices_{y}.csv" for y in (2022, 2023)),
)


def lay_out(folder: Path, find: Callable[[str], Path]) -> Path:
    """Put the study, its descriptors and links to the real files it names into a folder."""
    study = shutil.copy(HERE / "ranking.yaml", folder)
    for name in ("us_pjm", "us_ercot", "de", "gb"):
        shutil.copy(HERE / "series" / f"{name}.yaml", folder)
    for name in FILES:
        source = find(name)
        link = folder / name
        link = link.with_name(source.name)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(source)
    return Path(study)


def finder(real: Path) -> Callable[[str], Path]:
    """Return what finds a real file by name, in its plain or its gzip form."""

    def find(name: str) -> Path:
        plain = real / name
        return (
            plain if plain.is_file() else plain.with_name(f"{plain.name}.gz").resolve(strict=True)
        )

    return find


if __name__ == "__main__":
    real = Path(os.environ.get("DCMODEL_REAL_DATA") or DEFAULT)
    with tempfile.TemporaryDirectory() as scratch:
        result = run_study(lay_out(Path(scratch), finder(real)), sys.argv[1])
    sys.stdout.write(result.summary.round(3).T.to_string() + "\n")
    sys.exit(result.exit_code)
