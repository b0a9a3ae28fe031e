"""A Sidecar that limits egress hides ServiceEntries of namespaces that it does not name.

Source: pilot/pkg/model/sidecar.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import multicluster_namespace
from meshgen.analysis.hosts import host_matches
from meshgen.check.consumers import imports, is_stub
from meshgen.check.places import first_of
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.consumers import Link
    from meshgen.language.inventory import ObservedSidecar


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find Sidecars that see none of the remote-only hosts meant for their namespace."""
    shared = multicluster_namespace(relations.fleet)
    remote: dict[str, list[Link]] = {}
    for link in imports(relations):
        if link.kind == "remote" and not is_stub(relations, link):
            remote.setdefault(link.cluster, []).append(link)
    for cluster, links in remote.items():
        inventory = relations.inventory(cluster)
        for sidecar in inventory.sidecars if inventory else []:
            hosts = [link.host for link in links if _meant_for(link, sidecar.namespace)]
            if sidecar.egress_hosts is None or not hosts or any(_sees(sidecar, shared, host) for host in hosts):
                continue
            yield Diagnostic(
                code="MG375",
                severity="warning",
                message=f"Sidecar `{sidecar.name}` hides {first_of(hosts)} from namespace `{sidecar.namespace}` in "
                f"cluster `{cluster}`",
                span=sidecar.span("egressHosts"),
                help=f"Add `{shared}/*` to its `egress[].hosts`, or accept this if nothing there calls other clusters.",
                object=f"{cluster}/{sidecar.namespace}/{sidecar.name}",
            )


def _meant_for(link: Link, namespace: str) -> bool:
    setting = link.sources[0].setting
    allowed = setting.consumer_namespaces if setting is not None else None
    return allowed is None or namespace in allowed


def _sees(sidecar: ObservedSidecar, shared: str, host: str) -> bool:
    for item in sidecar.egress_hosts or []:
        namespace, _, pattern = item.rpartition("/")
        here = "*" if namespace == "" else sidecar.namespace if namespace == "." else namespace
        if here in ("*", shared) and host_matches(pattern, host):
            return True
    return False
