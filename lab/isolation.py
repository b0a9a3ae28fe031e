"""Runs the lab in kernel namespaces of its own, so that nothing of it survives the process, even killed.

The network namespace has no way out, the mount namespace hides /run, /etc/hosts and /etc/resolv.conf, and the
PID namespace ends with its first process: after kill -9 the kernel removes processes, interfaces, mounts.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_INSIDE = "MESHGEN_LAB_INSIDE"
_DEBIAN = {
    "etcd": "etcd-server",
    "iptables": "iptables",
    "ip": "iproute2",
    "openssl": "openssl",
    "unshare": "util-linux",
    "mount": "mount",
}
_DEBIAN_OF = {"argocd": {"redis-server": "redis-server", "git": "git"}, "flux": {"git": "git", "curl": "curl"}}
"""Group of parts → the programs that it calls and the packages that have them."""
_FLAGS = ("--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
WORK = Path("/run/lab")
PARTS = WORK / "parts"  # the built parts of the mesh, where the proxies' user can read them
ENGINES = WORK / "engines"  # a directory for each other group of parts


def missing(groups: Iterable[str] = ()) -> str:
    """Say in one line what the lab, with groups of parts besides the mesh, cannot run without; empty if it can run."""
    if sys.platform != "linux":
        return "the lab needs Linux (network namespaces)"
    if os.geteuid() != 0:
        return "the lab needs root (network namespaces, iptables)"
    if packages := missing_packages(groups):
        return f"the lab needs Debian packages: apt-get install {' '.join(packages)}"
    probe = subprocess.run(["unshare", *_FLAGS, "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        return f"the lab needs the right to make kernel namespaces: {probe.stderr.strip()}"
    return ""


def missing_packages(groups: Iterable[str]) -> list[str]:
    """Name the Debian packages whose programs are not here: those of the mesh and of other groups of parts."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    called = [_DEBIAN, *(_DEBIAN_OF.get(group, {}) for group in groups)]
    return sorted(
        {package for programs in called for name, package in programs.items() if not shutil.which(name, path=path)}
    )


def missing_for_build() -> str:
    """Say in one line what the first build needs; empty if it can run."""
    if not shutil.which("go"):
        return "the lab needs Go 1.26 or newer to build Istio and Kubernetes once"
    version = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout.strip()
    numbers = re.match(r"go(\d+)\.(\d+)", version)
    # From 1.21 on Go fetches the version that a go.mod asks for.
    if not numbers or (int(numbers[1]), int(numbers[2])) < (1, 21):
        return f"the lab needs Go 1.26 or newer to build Istio and Kubernetes once, here is {version or 'a broken one'}"
    return ""


def inside() -> bool:
    return _INSIDE in os.environ


def outer_pid() -> str:
    """The process by which the outside can enter the lab's namespaces with nsenter."""
    return os.environ[_INSIDE]


def enter(arguments: list[str]) -> NoReturn:
    """Replace this process by `arguments` in new namespaces, prepared by `prepare`."""
    os.environ[_INSIDE] = str(os.getpid())
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    os.execvp("unshare", ["unshare", *_FLAGS, "--", *arguments])  # noqa: S606 - no shell is wanted


def prepare(parts: Path, engines: Mapping[str, Path]) -> None:
    """Set up what `enter` has made new: /run with the built parts, names, the loopback interface."""
    # The first process of a PID namespace ignores signals that it has no handler for; its end is the end of all.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os._exit(1))
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "lab", "/run")
    WORK.mkdir()
    for name in ("hosts", "resolv.conf"):
        (WORK / name).touch()
        _run("mount", "--bind", str(WORK / name), f"/etc/{name}")
    for source, target in ((parts, PARTS), *((path, ENGINES / name) for name, path in engines.items())):
        target.mkdir(parents=True)
        _run("mount", "--bind", str(source), str(target))
    _run("ip", "link", "set", "lo", "up")


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
