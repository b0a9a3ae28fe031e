"""Settings of gateways: they fit together, the platform has them, and the gateway's Service agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.gateway_places import taken_ports
from meshgen.analysis.gateways import PORTS_OF_PROXY
from meshgen.check.places import declared_gateways, gateway_object, listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.language.gateway import GatewayOverride, amount
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.language.gateway import GatewaySettings, Resources

_OF_PODS = {"replicas": "replicas", "autoscaling": "autoscaling", "resources": "resources"}
_OF_LOAD_BALANCER = {
    "load_balancer_class": "loadBalancerClass",
    "load_balancer_source_ranges": "loadBalancerSourceRanges",
}
_PROXIES = {"num_trusted_proxies": "numTrustedProxies"}
_OF_WORKLOAD = {**_OF_PODS, **_PROXIES, "service_annotations": "serviceAnnotations", **_OF_LOAD_BALANCER}


def _levels(gateway: GatewaySettings) -> Iterator[GatewaySettings | GatewayOverride]:
    """The gateway's own settings, then those of its overrides."""
    yield gateway
    yield from gateway.overrides


def port_leads_nowhere(context: Context) -> Iterator[Finding]:
    """Find gateways of others whose Service has no port of the number that the fleet names.

    Other clusters dial a port of the Service (or its node port); a Gateway's listener is what that port leads to
    (pilot/pkg/model/gateway.go, resolvePorts).
    """
    relations = context.relations
    for cluster, reaches in relations.reaches.items():
        for key, reach in reaches.items():
            settings = relations.gateways[key]
            taken = taken_ports(settings, relations.published_behind.get(key, []))
            lost = [name for name, port in reach.ports.items() if name in taken and not port.leads]
            if not lost:
                continue
            observed = relations.observed_gateways[cluster][key]
            wanted = relations.gateway_setups[cluster][key].ports
            ports = [str(port.node_port or port.port) for port in observed.ports]
            yield Finding(
                message=f"gateway `{key[1]}` of cluster `{cluster}` takes nothing on port "
                f"{' and '.join(str(wanted[name]) for name in lost)}: its Service has {listed(ports)}",
                span=settings.span("port" if "port" in settings.model_fields_set else "name"),
                help=_PORT_OF_MESH if "mesh" in lost else "Give its Service that port: users take no other.",
                notes=notes((observed.span("ports"), "the ports of its Service")),
                object=gateway_object(cluster, key),
            )


_PORT_OF_MESH = (
    "Set `port` to the one of these that others dial, in `overrides` where it is another in each cluster; a port that "
    "NAT puts before it is `advertised`."
)


def port_of_role(context: Context) -> Iterator[Finding]:
    """Find ports that a gateway cannot have: any of an edge gateway, those of users, those of the proxy itself.

    Users come on 80 and 443, which lead to 8080 and 8443 in pods of ours: two ports of a Service cannot lead to one.
    """
    for gateway, named in declared_gateways(context.relations.fleet):
        users = set() if gateway.role == "eastWest" else {80, 443, *([8080, 8443] if gateway.managed else ())}
        for level in _levels(gateway):
            advertised = level.advertised if isinstance(level, GatewayOverride) else None
            for item, dialled in ((level, False), (advertised, True)):
                number = item.port if item is not None and "port" in item.model_fields_set else None
                if item is None or number is None:
                    continue
                if gateway.role == "edge":
                    why, advice = "users take 80 and 443 only, and nobody else comes", "Remove `port`."
                elif not dialled and number in users:
                    why, advice = "it takes what comes from users there", _OTHER_PORT
                elif not dialled and number in PORTS_OF_PROXY:
                    why, advice = "Istio's proxy has it for itself", _OTHER_PORT
                else:
                    continue
                yield Finding(
                    message=f"gateway `{gateway.name}` of role `{gateway.role}` cannot have port {number}: {why}",
                    span=item.span("port"),
                    help=advice,
                    object=named,
                )


_OTHER_PORT = "Leave `port` out (15443), or choose another."


def account_of_gateway(context: Context) -> Iterator[Finding]:
    """Find `serviceAccount` of a gateway that meshgen runs, and one that the inventory contradicts.

    An edge gateway accepts the account of its ingress gateway and no other (Istio: `subjectAltNames`,
    pilot/pkg/networking/core/cluster_tls.go). MG805 finds unknown ones.
    """
    relations = context.relations
    checks = platform(relations.fleet.spec.platform).management == "none"
    for gateway, named in declared_gateways(relations.fleet):
        if gateway.managed and gateway.service_account is not None:
            yield Finding(
                message=f"gateway `{gateway.name}` has a `serviceAccount`, but is managed: its account is "
                f"`{gateway.name}`",
                span=gateway.key_span("serviceAccount"),
                help="Remove `serviceAccount`, or set `managed: false` if somebody else runs the gateway.",
                object=named,
            )
    for cluster, setups in relations.gateway_setups.items():
        for key, setup in setups.items():
            gateway, observed = relations.gateways[key], relations.observed_gateways[cluster].get(key)
            if gateway.managed or "edges" not in relations.comers(key) or not checks:
                continue
            seen = observed.service_account if observed is not None else None
            if observed is not None and seen not in {None, setup.service_account}:
                yield Finding(
                    message=f"gateway `{key[1]}` runs as `{seen}` in cluster `{cluster}`, but edge gateways would "
                    f"expect `{setup.service_account}`",
                    span=gateway.span("serviceAccount"),
                    help="Correct `serviceAccount`, or leave it out: the inventory knows it.",
                    notes=notes((observed.span("serviceAccount"), "the inventory says it here")),
                    object=gateway_object(cluster, key),
                )


def setting_without_effect(context: Context) -> Iterator[Finding]:
    """Find settings of a gateway's Deployment and Service that nobody applies.

    meshgen emits neither with `managed: false`; Tetrate's install API has no field for some (docs: `kubeSpec`); an
    autoscaler in the cluster overrides the number of pods (argo-cd#5105).
    """
    relations = context.relations
    operated = platform(relations.fleet.spec.platform).runs_gateways == "operator"
    for gateway, named in declared_gateways(relations.fleet):
        if not gateway.managed:
            fields, why = _OF_WORKLOAD, "meshgen does not emit the gateway (`managed: false`)"
            advice = "Remove it here, and set it where the gateway's Deployment and Service are written."
        elif operated:
            fields, why = _OF_LOAD_BALANCER, f"gateways of platform `{relations.fleet.spec.platform}` do not have it"
            advice = "Use an annotation of the cloud provider in `serviceAnnotations` instead."
        elif gateway.role == "eastWest":
            fields, why = _PROXIES, "an east-west gateway passes on what it cannot read"
            advice = "Remove it."
        else:
            continue
        for level in _levels(gateway):
            for name, written in fields.items():
                if name in level.model_fields_set:
                    yield Finding(
                        message=f"`{written}` of gateway `{gateway.name}` has no effect: {why}",
                        span=level.key_span(written),
                        help=advice,
                        object=named,
                    )
    for cluster, setups in relations.gateway_setups.items():
        for key, setup in setups.items():
            settings, observed = relations.gateways[key], relations.observed_gateways[cluster].get(key)
            if not settings.managed or observed is None or not observed.autoscaled:
                continue
            field = "autoscaling" if setup.autoscaling is not None else "replicas"
            levels = [level for level in _levels(settings) if field in level.model_fields_set]
            if levels:
                yield Finding(
                    message=f"`{field}` of gateway `{key[1]}` has no effect in cluster `{cluster}`: an autoscaler that "
                    "somebody else wrote sets the number of its pods",
                    span=levels[0].key_span(field),
                    help=f"Delete that autoscaler and import the inventory again, or remove `{field}`.",
                    notes=notes((observed.span("autoscaled"), "the inventory says it here")),
                    object=gateway_object(cluster, key),
                )


def contradicting_pods(context: Context) -> Iterator[Finding]:
    """Find `replicas` beside `autoscaling`, autoscalers with fewer pods at most than at least, limits below requests.

    Two would set one number in turns; the API server refuses the others (autoscaling/validation, core/validation).
    """
    for gateway, named in declared_gateways(context.relations.fleet):
        for level in _levels(gateway):
            if level.resources is not None:
                yield from _limits_below_requests(gateway, level.resources, named)
            scaling = level.autoscaling
            if scaling is None:
                continue
            if "replicas" in level.model_fields_set:
                yield Finding(
                    message=f"gateway `{gateway.name}` has both `replicas` and `autoscaling`",
                    span=level.key_span("replicas"),
                    help="Keep one of them; `minReplicas` is the least number of pods.",
                    notes=notes((level.key_span("autoscaling"), "the autoscaler is here")),
                    object=named,
                )
            if scaling.min_replicas > scaling.max_replicas:
                yield Finding(
                    message=f"the autoscaler of gateway `{gateway.name}` has at least {scaling.min_replicas} pods, and "
                    f"at most {scaling.max_replicas}",
                    span=scaling.span("maxReplicas"),
                    help="Raise `maxReplicas`, or lower `minReplicas` (2 where it is left out).",
                    object=named,
                )


def _limits_below_requests(gateway: GatewaySettings, resources: Resources, named: str) -> Iterator[Finding]:
    for resource, limit in resources.limits.items():
        request = resources.requests.get(resource)
        if request is not None and amount(request) > amount(limit):
            yield Finding(
                message=f"gateway `{gateway.name}` asks for {request} of {resource}, and may use {limit}",
                span=resources.span("limits"),
                help="Raise the limit, or ask for less.",
                notes=notes((resources.span("requests"), "asked for here")),
                object=named,
            )


RULES = (
    Rule("MG481", "error", "a port that a gateway cannot have", "0.1", port_of_role),
    Rule("MG483", "error", "a service account that does not fit", "0.1", account_of_gateway),
    Rule("MG421", "error", "a port that leads to no gateway", "0.1", port_leads_nowhere),
    Rule("MG423", "warning", "a setting of a gateway without effect", "0.1", setting_without_effect),
    Rule("MG424", "error", "settings of pods that contradict each other", "0.1", contradicting_pods),
)
