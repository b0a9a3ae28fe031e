"""Which parts are built before scenarios run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.__main__ import SCENARIOS, with_scenarios
from lab.build import GROUPS, HERE, MESH, cache_directory
from lab.needs import needed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    """Three files of scenarios: one of the mesh alone, two of engines."""
    (tmp_path / "test_mesh.py").write_text("import sys\n\nsys.exit()\n", encoding="utf-8")
    (tmp_path / "test_two.py").write_text('NEEDS = ("argocd", "controllers")\n', encoding="utf-8")
    (tmp_path / "test_one.py").write_text('NEEDS = ("controllers",)\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("named", "groups"),
    [
        (["test_mesh.py"], []),
        (["test_one.py::test_a[b]"], ["controllers"]),
        (["test_two.py", "test_mesh.py"], ["controllers", "argocd"]),
        (["."], ["controllers", "argocd"]),
        ([], []),
    ],
)
def test_the_named_files_say_it(scenarios: Path, named: list[str], groups: list[str]) -> None:
    assert needed(["-m", "quick", *(str(scenarios / name) for name in named)]) == groups


def test_a_part_that_nothing_builds_is_an_error(scenarios: Path) -> None:
    (scenarios / "test_one.py").write_text('NEEDS = ("argo",)\n', encoding="utf-8")
    with pytest.raises(ValueError, match="nothing builds: argo"):
        needed([str(scenarios)])


def test_all_scenarios_need_parts_that_are_built() -> None:
    assert MESH not in needed(with_scenarios([]))
    assert needed([str(SCENARIOS / "test_6_loops.py")]) == []


def test_each_group_has_a_cache_of_its_own_that_follows_its_pins() -> None:
    assert len({cache_directory(group) for group in GROUPS}) == len(GROUPS)
    for group in GROUPS.values():
        assert all((HERE / pin).is_file() for pin in group.pins)
