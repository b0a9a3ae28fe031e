"""Plain data to JSON text for files that programs outside of any cluster read.

JSON knows no comments, so the first field, `//`, is what the first line is elsewhere; Terraform takes a field of that
name for a comment.
"""

from __future__ import annotations

import json
from typing import Any

from meshgen.emit.yaml import HEADER

HEAD = f'{{\n  "//": "{HEADER.strip("# ").rstrip()}"'


def document(body: dict[str, Any]) -> bytes:
    """One file: a field or a bracket a line, keys in the order of `body`, UTF-8, LF. `body` is as for YAML."""
    text = json.dumps(body, indent=2, ensure_ascii=False)
    return (HEAD + ("\n}\n" if not body else ",\n" + text.removeprefix("{\n") + "\n")).encode(
        "utf-8", "backslashreplace"
    )
