"""Whatever a fleet, a manifest or an argument says, no command prints it as orders to the terminal or to CI."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from meshgen.cli import main
from tests.diagnostics.test_printing import COMMAND, UNSAFE
from tests.fleets import HAS, fleet

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "\x1b[31m\n::error::owned ##[group]x \u202e\x9b"
KIND = json.dumps({"apiVersion": "example.com/v1", "kind": EVIL, "metadata": {"name": EVIL}})
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": EVIL, "namespace": "shop"}, "spec": {}}


def said(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    return out + err


def harmless(text: str) -> bool:
    return not UNSAFE.search(text) and not COMMAND.search(text)


@pytest.mark.parametrize("name", ["::error::x", "\x1b[2J", "##[group]", "\u202e"])
@pytest.mark.parametrize("command", ["validate", "build", "show", "explain"])
def test_the_name_of_a_file_is_printed_and_does_nothing(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "")
    file = tmp_path / f"{name}.yaml"
    file.write_text("kind: Fleet\nunknown: 1\n")
    arguments = ["explain", "web.shop", "--fleet"] if command == "explain" else [command]
    for form in ("full", "concise"):
        assert main([*arguments, file.name, "--format", form]) == 1
        text = said(capsys)
        assert "MG016" in text
        assert harmless(text)


@pytest.mark.parametrize("content", [KIND, json.dumps(SERVICE)], ids=["a kind", "a name"])
def test_an_import_prints_kinds_and_names_and_does_nothing(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "dump.json"
    file.write_text(content)
    main(["inventory", "import", "--cluster", "c1", "--fleet", str(tmp_path), "--format", "full", str(file)])
    text = said(capsys)
    assert "owned" in text
    assert harmless(text)


@pytest.mark.parametrize("subject", [EVIL, "c1/\x1b.yaml", "\udcff"])
def test_an_argument_is_printed_and_does_nothing(
    subject: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fleet.yaml").write_text(fleet(HAS))
    assert main(["explain", subject, "--fleet", str(tmp_path)]) == 2
    assert harmless(said(capsys))


def test_a_file_of_the_output_is_explained_without_doing_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "::error::x.yaml").write_text(fleet(HAS))
    rule = "c1/shop/destinationrule.networking.istio.io_meshgen-web.yaml"
    assert main(["explain", rule, "--fleet", "::error::x.yaml"]) == 0
    text = said(capsys)
    assert "error::x.yaml" in text
    assert harmless(text)


FORMS = ("full", "concise", "json", "github", "gitlab", "sarif", "junit", "rdjson")
_ALL_FORMS = """
import sys
from meshgen.cli import main
fleet, *forms = sys.argv[1:]
for form in forms:
    assert main(["validate", fleet, "--format", form]) == 1
    print(end="\\0")
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_every_encoding_of_the_terminal_will_do_for_every_format(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "名前.yaml").write_text("kind: Fläche\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _ALL_FORMS, str(tmp_path), *FORMS],
        env={**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    texts = dict(zip(FORMS, done.stdout.split(b"\0")[:-1], strict=True))
    assert [form for form, text in texts.items() if b"MG016" not in text] == []
    for form in ("json", "gitlab", "sarif", "rdjson"):
        read = json.dumps(json.loads(texts[form]), ensure_ascii=False)
        assert "名前" in read.replace("%E5%90%8D%E5%89%8D", "名前"), form


_COMMANDS = (
    b"validate \xff",
    b"build fleet -o out\xff",
    b"build --cluster \xff",
    b"build --against \xff",
    b"show \xff",
    b"explain \xff",
    b"explain \xff.yaml",
    b"inventory import --cluster \xff x",
    b"inventory import --cluster c1 \xff",
    b"inventory import --cluster c1 -o \xff dump.json",
    b"init \xff",
    b"schema \xff",
    b"\xff",
)
_ALL_COMMANDS = """
import sys
from meshgen.cli import main
for command in sys.argv[1:]:
    print("exit", main(command.split(" ")), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="arguments are Unicode there")
def test_bytes_that_are_no_text_are_arguments_like_others(tmp_path: Path) -> None:
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "fleet.yaml").write_text(fleet(HAS))
    (tmp_path / "dump.json").write_text(KIND)
    done = subprocess.run(
        [sys.executable, "-c", _ALL_COMMANDS, *_COMMANDS],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    text = done.stdout.decode()
    assert len(re.findall(r"^exit [012]$", text, re.MULTILINE)) == len(_COMMANDS), text
    assert not re.search(r"Traceback|MG900|MG901", text)
