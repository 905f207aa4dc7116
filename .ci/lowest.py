"""Print constraints that pin each direct dependency to the lowest version pyproject.toml allows.

Of the package and of what its tests need; what these need in turn is left to pip.
"""

import re
import sys
import tomllib
from pathlib import Path


def lowest(pyproject: str) -> list[str]:
    """Return ``name==version`` for every requirement with a lower bound."""
    project = tomllib.loads(pyproject)["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    wanted += project["optional-dependencies"]["notebook"]
    bounds = [re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?>=([0-9.]+).*", one) for one in wanted]
    return sorted(f"{found[1]}=={found[2]}" for found in bounds if found)


if __name__ == "__main__":
    sys.stdout.write("\n".join(lowest(Path(sys.argv[1]).read_text(encoding="utf-8"))) + "\n")
