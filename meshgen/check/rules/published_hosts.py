"""Published hosts: what they name exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host
from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.check.workspaces import copies, hosts_of
from meshgen.diagnostics.near import did_you_mean, near, near_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.language.published_host import GatewayReference, PublishedHost


def of_unknown_workspace(context: Context) -> Iterator[Finding]:
    """Find published hosts whose workspace does not exist.

    A published host belongs to a workspace of the fleet (design §2).
    """
    relations = context.relations
    workspaces = {workspace.name for workspace in relations.fleet.workspaces}
    for host in relations.fleet.published_hosts:
        if host.workspace not in workspaces:
            yield Finding(
                message=f"published host `{host.name}` is of workspace `{host.workspace}`, which does not exist",
                span=host.span("workspace"),
                help=did_you_mean(near(host.workspace, workspaces)) or "Name a workspace of the fleet.",
                object=f"publishedHost/{host.name}",
            )


def behind_unknown_gateway(context: Context) -> Iterator[Finding]:
    """Find published hosts whose gateway is not declared.

    A published host goes through gateways of the fleet (design §2).
    """
    relations = context.relations
    names = [name for _, name in relations.gateways]
    for host in relations.fleet.published_hosts:
        for field, role, reference in _references(host):
            if (reference.namespace, reference.name) in relations.gateways:
                continue
            yield Finding(
                message=f"published host `{host.name}` is behind gateway `{reference.namespace}/{reference.name}`, "
                "which is not declared",
                span=host.span(field),
                help=did_you_mean(near(reference.name, (name for name in names if name != reference.name)))
                or f"Declare a Gateway of this name and namespace with role `{role}`.",
                object=f"publishedHost/{host.name}",
            )


def behind_wrong_gateway(context: Context) -> Iterator[Finding]:
    """Find published hosts whose gateway has another role.

    Users outside the mesh come through edge or ingress gateways (design §1).
    """
    relations = context.relations
    for host in relations.fleet.published_hosts:
        for field, role, reference in _references(host):
            gateway = relations.gateways.get((reference.namespace, reference.name))
            if gateway is None or gateway.role == role:
                continue
            yield Finding(
                message=f"`{field}` of published host `{host.name}` is `{reference.name}`, a gateway of role "
                f"`{gateway.role}`",
                span=host.span(field),
                help=f"Name a gateway of role `{role}`.",
                notes=notes((gateway.span("role"), f"`{reference.name}` is declared here")),
                object=f"publishedHost/{host.name}",
            )


def _references(host: PublishedHost) -> Iterator[tuple[str, str, GatewayReference]]:
    """The field, the role and the gateway of each reference."""
    yield "ingressGateway", "ingress", host.ingress_gateway
    if host.edge_gateway is not None:
        yield "edgeGateway", "edge", host.edge_gateway


def service_outside_workspace(context: Context) -> Iterator[Finding]:
    """Find published hosts with a service that no cluster has in a namespace of the workspace.

    The services of a published host are of its workspace (design §2).
    """
    relations = context.relations
    workspaces = {workspace.name: workspace for workspace in relations.fleet.workspaces}
    known: dict[str, list[str]] = {}
    for host in relations.fleet.published_hosts:
        workspace = workspaces.get(host.workspace)
        if workspace is None:
            continue
        for answer in host.answers:
            name = parse_host(answer.service or "", relations.fleet.spec.cluster_domain)
            if name is not None and copies(relations, workspace, name):
                continue
            if workspace.name not in known:
                known[workspace.name] = hosts_of(relations, workspace)
            similar = near_host(answer.service or "", known[workspace.name])
            yield Finding(
                message=f"workspace `{workspace.name}` has no service `{answer.service}` to publish",
                span=answer.span("service"),
                help=did_you_mean(similar)
                or f"Name a service of the workspace in full: `<service>.<namespace>.svc."
                f"{relations.fleet.spec.cluster_domain}`.",
                notes=notes((workspace.namespace_selector.span("names"), "the workspace spans these namespaces")),
                object=f"publishedHost/{host.name}",
            )


def missing_port(context: Context) -> Iterator[Finding]:
    """Find published ports that a copy of the service lacks, and absent ones where there are several to choose from.

    The port of a route is one of its service (design §2).
    """
    relations = context.relations
    workspaces = {workspace.name: workspace for workspace in relations.fleet.workspaces}
    for host in relations.fleet.published_hosts:
        workspace = workspaces.get(host.workspace)
        for answer in host.answers if workspace is not None else ():
            name = parse_host(answer.service or "", relations.fleet.spec.cluster_domain)
            if workspace is None or name is None:
                continue
            for cluster, service in copies(relations, workspace, name):
                numbers = [port.port for port in service.tcp_ports]
                if answer.port in numbers or (answer.port is None and len(numbers) == 1):
                    continue
                what = (
                    f"has no port {answer.port}"
                    if answer.port
                    else f"has {len(numbers)} TCP ports, and `port` names none"
                )
                yield Finding(
                    message=f"service `{answer.service}` of published host `{host.name}` {what} in cluster `{cluster}`",
                    span=answer.span("port") if answer.port else answer.span("service"),
                    help=f"Set `port` to one of {listed(map(str, numbers))}."
                    if numbers
                    else "Publish another service.",
                    notes=notes((service.span("ports"), f"its ports in `{cluster}`")),
                    object=f"publishedHost/{host.name}",
                )
                break


RULES = (
    Rule("MG209", "error", "a published host of an unknown workspace", "0.1", of_unknown_workspace),
    Rule("MG210", "error", "a published host behind an unknown gateway", "0.1", behind_unknown_gateway),
    Rule("MG211", "error", "a published host behind a gateway of another role", "0.1", behind_wrong_gateway),
    Rule("MG212", "error", "a published service outside of its workspace", "0.1", service_outside_workspace),
    Rule("MG213", "error", "a published port that the service lacks", "0.1", missing_port),
)
