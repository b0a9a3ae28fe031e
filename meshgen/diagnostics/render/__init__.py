"""Diagnostics as text for people and machines: one module a format, each with `render(view)`."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meshgen.diagnostics.codes import diagnose
from meshgen.diagnostics.printing import bounded, printable, shown, without_commands
from meshgen.diagnostics.several import ordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meshgen.diagnostics.model import Diagnostic

FORMATS = {
    "full": "the source line, what is wrong and what to do",
    "concise": "one line each",
    "json": "a JSON array",
    "github": "annotations of GitHub Actions",
    "gitlab": "a Code Quality report of GitLab",
    "sarif": "SARIF 2.1.0",
    "junit": "JUnit XML",
    "rdjson": "Reviewdog Diagnostic Format",
}
"""The formats, by the name of their module, with what each is."""
MACHINE_FORMATS = frozenset({"json", "gitlab", "sarif", "junit", "rdjson"})
"""Formats of which one document is the whole output: nothing may stand beside it."""

TEXT_FORMATS = frozenset({"full", "concise"})
"""Formats for people."""


@dataclass(frozen=True, slots=True)
class View:
    """What a format gets: the findings in order and safe to show, the text of the files, whether colours are wanted."""

    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]
    color: bool = False


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], form: str, *, color: bool = False) -> str:
    """`diagnostics` in the format `form`, one of FORMATS, ending in a newline unless it is empty.

    `sources` has the text of files by the name in the spans; a file that it lacks is shown without its line. Of too
    long texts, and of too many findings (MG902), a part is shown.
    """
    module: Any = importlib.import_module(f"{__name__}.{form}")
    found, left_out = bounded(ordered(list(diagnostics)))
    if left_out:
        found.append(
            diagnose(
                "MG902",
                f"{left_out} more finding{'s are' if left_out > 1 else ' is'} not shown",
                help="Correct those that are; many have one cause.",
            )
        )
    text_of = {printable(file): text for file, text in sources.items()}
    text: str = module.render(View(tuple(map(shown, found)), text_of, color))
    if form in TEXT_FORMATS:
        text = without_commands(text)
    return text if not text or text.endswith("\n") else text + "\n"


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """The counts in one line: `2 errors, 1 warning`, or `no findings`."""
    counts = {"error": 0, "warning": 0, "hint": 0}
    for diagnostic in ordered(list(diagnostics)):
        counts[diagnostic.severity] += 1
    shown = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items() if count]
    return ", ".join(shown) or "no findings"


__all__ = ["FORMATS", "MACHINE_FORMATS", "TEXT_FORMATS", "View", "render", "summary"]
