"""What holds for the objects of every fleet that has no error: what istiod's webhook asks and no CRD schema says.

Sources: reference facts about pkg/config/validation of Istio, and the relations between objects of one cluster.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from meshgen.analysis.hosts import covers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.artifact import Artifact
    from meshgen.pipeline import Compilation

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PORT_KEY = re.compile(r"[a-zA-Z0-9](?:-?[a-zA-Z0-9])*")
_LONGEST_PORT_KEY = 62
_DURATION = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9.]+)s)?(?:([0-9]+)ms)?")


def broken(compilation: Compilation) -> Iterator[str]:
    """One sentence for each law that an object breaks."""
    if compilation.plan is None:
        return
    for manifest in compilation.manifests:
        for sentence in _LAWS.get(f"{manifest.kind}.{manifest.group}", _nothing)(manifest.body.get("spec", {})):
            yield f"{manifest.path}: {sentence}"
    yield from _one_policy_for_a_host(compilation)
    yield from _one_gateway_for_a_host(compilation)
    yield from _one_object_for_pods(compilation)
    yield from _namespaces_are_there(compilation)
    yield from _entries_are_selected(compilation)
    yield from _nobody_calls_itself(compilation)


def _nothing(_: Any) -> Iterator[str]:
    return iter(())


def _gateway(spec: dict[str, Any]) -> Iterator[str]:
    for server in spec["servers"]:
        hosts = server["hosts"]
        if len(hosts) != 1 or "*" in hosts[0]:
            yield f"its hosts are not one exact name: {hosts}"


def _service_entry(spec: dict[str, Any]) -> Iterator[str]:
    names = [port["name"] for port in spec["ports"]]
    numbers = [port["number"] for port in spec["ports"]]
    if not names or len(set(names)) < len(names) or len(set(numbers)) < len(numbers):
        yield f"its ports are none or not unique: {spec['ports']}"
    if ("workloadSelector" in spec) == ("endpoints" in spec):
        yield "it has both endpoints and a selector of them, or neither"
    if "workloadSelector" in spec:
        return
    places = [
        (endpoint.get("address"), endpoint["network"], *endpoint["ports"].items()) for endpoint in spec["endpoints"]
    ]
    if not places or len(set(places)) < len(places):
        yield "its endpoints are none or not unique"
    addresses = [endpoint["address"] for endpoint in spec["endpoints"] if "address" in endpoint]
    if len(set(addresses)) < len(addresses):
        yield f"an address stands twice: {addresses}"
    for endpoint in spec["endpoints"]:
        if set(endpoint["ports"]) != set(names):
            yield f"an endpoint has other ports: {endpoint['ports']}"
        if endpoint["labels"].get("security.istio.io/tlsMode") != "istio":
            yield "an endpoint does not speak mesh TLS"
        if "serviceAccount" in endpoint:
            yield "an endpoint has an account, which would be looked up in the wrong namespace"
    identities = spec.get("subjectAltNames", [])
    if identities != sorted(set(identities)):
        yield f"its identities are not sorted, each once: {identities}"
    yield from _export_to(spec)


def _export_to(spec: dict[str, Any]) -> Iterator[str]:
    export = spec.get("exportTo", [])
    if len(set(export)) < len(export) or (len(export) > 1 and {"*", "~"} & set(export)):
        yield f"its exportTo is refused: {export}"


def _workload_entry(spec: dict[str, Any]) -> Iterator[str]:
    if not spec["ports"]:
        yield "it has no ports"
    for key in spec["ports"]:
        if len(key) > _LONGEST_PORT_KEY or not _PORT_KEY.fullmatch(key):
            yield f"a port key is refused: {key}"
    if spec["labels"].get("security.istio.io/tlsMode") != "istio":
        yield "it does not speak mesh TLS"


def _destination_rule(spec: dict[str, Any]) -> Iterator[str]:
    policy = spec["trafficPolicy"]
    detection = policy.get("outlierDetection", {})
    locality = policy.get("loadBalancer", {}).get("localityLbSetting", {})
    if locality.get("enabled") is False and "failoverPriority" in locality:
        yield "it has priorities and switches them off"
    if locality.get("enabled") and not detection:
        yield "it has priorities without outlier detection, which Istio ignores"
    if "consecutiveLocalOriginFailures" in detection and not detection.get("splitExternalLocalOriginErrors"):
        yield "it counts local failures without telling them apart"
    for name in ("interval", "baseEjectionTime"):
        if name in detection and not _positive(detection[name]):
            yield f"{name} is below a millisecond: {detection[name]}"
    yield from _export_to(spec)


def _positive(duration: str) -> bool:
    match = _DURATION.fullmatch(duration)
    return match is not None and any(float(part) > 0 for part in match.groups() if part)


def _virtual_service(spec: dict[str, Any]) -> Iterator[str]:
    if not spec["http"]:
        yield "it has no routes"
    names = [route["name"] for route in spec["http"]]
    if len(set(names)) < len(names):
        yield f"two routes have one name: {names}"
    for route in spec["http"]:
        weights = [to.get("weight") for to in route.get("route", ())]
        if len(weights) > 1 and not all(weights):
            yield f"a share is none: {weights}"
        if "retries" not in route:
            continue
        timeout = route["retries"].get("perTryTimeout")
        if timeout is not None and not _positive(timeout):
            yield f"perTryTimeout is below a millisecond: {timeout}"
        if route["name"].startswith("other-") and {"503", "reset", "5xx", "gateway-error", "retriable-4xx"} & set(
            route["retries"].get("retryOn", "").split(",")
        ):
            yield "a request that may have been processed would be sent again"
    yield from _export_to(spec)


def _servers(spec: dict[str, Any]) -> Iterator[str]:
    """What Tetrate's reference says of the servers of a Gateway."""
    names = [server["name"] for server in spec["http"]]
    if len(set(names)) < len(names):
        yield f"two servers have one name: {names}"
    if len({(server["port"], server["hostname"]) for server in spec["http"]}) < len(names):
        yield "a host stands twice on one port"
    if {server["port"] for server in spec["http"] if "tls" in server} & {
        server["port"] for server in spec["http"] if "tls" not in server
    }:
        yield "HTTP and HTTPS share a port"


_LAWS = {
    "Gateway.gateway.tsb.tetrate.io": _servers,
    "Gateway.networking.istio.io": _gateway,
    "ServiceEntry.networking.istio.io": _service_entry,
    "WorkloadEntry.networking.istio.io": _workload_entry,
    "DestinationRule.networking.istio.io": _destination_rule,
    "VirtualService.networking.istio.io": _virtual_service,
}


def _one_policy_for_a_host(compilation: Compilation) -> Iterator[str]:
    """One object of a kind for each host of a cluster, at gateways for each Gateway of the host; two policies while a
    Service arrives, for before and after.
    """
    assert compilation.calls is not None
    most = {(call.consumer, call.host): len(call.imports) for call in compilation.calls if len(call.imports) > 1}
    for kind in ("ServiceEntry", "DestinationRule", "VirtualService"):
        hosts = Counter((m.cluster, _host(m)) for m in compilation.manifests if m.kind == kind)
        for key, count in hosts.items():
            if count > (1 if kind == "ServiceEntry" else most.get(key, 1)):
                yield f"{count} objects of kind {kind} for {key}"


def _one_gateway_for_a_host(compilation: Compilation) -> Iterator[str]:
    """istiod drops the whole server in which a host stands a second time for the same pods and port."""
    hosts = Counter(
        (m.cluster, str(sorted(m.body["spec"]["selector"].items())), server["port"]["number"], host)
        for m in compilation.manifests
        if f"{m.kind}.{m.group}" == "Gateway.networking.istio.io"
        for server in m.body["spec"]["servers"]
        for host in server["hosts"]
    )
    yield from (f"{count} Gateways for {key}" for key, count in hosts.items() if count > 1)


def _one_object_for_pods(compilation: Compilation) -> Iterator[str]:
    """The pods of a gateway of Tetrate's take one object, found by the namespaces of its group."""
    groups = {m.name: m.body["spec"]["namespaceSelector"]["names"] for m in compilation.manifests if m.kind == "Group"}
    taken: Counter[tuple[str, str]] = Counter()
    for manifest in compilation.manifests:
        if f"{manifest.kind}.{manifest.group}" != "Gateway.gateway.tsb.tetrate.io":
            continue
        selector = manifest.body["spec"]["workloadSelector"]
        group = manifest.body["metadata"]["annotations"]["tsb.tetrate.io/gatewayGroup"]
        places = [place for place in groups[group] if place.endswith(f"/{selector['namespace']}")]
        taken.update((place, str(sorted(selector["labels"].items()))) for place in places)
        if not places:
            yield f"{manifest.path}: its group has no namespace of its pods"
    yield from (f"{count} objects for the gateway {key}" for key, count in taken.items() if count > 1)


def _host(manifest: Artifact) -> str:
    spec = manifest.body["spec"]
    return " at ".join([spec["host"] if "host" in spec else spec["hosts"][0], *spec.get("gateways", ())])


def _namespaces_are_there(compilation: Compilation) -> Iterator[str]:
    relations = compilation.checked.relations
    assert relations is not None
    emitted = {(m.cluster, m.name) for m in compilation.manifests if m.kind == "Namespace"}
    for manifest in compilation.manifests:
        if not manifest.synced:
            continue
        inventory = relations.inventory(manifest.cluster)
        known = {namespace.name for namespace in inventory.namespaces} if inventory else set()
        if (
            manifest.namespace
            and manifest.namespace not in known
            and (manifest.cluster, manifest.namespace) not in emitted
        ):
            yield f"{manifest.path}: its namespace is neither there nor emitted"
        if manifest.kind == "Namespace" and manifest.name in known:
            yield f"{manifest.path}: its namespace is there already"


def _entries_are_selected(compilation: Compilation) -> Iterator[str]:
    """Every WorkloadEntry is taken by a Service of its namespace, and has the key of each of its ports."""
    relations = compilation.checked.relations
    assert relations is not None
    stubs = [m for m in compilation.manifests if m.kind == "Service"]
    for manifest in (m for m in compilation.manifests if m.kind == "WorkloadEntry"):
        spec = manifest.body["spec"]
        takers = 0
        for name, service in relations.services[manifest.cluster].items():
            if name.namespace == manifest.namespace and service.selector and covers(service.selector, spec["labels"]):
                takers += 1
                for port in service.ports:
                    key = port.target_port if isinstance(port.target_port, str) else port.name
                    if port.protocol == "TCP" and key not in spec["ports"] and service.cluster_ip != "None":
                        yield f"{manifest.path}: no key for port {key} of {service.name}"
        takers += sum(
            stub.cluster == manifest.cluster
            and stub.namespace == manifest.namespace
            and covers(stub.body["spec"]["selector"], spec["labels"])
            for stub in stubs
        )
        if not takers:
            yield f"{manifest.path}: no Service takes it"


def _nobody_calls_itself(compilation: Compilation) -> Iterator[str]:
    assert compilation.plan is not None
    for cluster in compilation.plan.clusters:
        endpoints = [e for entry in cluster.service_entries for e in entry.endpoints]
        endpoints += [entry.endpoint for entry in cluster.workload_entries]
        if cluster.cluster in {endpoint.source for endpoint in endpoints}:
            yield f"{cluster.cluster} calls itself"
        exposed = compilation.plan.exposed
        for entry in cluster.workload_entries:
            address = (entry.endpoint.source, entry.endpoint.gateway_namespace, entry.endpoint.gateway)
            if address not in {tuple(key) for key in exposed}:
                yield f"{cluster.cluster}: {entry.name} leads to a gateway that is not there"
