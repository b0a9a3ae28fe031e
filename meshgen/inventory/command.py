"""An import from start to end: the only part that touches files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.inventory.collect import collect
from meshgen.inventory.file import InventoryFile, invalid_facts, next_text, read_inventory
from meshgen.inventory.manifests import read_manifests, unreadable
from meshgen.inventory.merge import merge
from meshgen.inventory.summary import change_summary, input_summary
from meshgen.inventory.target import ChangedError, Target, UnfitError
from meshgen.load.documents import load

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """What to import, and where to."""

    cluster: str
    namespace: str
    fleet: Path
    target: Path
    replace: bool
    dry: bool
    """Whether to return the text only."""
    paths: tuple[str, ...]


@dataclass(slots=True)
class Result:
    """What came of it: findings, and then nothing was written, or the new text.

    `sources` are the texts of the files in which findings are.
    """

    findings: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    text: str = ""
    summary: str = ""


def run(request: Request) -> Result:
    """Imports, and writes the inventory's file unless `request.dry`, nothing changed or anything is wrong.

    Raises OSError where the inventory's file cannot be read or written.
    """
    manifests, findings = read_manifests(request.paths)
    facts, found = collect(manifests.documents, request.namespace)
    findings += found
    findings += invalid_facts(facts, findings)
    if not (findings or facts.read or facts.unknown):
        findings.append(
            diagnose(
                "MG055",
                "the input has no Kubernetes objects",
                help="Check the command that was to print them: an empty input would empty the inventory.",
            )
        )
    result = Result(findings, manifests.sources)
    old = target = None
    try:
        target = Target(request.target, request.fleet)
        old = _read_target(request, target, result)
    except UnfitError as error:
        findings.append(_unfit(request, error))
    if findings or target is None:
        return result
    before = result.sources.get(request.target.as_posix(), "")
    known = old.spec if old is not None else {}
    spec = merge(known, facts, replace=request.replace)
    result.text = next_text(old, before, request.cluster, spec)
    changes = change_summary(known, spec)
    result.summary = input_summary(facts) + "\n"
    if result.text == before:
        result.summary += f"{request.target.as_posix()} is up to date"
    elif request.dry:
        result.summary += changes
    else:
        try:
            target.replace(result.text.encode())
        except ChangedError:
            return Result([_changed(request)])
        except UnfitError as error:
            return Result([_unfit(request, error)])
        result.summary += "\n".join(filter(None, [changes, f"wrote {request.target.as_posix()}"]))
    return result


def _read_target(request: Request, target: Target, result: Result) -> InventoryFile | None:
    content = target.read()
    if content is None:
        result.findings += _elsewhere(request, result)
        return None
    shown = request.target.as_posix()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        result.findings.append(unreadable(shown, error))
        return None
    result.sources[shown] = text
    old, found = read_inventory(text, shown, request.cluster)
    result.findings += found
    return old


def _changed(request: Request) -> Diagnostic:
    return diagnose(
        "MG021",
        f"`{request.target.as_posix()}` changed while the import ran: nothing was written",
        help="Import again: what another import or an editor wrote is kept.",
        object=f"inventory/{request.cluster}",
    )


def _unfit(request: Request, error: UnfitError) -> Diagnostic:
    return diagnose(
        "MG022",
        f"`{request.target.as_posix()}` {error}",
        help="Name another file with `--output`; `-` prints the inventory.",
        object=f"inventory/{request.cluster}",
    )


def _elsewhere(request: Request, result: Result) -> list[Diagnostic]:
    """MG058 where the fleet has the inventory of the cluster in another file: two would be an error later."""
    if not request.fleet.exists():
        return []
    loaded, _ = load(request.fleet)
    for document in loaded.documents:
        if document.kind == "Inventory" and document.name == request.cluster:
            span = document.node.find(["metadata", "name"]).span
            result.sources.setdefault(document.file, loaded.sources[document.file])
            return [
                diagnose(
                    "MG058",
                    f"the inventory of `{request.cluster}` is in `{document.file}`",
                    span,
                    f"Move it to `{request.target.as_posix()}`, or name its file with `--output`.",
                    object=f"inventory/{request.cluster}",
                )
            ]
    return []
