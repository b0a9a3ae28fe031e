from __future__ import annotations

import io
import os
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from meshgen.cli import main
from meshgen.edits.target import ChangedError, Target
from meshgen.inventory import command, manifests
from meshgen.inventory.merge import merge

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n"
INVENTORY = """apiVersion: meshgen.io/v1
kind: Inventory
metadata: {name: c1}
spec:
  namespaces:
  - {name: default}
  services:
  - name: a
    namespace: default
    ports: [{port: 80}]
"""


class Fleet:
    """A directory with a fleet and manifests, and the command run in it."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory = directory
        self.inventory = directory / "fleet/inventory/c1.yaml"
        self._capsys = capsys

    def write(self, name: str, text: str | bytes) -> str:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def run(self, *arguments: str, cluster: str = "c1") -> tuple[int, str, str]:
        common = ["inventory", "import", "--cluster", cluster, "--fleet", str(self.directory / "fleet")]
        code = main([*common, "--format", "concise", *arguments])
        shown = self._capsys.readouterr()
        return code, shown.out, shown.err.replace(f"{self.directory}/", "")


@pytest.fixture
def fleet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Fleet:
    return Fleet(tmp_path, capsys)


def test_a_new_inventory_is_written(fleet: Fleet) -> None:
    code, out, err = fleet.run(fleet.write("m.yaml", SERVICE))
    assert (code, out) == (0, "")
    assert fleet.inventory.read_text() == INVENTORY
    assert err.splitlines() == [
        "read 1 object (1 Service)",
        "namespaces: 1 added",
        "services: 1 added",
        "wrote fleet/inventory/c1.yaml",
    ]


def test_a_second_run_does_not_touch_the_file(fleet: Fleet) -> None:
    manifest = fleet.write("m.yaml", SERVICE)
    fleet.run(manifest)
    os.utime(fleet.inventory, ns=(1, 1))
    number = fleet.inventory.stat().st_ino
    code, _, err = fleet.run(manifest)
    assert (code, fleet.inventory.stat().st_mtime_ns, fleet.inventory.stat().st_ino) == (0, 1, number)
    assert "fleet/inventory/c1.yaml is up to date\n" in err


def test_standard_input_and_output(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SERVICE.encode())))
    code, out, _ = fleet.run("-o", "-", "-")
    assert (code, out) == (0, INVENTORY)
    assert not fleet.inventory.exists()


def test_json_is_read_like_yaml(fleet: Fleet) -> None:
    text = '{"apiVersion":"v1","kind":"Service",\n\t"metadata":{"name":"a"},"spec":{"ports":[{"port":80}]}}'
    assert fleet.run(fleet.write("m.json", text))[0] == 0
    assert fleet.inventory.read_text() == INVENTORY


def test_directories_are_read_with_all_below_them(fleet: Fleet) -> None:
    fleet.write("m/deep/a.yml", SERVICE)
    fleet.write("m/.git/b.yaml", "a: [\n")
    fleet.write("m/notes.txt", "a: [\n")
    assert fleet.run(str(fleet.directory / "m"))[0] == 0
    assert fleet.inventory.read_text() == INVENTORY


def test_the_namespace_is_for_manifests_that_name_none(fleet: Fleet) -> None:
    other = SERVICE.replace("{name: a}", "{name: a, namespace: own}")
    fleet.run("-n", "shop", fleet.write("m.yaml", f"{SERVICE}---\n{other}"))
    text = fleet.inventory.read_text()
    assert text.count("namespace: shop") == text.count("namespace: own") == 1


def test_removals_are_named(fleet: Fleet) -> None:
    fleet.write("fleet/inventory/c1.yaml", INVENTORY)
    other = SERVICE.replace("name: a", "name: b").replace("\n", "\n  ")
    _, _, err = fleet.run(fleet.write("m.yaml", f"apiVersion: v1\nkind: List\nitems:\n- {other}"))
    assert "services: 1 added, 1 removed (default/a)\n" in err


def test_the_mode_of_the_file_and_a_link_to_it_stay(fleet: Fleet) -> None:
    real = Path(fleet.write("fleet/real.txt", "# mine\n" + INVENTORY))
    real.chmod(0o640)
    fleet.inventory.parent.mkdir(parents=True)
    fleet.inventory.symlink_to(real)
    assert fleet.run(fleet.write("m.yaml", SERVICE.replace("80", "81")))[0] == 0
    assert fleet.inventory.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.read_text() == "# mine\n" + INVENTORY.replace("80", "81")


def test_nothing_is_written_when_anything_is_wrong_and_all_of_it_is_said(fleet: Fleet) -> None:
    twice = SERVICE.replace("80", "81")
    bad = SERVICE.replace("80", "http").replace("name: a", "name: b")
    text = f"{SERVICE}---\n[]\n---\n{twice}---\n{bad}"
    code, out, err = fleet.run(fleet.write("m.yaml", text), "/does/not/exist")
    assert (code, out) == (1, "")
    assert [line.partition("]")[0].rpartition("[")[2] for line in err.splitlines()[:-1]] == [
        "MG051",
        "MG054",
        "MG053",
        "MG050",
    ]
    assert not fleet.inventory.parent.exists()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.write("fleet/inventory/c1.yaml", INVENTORY)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    code, _, err = fleet.run(fleet.write("m.yaml", SERVICE.replace("80", "81")))
    assert code == 2
    assert "no space left on device" in err
    assert [path.name for path in fleet.inventory.parent.iterdir()] == ["c1.yaml"]
    assert fleet.inventory.read_text() == INVENTORY


@pytest.mark.parametrize("arguments", [("--cluster", "../c1"), ("--namespace", "A")])
def test_impossible_names_are_a_usage_error(fleet: Fleet, arguments: tuple[str, str]) -> None:
    code, _, err = fleet.run(*arguments, fleet.write("m.yaml", SERVICE))
    assert code == 2
    assert "cannot be such a name" in err


def said(fleet: Fleet, text: str | bytes, *arguments: str) -> list[str]:
    """The findings that importing `text` gives."""
    code, _, err = fleet.run(fleet.write("m.yaml", text), *arguments)
    lines = err.splitlines()
    if code == 0:
        return []
    return [line.partition(" = ")[0] for line in lines[:-1]]


def test_MG050_fires_when_a_path_cannot_be_read(fleet: Fleet) -> None:
    fleet.write("empty/readme.md", "")
    assert said(fleet, b"a: \xff\n", str(fleet.directory / "empty"), str(fleet.directory / "none.yaml")) == [
        "m.yaml:1:1: error[MG050] `m.yaml` is not UTF-8",
        "meshgen: error[MG050] `empty` has no `.yaml`, `.yml` or `.json` file",
        "meshgen: error[MG050] `none.yaml` cannot be read: no such file or directory",
    ]


def test_MG050_silent_when_all_can_be_read(fleet: Fleet) -> None:
    assert said(fleet, b"\xef\xbb\xbf" + SERVICE.encode()) == []


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no such device")
@pytest.mark.parametrize("target", ["/dev/zero", "/proc/self/environ", "../secret.yaml", "pipe.yaml", "/dev/null"])
def test_MG050_fires_for_what_a_directory_leads_to_elsewhere(fleet: Fleet, target: str) -> None:
    fleet.write("m/service.yaml", SERVICE)
    fleet.write("secret.yaml", "token: [hunter2\n")
    link = fleet.directory / "m/link.yaml"
    if target.startswith("pipe"):
        os.mkfifo(link)
    else:
        link.symlink_to(target)
    (line,) = said(fleet, SERVICE, str(fleet.directory / "m"))
    assert line.startswith("meshgen: error[MG050] `m/link.yaml` cannot be read: ")
    assert "hunter2" not in line


def test_MG050_fires_for_an_input_without_end(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "LARGEST_INPUT", 1 << 20)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"# no object\n" * (1 << 17))))
    assert said(fleet, SERVICE, "-") == ["meshgen: error[MG050] `<stdin>` cannot be read: larger than 1 MiB"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in directories")
def test_MG050_silent_for_a_pipe_that_was_named(fleet: Fleet) -> None:
    pipe = fleet.directory / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(SERVICE,))
    writer.start()
    assert fleet.run(str(pipe))[0] == 0
    writer.join()


def test_MG050_silent_for_links_within_the_directory(fleet: Fleet) -> None:
    fleet.write("m/base/service.txt", SERVICE)
    (fleet.directory / "m/link.yaml").symlink_to("base/service.txt")
    assert fleet.run(str(fleet.directory / "m"))[0] == 0
    assert fleet.inventory.read_text() == INVENTORY


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in directories")
@pytest.mark.parametrize("kind", ["pipe", "directory", "device", "link out", "dangling link out", "link to a device"])
def test_MG022_fires_for_a_target_that_is_no_file_of_the_fleet(fleet: Fleet, kind: str) -> None:
    other = Path(fleet.write("other.yaml", INVENTORY))
    fleet.inventory.parent.mkdir(parents=True)
    target = fleet.inventory
    if kind == "pipe":
        os.mkfifo(target)
    elif kind == "directory":
        target.mkdir()
    elif kind == "device":
        target = Path("/dev/null")
    else:
        target.symlink_to(
            {"link out": other, "dangling link out": fleet.directory / "new"}.get(kind, Path("/dev/null"))
        )
    before = os.lstat(target)
    code, _, err = fleet.run(fleet.write("m.yaml", SERVICE.replace("80", "81")), "-o", str(target))
    assert (code, "error[MG022]" in err) == (1, True)
    assert os.path.samestat(before, os.lstat(target))
    assert other.read_text() == INVENTORY
    assert not (fleet.directory / "new").exists()


def test_MG022_silent_for_a_link_within_the_repository(fleet: Fleet) -> None:
    real = Path(fleet.write("inventories/c1.yaml", INVENTORY))
    (fleet.directory / ".git").mkdir()
    fleet.inventory.parent.mkdir(parents=True)
    fleet.inventory.symlink_to(real)
    assert fleet.run(fleet.write("m.yaml", SERVICE.replace("80", "81")))[0] == 0
    assert real.read_text() == INVENTORY.replace("80", "81")


def test_another_name_of_the_file_keeps_its_content(fleet: Fleet) -> None:
    fleet.write("fleet/inventory/c1.yaml", INVENTORY)
    other = fleet.directory / "other"
    other.hardlink_to(fleet.inventory)
    assert fleet.run(fleet.write("m.yaml", SERVICE.replace("80", "81")))[0] == 0
    assert other.read_text() == INVENTORY


@pytest.mark.parametrize("before", [INVENTORY, None], ids=["one that was there", "a new one"])
def test_MG021_fires_when_the_file_changed_while_the_import_ran(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    theirs = "# theirs\n" + INVENTORY
    if before:
        fleet.write("fleet/inventory/c1.yaml", before)

    def merged_late(*arguments: Any, **options: Any) -> Any:
        fleet.write("fleet/inventory/c1.yaml", theirs)
        return merge(*arguments, **options)

    monkeypatch.setattr(command, "merge", merged_late)
    code, _, err = fleet.run(fleet.write("m.yaml", SERVICE.replace("80", "81")))
    assert code == 1
    assert "error[MG021] `fleet/inventory/c1.yaml` changed while the import ran: nothing was written" in err
    assert fleet.inventory.read_text() == theirs
    assert [path.name for path in fleet.inventory.parent.iterdir()] == ["c1.yaml"]


def test_MG021_silent_when_another_clusters_inventory_changed(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    def merged_late(*arguments: Any, **options: Any) -> Any:
        fleet.write("fleet/inventory/c2.yaml", INVENTORY.replace("c1", "c2"))
        return merge(*arguments, **options)

    monkeypatch.setattr(command, "merge", merged_late)
    assert fleet.run(fleet.write("m.yaml", SERVICE))[0] == 0


def test_of_imports_at_once_each_is_kept_or_told(tmp_path: Path) -> None:
    target = tmp_path / "c1.yaml"
    done: list[str] = []

    def write(number: int) -> None:
        file = Target(target, tmp_path)
        try:
            file.replace((file.read() or b"") + b"%d\n" % number)
        except ChangedError:
            return
        done.append(str(number))

    for start in range(0, 200, 4):
        threads = [threading.Thread(target=write, args=(number,)) for number in range(start, start + 4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(target.read_text().split()) == sorted(done)
    assert len(done) >= 50


def test_MG051_fires_when_a_document_is_no_object(fleet: Fleet) -> None:
    assert said(fleet, "replicas: 3\n") == [
        "m.yaml:1:1: error[MG051] this is not a Kubernetes object: it has no `kind`"
    ]


def test_MG051_silent_when_the_kind_is_not_known(fleet: Fleet) -> None:
    assert said(fleet, "apiVersion: example.com/v1\nkind: Thing\n") == []


def test_MG052_fires_when_an_object_has_no_name(fleet: Fleet) -> None:
    text = SERVICE.replace("{name: a}", "{generateName: a-}")
    assert said(fleet, text) == ["m.yaml:1:1: error[MG052] the Service has no `metadata.name`, only `generateName: a-`"]


def test_MG052_silent_when_a_workload_has_a_generated_name(fleet: Fleet) -> None:
    assert said(fleet, "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}\n") == []


def test_MG053_fires_when_a_label_is_a_number(fleet: Fleet) -> None:
    text = SERVICE.replace("{name: a}", "{name: a, labels: {version: 1.0}}")
    assert said(fleet, text) == [
        "m.yaml:3:39: error[MG053] `metadata.labels.version` of Service `a` must be a string, not the number `1.0`"
    ]


def test_MG053_silent_when_the_label_is_in_quotes(fleet: Fleet) -> None:
    assert said(fleet, SERVICE.replace("{name: a}", '{name: a, labels: {version: "1.0"}}')) == []


def test_MG054_fires_when_two_objects_of_one_name_differ(fleet: Fleet) -> None:
    assert said(fleet, f"{SERVICE}---\n{SERVICE.replace('80', '81')}") == [
        "m.yaml:8:18: error[MG054] Service `a` in namespace `default` is in the input twice, with different content"
    ]


def test_MG054_silent_when_they_are_equal(fleet: Fleet) -> None:
    assert said(fleet, f"{SERVICE}---\n{SERVICE}") == []


@pytest.mark.parametrize("text", ["", "---\n", "apiVersion: v1\nkind: List\nitems: []\n"])
def test_MG055_fires_when_the_input_is_empty(fleet: Fleet, text: str) -> None:
    assert said(fleet, text, "--replace") == ["meshgen: error[MG055] the input has no Kubernetes objects"]


def test_MG055_fires_when_the_input_is_a_fleet(fleet: Fleet) -> None:
    assert said(fleet, INVENTORY, "--replace") == [
        "m.yaml:2:7: error[MG055] the input is a fleet, which has no objects of a cluster"
    ]
    assert said(fleet, f"{INVENTORY}---\n{SERVICE}") == [], "a repository may hold both"


def test_MG055_silent_when_there_is_any_object(fleet: Fleet) -> None:
    assert said(fleet, SERVICE) == []


def test_MG056_fires_when_the_file_holds_something_else(fleet: Fleet) -> None:
    other = fleet.write("fleet.yaml", f"{INVENTORY}---\n{INVENTORY}")
    assert said(fleet, SERVICE, "-o", other) == ["fleet.yaml:1:1: error[MG056] `fleet.yaml` has more than one document"]
    fleet.write("fleet.yaml", INVENTORY.replace("c1", "c2"))
    assert said(fleet, SERVICE, "-o", other) == ["fleet.yaml:3:18: error[MG056] `fleet.yaml` is the inventory of `c2`"]
    fleet.write("fleet.yaml", SERVICE)
    assert said(fleet, SERVICE, "-o", other) == ["fleet.yaml:1:1: error[MG056] `fleet.yaml` is not an inventory"]
    assert Path(other).read_text() == SERVICE


def test_MG056_silent_when_it_holds_the_inventory(fleet: Fleet) -> None:
    assert said(fleet, SERVICE, "-o", fleet.write("fleet.yaml", INVENTORY)) == []


def test_MG057_fires_when_a_fact_is_not_valid(fleet: Fleet) -> None:
    (line,) = said(fleet, SERVICE.replace("port: 80", "port: 80000"))
    assert line.startswith("m.yaml:3:18: error[MG057] `default/a` in `services` is not valid: `ports.0.port`: ")


def test_MG057_silent_when_all_facts_are_valid(fleet: Fleet) -> None:
    assert said(fleet, SERVICE) == []


def test_MG058_fires_when_the_inventory_is_in_another_file(fleet: Fleet) -> None:
    fleet.write("fleet/all.yaml", INVENTORY)
    assert said(fleet, SERVICE) == ["fleet/all.yaml:3:18: error[MG058] the inventory of `c1` is in `fleet/all.yaml`"]


def test_MG058_silent_when_it_is_another_clusters(fleet: Fleet) -> None:
    fleet.write("fleet/all.yaml", INVENTORY.replace("c1", "c2"))
    assert said(fleet, SERVICE) == []


def test_an_invalid_inventory_is_not_overwritten(fleet: Fleet) -> None:
    broken = INVENTORY.replace("ports:", "portz:")
    fleet.write("fleet/inventory/c1.yaml", broken)
    (line,) = said(fleet, SERVICE)
    assert line.startswith("fleet/inventory/c1.yaml:10:5: error[MG100] unknown field `portz`")
    assert fleet.inventory.read_text() == broken
