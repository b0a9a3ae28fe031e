"""What a repository has beside manifests: recipes for manifests, which say nothing before they are rendered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, Note, Span, diagnose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

KUSTOMIZATIONS = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
_CHART = "Chart.yaml"
_OF_CHARTS = frozenset({"templates", "crds"})
_ACTION = re.compile(r"^[ \t]*(?:-[ \t]+)?(?:[\w./-]+:[ \t]*)?\{[{%]", re.MULTILINE)
"""A line of a template of Go or Jinja, or a value that is one: YAML reads a mapping with a mapping as its key."""
_YTT = re.compile(r"(?:^|:[ \t]|^[ \t]*-[ \t])#@[ \t]", re.MULTILINE)
_IN_NAMES = ("{{", "${", "$(", "((", "<%")
_MANIFEST = re.compile(r"""apiVersion|^[ \t]*["']?kind["']?[ \t]*:""", re.MULTILINE)

_RENDER = {
    "kustomization": "Render it and import the result: `kubectl kustomize {where} | "
    "meshgen inventory import --cluster NAME -`.",
    "Helm chart": "Render it and import the result: `helm template RELEASE {where} --namespace NS | "
    "meshgen inventory import --cluster NAME -n NS -`.",
}


@dataclass(slots=True)
class Unrendered:
    """The recipes of one input, by sort; each sort is one finding."""

    places: dict[str, list[Span]] = field(default_factory=dict)
    """Kustomizations and charts: the file that makes the directory one."""
    templates: list[Span] = field(default_factory=list)

    def without(self, names: Sequence[str], shown: str) -> list[str]:
        """Those of the files `names` of a directory that are not part of a recipe; the recipes in it are noted.

        A directory with a recipe is one with everything below it.
        """
        found: dict[tuple[str, ...], tuple[str, str]] = {}
        for name in sorted(names):
            path = PurePath(name)
            sort = "kustomization" if path.name in KUSTOMIZATIONS else "Helm chart" if path.name == _CHART else ""
            if sort:
                found.setdefault(path.parent.parts, (sort, name))
        kept = []
        for name in names:
            parts = PurePath(name).parent.parts
            above = next((parts[:count] for count in range(len(parts) + 1) if parts[:count] in found), None)
            if above is None:
                kept.append(name)
            else:
                sort, recipe = found[above]
                self.add(sort, (PurePath(shown) / recipe).as_posix())
        return kept

    def is_part_of_chart(self, directory: Path, shown: str) -> bool:
        """Whether `directory` is that of the templates of a chart, which is noted then."""
        is_part = directory.name in _OF_CHARTS and (directory.parent / _CHART).is_file()
        if is_part:
            self.add("Helm chart", (PurePath(shown).parent / _CHART).as_posix())
        return is_part

    def add(self, sort: str, file: str) -> None:
        """Notes a kustomization or a chart by the file that makes it one."""
        span = Span(file, 1, 1, 1, 1)
        if span not in self.places.setdefault(sort, []):
            self.places[sort].append(span)

    def findings(self) -> list[Diagnostic]:
        """MG059 for each sort of directory, MG060 for all templates."""
        found = []
        for sort, spans in sorted(self.places.items()):
            where = PurePath(spans[0].file).parent.as_posix() if len(spans) == 1 else "DIR"
            what = f"`{where}` is a {sort}" if len(spans) == 1 else f"{len(spans)} directories are {sort}s"
            help_ = _RENDER[sort].format(where=where)
            if len(spans) > 1:
                help_ = help_.replace("Render it and import the result", "Render each and import the results")
            found.append(_finding("MG059", f"{what}, not rendered", spans, help_))
        if self.templates:
            many = len(self.templates) > 1
            found.append(
                _finding(
                    "MG060",
                    f"{len(self.templates)} files are templates, not rendered"
                    if many
                    else f"`{self.templates[0].file}` is a template, not rendered",
                    self.templates,
                    "Import what is rendered from them, as by `helm template`."
                    if many
                    else "Import what is rendered from it, as by `helm template`.",
                )
            )
        return found


def is_kustomization(file: str) -> bool:
    """Whether a file is one by its name: `apiVersion` and `kind` may be left out of it."""
    return PurePath(file).name in KUSTOMIZATIONS


def template_line(text: str, *, broken: bool) -> int:
    """The first line that shows that `text` is a template; 0 where it is none.

    `broken`: whether it is no YAML as it stands, which templates of Helm never are and those of ytt are.
    """
    match = (_ACTION.search(text) if broken else None) or _YTT.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else 0


def is_manifest(text: str) -> bool:
    """Whether a file of a directory may hold Kubernetes objects, and not only settings of some tool."""
    return _MANIFEST.search(text) is not None


def named_by_template(names: Iterable[str]) -> bool:
    """Whether one of the names of an object is still to be filled in."""
    return any(sign in name for name in names for sign in _IN_NAMES)


def _finding(code: str, message: str, spans: list[Span], help_: str) -> Diagnostic:
    first, *others = spans
    return diagnose(code, message, first, help_, tuple(Note(span, "") for span in others))
