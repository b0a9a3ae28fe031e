"""The build command: what it writes, refuses, says, and how it ends (design §6, §7, §8)."""

from __future__ import annotations

import errno
import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn
from xml.etree import ElementTree as ET

import pytest

from meshgen.cli import build as command
from meshgen.diagnostics.render import MACHINE_FORMATS
from meshgen.emit import emit
from meshgen.tree.disk import Root
from meshgen.verify import kubeconform
from tests.fleets import HAS, LACKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Written
    from meshgen.plan.model import ClusterPlan, Plan
    from tests.build.project import Outcome, Project

BROKEN = HAS + "---\nkind: Cluster\nmetadata: {name: c9}\nspec: {regoin: eu}\n"
NO_EXPOSURE = """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: shop}, exposedServices: []}
"""


def test_a_first_build_writes_every_cluster(project: Project) -> None:
    project.write(LACKS)
    outcome = project.build()
    assert outcome.code == 0
    assert outcome.drift == []
    assert outcome.last_line == "2 clusters: 13 objects written, 0 unchanged, 0 removed; kubeconform did not run"
    assert project.names("*/*/serviceentry*") == [
        "c1/meshgen-multicluster/serviceentry.networking.istio.io_web.shop.svc.cluster.local.yaml"
    ]


def test_a_second_build_changes_nothing(project: Project) -> None:
    project.write(LACKS)
    project.build()
    before = project.tree
    assert project.build().last_line.startswith("2 clusters: 0 objects written, 13 unchanged, 0 removed")
    assert project.tree == before


def test_an_unchanged_build_prints_one_line_and_a_format_that_is_asked_for_prints_all(project: Project) -> None:
    project.write(HAS)
    arguments = ("build", str(project.fleet), "-o", str(project.output), "--kubeconform", "off")
    first = project.run(*arguments)
    assert "warning[MG316]" in first.out
    for more in ((), ("--check",)):
        again = project.run(*arguments, *more)
        verb, gone = ("to write", "to remove") if more else ("written", "removed")
        assert (again.code, again.out) == (0, "")
        assert again.err == (
            f"2 clusters: 0 objects {verb}, {project.count} unchanged, 0 {gone}; kubeconform did not run; "
            "1 warning: see `meshgen validate`\n"
        )
    assert "[MG316]" in project.run(*arguments, "--format", "concise").out


def test_an_unchanged_build_still_says_what_only_a_build_finds(project: Project) -> None:
    project.write(HAS)
    project.build()
    (project.output / "c1" / "stray.yaml").write_text("kind: ConfigMap\n")
    again = project.run("build", str(project.fleet), "-o", str(project.output), "--kubeconform", "off")
    assert "MG603" in again.out
    assert "MG316" not in again.out


def test_a_change_of_the_fleet_changes_only_what_it_means(project: Project) -> None:
    project.write(LACKS)
    project.build()
    before = project.tree
    project.write(LACKS.replace("192.0.2.2", "192.0.2.3"))
    assert project.build().last_line.startswith("2 clusters: 1 object written, 12 unchanged, 0 removed")
    assert [path for path, content in project.tree.items() if content != before[path]] == [
        ".meshgen/local/c1.written",
        ".meshgen/local/meant.json",
        "c1/meshgen-multicluster/serviceentry.networking.istio.io_web.shop.svc.cluster.local.yaml",
    ]


def test_one_file_is_a_fleet_too(project: Project) -> None:
    project.write(LACKS)
    outcome = project.run("build", str(project.fleet / "fleet.yaml"), "-o", str(project.output), "--kubeconform", "off")
    assert outcome.code == 0
    assert project.names("c1/*")


@pytest.mark.parametrize("inside", [".", "output", "deep/er"])
def test_MG651_fires_when_the_output_is_inside_the_fleet(project: Project, inside: str) -> None:
    project.write(HAS)
    outcome = project.run("build", str(project.fleet), "-o", str(project.fleet / inside))
    assert outcome.code == 1
    assert "[MG651]" in outcome.said
    assert sorted(path.name for path in project.fleet.rglob("*")) == ["fleet.yaml"]


def test_MG651_fires_when_a_link_leads_into_the_fleet(project: Project) -> None:
    project.write(HAS)
    project.output.symlink_to(project.fleet)
    assert "[MG651]" in project.build().said


def test_MG651_fires_when_the_output_is_the_file_of_the_fleet(project: Project) -> None:
    project.write(HAS)
    file = str(project.fleet / "fleet.yaml")
    assert "[MG651]" in project.run("build", file, "-o", file).said


@pytest.mark.parametrize("fleet", ["fleet", "fleet/fleet.yaml"])
def test_MG651_fires_when_the_output_has_the_fleet_in_it(project: Project, fleet: str) -> None:
    project.write(HAS)
    outcome = project.run("build", str(project.root / fleet), "-o", str(project.root))
    assert (outcome.code, "[MG651]" in outcome.out) == (1, True)
    assert [path.name for path in project.root.iterdir()] == ["fleet"]


@pytest.mark.parametrize("beside", ["output", "fleet-output", "fleet.d"])
def test_MG651_silent_when_the_output_is_beside_the_fleet(project: Project, beside: str) -> None:
    project.write(HAS)
    outcome = project.run("build", str(project.fleet), "-o", str(project.root / beside), "--kubeconform", "off")
    assert "[MG651]" not in outcome.said
    assert outcome.code == 0


def test_a_broken_fleet_leaves_the_output_as_it_was(project: Project) -> None:
    project.write(HAS)
    project.build()
    before = project.tree
    project.write(BROKEN)
    outcome = project.build()
    assert outcome.code == 1
    assert "MG100" in outcome.said
    assert "written" not in outcome.said
    assert project.tree == before


def test_a_broken_fleet_makes_no_output(project: Project) -> None:
    project.write(BROKEN)
    assert project.build().code == 1
    assert not project.output.exists()


def test_a_fleet_that_is_not_there_makes_no_output(project: Project) -> None:
    outcome = project.build()
    assert outcome.code != 0
    assert "Traceback" not in outcome.said
    assert not project.output.exists()


def test_warnings_do_not_fail_a_build(project: Project) -> None:
    project.write(HAS)
    outcome = project.build()
    assert "warning" in outcome.said
    assert outcome.code == 0


def test_warnings_fail_a_build_that_is_asked_to_and_nothing_is_written(project: Project) -> None:
    project.write(HAS)
    assert project.build("--fail-on", "warning").code == 1
    assert not project.output.exists()


def test_check_of_an_output_that_is_what_the_fleet_says(project: Project) -> None:
    project.write(HAS)
    project.build()
    outcome = project.build("--check")
    assert (outcome.code, outcome.drift) == (0, [])


def test_check_lists_every_difference_and_writes_nothing(project: Project) -> None:
    project.write(LACKS)
    project.build()
    before = project.tree
    project.write(HAS)
    outcome = project.build("--check")
    assert outcome.code == 1
    assert [line for line in outcome.drift if "workloadentry" not in line] == [
        "+ c1/shop/destinationrule.networking.istio.io_meshgen-web.yaml",
        "+ c1/shop/gateway.networking.istio.io_ew-web-5b78e35377f03acf.yaml",
        "+ c1/shop/virtualservice.networking.istio.io_meshgen-web.yaml",
        "+ c2/shop/destinationrule.networking.istio.io_meshgen-web.yaml",
        "+ c2/shop/virtualservice.networking.istio.io_meshgen-web.yaml",
        "- c1/_cluster/namespace_meshgen-multicluster.yaml",
        "- c1/meshgen-multicluster/destinationrule.networking.istio.io_web.shop.svc.cluster.local.yaml",
        "- c1/meshgen-multicluster/serviceentry.networking.istio.io_web.shop.svc.cluster.local.yaml",
        "- c1/meshgen-multicluster/virtualservice.networking.istio.io_web.shop.svc.cluster.local.yaml",
    ]
    assert project.tree == before


def in_format(project: Project, form: str, *options: str) -> Outcome:
    return project.run("build", str(project.fleet), "-o", str(project.output), "--format", form, *options)


def documents(outcome: Outcome, form: str) -> None:
    """That standard output is one document of the format and nothing else."""
    if form == "junit":
        ET.fromstring(outcome.out)  # noqa: S314 - our own text
    else:
        json.loads(outcome.out)


@pytest.mark.parametrize("form", sorted(MACHINE_FORMATS))
@pytest.mark.parametrize("options", [(), ("--check",)], ids=["build", "check"])
def test_what_a_machine_reads_is_one_document_when_all_is_well_and_when_not(
    project: Project, form: str, options: tuple[str, ...]
) -> None:
    project.write(HAS)
    outcomes = [in_format(project, form, "--check"), in_format(project, form), in_format(project, form, *options)]
    project.write(BROKEN)
    outcomes.append(in_format(project, form, *options))
    assert [outcome.code for outcome in outcomes] == [1, 0, 0, 1]
    for outcome in outcomes:
        documents(outcome, form)


def test_MG510_fires_when_a_check_finds_drift(project: Project) -> None:
    project.write(LACKS)
    project.build()
    edited = project.output / "c1/_cluster/namespace_meshgen-multicluster.yaml"
    edited.unlink()
    outcome = in_format(project, "json", "--check")
    (found,) = [item for item in json.loads(outcome.out) if item["code"] == "MG510"]
    assert (outcome.code, found["message"]) == (1, "1 file of the output is not what the fleet says")
    assert found["location"]["file"] == edited.as_posix()
    assert [note["message"] for note in found["notes"]] == ["is to be added"]


def test_MG510_silent_when_the_output_is_what_the_fleet_says(project: Project) -> None:
    project.write(HAS)
    project.build()
    codes = {item["code"] for item in json.loads(in_format(project, "json", "--check").out)}
    assert "MG510" not in codes


def test_drift_is_an_annotation_in_github_actions(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    project.write(HAS)
    outcome = project.run("build", str(project.fleet), "-o", str(project.output), "--check")
    assert outcome.code == 1
    assert all(line.startswith("::") for line in outcome.out.splitlines())
    assert "::error title=meshgen MG510,file=" in outcome.out


def test_check_before_the_first_build_writes_nothing(project: Project) -> None:
    project.write(HAS)
    assert project.build("--check").code == 1
    assert not project.output.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda tree: next(tree.glob("c1/shop/dest*")).unlink(),
        lambda tree: next(tree.glob("c1/shop/dest*")).write_text("edited: true\n"),
    ],
    ids=["file deleted", "file edited"],
)
def test_check_fails_on_any_difference(project: Project, damage: object) -> None:
    project.write(HAS)
    project.build()
    assert callable(damage)
    damage(project.output)
    before = project.tree
    assert project.build("--check").code == 1
    assert project.tree == before


def test_an_edited_file_is_refused_and_kept(project: Project) -> None:
    project.write(HAS)
    project.build()
    edited = next(project.output.glob("c1/shop/dest*"))
    edited.write_text(edited.read_text() + "# by hand\n")
    project.write(HAS.replace("192.0.2.2", "192.0.2.3"))
    before = project.tree
    outcome = project.build()
    assert outcome.code == 1
    assert "MG601" in outcome.said
    assert project.tree == before


def test_overwriting_edits_says_which(project: Project) -> None:
    project.write(HAS)
    project.build()
    before = project.tree
    edited = next(project.output.glob("c1/shop/dest*"))
    edited.write_text(edited.read_text() + "# by hand\n")
    outcome = project.build("--overwrite-edits")
    assert outcome.code == 0
    name = edited.relative_to(project.output)
    assert f"`{name}` was edited since meshgen wrote it and would be overwritten: `--overwrite-edits`" in outcome.said
    assert project.tree == before


def test_one_cluster_is_written_alone(project: Project) -> None:
    project.write(HAS)
    outcome = project.build("--cluster", "c2")
    assert outcome.code == 0
    assert outcome.last_line.startswith("1 cluster: ")
    assert project.names("c1/*") == []
    assert project.names("c2/*") == ["c2/shop"]


@pytest.mark.parametrize(("arguments", "emitted"), [([], ["c1", "c2"]), (["--cluster", "c2"], ["c2"])])
def test_clusters_are_emitted_one_by_one_and_only_those_that_are_written(
    project: Project, monkeypatch: pytest.MonkeyPatch, arguments: list[str], emitted: list[str]
) -> None:
    seen: list[str] = []

    def counted(plan: Plan, cluster: ClusterPlan, known: Written) -> Iterator[Artifact]:
        seen.append(cluster.cluster)
        return emit(plan, cluster, known)

    monkeypatch.setattr("meshgen.build.emit", counted)
    project.write(HAS)
    assert project.build(*arguments).code == 0
    assert seen == emitted


def test_all_clusters_are_checked_where_one_is_written(project: Project) -> None:
    project.write(HAS, """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu}, {name: c2, region: us, network: n2}]
""")  # fmt: skip
    outcome = project.build("--cluster", "c2")
    assert outcome.code == 1
    assert "MG302" in outcome.said
    assert not project.output.exists()


def test_the_other_clusters_stay_as_they_are(project: Project) -> None:
    project.write(LACKS)
    project.build()
    before = project.tree
    project.write(HAS)
    assert project.build("--cluster", "c2").code == 0
    changed = {path for path in before.keys() | project.tree.keys() if before.get(path) != project.tree.get(path)}
    assert {path.removeprefix(".meshgen/local/").partition("/")[0].removesuffix(".written") for path in changed} == {
        "c2",
        "meant.json",
    }


def test_check_of_one_cluster(project: Project) -> None:
    project.write(HAS)
    project.build("--cluster", "c2")
    assert project.build("--check", "--cluster", "c2").code == 0
    assert project.build("--check", "--cluster", "c1").code == 1


MESH_RETRIES = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  failover: {retries: {mode: meshConfig}}
"""


def test_clusters_that_are_written_one_by_one_make_the_whole_tree(project: Project) -> None:
    project.write(HAS, MESH_RETRIES)
    assert project.build("--cluster", "c2").code == 0
    assert project.names("_setup/*/*") == ["_setup/c2/mesh-config.yaml"]
    assert project.build("--cluster", "c1").code == 0
    assert project.build("--check").code == 0


def test_one_cluster_takes_back_its_own_part_of_setup_only(project: Project) -> None:
    project.write(HAS, MESH_RETRIES)
    project.build()
    project.write(HAS)
    assert project.build("--check", "--cluster", "c1").code == 1
    assert project.build("--cluster", "c1").code == 0
    assert project.names("_setup/*") == ["_setup/c2"]
    assert project.build("--cluster", "c2").code == 0
    assert project.names("_setup") == []
    assert project.build("--check").code == 0


def test_MG652_fires_when_the_cluster_is_not_of_the_fleet(project: Project) -> None:
    project.write(HAS)
    outcome = project.build("--cluster", "c3")
    assert outcome.code == 1
    assert "[MG652]" in outcome.said
    assert not project.output.exists()


def test_MG652_silent_when_the_cluster_is_of_the_fleet(project: Project) -> None:
    project.write(HAS)
    assert "[MG652]" not in project.build("--cluster", "c1", "--cluster", "c2").said


@pytest.mark.parametrize("wrong", [["--nope"], ["--kubeconform", "maybe"], ["--format", "pdf"], ["one", "two"]])
def test_wrong_usage_is_exit_code_2(project: Project, wrong: list[str]) -> None:
    outcome = project.run("build", *wrong)
    assert (outcome.code, outcome.out) == (2, "")
    assert not project.output.exists()


def test_a_disk_that_cannot_be_written_is_exit_code_2(project: Project) -> None:
    project.write(HAS)
    project.output.write_text("a file\n")
    outcome = project.build()
    assert outcome.code in (1, 2)
    assert "Traceback" not in outcome.said
    assert project.output.read_text() == "a file\n"


def test_a_disk_that_refuses_while_the_tree_is_compared_is_exit_code_2(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_root: Root, path: str, _expected: bytes = b"") -> NoReturn:
        raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    project.write(HAS)
    project.build()
    monkeypatch.setattr(Root, "read", refuse)
    outcome = project.build("--check")
    assert (outcome.code, "[MG612]" in outcome.out) == (2, True)


def test_a_broken_fleet_says_the_same_to_build_and_to_validate(project: Project) -> None:
    project.write(BROKEN)
    built = project.run("build", str(project.fleet), "-o", str(project.output), "--format", "json")
    assert json.loads(built.out)
    assert built.out == project.run("validate", str(project.fleet), "--format", "json").out


def test_quiet_says_nothing_where_all_is_well(project: Project) -> None:
    project.write(HAS)
    outcome = project.build("--quiet")
    assert (outcome.code, outcome.said) == (0, "")


def test_a_missing_kubeconform_is_said(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeconform, "is_there", lambda: False)
    project.write(HAS)
    outcome = project.build("--kubeconform", "auto")
    assert outcome.code == 0
    assert outcome.last_line.endswith("kubeconform did not run")


def test_a_required_kubeconform_that_is_missing_writes_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(kubeconform.VARIABLE, str(tmp_path / "nowhere"))
    project.write(HAS)
    outcome = project.build("--kubeconform", "require")
    assert outcome.code != 0
    assert "kubeconform" in outcome.said
    assert not project.output.exists()


def test_what_kubeconform_refuses_is_not_written(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "kubeconform"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, pathlib, sys\n"
        "files = [str(p) for a in sys.argv[1:] if pathlib.Path(a).exists() for p in "
        "([pathlib.Path(a)] if pathlib.Path(a).is_file() else sorted(pathlib.Path(a).rglob('*.yaml')))]\n"
        "print(json.dumps({'resources': [{'filename': f, 'status': 'statusInvalid', 'msg': 'no'} for f in files]}))\n"
        "sys.exit(1)\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv(kubeconform.VARIABLE, str(program))
    project.write(HAS)
    assert project.build("--kubeconform", "require").code != 0
    assert not project.output.exists()


MESHGEN = (sys.executable, "-c", "import sys; from meshgen.cli import main; sys.exit(main())", "build")


def test_no_progress_bar_in_a_pipe(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_QUIET_SECONDS", 0.0)
    project.write(HAS)
    outcome = project.build()
    assert "writing" not in outcome.said
    assert "\r" not in outcome.said


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are Unix")
def test_a_progress_bar_on_a_terminal_only_from_one_second_on(project: Project) -> None:
    project.write(HAS)
    quick, slow = on_a_terminal(project, "1e9", "0")
    assert "writing" not in quick
    assert "writing" in slow


_BUILDS = """
import sys
from meshgen.cli import build, main
fleet, *seconds = sys.argv[1:]
for number, text in enumerate(seconds):
    build._QUIET_SECONDS = float(text)
    assert main(["build", fleet, "-o", f"output-{number}", "--kubeconform", "off"]) == 0
    print("built", flush=True)
"""


def on_a_terminal(project: Project, *seconds: str) -> list[str]:
    """What a build shows on a terminal, for each of these times from which on the bar is shown."""
    ours, theirs = pty.openpty()
    program = [sys.executable, "-c", _BUILDS, str(project.fleet), *seconds]
    with subprocess.Popen(program, cwd=project.root, stderr=theirs, stdout=theirs) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
    os.close(ours)
    assert process.returncode == 0
    return shown.decode().split("built\r\n")[:-1]


def _read(descriptor: int) -> bytes:
    """What is there; nothing once the other side is closed."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""
