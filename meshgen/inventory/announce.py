"""Announcing that a copy of a Service arrives in a cluster, or leaves it: a change of one item of its inventory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.diagnostics.near import did_you_mean, near_host
from meshgen.edits.target import Target, UnfitError
from meshgen.inventory.command import Result, read_target, unfit, write_target
from meshgen.inventory.facts import key_of
from meshgen.inventory.file import next_text
from meshgen.inventory.fleet import FleetFiles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meshgen.inventory.facts import Item


@dataclass(frozen=True, slots=True)
class Announcement:
    """What to announce: the Service `host` arrives in `cluster` or leaves it.

    `host` is `NAME.NAMESPACE`, or the whole name of the Service. `source` is the cluster whose copy is the model of one
    that arrives; empty: the first by name that has the Service.
    """

    host: str
    cluster: str
    state: Literal["arriving", "leaving"]
    fleet: Path
    source: str = ""


def announce(wanted: Announcement) -> Result:
    """Writes the state into the inventory of the cluster; every other line of the file stays.

    A Service that arrives gets what the inventory of another cluster says of it. Nothing is written where a finding
    is (MG063 to MG065, MG068, those of the inventory's file). Raises OSError where the file cannot be written.
    """
    files = FleetFiles(wanted.fleet)
    result = Result(sources=files.sources)
    result.findings = files.unknown_cluster(wanted.cluster) + (
        files.unknown_cluster(wanted.source) if wanted.source else []
    )
    if result.findings:
        return result
    path = files.path(wanted.cluster)
    try:
        target = Target(path, wanted.fleet)
        document = read_target(target, path, wanted.cluster, result)
    except UnfitError as error:
        result.findings = [unfit(path, wanted.cluster, error)]
        return result
    if document is None:
        result.findings = result.findings or [_no_inventory(wanted)]
        return result
    namespace, name = _parts(wanted.host)
    key = (namespace, name, "")
    spec = document.spec
    here = {key_of(item): item for item in spec.get("services") or []}.get(key)
    if wanted.state == "leaving":
        changed, findings = _leaving(wanted, here, files)
    else:
        changed, findings = _arriving(wanted, here, key, files, spec)
    result.findings = findings
    if changed is None:
        return result
    result.text = next_text(document, document.text, wanted.cluster, _with(spec, changed))
    result.findings = write_target(target, path, wanted.cluster, result.text)
    result.summary = f"{wanted.state} in `{wanted.cluster}`: {name}.{namespace}\nwrote {path.as_posix()}"
    return result


def _no_inventory(wanted: Announcement) -> Diagnostic:
    return diagnose(
        "MG068",
        f"the fleet `{wanted.fleet.as_posix()}` has no inventory of `{wanted.cluster}`",
        help="Import it first with `meshgen inventory import`.",
        object=f"inventory/{wanted.cluster}",
    )


def _leaving(wanted: Announcement, here: Item | None, files: FleetFiles) -> tuple[Item | None, list[Diagnostic]]:
    if here is None:
        return None, [_nobody(wanted, {wanted.cluster: files.services(wanted.cluster)})]
    if here.get("state") == "leaving":
        return None, [_so_already(wanted, "is announced as leaving")]
    if here.get("state") == "arriving":
        return None, [_so_already(wanted, "has not arrived", "Take its item out of the inventory instead.")]
    return {**here, "state": "leaving"}, []


def _arriving(
    wanted: Announcement, here: Item | None, key: tuple[str, str, str], files: FleetFiles, spec: Mapping[str, Any]
) -> tuple[Item | None, list[Diagnostic]]:
    if here is not None:
        said = {"arriving": "is announced as arriving", "leaving": "is announced as leaving"}
        return None, [_so_already(wanted, said.get(str(here.get("state")), "is there"))]
    sources = [wanted.source] if wanted.source else files.clusters
    known = {cluster: files.services(cluster) for cluster in sources}
    copies = [services[key] for services in known.values() if key in services]
    model = next((copy for copy in copies if copy.get("state", "active") == "active"), next(iter(copies), None))
    if model is None:
        return None, [_nobody(wanted, known)]
    if key[0] not in {item.get("name") for item in spec.get("namespaces") or []}:
        return None, [
            diagnose(
                "MG068",
                f"the inventory of `{wanted.cluster}` has no namespace `{key[0]}`",
                help=f"Create the namespace first, and import it: `kubectl get namespace {key[0]} -o yaml | "
                f"meshgen inventory import --cluster {wanted.cluster} -`.",
                object=f"inventory/{wanted.cluster}",
            )
        ]
    return {**model, "state": "arriving"}, []


def _with(spec: Mapping[str, Any], changed: Item) -> dict[str, Any]:
    """`spec` with one Service changed or added, the order of all others as it was."""
    services = list(spec.get("services") or [])
    key = key_of(changed)
    place = next((n for n, item in enumerate(services) if key_of(item) >= key), len(services))
    if place < len(services) and key_of(services[place]) == key:
        services[place] = changed
    elif key in {key_of(item) for item in services}:
        services = [changed if key_of(item) == key else item for item in services]
    else:
        services.insert(place, changed)
    return {key: value for key, value in {**spec, "services": services}.items() if value}


def _parts(host: str) -> tuple[str, str]:
    name, _, rest = host.partition(".")
    return rest.partition(".")[0], name


def _so_already(wanted: Announcement, what: str, help_: str = "Nothing has to be announced.") -> Diagnostic:
    return diagnose(
        "MG064",
        f"`{wanted.host}` {what} in the inventory of `{wanted.cluster}`",
        help=help_,
        object=f"inventory/{wanted.cluster}",
    )


def _nobody(wanted: Announcement, known: Mapping[str, Mapping[tuple[str, ...], Item]]) -> Diagnostic:
    where = f"the inventory of `{next(iter(known))}`" if len(known) == 1 else "no inventory of the fleet"
    message = f"{where} has {'no' if len(known) == 1 else 'a'} Service `{wanted.host}`"
    domain = ".".join(wanted.host.split(".")[2:])
    hosts = {".".join(filter(None, (key[1], key[0], domain))) for services in known.values() for key in services}
    return diagnose(
        "MG065",
        message,
        help=did_you_mean(near_host(wanted.host, hosts))
        or "Name it as NAME.NAMESPACE; a first copy needs no announcement: create the Service, and import its cluster.",
        object=f"inventory/{wanted.cluster}",
    )
