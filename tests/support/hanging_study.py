"""The command line with solvers that hang for a minute; processes of cases read this file too."""

import sys

from dcmodel.optimise import solve

solve.METHODS = {name: solve._Method("support.fake_solver", "hang") for name in solve.METHODS}

if __name__ == "__main__":
    from dcmodel.cli import main

    sys.argv[0] = "dcmodel"
    main()
