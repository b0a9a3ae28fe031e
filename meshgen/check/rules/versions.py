"""What the installed Istio can do: versions, ambient mode, several primaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import FLOOR, readable
from meshgen.check.ambient import suspects
from meshgen.check.places import istio_place, listed, notes
from meshgen.check.rule import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.diagnostics import Span


def istio_too_old(context: Context) -> Iterator[Finding]:
    """Find clusters with an Istio in which a stale ServiceEntry can win over a new Service; one finding a place.

    meshgen emits for Istio 1.24 and newer (Istio: pilot/pkg/model/sidecar.go, PILOT_UNIFIED_SIDECAR_SCOPE).
    """
    relations = context.relations
    found: dict[tuple[Span | None, str | None], list[str]] = {}
    for cluster in relations.fleet.clusters:
        facts = relations.facts[cluster.name]
        if readable(facts) and facts.version < FLOOR:
            span = istio_place(relations, cluster.name, "version")
            found.setdefault((span, facts.version_text), []).append(cluster.name)
    for (span, version), clusters in found.items():
        yield Finding(
            message=f"Istio {version} of {listed(clusters)} is too old: meshgen needs 1.24 or newer",
            span=span,
            help="Upgrade Istio, or leave its cluster out of the fleet until then.",
            object=f"cluster/{clusters[0]}",
        )


def ambient_crash(context: Context) -> Iterator[Finding]:
    """Find clusters with ambient mode and an istiod that panics at a WorkloadEntry of another network.

    istiod of some versions crashes on our entries in ambient mode (istio#59321).
    """
    relations = context.relations
    for cluster, istio, certain in suspects(relations):
        if certain and istio is not None and istio.ambient:
            version = relations.facts[cluster].version_text
            yield Finding(
                message=f"istiod {version} of cluster `{cluster}` runs with ambient mode and would crash on entries of "
                "other clusters",
                span=istio_place(relations, cluster, "version"),
                help="Upgrade to 1.28.6, 1.29.1 or newer.",
                notes=notes((istio.span("ambient"), "ambient mode is on here")),
                object=f"cluster/{cluster}",
            )


def ambient_unknown(context: Context) -> Iterator[Finding]:
    """Find clusters of a suspect version whose inventory does not say enough to tell.

    istiod of some versions crashes on our entries if ambient mode is on (istio#59321).
    """
    relations = context.relations
    for cluster, istio, certain in suspects(relations):
        ambient = istio.ambient if istio is not None else None
        if certain and ambient:
            continue
        missing = "whether ambient mode is on" if ambient is None else "which patch release it is"
        yield Finding(
            message=f"istiod {relations.facts[cluster].version_text} of cluster `{cluster}` may crash on entries of "
            f"other clusters: it is not known {missing}",
            span=istio_place(relations, cluster, "version"),
            help="Set `istio.ambient` in the inventory, and the version with all its numbers; 1.28.6 and 1.29.1 are "
            "safe.",
            object=f"cluster/{cluster}",
        )


def version_unreadable(context: Context) -> Iterator[Finding]:
    """Find versions of Istio without a first and second number.

    Versions decide what is emitted and refused (design §2).
    """
    relations = context.relations
    for cluster in relations.fleet.clusters:
        facts = relations.facts[cluster.name]
        if facts.version_text is not None and not readable(facts):
            yield Finding(
                message=f"`{facts.version_text}` of cluster `{cluster.name}` is no version of Istio that can be read",
                span=istio_place(relations, cluster.name, "version"),
                help="Write it as `1.29.2`; until then the cluster gets what 1.24 understands.",
                object=f"cluster/{cluster.name}",
            )


_LABEL = "istio.io/dataplane-mode"


def ambient_namespace(context: Context) -> Iterator[Finding]:
    """Find ambient namespaces of workspaces that expose services: their pods neither serve nor follow our entries.

    Ambient mode does not use entries behind port 15443 (Istio: ztunnel uses HBONE and its own gateways).
    """
    relations = context.relations
    for cluster in relations.fleet.clusters:
        inventory = relations.inventory(cluster.name)
        for namespace in inventory.namespaces if inventory else ():
            workspace = relations.workspace_of(cluster.name, namespace.name)
            if namespace.labels.get(_LABEL) != "ambient" or workspace is None or workspace.east_west_gateway is None:
                continue
            yield Finding(
                message=f"namespace `{namespace.name}` of cluster `{cluster.name}` is in ambient mode, where services "
                "of other clusters cannot be reached this way",
                span=namespace.span("labels", _LABEL),
                help="Run its pods with sidecars, or take the namespace out of the workspace.",
                notes=notes((workspace.namespace_selector.span("names"), f"workspace `{workspace.name}` spans it")),
                object=f"{cluster.name}/{namespace.name}",
            )


def ambient_callers(context: Context) -> Iterator[Finding]:
    """Find ambient namespaces outside of workspaces in clusters that get entries, one finding a cluster.

    Who calls our hosts is known of no namespace. MG324 has those that workspaces with a gateway span.
    """
    relations = context.relations
    hosts: dict[str, dict[str, None]] = {}
    for item in context.calls.imports:
        hosts.setdefault(item.consumer, {})[item.host] = None
    for cluster, names in sorted(hosts.items()):
        inventory = relations.inventory(cluster)
        ambient = []
        for namespace in inventory.namespaces if inventory else ():
            spanning = relations.workspace_of(cluster, namespace.name)
            if namespace.labels.get(_LABEL) == "ambient" and (spanning is None or spanning.east_west_gateway is None):
                ambient.append(namespace)
        istio = relations.facts[cluster].istio
        if not ambient or (istio is not None and istio.ambient is False):
            continue
        several = len(ambient) > 1
        yield Finding(
            message=f"pods in {listed(namespace.name for namespace in ambient)} of cluster `{cluster}` are in ambient "
            f"mode: they do not reach {listed(names)} in other clusters, and may be sent to gateways that do "
            "not answer them",
            span=ambient[0].span("labels", _LABEL),
            help=f"Run callers with sidecars, or accept this if nobody in {'these' if several else 'it'} calls them.",
            object=f"cluster/{cluster}",
        )


def multi_primary(context: Context) -> Iterator[Finding]:
    """Find clusters with remote secrets: every remote endpoint would be there twice.

    An istiod that reads other clusters finds their pods itself (Istio: WORKLOAD_ENTRY_CROSS_CLUSTER).
    """
    relations = context.relations
    for cluster in relations.fleet.clusters:
        inventory = relations.inventory(cluster.name)
        if inventory is not None and inventory.istio is not None and inventory.istio.multi_primary:
            yield Finding(
                message=f"istiod of cluster `{cluster.name}` reads other clusters through remote secrets, so remote "
                "endpoints would be there twice",
                span=inventory.istio.span("multiPrimary"),
                help='Remove the remote secrets (label `istio/multiCluster: "true"`), or the cluster from the fleet.',
                object=f"cluster/{cluster.name}",
            )


_SENDS_UNHEALTHY = (1, 31)


def earlier_failover(context: Context) -> Iterator[Finding]:
    """Say once in which clusters traffic moves before the last local pod is gone.

    Envoy moves load on when 1.4 times the share of healthy endpoints is below 100 %.

    From 1.31 on istiod sends endpoints that are not ready (Istio: PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS).
    """
    relations = context.relations
    consumers = {item.consumer for item in context.calls.imports if item.form == "workloadEntries"}
    names = [
        cluster.name
        for cluster in relations.fleet.clusters
        if cluster.name in consumers and relations.facts[cluster.name].version >= _SENDS_UNHEALTHY
    ]
    if names:
        yield Finding(
            message=f"in {listed(names)} a part of the traffic moves to other clusters when fewer than about 72 % of "
            "the local pods are ready: Istio 1.31 and newer also count those that are not",
            span=istio_place(relations, names[0], "version"),
            help="Keep spare capacity in the other clusters, and `maxUnavailable` of roll-outs low.",
            object=f"fleet/{relations.fleet.name}",
        )


RULES = (
    Rule("MG320", "error", "Istio is too old", "0.1", istio_too_old),
    Rule("MG321", "error", "istiod would crash in ambient mode", "0.1", ambient_crash),
    Rule("MG322", "warning", "istiod may crash in ambient mode", "0.1", ambient_unknown),
    Rule("MG323", "warning", "a version that cannot be read", "0.1", version_unreadable),
    Rule("MG324", "error", "an ambient namespace", "0.1", ambient_namespace),
    Rule("MG406", "warning", "callers in ambient mode", "0.1", ambient_callers),
    Rule("MG325", "error", "a multi-primary cluster", "0.1", multi_primary),
    Rule("MG337", "hint", "earlier failover from Istio 1.31 on", "0.1", earlier_failover),
)
