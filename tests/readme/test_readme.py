"""What the README shows is what meshgen reads, and what Argo CD and Flux accept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tests.schemas.delivery import refusals

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks() -> dict[str, str]:
    """The YAML blocks of the README by the kind of their object."""
    found = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return {YAML(typ="safe").load(text)["kind"]: text for text in found}


def test_the_sync_of_the_readme_is_accepted_by_the_schema_of_its_engine() -> None:
    body: dict[str, Any] = YAML(typ="safe").load(blocks()["ApplicationSet"])
    assert refusals(body) == []


EXAMPLE = ROOT / "examples" / "istio"


def test_the_fleet_of_the_readme_is_the_example_for_istio() -> None:
    committed = (EXAMPLE / "fleet" / "fleet.yaml").read_text()
    assert YAML(typ="safe").load(blocks()["Fleet"]) == YAML(typ="safe").load(committed)


def test_the_files_that_the_readme_lists_are_those_of_the_directory() -> None:
    listing = README.partition("$ ls examples/istio/output/cluster-2/bookinfo\n")[2].partition("```")[0]
    names = [line.split()[0] for line in listing.splitlines()]
    assert names == sorted(file.name for file in (EXAMPLE / "output" / "cluster-2" / "bookinfo").iterdir())


def test_the_table_of_the_readme_is_what_show_prints(capsys: pytest.CaptureFixture[str]) -> None:
    from meshgen.cli import main

    assert main(["show", str(EXAMPLE / "fleet")]) == 0
    shown = README.partition("$ meshgen show examples/istio/fleet\n")[2].partition("\n\n")[0]
    assert capsys.readouterr().out.rstrip() == shown


def test_the_targets_that_the_readme_names_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)) <= targets


def test_the_commands_that_the_readme_names_exist() -> None:
    from meshgen.cli.group import COMMANDS

    assert set(re.findall(r"`meshgen ([a-z]+)", README)) <= set(COMMANDS)


def test_the_codes_that_the_readme_names_have_pages() -> None:
    from meshgen.pages import codes

    assert set(re.findall(r"MG[0-9]{3}", README)) <= set(codes())


def test_the_kinds_that_the_readme_fetches_have_their_whole_names() -> None:
    shell = README.partition("istio=$(printf")[2].partition("```")[0]
    asked = set(re.findall(r"[a-z]+", shell))
    assert {"services", "virtualservices", "peerauthentications", "horizontalpodautoscalers"} <= asked
    assert asked.isdisjoint({"ns", "svc", "deploy", "sts", "ds", "dr", "vs", "se", "hpa", "cm", "gw"})
