"""Workspaces: which namespaces they span."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import namespace_matches, parse_host
from meshgen.check.places import is_stranger
from meshgen.check.rule import Finding, Rule
from meshgen.check.workspaces import outside, pattern_matches, unobserved, valid_pattern
from meshgen.diagnostics import Note
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.diagnostics import Span
    from meshgen.language.workspace import Workspace


def pattern_matches_nothing(context: Context) -> Iterator[Finding]:
    """Find patterns without a namespace in any inventory, in workspaces that span something by another pattern.

    A namespace pattern that matches nothing is a slip, or an inventory is behind (design §3).
    """
    relations = context.relations
    known = {item.name for inventory in relations.fleet.inventories.values() for item in inventory.namespaces}
    for workspace in relations.fleet.workspaces:
        selector = workspace.namespace_selector
        matched = [pattern_matches(relations, pattern) for pattern in selector.names]
        if not any(matched):
            continue
        for index, pattern in enumerate(selector.names):
            cluster, _, namespace = pattern.partition("/")
            if matched[index] or not valid_pattern(pattern) or is_stranger(relations, cluster):
                continue
            yield Finding(
                message=f"no namespace of any inventory matches `{pattern}`",
                span=selector.span("names", index),
                help=did_you_mean([] if "*" in namespace else near(namespace, known))
                or "Correct the pattern, or add the namespace to the inventory of its cluster.",
                object=f"workspace/{workspace.name}",
            )


def workspace_spans_nothing(context: Context) -> Iterator[Finding]:
    """Find workspaces none of whose patterns matches a namespace.

    A workspace without a namespace in any inventory gets nothing (design §3). Silent while an inventory is missing,
    where a pattern names a cluster that is none (MG204), and where the workspace exposes what is outside of it (MG217).
    """
    relations = context.relations
    domain = relations.fleet.spec.cluster_domain
    known = {item.name for inventory in relations.fleet.inventories.values() for item in inventory.namespaces}
    for workspace in relations.fleet.workspaces:
        patterns = workspace.namespace_selector.names
        if any(pattern_matches(relations, item) for item in patterns) or not all(map(valid_pattern, patterns)):
            continue
        if unobserved(relations, workspace) or any(
            is_stranger(relations, pattern.partition("/")[0]) for pattern in patterns
        ):
            continue
        exposed = [parse_host(setting.host, domain) for setting in workspace.exposed_services or ()]
        if any(name is not None and outside(relations, workspace, name.namespace) for name in exposed):
            continue
        wanted = [pattern.partition("/")[2] for pattern in patterns]
        similar = [name for namespace in wanted if "*" not in namespace for name in near(namespace, known)]
        yield Finding(
            message=f"workspace `{workspace.name}` spans no namespace of any inventory",
            span=workspace.namespace_selector.span("names"),
            help=did_you_mean(sorted(set(similar))[:3])
            or "Correct its patterns, or add its namespaces to the inventories of its clusters.",
            object=f"workspace/{workspace.name}",
        )


def no_gateway_to_expose_through(context: Context) -> Iterator[Finding]:
    """Find workspaces that list exposed services, but have no east-west gateway.

    Other clusters reach exposed services through the workspace's gateway (design §3).
    """
    for workspace in context.relations.fleet.workspaces:
        if workspace.exposed_services and workspace.east_west_gateway is None:
            yield Finding(
                message=f"workspace `{workspace.name}` exposes services, but has no east-west gateway",
                span=workspace.key_span("exposedServices"),
                help="Add `eastWestGateway: {name: eastwest-gateway, namespace: <one of its namespaces>}`.",
                object=f"workspace/{workspace.name}",
            )


def namespace_in_two_workspaces(context: Context) -> Iterator[Finding]:
    """Find namespaces that patterns of several workspaces match; both patterns are shown.

    A namespace belongs to one workspace only (design §3).
    """
    for (cluster, namespace), (first, *others) in context.relations.matching.items():
        for other in others:
            place = _matching_pattern(first, cluster, namespace)
            yield Finding(
                message=f"namespace `{namespace}` of cluster `{cluster}` is in two workspaces, "
                f"`{first.name}` and `{other.name}`",
                span=_matching_pattern(other, cluster, namespace),
                help="Narrow one of the patterns: a namespace belongs to one workspace.",
                notes=(Note(place, f"`{first.name}` has it here"),) if place else (),
                object=f"{cluster}/{namespace}",
            )


def _matching_pattern(workspace: Workspace, cluster: str, namespace: str) -> Span | None:
    patterns = workspace.namespace_selector.names
    index = next(i for i, pattern in enumerate(patterns) if namespace_matches(pattern, cluster, namespace))
    return workspace.namespace_selector.span("names", index)


RULES = (
    Rule("MG221", "warning", "a pattern that matches nothing", "0.1", pattern_matches_nothing),
    Rule("MG222", "warning", "a workspace that spans nothing", "0.1", workspace_spans_nothing),
    Rule("MG223", "error", "exposed services without a gateway", "0.1", no_gateway_to_expose_through),
    Rule("MG301", "error", "a namespace in two workspaces", "0.1", namespace_in_two_workspaces),
)
