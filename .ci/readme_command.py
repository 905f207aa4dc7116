"""Print the command line of the n-th bash block of the README's section "Quick start"."""

import re
import sys
from pathlib import Path


def quick_start_commands(readme: str) -> list[str]:
    """Return the command lines; exactly two blocks of one line each are expected."""
    section = readme.split("\n## Quick start\n", 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"```bash\n(.*?)```", section, flags=re.DOTALL)
    commands = [block.strip() for block in blocks]
    if len(commands) != 2 or any("\n" in command for command in commands):
        sys.exit("README: 'Quick start' must hold two bash blocks of one command line each")
    return commands


if __name__ == "__main__":
    sys.stdout.write(quick_start_commands(Path(sys.argv[1]).read_text())[int(sys.argv[2]) - 1])
