"""What a shell offers (click's protocol: the words of the line and the place of the cursor are in the environment)."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from meshgen.cli import main
from tests.fleets import HAS, fleet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    """The words that a shell offers at the end of a line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "fleet.yaml").write_text(fleet(HAS))

    def complete(line: str) -> list[str]:
        monkeypatch.setenv("_MESHGEN_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        assert main([]) == 0
        shown = capsys.readouterr()
        assert shown.err == ""
        return [word.removeprefix("plain,") for word in shown.out.splitlines() if word]

    return complete


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("meshgen explain MG30", ["MG301", "MG302", "MG303", "MG304", "MG305", "MG306", "MG307", "MG308", "MG309",
                                  "file,MG30"]),
        ("meshgen explain we", ["web.shop.svc.cluster.local", "file,we"]),
        ("meshgen explain web --from ", ["c1", "c2"]),
        ("meshgen build --cluster c2", ["c2"]),
        ("meshgen show --host w", ["web.shop.svc.cluster.local"]),
        ("meshgen show --cluster ", ["c1", "c2"]),
        ("meshgen build other --cluster ", []),
        ("meshgen inventory import --cluster ", ["c1", "c2"]),
        ("meshgen drain ", ["c1", "c2"]),
        ("meshgen drain c1 --workspace ", ["shop"]),
        ("meshgen undrain c1 --gateway ", ["shop/ew"]),
    ],
)  # fmt: skip
def test_a_shell_offers(line: str, words: list[str], offered: object) -> None:
    assert callable(offered)
    assert offered(line) == words


@pytest.mark.parametrize("text", ["\t- {", "kind: Fleet\nspec: []\n", "\x00", "[" * 5000])
def test_a_broken_fleet_offers_nothing_and_prints_nothing(text: str, tmp_path: Path, offered: object) -> None:
    (tmp_path / "fleet" / "fleet.yaml").write_text(text)
    assert callable(offered)
    assert offered("meshgen show --cluster ") == []


def test_completing_imports_no_models(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(fleet(HAS))
    environment = {
        **os.environ,
        "_MESHGEN_COMPLETE": "bash_complete",
        "COMP_WORDS": f"meshgen explain --fleet {tmp_path / 'fleet.yaml'} we",
        "COMP_CWORD": "4",
    }
    code = "import sys; from meshgen.cli import main; main([]); sys.exit('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[:1]) == (0, ["plain,web.shop.svc.cluster.local"])
