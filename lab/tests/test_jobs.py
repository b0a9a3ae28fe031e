from __future__ import annotations

from pathlib import Path

from lab.jobs import mounted


def test_a_command_finds_its_volumes() -> None:
    command = ["sh", "/etc/gate/ask.sh", "/etc/gates", "/etc/gate", "5"]
    assert mounted(command, {"/etc/gate": Path("/run/pod")}) == ["sh", "/run/pod/ask.sh", "/etc/gates", "/run/pod", "5"]
