"""Run the ranking of four sites on real hours of 2023: ``python tests/real/ranking.py OUT``.

The study and the descriptions of its series are laid beside links to the real files
(``$DCMODEL_REAL_DATA``, default ``../shared/data``), because a study names its files relative to
itself.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from dcmodel.study.run import run_study

HERE = Path(__file__).resolve().parent
DEFAULT = HERE.parents[2] / "shared" / "data"


def lay_out(folder: Path, real_data: Path) -> Path:
    """Put the study, its descriptors and links to the real files into a folder."""
    study = shutil.copy(HERE / "ranking.yaml", folder)
    for name in ("us_pjm", "us_ercot", "de", "gb"):
        shutil.copy(HERE / "series" / f"{name}.yaml", folder)
    for family in ("weather", "price"):
        (folder / family).symlink_to(real_data / family)
    return Path(study)


if __name__ == "__main__":
    real = Path(os.environ.get("DCMODEL_REAL_DATA", DEFAULT))
    with tempfile.TemporaryDirectory() as scratch:
        result = run_study(lay_out(Path(scratch), real), sys.argv[1])
    sys.stdout.write(result.summary.round(3).T.to_string() + "\n")
    sys.exit(result.exit_code)
