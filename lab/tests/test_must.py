"""CI runs what it must, and fails where that did not run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from lab.must import LIST, MustRun, read_list

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]

FILES = {
    "test_first": "def test_a(): pass\n",
    "test_second": """
        import pytest

        def test_b(): pass

        @pytest.mark.parametrize("n", [1, 2])
        def test_c(n): pass

        @pytest.mark.skip
        def test_skipped(): pass
    """,
}


def _run(pytester: pytest.Pytester, names: list[str], *arguments: str) -> tuple[object, list[str]]:
    """The exit code and the names of what ran."""
    pytester.makepyfile(**FILES)
    plugin = MustRun(names)
    result = pytester.inline_run("-p", "no:cacheprovider", *arguments, plugins=[plugin])
    passed, _, failed = result.listoutcomes()
    assert failed == []
    return result.ret, [report.nodeid.partition("::")[2] for report in passed]


def test_it_runs_alone(pytester: pytest.Pytester) -> None:
    assert _run(pytester, ["test_second.py::test_c"]) == (0, ["test_c[1]", "test_c[2]"])


def test_a_whole_file_runs(pytester: pytest.Pytester) -> None:
    code, ran = _run(pytester, ["test_second.py"], "--deselect", "test_second.py::test_skipped")
    assert (code, ran) == (1, ["test_b", "test_c[1]", "test_c[2]"])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("test_second.py::test_skipped", []),
        ("test_first.py::test_a", ["-k", "test_b"]),
        ("test_second.py::test_c", ["--deselect", "test_second.py::test_c[2]"]),
        ("test_second.py::test_c", ["--maxfail", "1", "--deselect", "test_second.py::test_c[1]"]),
    ],
    ids=["skipped", "not chosen", "one of two deselected", "the other one"],
)
def test_the_session_fails_where_it_did_not_run(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], name: str, arguments: list[str]
) -> None:
    code, _ = _run(pytester, [name], *arguments)
    assert code == pytest.ExitCode.TESTS_FAILED
    said = capsys.readouterr().out
    assert "must run, and did not" in said
    assert name in said


def test_nothing_runs_where_nothing_must(pytester: pytest.Pytester) -> None:
    assert _run(pytester, [], "-k", "test_b") == (pytest.ExitCode.NO_TESTS_COLLECTED, [])


@pytest.mark.parametrize("name", ["test_gone.py", "test_first.py::test_gone", "test_second.py::test_c[3]"])
def test_a_name_that_is_no_scenarios_is_an_error(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    code, ran = _run(pytester, [name])
    assert (code, ran) == (pytest.ExitCode.USAGE_ERROR, [])
    assert f"scenarios that must run are not there: {name}" in capsys.readouterr().err


def test_the_list_of_the_lab_names_scenarios_that_are_there() -> None:
    for name in read_list():
        file, _, function = name.partition("::")
        text = (LIST.parent / file).read_text(encoding="utf-8")
        assert not function or f"def {function.partition('[')[0]}(" in text, name


def test_the_list_of_the_lab_has_every_quick_scenario() -> None:
    names = set(read_list())
    for file in sorted(LIST.parent.glob("test_*.py")):
        functions = [
            node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
        ]
        quick = [f for f in functions if "pytest.mark.quick" in map(ast.unparse, f.decorator_list)]
        missing = [f.name for f in quick if not {file.name, f"{file.name}::{f.name}"} & names]
        assert missing == [], file.name


def test_comments_and_empty_lines_are_no_names(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("# why\n\ntest_a.py  # whole\ntest_b.py::test_c\n", encoding="utf-8")
    assert read_list(file) == ["test_a.py", "test_b.py::test_c"]
