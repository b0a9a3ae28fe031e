"""The report of an internal error: what a maintainer needs, in a file that can be pasted into an issue."""

from __future__ import annotations

import os
import platform
import shlex
import tempfile
import traceback
from importlib import metadata
from typing import TYPE_CHECKING

from meshgen import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEPENDENCIES = ("click", "pydantic", "ruamel.yaml", "jsonschema-rs")


def write_report(error: BaseException, arguments: Sequence[str]) -> str | None:
    """Writes the report beside other temporary files; its path, or None where even that is impossible."""
    lines = [
        "# meshgen crash report",
        "",
        f"- command: `meshgen {shlex.join(arguments)}`",
        f"- meshgen {__version__}, Python {platform.python_version()}, {platform.platform()}",
        *(f"- {name} {_version(name)}" for name in _DEPENDENCIES),
        "",
        "```",
        "".join(traceback.format_exception(error)).rstrip(),
        "```",
        "",
    ]
    try:
        handle, path = tempfile.mkstemp(prefix="meshgen-crash-", suffix=".md")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write("\n".join(lines))
    except OSError:
        return None
    return path


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"
