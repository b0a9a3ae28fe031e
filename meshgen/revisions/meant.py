"""What the last build here meant: for output that no commit holds (design §7, local state).

A JSON document: consumer → gateway, as `<cluster>/<namespace>/<name>` → the hosts that it calls there.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

from meshgen import interrupts
from meshgen.plan.diff import Use, uses
from meshgen.plan.model import GatewayAddress
from meshgen.tree import TreeError, disk, findings
from meshgen.tree.paths import META
from meshgen.tree.state import IGNORE, IGNORED, LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from meshgen.plan.model import Plan

_SLASHES = 2
_FILE = f"{LOCAL}/meant.json"


def remembers(output: Path) -> bool:
    """Whether a build here left what it meant."""
    return disk.is_file(f"{os.path.realpath(output)}/{_FILE}")


def remembered(output: Path) -> frozenset[Use]:
    """What the last build at `output` meant, as far as it is known: a file that cannot be read says nothing."""
    try:
        return parsed(disk.read(f"{os.path.realpath(output)}/{_FILE}"))
    except OSError:
        return frozenset()


def remember(output: Path, content: bytes) -> None:
    """Keep what a build that has just ended meant, in one step. Raises `TreeError` where the disk refuses."""
    root = os.path.realpath(output)
    staged = f"{root}/{_FILE}.{os.getpid()}"
    try:
        if disk.is_file(f"{root}/{_FILE}") and disk.read(f"{root}/{_FILE}", content) == content:
            return
        for directory in ("", META, LOCAL):
            if not disk.is_directory(f"{root}/{directory}"):
                disk.make_directory(f"{root}/{directory}")
        if not disk.is_file(f"{root}/{IGNORE}"):
            disk.create(f"{root}/{IGNORE}", IGNORED)
        with interrupts.held():
            try:
                disk.create(staged, content, durable=True)
                disk.move(staged, f"{root}/{_FILE}")
            except OSError:
                with contextlib.suppress(OSError):
                    disk.remove(staged)
                raise
    except OSError as error:
        raise TreeError(findings.disk_error(output, _FILE, error)) from error


def document(plan: Plan, before: Iterable[Use] = (), only: frozenset[str] | None = None) -> bytes:
    """What a build meant, sorted; with `only` these clusters were written, and the others still do what they did."""
    kept = (use for use in before if only is not None and use.consumer not in only)
    new = (use for use in uses(plan) if only is None or use.consumer in only)
    found: dict[str, dict[str, list[str]]] = {}
    for consumer, host, gateway in sorted({*kept, *new}):
        found.setdefault(consumer, {}).setdefault("/".join(gateway), []).append(host)
    return json.dumps(found).encode() + b"\n"


def parsed(content: bytes) -> frozenset[Use]:
    """The uses in a document; none of one that is broken: it is no more than a memory."""
    try:
        found: Any = json.loads(content)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(
        Use(consumer, host, GatewayAddress(*gateway.split("/")))
        for consumer, gateways in _items(found)
        for gateway, hosts in _items(gateways)
        for host in (hosts if isinstance(hosts, list) else ())
        if isinstance(host, str) and gateway.count("/") == _SLASHES
    )


def _items(found: Any) -> Iterable[tuple[str, Any]]:
    return found.items() if isinstance(found, dict) else ()
