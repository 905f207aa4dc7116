"""The board of acceptance: ``python -m tests.acceptance [--cheap] [--list] [NAME ...]``.

Prints one table: what is claimed, its figure, the target, whether it holds, and the seconds it
took. A NAME is a module (``plan``) or one claim (``plan.idle_grid``); without names all are run.
Exit code 1 where a claim does not hold.
"""

from __future__ import annotations

import argparse
import sys

from tests.acceptance.board import Claim, Line, claims, run

HEAD = "| claim | what | figure | target | holds | seconds |\n|---|---|---|---|---|---|"


def main() -> int:
    """Run the board and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="modules or claims to run")
    parser.add_argument("--cheap", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--list", action="store_true", help="list the claims, compute nothing")
    options = parser.parse_args()
    chosen = _chosen(claims(), options.names, options.cheap)
    if options.list:
        for claim in chosen:
            print(f"{claim.name} [{claim.cost}]: {claim.what} (target: {claim.target})")
        return 0
    print(HEAD)
    lines = []
    for line in run(chosen):
        lines.append(line)
        print(_row(line), flush=True)
    broken = sum(not line.holds for line in lines)
    print(f"\n{len(lines) - broken} of {len(lines)} hold")
    return 1 if broken else 0


def _chosen(known: list[Claim], names: list[str], cheap: bool) -> list[Claim]:
    for name in names:
        if not any(_matches(claim, name) for claim in known):
            modules = sorted({claim.name.partition(".")[0] for claim in known})
            sys.exit(f"no claim '{name}'; modules: {', '.join(modules)}; see --list")
    return [
        claim
        for claim in known
        if (not names or any(_matches(claim, name) for name in names))
        and not (cheap and claim.cost == "dear")
    ]


def _matches(claim: Claim, name: str) -> bool:
    return claim.name == name or claim.name.partition(".")[0] == name


def _row(line: Line) -> str:
    claim = line.claim
    holds = "yes" if line.holds else "**NO**"
    cells = (claim.name, claim.what, line.figure, claim.target, holds, f"{line.seconds:.1f}")
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
