from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from meshgen.cli import main
from meshgen.cli.init import files
from meshgen.pages import page
from meshgen.pipeline import compile_fleet
from meshgen.platforms import platform_names


@pytest.mark.parametrize("platform", platform_names())
def test_what_init_writes_compiles_at_once(tmp_path: Path, platform: str) -> None:
    assert main(["init", str(tmp_path / "fleet"), "--platform", platform]) == 0
    compiled = compile_fleet(tmp_path / "fleet")
    assert [found for found in compiled.diagnostics if found.severity != "hint"] == []
    assert {path.split("/")[0] for path in compiled.files} >= {"cluster-1", "cluster-2"}


def test_init_points_editors_at_the_schema_beside_it(tmp_path: Path) -> None:
    main(["init", str(tmp_path)])
    written = sorted(path for path in tmp_path.rglob("*.yaml"))
    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        "fleet.yaml",
        "inventory/cluster-1.yaml",
        "inventory/cluster-2.yaml",
    ]
    for path in written:
        first = path.read_text().splitlines()[0]
        schema = path.parent / first.removeprefix("# yaml-language-server: $schema=")
        Draft7Validator.check_schema(json.loads(schema.read_text()))


@pytest.mark.parametrize("present", ["fleet.yaml", "inventory/cluster-2.yaml", "other.yml", "meshgen.schema.json"])
def test_init_overwrites_nothing(tmp_path: Path, present: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / present
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")
    assert main(["init", str(tmp_path)]) == 2
    assert f"`{file}` exists already" in capsys.readouterr().err
    assert [(path.name, path.read_text()) for path in tmp_path.rglob("*") if path.is_file()] == [(file.name, "mine")]


def test_the_default_platform_of_init_is_the_one_of_the_template() -> None:
    assert "\n  platform: istio\n" in files("istio")["fleet.yaml"]
    assert "\n  platform: tse\n" in files("tse")["fleet.yaml"]


@pytest.mark.parametrize(("kind", "title"), [("Workspace", "Workspace"), ("publishedhost", "PublishedHost")])
def test_schema_prints_one_kind_in_any_case(kind: str, title: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", kind]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == title


def test_schema_prints_that_of_all_documents(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "meshgen fleet"


@pytest.mark.parametrize("code", ["MG007", "mg007"])
def test_explain_prints_the_page(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 0
    assert capsys.readouterr().out == page("MG007")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_that_asks_meshgen(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert f"_MESHGEN_COMPLETE={shell}_complete" in capsys.readouterr().out


def test_the_script_gets_the_commands() -> None:
    environment = {"_MESHGEN_COMPLETE": "bash_complete", "COMP_WORDS": "meshgen va", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "meshgen"], capture_output=True, text=True, check=False, env=os.environ | environment
    )
    assert (done.returncode, done.stdout) == (0, "plain,validate\n")


@pytest.fixture
def first_fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """What `init` writes, in the current directory."""
    monkeypatch.chdir(tmp_path)
    main(["init"])
    capsys.readouterr()
    return tmp_path / "fleet" / "fleet.yaml"


@pytest.mark.usefixtures("first_fleet")
@pytest.mark.parametrize("short", ["details", "details.bookinfo", "details.bookinfo.svc.cluster.local"])
def test_explain_knows_which_host_is_meant_by_its_first_labels(short: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", short, "--from", "cluster-1"]) == 0
    assert capsys.readouterr().out.startswith("details.bookinfo.svc.cluster.local\n")


@pytest.mark.usefixtures("first_fleet")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["detials"], "A similar name exists: `details`."),
        (["detials.bookinfo"], "A similar name exists: `details.bookinfo.svc.cluster.local`."),
        (["details", "--from", "clutser-1"], "A similar name exists: `cluster-1`."),
        (["nothing-like-it"], "`nothing-like-it` is no code, output file, published host or Service of an inventory."),
    ],
)
def test_explain_says_what_may_be_meant(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("first_fleet")
def test_show_knows_no_cluster_that_the_fleet_does_not_have(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--cluster", "clutser-1"]) == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        "error[MG063]: the fleet has no cluster `clutser-1`",
        " = help: A similar name exists: `cluster-1`.",
    ]


def test_explain_says_where_users_of_a_published_host_enter(capsys: pytest.CaptureFixture[str]) -> None:
    fleet = str(Path(__file__).parents[2] / "examples" / "edge" / "fleet")
    assert main(["explain", "bookinfo.example.com", "--fleet", fleet, "--from", "dublin-1"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "users enter for `bookinfo.example.com` in `dublin-edge`, `frankfurt`, not in `dublin-1`." in said


def test_explain_tells_of_a_fleet_with_errors_what_would_be(
    first_fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = first_fleet.read_text()
    assert "namespace: bookinfo}" in text
    first_fleet.write_text(text.replace("platform: istio", "platform: istio\n  entries: controlPlane"))
    assert main(["validate"]) == 1
    capsys.readouterr()
    assert main(["explain", "details"]) == 0
    shown = capsys.readouterr()
    assert "cluster-1: " in shown.out
    assert shown.err == "the fleet has errors, so this is not built; `meshgen validate` shows them\n"


@pytest.mark.usefixtures("first_fleet")
def test_build_suggests_the_cluster_that_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--cluster", "clutser-1"]) == 1
    assert "A similar name exists: `cluster-1`." in capsys.readouterr().out


def test_a_gateway_that_the_inventory_has_in_another_namespace_is_shown(
    first_fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = first_fleet.read_text()
    assert "namespace: bookinfo}" in text
    first_fleet.write_text(text.replace("namespace: bookinfo}", "namespace: bokinfo}"))
    main(["validate"])
    assert "The inventory has `bookinfo/eastwest-gateway`: name that, if this" in capsys.readouterr().out
