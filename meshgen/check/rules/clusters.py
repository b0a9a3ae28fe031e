"""Clusters: their names, who selects them, where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import covers, name_matches, selects
from meshgen.analysis.routes import routes
from meshgen.check.places import cluster_selectors, is_stranger, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.context import Context
    from meshgen.diagnostics import Span
    from meshgen.language.cluster import Cluster


def cluster_names_clash(context: Context) -> Iterator[Finding]:
    """Find clusters whose names differ in case only.

    Names of clusters are directories of the output tree; some disks ignore case (design §7).
    """
    seen: dict[str, Cluster] = {}
    for cluster in context.relations.fleet.clusters:
        first = seen.setdefault(cluster.name.casefold(), cluster)
        if first is not cluster:
            yield Finding(
                message=f"the names of clusters `{first.name}` and `{cluster.name}` differ in case only",
                span=cluster.span("name"),
                help="Rename one of them: each name is a directory, and some disks ignore case.",
                notes=notes((first.span("name"), f"`{first.name}` is here")),
                object=f"cluster/{cluster.name}",
            )


def unknown_cluster(context: Context) -> Iterator[Finding]:
    """Find names without `*` that no cluster has: in cluster selectors, in namespace patterns, among OIDC issuers.

    A selector that names a cluster means one of the fleet (design §2, ClusterSelector).
    """
    relations = context.relations
    clusters = {cluster.name for cluster in relations.fleet.clusters}
    for name, span, named in _named_clusters(relations):
        if is_stranger(relations, name):
            advice = did_you_mean(near(name, clusters)) or "Declare the cluster, or take its name out."
            yield Finding(
                message=f"the fleet has no cluster `{name}`",
                span=span,
                help=advice,
                object=named,
            )


def _named_clusters(relations: Relations) -> Iterator[tuple[str, Span | None, str]]:
    for selector, named in cluster_selectors(relations.fleet):
        for index, name in enumerate(selector.names or ()):
            yield name, selector.span("names", index), named
    dns = relations.fleet.spec.dns
    for zone in dns.zones if dns is not None else ():
        for name in zone.oidc_issuers:
            yield name, zone.span("oidcIssuers", name), f"zone/{zone.name}"
    for workspace in relations.fleet.workspaces:
        for index, pattern in enumerate(workspace.namespace_selector.names):
            cluster, slash, _ = pattern.partition("/")
            if cluster and slash:
                yield cluster, workspace.namespace_selector.span("names", index), f"workspace/{workspace.name}"


def selector_chooses_nothing(context: Context) -> Iterator[Finding]:
    """Find patterns with `*` that match no cluster, and labels that leave none of the clusters named beside them.

    A pattern or labels that choose no cluster are mostly a slip (design §2, ClusterSelector).
    """
    relations = context.relations
    clusters = relations.fleet.clusters
    for selector, named in cluster_selectors(relations.fleet):
        lost = False
        for index, pattern in enumerate(selector.names or ()):
            matched = [cluster.name for cluster in clusters if name_matches(pattern, cluster.name)]
            lost = lost or not matched
            if not matched and pattern.endswith("*"):
                yield Finding(
                    message=f"no cluster matches the pattern `{pattern}`",
                    span=selector.span("names", index),
                    help="Correct the pattern, or take it out.",
                    object=named,
                )
        if not lost and selector.labels and not any(selects(selector, cluster) for cluster in clusters):
            carried = any(covers(selector.labels, cluster.labels) for cluster in clusters)
            shown = ", ".join(f"{key}: {value}" for key, value in sorted(selector.labels.items()))
            yield Finding(
                message=f"no cluster {'of these names ' if carried else ''}carries the labels `{shown}`",
                span=selector.span("labels"),
                help="Correct the labels of the selector, or give them to a cluster.",
                object=named,
            )


def misplaced_wildcard(context: Context) -> Iterator[Finding]:
    """Find patterns that would match nothing, or not what they seem to say.

    Patterns have `*` alone or at the end of a part (design §2, §1).
    """
    relations = context.relations
    for workspace in relations.fleet.workspaces:
        selector = workspace.namespace_selector
        for index, pattern in enumerate(selector.names):
            advice = _wrong_namespace_pattern(pattern)
            if advice:
                yield Finding(
                    message=f"`{pattern}` is no pattern of a namespace",
                    span=selector.span("names", index),
                    help=advice,
                    object=f"workspace/{workspace.name}",
                )
    for clusters, named in cluster_selectors(relations.fleet):
        for index, pattern in enumerate(clusters.names or ()):
            if not pattern or "*" in pattern[:-1]:
                yield Finding(
                    message=f"`{pattern}` is no pattern of a cluster's name",
                    span=clusters.span("names", index),
                    help=_ENDS,
                    object=named,
                )


_ENDS = "Write `*` alone or at the end, as in `eu-*`."


def _wrong_namespace_pattern(pattern: str) -> str:
    parts = pattern.split("/")
    if len(parts) == 1:
        return f"Write `<cluster>/<namespace>`, such as `*/{pattern or 'bookinfo'}` for all clusters."
    if len(parts) > 2 or not all(parts):  # noqa: PLR2004 - cluster and namespace
        return "Write `<cluster>/<namespace>`, such as `*/bookinfo`."
    if any("*" in part[:-1] for part in parts):
        return "Write `*` alone or at the end of a part, as in `eu-*/shop*`."
    return ""


def cluster_domain_differs(context: Context) -> Iterator[Finding]:
    """Find clusters whose Services have another DNS domain than the fleet's.

    All clusters of a fleet have one cluster domain: a host is the same name everywhere (design §2).
    """
    relations = context.relations
    spec = relations.fleet.spec
    declared = spec.span("clusterDomain") if "cluster_domain" in spec.model_fields_set else None
    for cluster in relations.fleet.clusters:
        inventory = relations.inventory(cluster.name)
        observed = inventory.istio.cluster_domain if inventory and inventory.istio else None
        if inventory is None or inventory.istio is None or observed in (None, spec.cluster_domain):
            continue
        yield Finding(
            message=f"cluster `{cluster.name}` has the cluster domain `{observed}`, but the fleet has "
            f"`{spec.cluster_domain}`",
            span=inventory.istio.span("clusterDomain"),
            help=f"Set `clusterDomain: {observed}` if all clusters have it; clusters of different domains have no name "
            "in common.",
            notes=notes((declared, "the fleet's is declared here")),
            object=f"cluster/{cluster.name}",
        )


def no_region(context: Context) -> Iterator[Finding]:
    """Find clusters of unknown region in fleets of several clusters.

    The nearest remote cluster comes first by region; without one all are equal (Istio: core/loadbalancer).
    """
    clusters = context.relations.fleet.clusters
    for cluster in clusters if len(clusters) > 1 else ():
        if not cluster.region:
            yield Finding(
                message=f"cluster `{cluster.name}` has no region, so no remote cluster counts as near to it",
                span=cluster.span("name"),
                help="Set `region` to the label `topology.kubernetes.io/region` of its nodes.",
                object=f"cluster/{cluster.name}",
            )


def edge_cluster_calls_nothing(context: Context) -> Iterator[Finding]:
    """Find edge clusters with a workspace's namespaces that get no entries for the services of other clusters.

    An edge cluster consumes published hosts only, unless a selector names it (design §3).
    """
    relations = context.relations
    edges = [cluster for cluster in relations.fleet.clusters if cluster.role == "edge"]
    if not edges:
        return
    consumers = {consumer for route in routes(relations) for consumer in route.consumers}
    exposing = {exposure.cluster for exposure in relations.exposures}
    for cluster in edges:
        workspace = next((w for w in relations.fleet.workspaces if cluster.name in relations.spanned[w.name]), None)
        if workspace is None or cluster.name in consumers or not exposing - {cluster.name}:
            continue
        yield Finding(
            message=f"edge cluster `{cluster.name}` has namespaces of workspace `{workspace.name}`, but calls no "
            "service of other clusters",
            span=cluster.span("role"),
            help="Name it in `consumers` of the workspace if its pods shall call them.",
            notes=notes((workspace.span("name"), f"workspace `{workspace.name}` is here")),
            object=f"cluster/{cluster.name}",
        )


RULES = (
    Rule("MG203", "error", "names of clusters that differ in case only", "0.1", cluster_names_clash),
    Rule("MG204", "error", "an unknown cluster", "0.1", unknown_cluster),
    Rule("MG205", "warning", "a selector that chooses nothing", "0.1", selector_chooses_nothing),
    Rule("MG206", "error", "a misplaced wildcard", "0.1", misplaced_wildcard),
    Rule("MG326", "error", "different cluster domains", "0.1", cluster_domain_differs),
    Rule("MG329", "warning", "no region", "0.1", no_region),
    Rule("MG334", "hint", "an edge cluster that calls nothing", "0.1", edge_cluster_calls_nothing),
)
