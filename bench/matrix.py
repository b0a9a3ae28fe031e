"""A huge fleet shared among the machines of a CI matrix: what `build --cluster` costs one of them, and all together.

`python -m bench.matrix [CLUSTERS SERVICES]`; without arguments 1,000 clusters and 10,000 services.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from tabulate import tabulate

from bench.build import objects_of
from bench.fleets import write_fleet
from bench.measure import cost, machine


def main() -> None:
    clusters, services = (int(argument) for argument in (sys.argv[1:] or ["1000", "10000"]))
    rows, costs, objects = [], [], 0
    print(machine())
    with tempfile.TemporaryDirectory() as scratch:
        fleet = Path(scratch, "fleet")
        write_fleet(fleet, clusters, services)
        for index in (0, clusters // 2, clusters - 1):
            name, output = f"cluster-{index:03}", Path(scratch, f"output-{index}")
            command = ["build", str(fleet), "-o", str(output), "--cluster", name, "--kubeconform", "off"]
            spent = cost(sys.executable, "-m", "meshgen", *command)
            objects = objects_of(output)
            costs.append(spent)
            rows.append([name, f"{objects:,}", f"{spent.cpu:.1f}", f"{spent.wall:.1f}", f"{spent.memory:.0f}"])
    print(f"{clusters:,} clusters, {services:,} services; build --cluster of three of them, cold")
    print(tabulate(rows, headers=["", "objects", "CPU s", "wall s", "MB"], disable_numparse=True))
    cpu, wall = (statistics.median(getattr(each, name) for each in costs) for name in ("cpu", "wall"))
    print(
        f"extrapolated to {clusters:,} machines: {objects * clusters:,} objects, {cpu * clusters / 3600:.1f} hours of "
        f"CPU in all, {wall:.0f} s on the clock where each has its own"
    )


if __name__ == "__main__":
    main()
