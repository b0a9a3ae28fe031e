"""An inventory from a running cluster: written as an import writes it, or compared with the file that is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.edits.target import Target, UnfitError
from meshgen.inventory.collect import collect
from meshgen.inventory.command import Request, Result, read_target, record, unfit
from meshgen.inventory.drift import drift
from meshgen.inventory.file import invalid_facts
from meshgen.inventory.fleet import FleetFiles
from meshgen.inventory.merge import merge
from meshgen.inventory.mesh import FACTS
from meshgen.inventory.reading import observe
from meshgen.inventory.removals import removals
from meshgen.inventory.roots import expiring
from meshgen.live import LiveError, connect

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from meshgen.inventory.facts import Facts
    from meshgen.live import Access

_SECRETS = frozenset({"multiPrimary"})
"""What only Secrets show, which are not read."""


@dataclass(frozen=True, slots=True)
class Pull:
    """Which cluster to read, and where to write its inventory."""

    access: Access
    fleet: Path
    target: Path
    dry: bool = False
    """Whether to return the text only."""
    allow_removal: bool = False
    """Whether what the fleet uses may go."""


def pull(wanted: Pull, now: datetime) -> Result:
    """Reads the cluster and writes its inventory, as a whole: what it does not show goes, as with `import --replace`.

    Nothing is written where anything is wrong. `now` is for certificates that expire soon (MG754). Raises OSError where
    the inventory's file cannot be read or written.
    """
    cluster = wanted.access.cluster
    unknown = FleetFiles(wanted.fleet).unknown_cluster(cluster)
    if unknown:
        return Result(unknown)
    facts, absent, result = _seen(wanted.access, now)
    if facts is None:
        return result
    request = Request(
        cluster,
        "",
        wanted.fleet,
        wanted.target,
        replace=True,
        dry=wanted.dry,
        paths=(),
        allow_removal=wanted.allow_removal,
    )
    result = record(request, facts, result)
    if absent and result.summary:
        result.summary = f"not installed, so there is none: {', '.join(absent)}\n{result.summary}"
    return result


def check(accesses: Iterable[Access], fleet: Path, now: datetime) -> Result:
    """What is not in the clusters as their inventories say: MG750 to MG752, and what `pull` finds besides.

    A cluster that cannot be read is a finding, and the others are compared all the same. Raises OSError where an
    inventory's file cannot be read.
    """
    files = FleetFiles(fleet)
    result = Result(sources=dict(files.sources))
    for access in accesses:
        found = files.unknown_cluster(access.cluster) or _compared(access, files, fleet, now, result)
        result.findings += found
    return result


def _compared(access: Access, files: FleetFiles, fleet: Path, now: datetime, result: Result) -> list[Diagnostic]:
    """The findings of one cluster; adds to `result` the texts of what was read."""
    path = files.path(access.cluster)
    own = Result()
    try:
        old = read_target(Target(path, fleet), path, access.cluster, own)
    except UnfitError as error:
        return [unfit(path, access.cluster, error)]
    if own.failed:
        return own.findings
    if old is None:
        return [
            diagnose(
                "MG750",
                f"the fleet has no inventory of `{access.cluster}`",
                help=f"Write it: `meshgen inventory pull --cluster {access.cluster}`.",
                object=f"inventory/{access.cluster}",
            )
        ]
    facts, _, seen = _seen(access, now)
    result.sources |= seen.sources
    if facts is None or seen.failed:
        return seen.findings
    spec = merge(old.spec, facts, replace=True)
    taken = files.fleet is not None and removals(files.fleet, access.cluster, old.spec, spec, old.root)
    return [*seen.findings, *drift(access.cluster, old, spec, used=bool(taken))]


def _seen(access: Access, now: datetime) -> tuple[Facts | None, list[str], Result]:
    """The facts of the cluster and the kinds that it does not have; no facts where it cannot be read."""
    result = Result()
    try:
        with connect(access) as api:
            observed = observe(api, access.cluster)
    except LiveError as error:
        result.findings = [error.diagnostic(access.cluster)]
        return None, [], result
    result.findings = observed.findings
    result.sources = observed.sources
    if result.failed:
        return None, [], result
    facts, found = collect(observed.documents, "default", gateway_api=observed.gateway_api)
    facts.unseen_mesh = _SECRETS if observed.has_istiod else FACTS
    result.findings += found
    result.findings += invalid_facts(facts, result.findings)
    result.findings += expiring(access.cluster, facts.istio.get("rootCertificates") or [], now)
    return facts, observed.absent, result
