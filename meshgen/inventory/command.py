"""An import from start to end: the only part that touches files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.edits.target import ChangedError, Target, UnfitError
from meshgen.inventory.collect import collect
from meshgen.inventory.file import InventoryFile, invalid_facts, next_text, read_inventory
from meshgen.inventory.fleet import FleetFiles
from meshgen.inventory.manifests import read_manifests, unreadable
from meshgen.inventory.merge import merge
from meshgen.inventory.removals import removals
from meshgen.inventory.summary import change_summary, input_summary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from meshgen.inventory.facts import Facts


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
    allow_removal: bool = False
    """Whether what the fleet uses may go."""


@dataclass(slots=True)
class Result:
    """What came of it: errors, and then nothing was written, or the new text.

    `sources` are the texts of the files in which findings are.
    """

    findings: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    text: str = ""
    summary: str = ""

    @property
    def failed(self) -> bool:
        """Whether an error is among the findings."""
        return any(finding.severity == "error" for finding in self.findings)


def run(request: Request) -> Result:
    """Imports, and writes the inventory's file unless `request.dry`, nothing changed or anything is wrong.

    Raises OSError where the inventory's file cannot be read or written.
    """
    manifests, findings = read_manifests(request.paths)
    facts, found = collect(manifests.documents, request.namespace)
    findings += found
    findings += invalid_facts(facts, findings)
    if not (findings or facts.read or (facts.unknown and not facts.of_fleet)):
        findings.append(_nothing(facts))
    return record(request, facts, Result(findings, manifests.sources), manifests.left_out)


def record(request: Request, facts: Facts, result: Result, left_out: Sequence[str] = ()) -> Result:
    """Writes the inventory with `facts` as `run` does; `result` has the findings and texts of what showed them.

    Raises OSError where the inventory's file cannot be read or written.
    """
    findings = result.findings
    files = FleetFiles(request.fleet)
    findings += files.unknown_cluster(request.cluster)
    old = target = None
    try:
        target = Target(request.target, request.fleet)
        old = read_target(target, request.target, request.cluster, result)
    except UnfitError as error:
        findings.append(unfit(request.target, request.cluster, error))
    if target is not None and old is None and request.target.as_posix() not in result.sources:
        findings += _elsewhere(request, files, result)
    if result.failed or target is None:
        return result
    before = result.sources.get(request.target.as_posix(), "")
    known = old.spec if old is not None else {}
    spec = merge(known, facts, replace=request.replace)
    if old is not None and files.fleet is not None and not request.allow_removal:
        taken = removals(files.fleet, request.cluster, known, spec, old.root)
        findings += taken
        if taken:
            return result
    result.text = next_text(old, before, request.cluster, spec)
    changes = change_summary(known, spec)
    result.summary = input_summary(facts, left_out) + "\n"
    if result.text == before:
        result.summary += f"{request.target.as_posix()} is up to date"
    elif request.dry:
        result.summary += changes
    else:
        refused = write_target(target, request.target, request.cluster, result.text)
        if refused:
            return Result(refused)
        result.summary += "\n".join(filter(None, [changes, f"wrote {request.target.as_posix()}"]))
    return result


def _nothing(facts: Facts) -> Diagnostic:
    """MG055 for an input without objects of a cluster."""
    if facts.of_fleet:
        return diagnose(
            "MG055",
            "the input is a fleet, which has no objects of a cluster",
            facts.of_fleet[0],
            "Name the cluster's manifests instead, or what `kubectl get … -o yaml` prints; the fleet itself is read "
            "from `--fleet`.",
        )
    return diagnose(
        "MG055",
        "the input has no Kubernetes objects",
        help="Check the command that was to print them: an empty input would empty the inventory.",
    )


def read_target(target: Target, path: Path, cluster: str, result: Result) -> InventoryFile | None:
    """The inventory of `cluster` in the file `target` at `path`, None where nothing or something invalid is there.

    Adds to `result` the text, and what is wrong with it. Raises `UnfitError`, `OSError`.
    """
    content = target.read()
    if content is None:
        return None
    shown = path.as_posix()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        result.findings.append(unreadable(shown, error))
        return None
    result.sources[shown] = text
    old, found = read_inventory(text, shown, cluster)
    result.findings += found
    return old


def write_target(target: Target, path: Path, cluster: str, text: str) -> list[Diagnostic]:
    """Puts `text` into the file `target` at `path`, which was read before.

    MG021 or MG022, and nothing is written, where it is not what was read, or no file. Raises `OSError`.
    """
    try:
        target.replace(text.encode())
    except ChangedError:
        return [_changed(path, cluster)]
    except UnfitError as error:
        return [unfit(path, cluster, error)]
    return []


def _changed(path: Path, cluster: str) -> Diagnostic:
    return diagnose(
        "MG021",
        f"`{path.as_posix()}` changed while the import ran: nothing was written",
        help="Import again: what another import or an editor wrote is kept.",
        object=f"inventory/{cluster}",
    )


def unfit(path: Path, cluster: str, error: UnfitError) -> Diagnostic:
    """MG022 for what stands at `path` and cannot be an inventory's file."""
    return diagnose(
        "MG022",
        f"`{path.as_posix()}` {error}",
        help="Name another file with `--output`; `-` prints the inventory.",
        object=f"inventory/{cluster}",
    )


def _elsewhere(request: Request, files: FleetFiles, result: Result) -> list[Diagnostic]:
    """MG058 where the fleet has the inventory of the cluster in another file: two would be an error later."""
    document = files.document(request.cluster)
    if document is None:
        return []
    result.sources.setdefault(document.file, files.sources[document.file])
    return [
        diagnose(
            "MG058",
            f"the inventory of `{request.cluster}` is in `{document.file}`",
            document.node.find(["metadata", "name"]).span,
            f"Move it to `{request.target.as_posix()}`, or name its file with `--output`.",
            object=f"inventory/{request.cluster}",
        )
    ]
