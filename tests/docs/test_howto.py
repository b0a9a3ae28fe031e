"""Every step of the tutorial and the how-tos, done by a reader: files written, commands run, what they print compared.

`UPDATE=1` writes what was printed into the pages, but where the page shortens it with `…`.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from meshgen.cli import main
from meshgen.cli.group import cli
from meshgen.pages import codes
from meshgen.verify import schemas
from tests.docs.standin import Kubectl

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs" / "howto").glob("*.md")), ROOT / "docs" / "day-2.md", ROOT / "docs" / "tutorial.md"]
BLOCK = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ((?:fleet|apps)/\S+\.yaml)\n")
EACH = pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])


def words(page: Path, *languages: str) -> list[list[str]]:
    """The commands of meshgen in the blocks of these languages, split as a shell does."""
    said = "\n".join(text for language, text in BLOCK.findall(page.read_text()) if language in languages)
    commands = re.findall(r"(?:^|\| |\$ )meshgen ([^|#\n]*)", said.replace("\\\n", " "), re.MULTILINE)
    return [shlex.split(command) for command in commands]


def shown(expected: str) -> re.Pattern[str]:
    """What a page says is printed: `…` stands for anything, also for lines."""
    return re.compile(".*?".join(re.escape(part) for part in expected.rstrip("\n").split("…")), re.DOTALL)


class Reader:
    """Somebody with an empty repository who does what a page says."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._home = home
        self._capsys = capsys
        self._environment = os.environ | {"CHECKOUT": str(ROOT)}
        self._kubectl = Kubectl()
        self.run("git init -q && git config user.name reader && git config user.email reader@example.com")

    def write(self, path: str, text: str) -> None:
        (self._home / path).parent.mkdir(parents=True, exist_ok=True)
        (self._home / path).write_text(text)

    def run(self, command: str) -> str:
        """All that a command prints. What it is worth shows there: a finding is part of the page."""
        if command.startswith("meshgen "):
            main(shlex.split(command)[1:])
            captured = self._capsys.readouterr()
            return captured.out + captured.err
        if command.startswith("kubectl "):
            asked, _, file = command.partition(" > ")
            printed = self._kubectl.run(shlex.split(asked)[1:])
            if not file:
                return printed
            self.write(file, printed)
            return ""
        done = subprocess.run(
            ["/bin/sh", "-ec", command],
            cwd=self._home,
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


def fenced(console: str) -> str:
    return f"```console\n{console}```"


def told(reader: Reader, console: str) -> str:
    """The block as the commands in it answer."""
    answer = ""
    for part in re.split(r"^(?=\$ )", console, flags=re.MULTILINE):
        command, _, expected = part.removeprefix("$ ").partition("\n")
        printed = "\n".join(line.rstrip() for line in reader.run(command).splitlines()).strip("\n")
        same = shown(expected.strip("\n")).fullmatch(printed) is not None
        answer += part if same else f"$ {command}\n{printed}\n"
    return answer


@EACH
def test_every_step_of_a_page_does_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    reader = Reader(tmp_path, capsys)
    text = page.read_text()
    answered = text
    for language, block in BLOCK.findall(text):
        file = FILE.match(block)
        if language == "yaml" and file is not None:
            reader.write(file[1], block)
        elif language == "console":
            answered = answered.replace(fenced(block), fenced(told(reader, block)), 1)
    if os.environ.get("UPDATE"):
        page.write_text(answered)
    assert answered == text


@EACH
def test_the_commands_of_a_page_exist_with_their_options(page: Path) -> None:
    """Those that need a cluster, too."""
    for arguments in words(page, "sh", "console"):
        command: click.Command | None = cli
        while isinstance(command, click.Group):
            command = command.get_command(click.Context(command), arguments.pop(0))
        assert command is not None
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in arguments if word.startswith("--")} <= known


@EACH
def test_links_of_a_page_lead_to_files(page: Path) -> None:
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", page.read_text())]
    files = [link for link in links if link and "://" not in link]
    assert files
    assert [link for link in files if not (page.parent / link).exists()] == []


@EACH
def test_the_codes_that_a_page_names_have_pages(page: Path) -> None:
    assert set(re.findall(r"MG[0-9]{3}", page.read_text())) <= set(codes())


def test_the_application_that_readers_write_for_themselves_is_valid() -> None:
    shown = [
        text for language, text in BLOCK.findall((PAGES[0].parent / "argocd.md").read_text()) if language == "yaml"
    ]
    (body,) = (YAML(typ="safe").load(text) for text in shown if not FILE.match(text))
    check = schemas.validator(body["apiVersion"], body["kind"])
    assert check is not None
    assert [error.message for error in check.errors(body)] == []
