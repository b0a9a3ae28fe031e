"""Where the lab cannot run it says so in one line and fails."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from lab.__main__ import SCENARIOS, main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def _program(directory: Path, name: str, script: str) -> None:
    file = directory / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a machine's programs: root, all packages, no Go, nothing built."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("etcd", "iptables", "ip", "openssl", "unshare", "mount", "redis-server", "git", "curl"):
        _program(programs, name, "exit 0")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MESHGEN_LAB_INSIDE", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(sys, "platform", "linux")
    return programs


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["test", "-m", "quick", *arguments])


def _says(text: str) -> None:
    result = _run()
    assert (result.exit_code, result.output) == (1, f"Error: {text}\n")


@pytest.mark.usefixtures("machine")
def test_without_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    _says("the lab needs root (network namespaces, iptables)")


@pytest.mark.usefixtures("machine")
def test_without_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    _says("the lab needs Linux (network namespaces)")


def test_without_debian_packages(machine: Path) -> None:
    (machine / "etcd").unlink()
    _says("the lab needs Debian packages: apt-get install etcd-server")


def test_the_missing_packages_alone_for_a_script(machine: Path) -> None:
    for program in ("etcd", "openssl", "redis-server"):
        (machine / program).unlink()
    assert CliRunner().invoke(main, ["packages"]).output == "etcd-server openssl redis-server\n"


def test_without_a_package_that_chosen_scenarios_do_not_need(machine: Path) -> None:
    (machine / "redis-server").unlink()
    result = _run(str(SCENARIOS / "test_6_loops.py"))
    assert result.output == "Error: the lab needs Go 1.26 or newer to build Istio and Kubernetes once\n"


def test_without_the_right_to_make_namespaces(machine: Path) -> None:
    _program(machine, "unshare", "echo 'unshare: Operation not permitted' >&2; exit 1")
    _says("the lab needs the right to make kernel namespaces: unshare: Operation not permitted")


@pytest.mark.usefixtures("machine")
def test_without_go() -> None:
    _says("the lab needs Go 1.26 or newer to build Istio and Kubernetes once")


def test_with_a_go_that_cannot_fetch_a_newer_one(machine: Path) -> None:
    _program(machine, "go", "echo go1.19.8")
    _says("the lab needs Go 1.26 or newer to build Istio and Kubernetes once, here is go1.19.8")


def test_with_a_build_that_fails(machine: Path) -> None:
    _program(machine, "go", '[ "$1" = env ] && echo go1.26.1 || exit 3')
    result = _run()
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "Error: the lab could not be built: `go list -m` failed with exit code 3"
