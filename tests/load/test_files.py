from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from meshgen.load import load
from meshgen.load.files import LARGEST_FILE
from tests.load.support import FLEET, codes, document


def test_all_yaml_files_below_the_directory_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.yaml").write_text(document("Cluster", "cluster-b"))
    (tmp_path / "b.yml").write_text(document("Cluster", "cluster-a"))
    (tmp_path / "a.yaml").write_text(FLEET)
    (tmp_path / "notes.txt").write_text("not read: [")
    loaded, diagnostics = load(tmp_path)
    assert diagnostics == []
    assert [document.name for document in loaded.documents] == ["demo", "cluster-a", "cluster-b"]
    assert list(loaded.sources) == [f"{tmp_path}/a.yaml", f"{tmp_path}/b.yml", f"{tmp_path}/b/x.yaml"]


def test_one_file_of_any_name_is_a_fleet(tmp_path: Path) -> None:
    file = tmp_path / "fleet.txt"
    file.write_text(FLEET)
    loaded, diagnostics = load(file)
    assert (codes(diagnostics), [document.kind for document in loaded.documents]) == ([], ["Fleet"])


def test_files_are_shown_by_the_path_that_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "a.yaml").write_text("- list\n")
    monkeypatch.chdir(tmp_path)
    _, diagnostics = load(Path("fleet"))
    assert str(diagnostics[0].span) == "fleet/a.yaml:1:1"


def test_MG001_fires_when_the_path_does_not_exist(tmp_path: Path) -> None:
    _, diagnostics = load(tmp_path / "none")
    assert codes(diagnostics) == ["MG001"]
    assert diagnostics[0].message == f"no fleet in `{tmp_path}/none`: it does not exist"


def test_MG001_fires_when_there_is_no_yaml_file(tmp_path: Path) -> None:
    (tmp_path / "fleet.json").write_text("{}")
    _, diagnostics = load(tmp_path)
    assert codes(diagnostics) == ["MG001"]


def test_MG001_silent_when_there_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET)
    assert load(tmp_path)[1] == []


def test_MG002_fires_for_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET)
    (tmp_path / "link.yaml").symlink_to(tmp_path / "gone")
    _, diagnostics = load(tmp_path)
    assert [(str(found.span), found.message) for found in diagnostics] == [
        (f"{tmp_path}/link.yaml:1:1", "cannot be read: no such file or directory")
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in directories")
def test_MG002_fires_for_a_pipe_and_does_not_wait_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    _, diagnostics = load(tmp_path)
    assert [found.message for found in diagnostics] == ["cannot be read: not a regular file"]


def test_MG002_silent_for_a_directory_that_is_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").mkdir()
    (tmp_path / "team.yaml" / "fleet.yaml").write_text(FLEET)
    assert load(tmp_path)[1] == []


def test_MG002_silent_for_a_link_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "real").write_text(FLEET)
    (tmp_path / "fleet.yaml").symlink_to(tmp_path / "real")
    assert load(tmp_path)[1] == []


def test_MG002_fires_for_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").symlink_to("fleet.yaml")
    assert codes(load(tmp_path)[1]) == codes(load(tmp_path / "fleet.yaml")[1]) == ["MG002"]


THEIRS = "token: [hunter2\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a fleet, in which a run takes place; the secrets are beside it and in its `.git`."""
    top = tmp_path / "repository"
    for path in ("fleet/team", "teams", ".git"):
        (top / path).mkdir(parents=True)
    (top / "fleet/fleet.yaml").write_text(FLEET)
    for path in ("secret.yaml", "repository/.git/config", "repository/.git/x.yaml", "repository/.env"):
        (tmp_path / path).write_text(THEIRS)
    monkeypatch.chdir(top)
    return top


@pytest.mark.parametrize(
    "target",
    [
        "/proc/self/environ",
        "/dev/zero",
        "{root}/secret.yaml",
        "../../secret.yaml",
        "../.git/config",
        "../.git/x.yaml",
        "../.env",
        "out/secret.yaml",
    ],
)
def test_MG020_fires_for_a_link_that_leads_out(repository: Path, tmp_path: Path, target: str) -> None:
    (repository / "fleet/out").symlink_to("../..")
    (repository / "fleet/link.yaml").symlink_to(target.format(root=tmp_path))
    loaded, (found,) = load(Path("fleet"))
    assert (found.code, str(found.span)) == ("MG020", "fleet/link.yaml:1:1")
    assert list(loaded.sources) == ["fleet/fleet.yaml"], "nothing is read"


@pytest.mark.parametrize("named", ["fleet", "{top}/fleet", "./fleet", "teams/../fleet"])
@pytest.mark.parametrize("target", ["/proc/self/environ", "../outside", "/", ".git/config"])
def test_MG020_fires_for_a_fleet_that_is_a_link_out_of_its_repository(
    repository: Path, named: str, target: str
) -> None:
    (repository / "../outside").mkdir()
    (repository / "fleet").rename(repository / "real")
    (repository / "fleet").symlink_to(target)
    loaded, (found,) = load(Path(named.format(top=repository)))
    assert (found.code, loaded.sources) == ("MG020", {})


@pytest.mark.parametrize("target", ["team/more.txt", "../teams/more.yaml", "../fleet/team/more.txt"])
def test_MG020_silent_for_a_link_within_the_fleet_and_to_yaml_of_its_repository(repository: Path, target: str) -> None:
    for path in ("fleet/team/more.txt", "teams/more.yaml"):
        (repository / path).write_text(document("Cluster", "c1"))
    (repository / "fleet/link.yaml").symlink_to(target)
    assert load(Path("fleet"))[1] == []


def test_MG020_silent_for_a_fleet_that_is_a_link_within_its_repository(repository: Path) -> None:
    (repository / "link").symlink_to("fleet")
    assert load(Path("link"))[1] == load(repository / "link")[1] == []


def test_MG020_silent_for_a_link_outside_of_any_repository_that_was_named(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/fleet.yaml").write_text(FLEET)
    (tmp_path / "link").symlink_to("real")
    assert load(tmp_path / "link")[1] == []


def test_directories_of_git_are_no_part_of_a_fleet(repository: Path) -> None:
    assert (repository / ".git/x.yaml").exists()
    assert load(Path.cwd())[1] == []


def test_MG003_fires_above_sixteen_mebibytes(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_bytes(FLEET.encode().ljust(LARGEST_FILE + 1, b"\n"))
    assert codes(load(tmp_path)[1]) == ["MG003"]


def test_MG003_silent_at_sixteen_mebibytes(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_bytes(FLEET.encode().ljust(LARGEST_FILE, b"\n"))
    assert load(tmp_path)[1] == []


def test_MG019_fires_without_the_c_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET)
    monkeypatch.setitem(sys.modules, "_ruamel_yaml", None)
    loaded, diagnostics = load(tmp_path)
    assert (codes(diagnostics), loaded.complete) == (["MG019"], False)


def test_MG019_silent_with_the_c_parser(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET)
    assert "MG019" not in codes(load(tmp_path)[1])


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text elsewhere")
def test_a_file_name_that_is_no_text_is_shown_escaped(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.yaml")).write_text("- list\n")
    _, diagnostics = load(tmp_path)
    assert str(diagnostics[0].span) == f"{tmp_path}/\\xff.yaml:1:1"
