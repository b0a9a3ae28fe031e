"""The command line. Commands are imported when they run, so that `meshgen --version` is as quick as click."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs meshgen and returns its exit code: 0 fine, 1 findings or drift, 2 usage, disk or internal.

    `arguments` are those of the process without a value. Nothing is raised, whatever happens inside.
    """
    from meshgen.cli.errors import guarded

    return guarded(arguments)
