"""What scenarios need besides the mesh: a file of them names groups of parts in its constant `NEEDS`.

It is read without importing the file: parts are built before the namespaces are entered in which scenarios can run.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from lab.build import GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def needed(arguments: Sequence[str]) -> list[str]:
    """Name the groups that the files in pytest's arguments need, in the order in which they are built.

    Raises `ValueError` where a file names one that does not exist.
    """
    found = {group for file in _files(arguments) for group in _needs(file)}
    if unknown := sorted(found - set(GROUPS)):
        raise ValueError(f"scenarios need parts that nothing builds: {', '.join(unknown)}")
    return [group for group in GROUPS if group in found]


def _files(arguments: Sequence[str]) -> Iterable[Path]:
    for argument in arguments:
        path = Path(argument.partition("::")[0])
        if path.is_dir():
            yield from sorted(path.rglob("test_*.py"))
        elif path.suffix == ".py" and path.is_file():
            yield path


def _needs(file: Path) -> tuple[str, ...]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["NEEDS"]:
            return tuple(ast.literal_eval(node.value))
    return ()
