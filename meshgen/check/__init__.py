"""Rules over the whole fleet. Each rule is one module of `meshgen.check.rules`."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from meshgen.check import rules

if TYPE_CHECKING:
    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Diagnostic


def check(relations: Relations) -> list[Diagnostic]:
    """Run every rule. A rule module has `check(relations)`, an iterator of findings of the code in its name."""
    found: list[Diagnostic] = []
    for module in sorted(pkgutil.iter_modules(rules.__path__), key=lambda item: item.name):
        rule = importlib.import_module(f"{rules.__name__}.{module.name}")
        found += rule.check(relations)
    return found
