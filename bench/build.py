"""Builds of three sizes beside `cp -r` of their result and `kustomize build` of the same objects, in one run.

`python -m bench.build [OBJECTS…]`: about how many objects, in 50 clusters; without arguments 10,000, 30,000 and
100,000. Then the memory of builds for more and more clusters of one size. Aims are those of design §10.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from tabulate import tabulate

from bench.fleets import write_fleet
from bench.measure import Cost, cost, exponent, machine, ratio, verdict

RUNS = 3
SIZES = (10_000, 30_000, 100_000)
CLUSTERS = 50
PER_CALL = 3
"""A consumer of a host gets about three objects for it."""
FLEETS = (25, 50, 100)
"""Numbers of clusters with the services of `LARGEST`, which give each of them as many objects."""
LARGEST = 500
KUSTOMIZE = Path(__file__).parent.parent / ".cache/bin/kustomize"

COLD_AIM, UNCHANGED_AIM, GROWTH_AIM, MEMORY_AIM = 2.5, 0.5, 1.1, 250
"""Cold beside `cp -r`, unchanged beside cold, exponent, MB for 100 clusters and 500 services."""

COLD, UNCHANGED, CHANGED, COPY, KUSTOMIZED = (
    "build, cold",
    "build, unchanged",
    "build, one service changed",
    "cp -r of the result",
    "kustomize build",
)


def build(fleet: Path, output: Path) -> Cost:
    return cost(sys.executable, "-m", "meshgen", "build", str(fleet), "-o", str(output), "--kubeconform", "off")


def kustomize(tree: Path, output: Path) -> Cost:
    """One kustomization for each cluster of `tree`, which lists all of its objects; one file an object again."""
    total = Cost(0, 0, 0)
    for cluster in sorted(path for path in tree.iterdir() if path.is_dir() and path.name[0] not in "._"):
        files = sorted(path.relative_to(cluster).as_posix() for path in cluster.rglob("*.yaml"))
        lines = "".join(f"- {file}\n" for file in files)
        (cluster / "kustomization.yaml").write_text(f"resources:\n{lines}")
        (output / cluster.name).mkdir(parents=True)
        total += cost(str(KUSTOMIZE), "build", str(cluster), "-o", str(output / cluster.name))
    return total


def objects_of(tree: Path) -> int:
    return sum(1 for path in tree.rglob("*.yaml") if path.relative_to(tree).parts[0][0] not in "._")


def measured(services: int, scratch: Path) -> tuple[int, dict[str, list[Cost]]]:
    """Objects, and what everything cost in each run; in turn, so that what else the machine does meets all alike."""
    fleet, output, copy, rendered = (scratch / name for name in ("fleet", "output", "copy", "rendered"))
    costs: dict[str, list[Cost]] = {name: [] for name in (COLD, UNCHANGED, CHANGED, COPY)}
    if KUSTOMIZE.exists():
        costs[KUSTOMIZED] = []
    for run in range(RUNS):
        for directory in (output, copy, rendered):
            shutil.rmtree(directory, ignore_errors=True)
        write_fleet(fleet, CLUSTERS, services)
        costs[COLD].append(build(fleet, output))
        costs[COPY].append(cost("cp", "-r", str(output), str(copy)))
        costs[UNCHANGED].append(build(fleet, output))
        write_fleet(fleet, CLUSTERS, services, account="second")
        costs[CHANGED].append(build(fleet, output))
        if KUSTOMIZED in costs and run == 0:
            costs[KUSTOMIZED].append(kustomize(copy, rendered))
    return objects_of(output), costs


def show(objects: int, services: int, costs: dict[str, list[Cost]]) -> None:
    rows = [
        [
            name,
            f"{statistics.median(each.cpu for each in of):.2f}",
            f"{statistics.median(each.wall for each in of):.2f}",
            f"{ratio(of, costs[COPY][: len(of)]):.2f}",
            f"{max(each.memory for each in of):.0f}",
        ]
        for name, of in costs.items()
    ]
    print(f"\n{objects:,} objects: {CLUSTERS} clusters, {services:,} services; medians of {RUNS} runs, kustomize once")
    print(tabulate(rows, headers=["", "CPU s", "wall s", "CPU / cp -r", "MB"], disable_numparse=True))
    cold, unchanged = ratio(costs[COLD], costs[COPY]), ratio(costs[UNCHANGED], costs[COLD])
    print(f"cold {cold:.2f} times cp -r, aim {COLD_AIM}: {verdict(kept=cold <= COLD_AIM)}")
    print(f"unchanged {unchanged:.2f} times cold, aim {UNCHANGED_AIM}: {verdict(kept=unchanged <= UNCHANGED_AIM)}")


def show_growth(sizes: list[int], cold: list[float]) -> None:
    """The fit over all sizes and over the last two, where starting up weighs least."""
    if len(sizes) < 2:  # noqa: PLR2004 - no line through one point
        return
    over_all, last = exponent(sizes, cold), exponent(sizes[-2:], cold[-2:])
    print(
        f"\ngrowth: CPU of cold builds ~ objects^{over_all:.2f} over {len(sizes)} sizes, ^{last:.2f} over the last "
        f"two, aim {GROWTH_AIM}: {verdict(kept=max(over_all, last) <= GROWTH_AIM)}"
    )


def show_memory() -> None:
    rows, peaks = [], []
    for clusters in FLEETS:
        with tempfile.TemporaryDirectory() as scratch:
            fleet, output = Path(scratch, "fleet"), Path(scratch, "output")
            write_fleet(fleet, clusters, LARGEST)
            cold, unchanged = build(fleet, output), build(fleet, output)
            peaks.append(cold.memory)
            objects = objects_of(output)
            rows.append([clusters, f"{objects:,}", f"{cold.memory:.0f}", f"{unchanged.memory:.0f}", f"{cold.cpu:.2f}"])
    print(f"\nmemory, {LARGEST} services everywhere")
    print(
        tabulate(rows, headers=["clusters", "objects", "MB cold", "MB unchanged", "CPU s cold"], disable_numparse=True)
    )
    print(f"{peaks[-1]:.0f} MB, aim {MEMORY_AIM}: {verdict(kept=peaks[-1] <= MEMORY_AIM)}")
    print(f"{FLEETS[-1] // FLEETS[0]} times the clusters take {peaks[-1] / peaks[0]:.2f} times the memory")


def main() -> None:
    wanted = sorted(map(int, sys.argv[1:])) or list(SIZES)
    print(machine())
    if not KUSTOMIZE.exists():
        print("kustomize is missing: it is built where Go is, and does not stand beside meshgen here")
    sizes, cold = [], []
    for objects in wanted:
        services = round(objects / PER_CALL / CLUSTERS)
        with tempfile.TemporaryDirectory() as scratch:
            found, costs = measured(services, Path(scratch))
        show(found, services, costs)
        sizes.append(found)
        cold.append(statistics.median(each.cpu for each in costs[COLD]))
    show_growth(sizes, cold)
    show_memory()


if __name__ == "__main__":
    main()
