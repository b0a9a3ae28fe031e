"""GitOps engines: what each can carry of a delivery, and what it reads. Facts and plain data only.

A new one is a module here with an `ENGINE` (`meshgen.delivery.facts.Engine`), and its line below. From there the
language, the rules, the plan and the emitters know it; kinds that nobody emitted before need their schemas
(`tools/schemas`). A module is imported when somebody asks for it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.delivery.facts import Engine

_MODULES = {"argocd": "argocd", "flux": "flux"}
"""Name → module, sorted."""


def engine_names() -> tuple[str, ...]:
    """The names of all engines, sorted."""
    return tuple(_MODULES)


@cache
def engine(name: str) -> Engine:
    """The engine of that name, one of `engine_names()`."""
    found: Engine = import_module(f"meshgen.delivery.{_MODULES[name]}").ENGINE
    return found
