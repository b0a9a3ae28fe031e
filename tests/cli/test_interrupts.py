"""Runs that are interrupted at random moments: no traceback, the documented exit code, nothing half written."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tree.support import manifests

EXAMPLES = Path(__file__).parents[2] / "examples"
MAIN = """
import sys
from meshgen import interrupts
from meshgen.cli import main
install = interrupts.install
interrupts.install = lambda: (install(), print("ready", flush=True))
sys.exit(main())
"""
"""Says when it is ready for signals; what it imports comes after that."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals are Unix"),
]


def interrupted(arguments: list[str], delay: float, number: int) -> tuple[int, str]:
    """Run, and send a signal so long after the program takes signals; its exit code, as a shell says it, and its words.

    Python gives signals their own effect back when the work is done and it takes itself down: then it is the signal
    that ends the process, which a shell tells by the same number.
    """
    program = [sys.executable, "-c", MAIN, *arguments]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(delay)
        child.send_signal(number)
        _, said = child.communicate()
    return (128 - child.returncode if child.returncode < 0 else child.returncode), said


def build(output: Path, example: str) -> list[str]:
    fleet = str(EXAMPLES / example / "fleet")
    return ["build", fleet, "-o", str(output), "--kubeconform=off", "--allow-withdrawal", "-q"]


def test_builds_interrupted_at_random_moments_leave_a_whole_tree(tmp_path: Path) -> None:
    chance = random.Random(11)  # noqa: S311 - repeatable, no secret
    examples = ("istio", "three-clusters")
    whole = []
    window = 0.0
    for example in examples:
        started = time.monotonic()
        subprocess.run(
            [sys.executable, "-c", MAIN, *build(tmp_path / example, example)], check=True, capture_output=True
        )
        window = max(window, time.monotonic() - started)
        whole.append(manifests(tmp_path / example))
    output = tmp_path / "output"
    ended = {0: 0, 130: 0, 143: 0}
    before: dict[str, bytes] = {}
    for run in range(24):
        number = chance.choice(SIGNALS)
        code, said = interrupted(build(output, examples[run % 2]), chance.uniform(0, window), number)
        assert code in {0, 128 + number}, said
        assert "Traceback" not in said
        assert "Exception ignored" not in said
        ended[code] += 1
        now = manifests(output) if output.exists() else {}
        assert now in ((whole[run % 2],) if code == 0 else (before, whole[run % 2]))
        left = sorted(path.name for path in (output / ".meshgen/local").glob("*"))
        assert not [name for name in left if name.startswith(("staging-", "journal", "lock"))]
        before = now
    assert ended[130] + ended[143] > 5


def test_imports_interrupted_at_random_moments_leave_a_whole_inventory(tmp_path: Path) -> None:
    chance = random.Random(12)  # noqa: S311 - repeatable, no secret
    texts = set()
    common = ["inventory", "import", "--cluster=c1", "--fleet", str(tmp_path / "fleet")]
    for count in (50, 60):
        services = (
            f"apiVersion: v1\nkind: Service\nmetadata: {{name: s{number}}}\nspec: {{ports: [{{port: {count}}}]}}\n"
            for number in range(count)
        )
        (tmp_path / f"{count}.yaml").write_text("---\n".join(services))
        program = [sys.executable, "-m", "meshgen", *common, "-o-", str(tmp_path / f"{count}.yaml")]
        texts.add(subprocess.run(program, capture_output=True, text=True, check=True).stdout)
    target = tmp_path / "fleet/inventory/c1.yaml"
    for run in range(16):
        source = tmp_path / f"{(50, 60)[run % 2]}.yaml"
        number = chance.choice(SIGNALS)
        code, said = interrupted([*common, str(source)], chance.uniform(0, 0.6), number)
        assert code in {0, 128 + number}, said
        assert "Traceback" not in said
        assert not target.exists() or target.read_text() in texts
        assert not target.parent.exists() or {path.name for path in target.parent.iterdir()} <= {"c1.yaml"}
