"""Everything that judges objects before they run accepts what meshgen builds, without a warning we do not know."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab import isolation
from lab.build import Parts
from lab.facts import read_facts
from lab.gitops import read_tree

if TYPE_CHECKING:
    from lab.fleet import Lab

ROOT = Path(__file__).parents[2]
TREES = [
    directory
    for fleet in sorted(ROOT.glob("examples/*/fleet"))
    if read_facts(fleet).platform == "istio"
    for directory in sorted((fleet.parent / "output").iterdir())
    if directory.is_dir() and not directory.name.startswith((".", "_"))
]

ACCEPTED_REMARKS = {
    r"deployment .* may not provide Istio metrics and telemetry labels": (
        "a gateway has no version of its own to put into a label; it reports metrics under its app label"
    ),
}
ACCEPTED_MESSAGES = {
    "IST0102": "no injector runs in the lab, so none of its namespaces asks for one",
    "IST0146": "the same: what the injector does to a gateway's pod, the lab does",
}
_FINDINGS = 79  # istioctl's exit code where it found something


def _name(tree: Path) -> str:
    return f"{tree.parents[1].name}/{tree.name}"


@pytest.mark.quick
@pytest.mark.parametrize("tree", TREES, ids=_name)
def test_api_server_and_webhook_take_every_object_without_a_warning(bookinfo: Lab, tree: Path) -> None:
    """Server-side apply, strict, CEL rules of the CRDs and istiod's webhook included."""
    cluster = bookinfo.clusters["c1"]
    cluster.api.warnings.clear()
    for body in read_tree(tree):
        if namespace := body["metadata"].get("namespace"):
            cluster.ensure_namespace(namespace)
        cluster.api.apply(body, manager="acceptance", dry_run=True)
    assert cluster.api.warnings == []


@pytest.mark.parametrize("tree", TREES, ids=_name)
def test_istioctl_validate_has_nothing_to_say(istioctl: str, tree: Path) -> None:
    files = [f"--filename={file}" for file in sorted(tree.rglob("*.yaml"))]
    done = subprocess.run([istioctl, "validate", *files], capture_output=True, text=True, check=False)
    remarks = [line for line in f"{done.stdout}{done.stderr}".splitlines() if not line.endswith("is valid")]
    unknown = [line for line in remarks if not any(re.search(p, line) for p in ACCEPTED_REMARKS)]
    assert (done.returncode, unknown) == (0, [])


@pytest.mark.parametrize("tree", TREES, ids=_name)
def test_istioctl_analyze_finds_nothing_in_the_files(istioctl: str, tree: Path) -> None:
    command = [istioctl, "analyze", "--use-kube=false", "-A", "--output=json", str(tree)]
    assert _messages(command) == []


@pytest.mark.quick
@pytest.mark.parametrize("name", ["c1", "c2"])
def test_istioctl_analyze_finds_nothing_in_a_running_cluster(bookinfo: Lab, istioctl: str, name: str) -> None:
    kubeconfig = bookinfo.clusters[name].directory / "kubeconfig"
    command = [istioctl, "analyze", "-A", "--kubeconfig", str(kubeconfig), "--output=json"]
    assert _messages(command) == []


@pytest.fixture
def istioctl() -> str:
    return Parts(isolation.PARTS).binary("istioctl")


def _messages(command: list[str]) -> list[str]:
    """What istioctl analyze says, without what is accepted."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, _FINDINGS), done.stderr
    messages = json.loads(done.stdout or "[]")
    return [f"{m['code']} {m['origin']}: {m['message']}" for m in messages if m["code"] not in ACCEPTED_MESSAGES]
