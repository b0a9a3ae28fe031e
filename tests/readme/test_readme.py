"""What the README shows is what meshgen reads."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from meshgen.delivery import engine_names
from meshgen.pipeline import compile_fleet

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


FLEET, DELIVERY = (
    YAML(typ="safe").load(text) for text in re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
)


EXAMPLE = ROOT / "examples" / "istio"


def test_the_fleet_of_the_readme_is_the_example_for_istio() -> None:
    committed = (EXAMPLE / "fleet" / "fleet.yaml").read_text()
    assert YAML(typ="safe").load(committed) == FLEET


@pytest.mark.parametrize("name", engine_names())
def test_the_delivery_of_the_readme_delivers_that_fleet_by_each_engine(name: str, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "fleet", tmp_path, dirs_exist_ok=True)
    delivery = DELIVERY["spec"]["delivery"] | {"engine": name}
    fleet = FLEET | {"spec": FLEET["spec"] | {"delivery": delivery}}
    (tmp_path / "fleet.yaml").write_text(json.dumps(fleet))
    compiled = compile_fleet(tmp_path)
    assert [found for found in compiled.diagnostics if found.severity == "error"] == []
    assert any(path.startswith("_delivery/") for path in compiled.files)


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


def test_the_kinds_that_the_page_of_inventories_fetches_have_their_whole_names() -> None:
    page = (ROOT / "docs/howto/inventory.md").read_text()
    shell = page.partition("istio=$(printf")[2].partition("```")[0]
    asked = set(re.findall(r"[a-z]+", shell))
    assert {"services", "virtualservices", "peerauthentications", "horizontalpodautoscalers"} <= asked
    assert asked.isdisjoint({"ns", "svc", "deploy", "sts", "ds", "dr", "vs", "se", "hpa", "cm", "gw"})
