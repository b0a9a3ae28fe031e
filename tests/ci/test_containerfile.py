"""The Containerfile: what can be said of it without a builder. Nothing here builds or pulls an image."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = re.sub(r"\\\n", " ", (ROOT / "Containerfile").read_text())
LINES = [line.split(maxsplit=1) for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
VERSION = re.compile(r"^([a-z0-9-]+)==([^ ]+)", re.MULTILINE)


def of(instruction: str) -> list[str]:
    return [rest for name, rest in LINES if name == instruction]


def test_only_known_instructions_stand_there() -> None:
    assert {name for name, _ in LINES} <= {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "ENTRYPOINT", "CMD"}


def test_every_base_has_a_version_and_a_digest() -> None:
    for base in of("FROM"):
        assert re.match(r"docker\.io/library/\w+:\d+\.\d+\.\d+-[\w-]+@sha256:[0-9a-f]{64}( AS \w+)?$", base), base


def test_the_last_stage_runs_without_rights() -> None:
    last = max(number for number, (name, _) in enumerate(LINES) if name == "FROM")
    assert [rest for name, rest in LINES[last:] if name == "USER"] == ["65532:65532"]
    assert not [rest for name, rest in LINES[last:] if name == "COPY" and "--from" not in rest]


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    wanted = [line.removeprefix("!") for line in (ROOT / ".containerignore").read_text().split() if line[0] == "!"]
    for copied in of("COPY"):
        *sources, _ = copied.split()
        for source in [] if "--from" in copied else sources:
            assert (ROOT / source).exists()
            assert any(source == path or source.startswith(f"{path}/") for path in wanted), source


def test_dependencies_are_locked_as_those_of_development() -> None:
    run, dev = (dict(VERSION.findall((ROOT / "requirements" / name).read_text())) for name in ("run.txt", "dev.txt"))
    assert run.items() <= dev.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    needed = {re.split(r"[\[><=]", name)[0].replace(".", "-") for name in project}
    assert needed | {"hatchling"} <= set(run)
