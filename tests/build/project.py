"""A fleet and its output in a directory of their own, and the builds of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.cli import main
from tests.fleets import fleet
from tests.git.support import commit

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def messages(self, code: str) -> list[str]:
        """The texts of the findings with a code, in `concise` format."""
        mark = f"[{code}] "
        return [line.partition(mark)[2] for line in self.out.splitlines() if mark in line]

    @property
    def said(self) -> str:
        """All that it said, on both streams."""
        return self.out + self.err

    @property
    def drift(self) -> list[str]:
        """What a check lists of an output that is not what the fleet says."""
        return [line for line in self.out.splitlines() if line.startswith(("+ ", "~ ", "- "))]

    @property
    def last_line(self) -> str:
        return self.err.strip().rpartition("\n")[2]


@dataclass(frozen=True)
class Project:
    """`fleet` and `output`, and the command that makes one of the other."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def fleet(self) -> Path:
        return self.root / "fleet"

    @property
    def output(self) -> Path:
        return self.root / "output"

    def write(self, *texts: str) -> None:
        """Make the fleet say this, and nothing else."""
        self.fleet.mkdir(exist_ok=True)
        (self.fleet / "fleet.yaml").write_text(fleet(*texts), encoding="utf-8")

    def build(self, *arguments: str) -> Outcome:
        kubeconform = () if "--kubeconform" in arguments else ("--kubeconform", "off")
        return self.run(
            "build", str(self.fleet), "-o", str(self.output), "--format", "concise", *kubeconform, *arguments
        )

    def run(self, *arguments: str) -> Outcome:
        self.capsys.readouterr()
        code = main(arguments)
        out, err = self.capsys.readouterr()
        return Outcome(code, out, err)

    @property
    def count(self) -> int:
        """How many objects the output has."""
        return len(self.names("*/*/*.yaml"))

    @property
    def tree(self) -> dict[str, bytes]:
        """Every file of the output directory."""
        return {
            path.relative_to(self.output).as_posix(): path.read_bytes()
            for path in sorted(self.output.rglob("*"))
            if path.is_file()
        }

    def names(self, pattern: str) -> list[str]:
        return sorted(path.relative_to(self.output).as_posix() for path in self.output.glob(pattern))


@dataclass(frozen=True)
class Remembered(Project):
    """A project whose builds are committed if it is in Git."""

    in_git: bool = False

    def build(self, *arguments: str) -> Outcome:
        outcome = super().build(*arguments)
        if self.in_git and outcome.code == 0:
            commit(self.root, "build")
        return outcome


def steps(project: Project, *fleets: tuple[str, ...]) -> Outcome:
    """Build one fleet after the other; all but the last must succeed."""
    *before, last = fleets
    for texts in before:
        project.write(*texts)
        outcome = project.build()
        assert outcome.code == 0, outcome.said
    project.write(*last)
    return project.build()
