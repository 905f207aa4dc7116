"""``python -m dcmodel`` is the command ``dcmodel``."""

from dcmodel.cli import main

if __name__ == "__main__":
    main()
