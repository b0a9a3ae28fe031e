"""Published hosts as a whole: that they are published once, and that users get to somebody who serves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.exposure import seen_from
from meshgen.analysis.hosts import host_matches
from meshgen.analysis.protocols import HTTP_FAMILY, protocol_of
from meshgen.check.places import gateway_object, istio_place, listed, names_stranger, notes
from meshgen.check.rule import Finding, Rule
from meshgen.language.published_host import PublishedHost
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.gateways import GatewayKey
    from meshgen.check.context import Context
    from meshgen.diagnostics import Span
    from meshgen.language.dns import Canary
    from meshgen.language.published_host import HealthCheck, Tls
    from meshgen.published import Published, PublishedGateway, PublishedRoute, Unserving

ENTRIES_BY_NAME = (1, 30)
"""First Istio that orders the endpoints of entries whose names proxies resolve (tried; older ones were not)."""


def published_twice(context: Context) -> Iterator[Finding]:
    """Find hosts that are published twice, as themselves or for a health check.

    A gateway has one server for a host, and DNS one answer: of two istiod drops the newer one (design §3).
    """
    fleet = context.relations.fleet
    known: dict[str, PublishedHost | HealthCheck | Canary] = {}
    items: list[PublishedHost | HealthCheck | Canary] = [*fleet.published_hosts]
    items += [host.health_check for host in fleet.published_hosts if host.health_check is not None]
    items += [fleet.spec.canary] if fleet.spec.canary is not None else []
    for item in items:
        name = item.hostname if isinstance(item, PublishedHost) else item.host
        first = known.setdefault(name, item)
        if first is item:
            continue
        yield Finding(
            message=f"`{name}` is published twice",
            span=_host_place(item),
            help="Give one of them another host, or make them routes of one published host."
            if isinstance(item, PublishedHost) and isinstance(first, PublishedHost)
            else "Give the health check a host of its own.",
            notes=notes((_host_place(first), "also here")),
            object=f"host/{name}",
        )


def _host_place(item: PublishedHost | HealthCheck | Canary) -> Span | None:
    return item.span("name") if isinstance(item, PublishedHost) and item.host is None else item.span("host")


def nobody_serves(context: Context) -> Iterator[Finding]:
    """Find routes that no cluster serves, although the workspace has the service.

    Requests of such a route find nobody, whatever policy holds. What drains, and gateways whose address is not known
    yet, are no cause: that is announced, or ends with the next import.
    """
    for published in context.published:
        if not published.ingress_gateways:
            continue
        for route in published.routes:
            announced = any(item.why in ("draining", "no address") for item in route.unserving)
            if route.serving or announced or not route.unserving or _reached_anywhere(published, route):
                continue
            if all(item.why in ("no port", "no Service") for item in route.unserving):
                continue  # MG212, MG213
            yield Finding(
                message=f"no cluster serves `{route.host}` for published host `{published.setting.name}`: "
                f"{_why(route.unserving)}",
                span=route.setting.span("service"),
                help="Let the ingress gateway be where the service is: `clusters` of the gateway."
                if any(item.why == "no gateway" for item in route.unserving)
                else "Name a service that a cluster of the workspace has and keeps.",
                notes=notes((published.workspace.namespace_selector.span("names"), "where the workspace is")),
                object=published.object,
            )


_WHY = {
    "no Service": "without the Service",
    "Service state": "with one that arrives or leaves",
    "no port": "without the port",
    "no gateway": "without the ingress gateway",
}


def _why(unserving: tuple[Unserving, ...]) -> str:
    found: dict[str, list[str]] = {}
    for item in unserving:
        found.setdefault(_WHY.get(item.why, item.why), []).append(item.cluster)
    return ", ".join(f"{listed(clusters)} {why}" for why, clusters in found.items())


def _reached_anywhere(published: Published, route: PublishedRoute) -> bool:
    place = published.routes.index(route)
    return any(ways[place].levels for ways in published.ways.values())


def entry_point_reaches_nobody(context: Context) -> Iterator[Finding]:
    """Find entry points from which no cluster is called for a route that some cluster serves.

    The traffic policy leaves all of them out, no address has a family that the edge can dial, or an ingress gateway
    finds neither a copy in its cluster nor one that is exposed to it.
    """
    for published in context.published:
        left_out: dict[str, PublishedRoute] = {}
        would: set[str] = set()
        for place, route in enumerate(published.routes):
            lost = [
                gateway
                for gateway in published.entry_points
                if gateway.drain is None
                and (published.behind_edge or gateway.cluster in context.calls.consumers)
                and not published.ways[gateway.cluster][place].levels
            ]
            if not lost or not (route.serving or _reached_anywhere(published, route)):
                continue
            unused = published.ways[lost[0].cluster][place].unused
            if unused and published.behind_edge and not published.traffic.complete:
                continue  # MG814
            if unused and names_stranger(context.relations, published.traffic.selectors):
                continue  # MG204
            if unused and published.behind_edge:
                left_out.setdefault(route.host, route)
                would.update(item.cluster for item in unused)
                continue
            where = listed(gateway.cluster for gateway in lost)
            if published.behind_edge:
                advice = "Let the edge dial addresses of its family: see `ipFamilies` and `advertised`."
            elif unused:
                advice = (
                    f"Let `traffic` of the exposed service choose one of {listed(item.cluster for item in unused)}, or "
                    "take the ingress gateway out of there (`clusters`)."
                )
            else:
                advice = f"Expose the service to {where}, or take the ingress gateway out of there (`clusters`)."
            yield Finding(
                message=f"users of published host `{published.setting.name}` who enter in {where} reach nobody for "
                f"`{route.host}`",
                span=route.setting.span("service"),
                help=advice,
                notes=notes((lost[0].settings.span("name"), "the gateway at which they enter")),
                object=published.object,
            )
        if left_out:
            yield Finding(
                message=f"the traffic policy of published host `{published.setting.name}` leaves no cluster for "
                f"{listed(left_out)}: {listed(sorted(would))} would serve {'it' if len(left_out) == 1 else 'them'}",
                span=_policy_place(published) or published.setting.span("name"),
                help="Name one of them in `order` or with a share in `weights`, and in every `sources`.",
                notes=notes(*((route.setting.span("service"), "the service") for route in left_out.values())),
                object=published.object,
            )


def _policy_place(published: Published) -> Span | None:
    for policy in published.traffic.policies:
        for field in ("order", "weights", "sources"):
            if getattr(policy, field) is not None:
                return policy.span(field)
    return None


def unknown_identity(context: Context) -> Iterator[Finding]:
    """Find ingress gateways behind an edge whose service account nobody knows.

    An edge accepts the identities that its entry names, and every certificate of the mesh where it names none (Istio:
    pilot/pkg/networking/core/cluster_tls.go).
    """
    if not platform(context.relations.fleet.spec.platform).publishing.shared:
        return
    unknown: dict[GatewayKey, dict[str, PublishedGateway]] = {}
    for published in context.published:
        for gateway in published.ingress_gateways if published.behind_edge else ():
            if gateway.identity is None:
                unknown.setdefault(gateway.key, {})[gateway.cluster] = gateway
    for (_, name), clusters in unknown.items():
        first, gateway = next(iter(clusters.items()))
        yield Finding(
            message=f"nobody knows the service account of ingress gateway `{name}` in {listed(clusters)}, by which "
            "edge gateways would know it",
            span=gateway.settings.span("name"),
            help="Name it: `serviceAccount` of the gateway.",
            object=gateway_object(first, gateway.key),
        )


def service_out_of_sight(context: Context) -> Iterator[Finding]:
    """Find routes whose service the ingress gateway does not see.

    A gateway answers 503 for what is not exported to its namespace (Istio: pilot/pkg/model/sidecar.go).
    """
    relations = context.relations
    for published in context.published:
        for route in published.routes:
            hidden = [
                gateway
                for gateway in published.ingress_gateways
                if (service := relations.services[gateway.cluster].get(route.service)) is not None
                and not seen_from(service, gateway.namespace, relations.facts[gateway.cluster].service_export)
            ]
            if not hidden:
                continue
            service = relations.services[hidden[0].cluster][route.service]
            yield Finding(
                message=f"`{route.host}` is not exported to namespace `{hidden[0].namespace}` of ingress gateway "
                f"`{hidden[0].name}` in {listed(gateway.cluster for gateway in hidden)}, so its users get 503",
                span=service.span("exportTo"),
                help=f"Add `{hidden[0].namespace}` to the Service's annotation `networking.istio.io/exportTo`.",
                notes=notes((route.setting.span("service"), "published here")),
                object=published.object,
            )


def no_http(context: Context) -> Iterator[Finding]:
    """Find routes to ports that speak something else than HTTP.

    Published hosts are routed by HTTP (design §2); what speaks TCP or TLS itself has no routes.
    """
    for published in context.published:
        for route in published.routes:
            protocol = protocol_of(route.port) if route.port is not None else None
            if route.port is None or protocol is None or protocol in HTTP_FAMILY:
                continue
            yield Finding(
                message=f"port {route.port.port} of `{route.host}`, which `{published.setting.name}` publishes, speaks "
                f"{protocol}, not HTTP",
                span=route.setting.span("port") if route.setting.port else route.setting.span("service"),
                help="Publish a port that speaks HTTP, or name its protocol rightly (`appProtocol`).",
                notes=notes((route.port.span("name"), "the port")),
                object=published.object,
            )


def name_before_its_time(context: Context) -> Iterator[Finding]:
    """Find edge gateways that call ingress gateways by hostname under an Istio that cannot order them.

    Tried with Istio 1.32-dev: an entry of resolution `DNS` a cluster, without locality, ordered by labels. With
    localities istiod ends (istio#61857, since 1.30.0).
    """
    relations = context.relations
    if not platform(relations.fleet.spec.platform).publishing.shared:
        return
    for published in context.published:
        by_name = [gateway for gateway in published.ingress_gateways if gateway.usable and gateway.hostname is not None]
        if not published.behind_edge or not by_name:
            continue
        old = [
            gateway.cluster
            for gateway in published.edge_gateways
            if relations.facts[gateway.cluster].version < ENTRIES_BY_NAME
        ]
        if not old:
            continue
        clusters = listed(gateway.cluster for gateway in by_name)
        yield Finding(
            message=f"the ingress gateways of `{published.setting.name}` in {clusters} are known by hostname, which "
            f"edge gateways can order and share out from Istio 1.30 on; {listed(old)} "
            f"{'has' if len(old) == 1 else 'have'} an older one",
            span=istio_place(relations, old[0], "version"),
            help="Upgrade Istio there and say its `version`, or name addresses that stay: `advertised`.",
            notes=notes((by_name[0].reach.span("hostname"), "the hostname")),
            object=published.object,
        )


def traffic_without_edge(context: Context) -> Iterator[Finding]:
    """Find published hosts without an edge that say which clusters are called.

    An ingress gateway that users reach goes where the entries of its cluster lead, which are the same for all callers
    of a service: their order is that of the exposed service (ADR 39).
    """
    if not platform(context.relations.fleet.spec.platform).publishing.shared:
        return
    for published in context.published:
        if published.behind_edge or published.setting.traffic is None:
            continue
        yield Finding(
            message=f"`traffic` of published host `{published.setting.name}` is for an edge gateway, and it has none",
            span=published.setting.key_span("traffic"),
            help="Say `traffic` of the exposed services or of the workspace, which holds for ingress gateways, too; "
            "which entry points DNS names is `entryPoints`.",
            object=published.object,
        )


def challenge_in_one_place(context: Context) -> Iterator[Finding]:
    """Find HTTP-01 challenges for hosts with several entry points.

    Who issues the certificate asks one of them, and the answer is in the cluster that asked for it (reference, §4).
    """
    if not platform(context.relations.fleet.spec.platform).publishing.http01:
        return
    for published in context.published:
        tls = published.setting.tls
        manager = tls.cert_manager if tls is not None else None
        if manager is None or manager.challenge != "http01" or len(published.entry_points) < _SEVERAL:
            continue
        yield Finding(
            message=f"`{published.host}` has entry points in "
            f"{listed(gateway.cluster for gateway in published.entry_points)}: an HTTP-01 challenge reaches any one of "
            "them",
            span=manager.span("challenge"),
            help="Use an issuer that solves DNS-01, and say `challenge: dns01`.",
            object=published.object,
        )


_SEVERAL = 2


def credential_of_two_sorts(context: Context) -> Iterator[Finding]:
    """Find hosts that share a credential behind one gateway and do not agree on who makes it.

    One Certificate of cert-manager makes one Secret; somebody else's of that name would be overwritten.
    """
    first: dict[tuple[str, str], tuple[Tls, PublishedHost]] = {}
    for published in context.published:
        tls = published.setting.tls
        if tls is None or not published.entry_points:
            continue
        key = (published.entry_points[0].namespace, tls.credential_name)
        known, owner = first.setdefault(key, (tls, published.setting))
        if _issuer(known) == _issuer(tls):
            continue
        yield Finding(
            message=f"credential `{tls.credential_name}` in namespace `{key[0]}` is made in one way for "
            f"`{owner.name}` and in another for `{published.setting.name}`",
            span=tls.span("certManager") if tls.cert_manager is not None else tls.span("credentialName"),
            help="Use the same `certManager` for both, or two credentials.",
            notes=notes((known.span("credentialName"), "the other one")),
            object=published.object,
        )


def _issuer(tls: Tls) -> tuple[str, str, str] | None:
    if tls.cert_manager is None:
        return None
    issuer = tls.cert_manager.issuer
    return issuer.group, issuer.kind, issuer.name


def routed_by_others(context: Context) -> Iterator[Finding]:
    """Find VirtualServices of teams that are for a published host, and for gateways.

    Routes of all VirtualServices for one host of a gateway are put together, those of the older object first, and each
    keeps its own retries (pilot/pkg/networking/core/gateway.go of Istio).
    """
    relations = context.relations
    for published in context.published:
        clusters = dict.fromkeys(item.cluster for item in (*published.edge_gateways, *published.ingress_gateways))
        for cluster in clusters:
            inventory = relations.inventory(cluster)
            for theirs in relations.read(cluster, inventory.virtual_services if inventory is not None else ()):
                at_gateways = any(gateway != "mesh" for gateway in theirs.gateways)
                if not at_gateways or not any(host_matches(host, published.host) for host in theirs.hosts):
                    continue
                yield Finding(
                    message=f"{theirs.kind} `{theirs.name}` of namespace `{theirs.namespace}` in cluster `{cluster}` "
                    f"routes `{published.host}` at gateways, too: the older of the two counts, with its retries",
                    span=theirs.span("hosts"),
                    help="Make its routes `routes` of the published host, and delete it; or accept this if it is for "
                    "other gateways.",
                    notes=notes((published.setting.span("name"), "the published host")),
                    object=published.object,
                )


RULES = (
    Rule("MG800", "error", "a host that is published twice", "0.1", published_twice),
    Rule("MG803", "error", "a route that no cluster serves", "0.1", nobody_serves),
    Rule("MG804", "error", "an entry point that reaches nobody", "0.1", entry_point_reaches_nobody),
    Rule("MG805", "error", "an ingress gateway of unknown identity", "0.1", unknown_identity),
    Rule("MG812", "error", "a published service out of sight", "0.1", service_out_of_sight),
    Rule("MG813", "error", "a published port without HTTP", "0.1", no_http),
    Rule("MG806", "error", "a hostname behind an old edge", "0.1", name_before_its_time),
    Rule("MG807", "error", "a traffic policy that no edge keeps", "0.1", traffic_without_edge),
    Rule("MG808", "error", "an HTTP-01 challenge with several entry points", "0.1", challenge_in_one_place),
    Rule("MG809", "error", "a credential that is made in two ways", "0.1", credential_of_two_sorts),
    Rule("MG810", "warning", "a published host that others route", "0.1", routed_by_others),
)
