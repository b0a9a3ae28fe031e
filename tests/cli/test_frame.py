"""The frame of the command line: exit codes, streams, and that nothing ends in a traceback."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from meshgen import __version__
from meshgen.cli import main
from meshgen.cli.group import COMMANDS, cli
from tests.load.support import FLEET

if TYPE_CHECKING:
    import click

WARNED = FLEET + "  accept:\n  - {code: MG343, object: gone, reason: it was there once}\n"
BROKEN = FLEET + "  unknown: 1\n"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR", "_MESHGEN_COMPLETE"):
        monkeypatch.delenv(name, raising=False)


def write(tmp_path: Path, text: str) -> str:
    (tmp_path / "fleet.yaml").write_text(text)
    return str(tmp_path / "fleet.yaml")


def test_the_version_is_printed_without_the_imports_of_a_compile() -> None:
    code = "import sys; from meshgen.cli import main; assert main(['--version']) == 0; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version, modules = done.stdout.splitlines()
    assert version == f"meshgen {__version__}"
    assert not [name for name in ("pydantic", "ruamel", "jsonschema_rs", "meshgen.language") if f"'{name}'" in modules]


def test_the_module_takes_no_module_of_the_working_directory(tmp_path: Path) -> None:
    for name in ("click", "pydantic", "typing_extensions", "signal"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('theirs')\n")
    program = [sys.executable, "-m", "meshgen", "schema", "Fleet"]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_explaining_a_code_imports_no_models() -> None:
    code = "import sys; from meshgen.cli import main; main(['explain', 'MG007']); sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_a_check_imports_nothing_of_emission_and_what_it_does_not_need() -> None:
    code = "import sys; from meshgen.cli import main; main(['validate', 'fleet']); print(sorted(sys.modules))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    modules = done.stdout.splitlines()[-1]
    assert "'meshgen.check.table'" in modules
    unneeded = (
        "jsonschema_rs",
        "packaging",
        "tabulate",
        "meshgen.emit",
        "meshgen.verify",
        "meshgen.tree",
        "meshgen.git",
        "meshgen.plan",
        "meshgen.dns.facts",
        "meshgen.dns.providers",
    )
    assert not [name for name in unneeded if f"'{name}'" in modules]


def test_a_run_inside_of_another_program_leaves_its_garbage_collection_as_it_was() -> None:
    frozen = gc.get_freeze_count()
    main(["--version"])
    assert gc.isenabled()
    assert gc.get_freeze_count() <= frozen  # what was frozen before may end meanwhile


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_that_starts_with_its_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: meshgen {name}")


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (FLEET, [], 0),
        (WARNED, [], 0),
        (WARNED, ["--fail-on", "warning"], 1),
        (BROKEN, [], 1),
        (BROKEN, ["-q"], 1),
        (BROKEN, ["--format", "json"], 1),
    ],
)
def test_the_exit_code_of_validate(tmp_path: Path, text: str, options: list[str], code: int) -> None:
    assert main(["validate", write(tmp_path, text), *options]) == code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["validat"], "no such command: `validat`. A similar name exists: `validate`."),
        (["frobnicate"], "`meshgen --help` lists all commands."),
        (["validate", "--format", "xml"], "'xml' is not one of"),
        (["schema", "Clusters"], "no such kind: `Clusters`. A similar name exists: `Cluster`."),
        (["explain", "MG000"], "no such code: `MG000`."),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_validate_prints_findings_and_their_count_to_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, BROKEN)
    main(["validate", file, "--format", "concise"])
    out, err = capsys.readouterr()
    assert (out, err) == (f"{file}:6:3: error[MG100] unknown field `unknown`\n1 error\n", "")


def test_quiet_is_silent_about_warnings_and_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["validate", write(tmp_path, WARNED), "-q"])
    assert capsys.readouterr() == ("", "")


def test_quiet_still_fails_on_warnings_when_asked(tmp_path: Path) -> None:
    assert main(["validate", write(tmp_path, WARNED), "-q", "--fail-on", "warning"]) == 1


def test_the_format_is_github_in_github_actions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    main(["validate", write(tmp_path, BROKEN)])
    assert capsys.readouterr().out.startswith("::error title=meshgen MG100,")


@pytest.mark.parametrize(
    ("environment", "colored"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colours_off_a_terminal_only_by_force(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    colored: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    main(["validate", write(tmp_path, BROKEN)])
    assert ("\x1b[" in capsys.readouterr().out) is colored


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every command fail with `error`."""

    def fail(_context: click.Context) -> NoReturn:
        raise error

    monkeypatch.setattr(cli, "invoke", fail)


def test_MG900_fires_when_meshgen_fails_and_leaves_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    failing(KeyError("cluster-3"), monkeypatch)
    assert main(["schema"]) == 2
    out, err = capsys.readouterr()
    (report,) = tmp_path.glob("meshgen-crash-*.md")
    assert out == ""
    assert err == (
        f"error[MG900]: internal error: KeyError: 'cluster-3'\n = help: Open an issue with the report `{report}`.\n"
    )
    text = report.read_text()
    assert all(part in text for part in ("`meshgen schema`", f"meshgen {__version__}", "Traceback", "KeyError"))


def test_MG900_fires_without_a_report_when_there_is_nowhere_to_write_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    failing(RecursionError("too deep"), monkeypatch)
    assert main(["schema"]) == 2
    assert "error[MG900]: internal error: RecursionError: too deep" in capsys.readouterr().err


def test_MG901_fires_when_the_disk_is_full(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(OSError(errno.ENOSPC, "No space left on device", "output/a"), monkeypatch)
    assert main(["schema"]) == 2
    assert capsys.readouterr().err.startswith(
        "error[MG901]: cannot read or write `output/a`: no space left on device\n"
    )


def test_MG900_silent_for_a_broken_fleet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["validate", write(tmp_path, "[")])
    assert "error[MG9" not in "".join(capsys.readouterr())


def test_MG901_silent_for_a_fleet_that_does_not_exist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(tmp_path / "none")]) == 1
    assert "error[MG901" not in "".join(capsys.readouterr())


def test_an_interrupt_is_exit_code_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(KeyboardInterrupt(), monkeypatch)
    assert (main(["schema"]), capsys.readouterr().err) == (130, "Interrupted.\n")


MAIN = "import sys; from meshgen.cli import main; sys.exit(main())"
IN_AN_IMPORT = """
import os, signal, sys
class Finder:
    def find_spec(name, path, target=None):
        if name == "click":
            os.kill(os.getpid(), signal.{signal})
sys.meta_path.insert(0, Finder)
"""
AT_THE_END = """
import atexit, os, signal
atexit.register(lambda: os.kill(os.getpid(), signal.{signal}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are Unix")
@pytest.mark.parametrize(("signal", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("when", [IN_AN_IMPORT, AT_THE_END], ids=["in an import", "at the end"])
def test_a_signal_ends_the_run_without_a_traceback(signal: str, code: int, when: str) -> None:
    program = [sys.executable, "-c", when.replace("{signal}", signal) + MAIN, "--version"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, "Interrupted.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are Unix")
def test_a_signal_that_was_ignored_stays_ignored() -> None:
    program = [sys.executable, "-c", AT_THE_END.replace("{signal}", "SIGHUP") + MAIN, "--version"]
    done = subprocess.run(["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *program], capture_output=True, check=False)
    assert done.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="the shell is Unix")
@pytest.mark.parametrize(
    ("arguments", "closed", "code", "said"),
    [
        (["--version"], ">&-", 2, "error[MG901]: cannot read or write: bad file descriptor"),
        (["--version"], "<&- >&- 2>&-", 2, ""),
        (["validate", "--format=json", "nowhere"], "<&- 2>&- >&-", 2, ""),
        (["nonsense"], "2>&-", 2, ""),
        (["inventory", "import", "--cluster=c", "-o-", "-"], "<&-", 1, "`<stdin>` cannot be read: bad file descriptor"),
        (["inventory", "import", "--cluster=c", "-o-", "-"], "<&- >&- 2>&-", 1, ""),
        (["--version"], "2>/dev/full", 0, ""),
        (["nonsense"], "2>/dev/full", 2, ""),
        (["explain", "MG001"], "2>&- >/dev/full", 2, ""),
    ],
)
def test_closed_and_full_streams(tmp_path: Path, arguments: list[str], closed: str, code: int, said: str) -> None:
    program = [sys.executable, "-c", MAIN, *arguments]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="the shell is Unix")
def test_what_is_printed_reaches_no_file_that_got_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    code = "from meshgen.cli import streams; streams.stand(); import os, sys; "
    code += "number = os.open('file', os.O_CREAT | os.O_WRONLY); print('hidden', file=sys.stderr, flush=True); "
    code += "sys.exit(number)"
    program = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code]
    assert subprocess.run(program, cwd=tmp_path, check=False).returncode == 3
    assert (tmp_path / "file").read_text() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently")
def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "meshgen", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 141)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_device_behind_stdout_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "meshgen", "schema"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith("error[MG901]: cannot read or write")


def test_no_plugin_of_pydantic_has_a_say(tmp_path: Path) -> None:
    """What else is installed does not decide how a fleet is read."""
    installed = tmp_path / "site"
    (installed / "stranger-1.dist-info").mkdir(parents=True)
    (installed / "stranger-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
    (installed / "stranger-1.dist-info" / "entry_points.txt").write_text("[pydantic]\nstranger = stranger:plugin\n")
    (installed / "stranger.py").write_text("raise SystemExit('the plugin was asked')\n")
    done = subprocess.run(
        [sys.executable, "-m", "meshgen", "validate", str(Path(__file__).parents[2] / "fleet")],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(installed)},
    )
    assert (done.returncode, done.stderr) == (0, "")
