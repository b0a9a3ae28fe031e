"""Start-up times of meshgen beside the imports that they cannot do without, in turn, as ratios.

Prints medians of milliseconds of CPU, which other work on the machine disturbs less than the time on the clock, and
for each ratio whether it keeps its aim (design §10).
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

from tabulate import tabulate

RUNS = 15
ROOT = Path(__file__).parent.parent
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""With compiled modules on both sides, as after any first run."""
CLICK = "import click"
NEEDED = "import click, ruamel.yaml, _ruamel_yaml; from pydantic import BaseModel"
PAIRS = [
    (["--version"], CLICK, 1.5),
    (["explain", "MG301"], CLICK, 1.5),
    (["validate", "fleet"], NEEDED, 2),
]
"""Arguments of meshgen, the imports beside it, and how often their time it may take."""


def measured(arguments: list[str]) -> float:
    """Milliseconds of CPU that Python takes with `arguments`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main() -> None:
    rows = []
    for command, imports, aim in PAIRS:
        sides = (["-m", "meshgen", *command], ["-c", imports])
        for side in sides:
            measured(side)
        pairs = [tuple(measured(side) for side in sides) for _ in range(RUNS)]
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        verdict = "kept" if ratio <= aim else "MISSED"
        rows.append(
            [f"meshgen {' '.join(command)}", f"{ours:.0f}", imports, f"{theirs:.0f}", f"{ratio:.2f}", aim, verdict]
        )
    headers = ["command", "ms", "beside", "ms", "ratio", "aim", ""]
    print(tabulate(rows, headers=headers, disable_numparse=True))


if __name__ == "__main__":
    main()
