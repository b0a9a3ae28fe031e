"""Start-up times of meshgen beside the imports that they cannot do without, in turn, as ratios.

Prints medians of wall-clock milliseconds. Aims (design §10): `--version` and `explain CODE` within 1.5 times `import
click`; `validate` of bookinfo within twice the imports that it needs.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tabulate import tabulate

RUNS = 15
ROOT = Path(__file__).parent.parent
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""With compiled modules on both sides, as after any first run."""
NEEDED = "import click, ruamel.yaml, _ruamel_yaml; from pydantic import BaseModel"
PAIRS = [
    ("meshgen --version", ["-m", "meshgen", "--version"], "import click", ["-c", "import click"]),
    ("meshgen explain MG301", ["-m", "meshgen", "explain", "MG301"], "import click", ["-c", "import click"]),
    ("meshgen validate fleet", ["-m", "meshgen", "validate", "fleet"], NEEDED, ["-c", NEEDED]),
]


def timed(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    rows = []
    for name, command, base_name, base in PAIRS:
        timed(command)
        timed(base)
        pairs = [(timed(command), timed(base)) for _ in range(RUNS)]
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        rows.append([name, f"{ours:.0f}", base_name, f"{theirs:.0f}", f"{ratio:.2f}"])
    print(tabulate(rows, headers=["command", "ms", "beside", "ms", "ratio"], disable_numparse=True))


if __name__ == "__main__":
    main()
