"""Same fleet, same bytes: whatever the machine, the place, and the way in which the fleet is split into files."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from meshgen.diagnostics.render import render
from meshgen.pipeline import compile_fleet
from tests.fleets import compiled, documents
from tests.fleets import fleet as joined

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples/three-clusters/fleet"
SCRIPT = """
import hashlib, json, sys
from pathlib import Path
from meshgen.diagnostics.render import render
from meshgen.pipeline import compile_fleet
found = compile_fleet(Path(sys.argv[1]))
digests = {path: hashlib.sha256(content).hexdigest() for path, content in found.files.items()}
text = render(found.diagnostics, found.checked.sources, "full")
json.dump([list(digests.items()), hashlib.sha256(text.encode()).hexdigest()], sys.stdout)
"""


@cache
def digests(path: Path) -> list[object]:
    """Hashes of all files, in their order, and of the findings, of a fleet compiled here."""
    found = compile_fleet(path)
    text = render(found.diagnostics, found.checked.sources, "full")
    return [
        [[path, hashlib.sha256(content).hexdigest()] for path, content in found.files.items()],
        hashlib.sha256(text.encode()).hexdigest(),
    ]


def elsewhere(path: Path, directory: Path, python: str = sys.executable, **environment: str) -> list[object]:
    """The same from another process."""
    done = subprocess.run(
        [python, "-c", SCRIPT, str(path)],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        check=True,
        capture_output=True,
    )
    found: list[object] = json.loads(done.stdout)
    return found


@cache
def locales() -> tuple[str, ...]:
    there = subprocess.run(["locale", "-a"], check=False, capture_output=True, text=True).stdout.split()
    wanted = ("tr_TR.utf8", "tr_TR.UTF-8", "de_DE.utf8", "C.utf8")
    return ("C", "POSIX", *(name for name in wanted if name in there))


def other_machines() -> Iterator[dict[str, str]]:
    """Each differs in all that could matter, so that few processes show it; which of it does, a failure has to find."""
    seeds, zones = itertools.cycle(["0", "1", "4294967295"]), itertools.cycle(["Pacific/Kiritimati", "America/Lima"])
    for name, seed, zone in zip(locales(), seeds, zones, strict=False):
        in_locale = {"LC_ALL": name, "LANG": name, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        yield {**in_locale, "PYTHONHASHSEED": seed, "TZ": zone, "USER": "nobody"}


@pytest.mark.parametrize("machine", list(other_machines()), ids=lambda machine: machine["LC_ALL"])
def test_another_machine_gives_the_same_bytes(machine: dict[str, str], tmp_path: Path) -> None:
    """Another locale, hash seed, time zone, home and working directory."""
    assert elsewhere(EXAMPLE, tmp_path, HOME=str(tmp_path), **machine) == digests(EXAMPLE)


def test_another_place_of_the_fleet_gives_the_same_files(tmp_path: Path) -> None:
    copy = shutil.copytree(EXAMPLE, tmp_path / "somewhere else")
    assert compile_fleet(copy).files == compile_fleet(EXAMPLE).files


def test_the_order_in_which_files_were_made_does_not_matter(tmp_path: Path) -> None:
    files = sorted(EXAMPLE.rglob("*.yaml"))
    for number, order in enumerate([files, files[::-1]]):
        for file in order:
            target = tmp_path / str(number) / file.relative_to(EXAMPLE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    assert compile_fleet(tmp_path / "0").files == compile_fleet(tmp_path / "1").files


def test_other_names_of_the_files_do_not_matter(tmp_path: Path) -> None:
    for number, file in enumerate(sorted(EXAMPLE.rglob("*.yaml"), reverse=True)):
        (tmp_path / f"{number:03}.yml").write_bytes(file.read_bytes())
    assert compile_fleet(tmp_path).files == compile_fleet(EXAMPLE).files


def test_crlf_and_a_bom_do_not_matter(tmp_path: Path) -> None:
    for number, file in enumerate(sorted(EXAMPLE.rglob("*.yaml"))):
        (tmp_path / f"{number}.yaml").write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert compile_fleet(tmp_path).files == compile_fleet(EXAMPLE).files


PARTS = """
kind: Fleet
metadata: {name: demo}
spec: {platform: istio}
---
kind: Cluster
metadata: {name: c1}
spec: {region: eu, network: n1}
---
kind: Cluster
metadata: {name: c2}
spec: {region: us, network: n2}
---
kind: Cluster
metadata: {name: c3}
spec: {region: us, network: n3}
---
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: gateways}}
---
kind: Workspace
metadata: {name: bank}
spec: {namespaceSelector: {names: ["*/bank"]}, eastWestGateway: {name: ew, namespace: gateways}}
---
kind: Gateway
metadata: {name: ew}
spec: {namespace: gateways, replicas: 3}
---
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}, {name: bank}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  - {name: web-canary, namespace: shop, selector: {app: web, track: canary}, ports: [{name: http, port: 80}]}
  - {name: pay, namespace: bank, selector: {app: pay}, ports: [{name: grpc, port: 90}], serviceAccounts: [b, a]}
  gateways: [{name: ew, namespace: gateways, addresses: [198.51.100.1, 198.51.100.2]}]
---
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: bank}, {name: shop}]
  services:
  - {name: pay, namespace: bank, selector: {app: pay}, ports: [{name: grpc, port: 90}], serviceAccounts: [a, b]}
  gateways: [{name: ew, namespace: gateways, addresses: [192.0.2.1, 192.0.2.2]}]
---
kind: Inventory
metadata: {name: c3}
spec: {}
"""
LISTS = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  workspaces:
  - {name: bank, namespaceSelector: {names: ["*/bank"]}, eastWestGateway: {name: ew, namespace: gateways}}
  - {name: shop, namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: gateways}}
  gateways: [{name: ew, namespace: gateways, replicas: 3}]
  clusters:
  - {name: c3, region: us, network: n3}
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: us, network: n2}
"""


def test_lists_of_the_fleet_and_documents_say_the_same() -> None:
    inventories = [document for document in documents(PARTS) if document.startswith("kind: Inventory")]
    assert compiled(PARTS).files == compiled(LISTS, *inventories).files


@settings(max_examples=15)
@given(order=st.permutations(range(10)))
def test_the_order_of_documents_does_not_matter(order: list[int]) -> None:
    parts = documents(PARTS)
    assert compiled(*(parts[index] for index in order)).files == compiled(PARTS).files


def test_one_file_for_each_document_says_the_same(tmp_path: Path) -> None:
    for number, document in enumerate(documents(PARTS)):
        directory = tmp_path / f"{number % 3}"
        directory.mkdir(exist_ok=True)
        (directory / f"{number}.yaml").write_text(joined(document))
    assert compile_fleet(tmp_path).files == compiled(PARTS).files


def shuffled(value: object, rng: random.Random) -> object:
    """The same data with the keys of every mapping in another order."""
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    return [shuffled(item, rng) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_fields_does_not_matter(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same order for the same seed
    found = [shuffled(document, rng) for document in YAML(typ="safe").load_all(joined(PARTS))]
    (tmp_path / "fleet.yaml").write_text("---\n".join(f"{json.dumps(document)}\n" for document in found))
    assert compile_fleet(tmp_path).files == compiled(PARTS).files


def test_the_order_of_services_in_an_inventory_does_not_matter() -> None:
    def services(names: str) -> str:
        items = "".join(
            f"  - {{name: {name}, namespace: shop, selector: {{app: {name}}}, ports: [{{name: http, port: 80}}]}}\n"
            for name in names.split()
        )
        return (
            "kind: Inventory\nmetadata: {name: c2}\nspec:\n  namespaces: [{name: shop}]\n"
            f"  services:\n{items}"
            "  gateways: [{name: ew, namespace: gateways, addresses: [192.0.2.1, 192.0.2.2]}]\n"
        )

    assert compiled(PARTS, services("web pay")).files == compiled(PARTS, services("pay web")).files
