"""A model of istiod: the config dump of a client, made of nothing but the objects of one cluster and its pods."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.calls.test_order import priority

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.fleets import Compiled

Object = dict[str, Any]
REGION, ZONE, NETWORK = "topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/network"


@dataclass
class Candidate:
    """An endpoint before it is ranked."""

    workload: str
    address: str
    ports: Mapping[str, int] | int
    labels: dict[str, str]
    weight: int = 1


@dataclass
class Mesh:
    """One cluster as its istiod sees it. `pods`: how many each local Service has, in zones a, b, …"""

    compiled: Compiled
    cluster: str
    pods: int = 1
    network: str = ""
    objects: list[Object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.objects = self.objects or [item.body for item in self.compiled.manifests(cluster=self.cluster)]
        relations = self.compiled.calls.relations
        self.region = relations.cluster(self.cluster).region or ""
        self.network = self.network or relations.facts[self.cluster].network or ""
        self.services = list(relations.services[self.cluster].values())

    def of(self, kind: str) -> list[Object]:
        return [body for body in self.objects if body["kind"] == kind]

    def dump(self) -> Object:
        """What `istioctl proxy-config all` prints for a client in the first zone."""
        clusters = [
            {"endpoint_config": self._assignment(host, port, target, candidates)}
            for host, ports, candidates in self._hosts()
            for port, target in ports.items()
        ]
        node = {"id": "sidecar~10.0.0.9~client.shop~x", "metadata": {"NETWORK": self.network, "LABELS": {}}}
        kind = "type.googleapis.com/envoy.admin.v3."
        return {
            "configs": [
                {"@type": f"{kind}BootstrapConfigDump", "bootstrap": {"node": node}},
                {"@type": f"{kind}EndpointsConfigDump", "dynamic_endpoint_configs": clusters},
                {"@type": f"{kind}RoutesConfigDump", "dynamic_route_configs": list(self._routes())},
            ]
        }

    def _hosts(self) -> Iterator[tuple[str, dict[int, str], list[Candidate]]]:
        """Host, its ports by number with the name of each, and all endpoints."""
        for service in self.services:
            host = f"{service.name}.{service.namespace}.svc.cluster.local"
            ports = {port.port: port.name or "" for port in service.tcp_ports}
            yield host, ports, list(self._selected(service.namespace, service.selector))
        for stub in (body for body in self.of("Service") if "gateway" not in str(body["spec"].get("type", ""))):
            namespace, selector = stub["metadata"]["namespace"], stub["spec"].get("selector") or {}
            if not any(key.startswith("meshgen.io/shadow-of") for key in selector):
                continue
            host = f"{stub['metadata']['name']}.{namespace}.svc.cluster.local"
            ports = {port["port"]: port["name"] for port in stub["spec"]["ports"]}
            yield host, ports, list(self._selected(namespace, selector))
        for entry in self.of("ServiceEntry"):
            spec, namespace = entry["spec"], entry["metadata"]["namespace"]
            ports = {port["number"]: port["name"] for port in spec["ports"]}
            if "workloadSelector" in spec:
                found = list(self._selected(namespace, spec["workloadSelector"]["labels"]))
            else:
                name = entry["metadata"]["name"]
                found = [_entry(f"{name}-{place}", each) for place, each in enumerate(spec["endpoints"])]
            yield spec["hosts"][0], ports, found

    def _selected(self, namespace: str, selector: Mapping[str, str]) -> Iterator[Candidate]:
        for number, service in enumerate(self.services, start=1):
            if service.namespace == namespace and selector.items() <= service.selector.items():
                for pod in range(self.pods):
                    labels = {**service.selector, REGION: self.region, ZONE: "abc"[pod], NETWORK: self._own_network}
                    yield Candidate(f"{service.name}-{pod}", f"10.1.{number}.{pod + 1}", 8080, labels)
        for body in self.of("WorkloadEntry"):
            if body["metadata"]["namespace"] == namespace and selector.items() <= body["spec"]["labels"].items():
                yield _entry(body["metadata"]["name"], body["spec"])

    @property
    def _own_network(self) -> str:
        return self.compiled.calls.relations.facts[self.cluster].network or ""

    def _assignment(self, host: str, port: int, target: str, candidates: list[Candidate]) -> Object:
        ranks = self._ranks(host, candidates)
        groups: dict[int, list[Object]] = {}
        for candidate, rank in zip(candidates, ranks, strict=True):
            number = candidate.ports if isinstance(candidate.ports, int) else candidate.ports[target]
            groups.setdefault(rank, []).append(
                {
                    "endpoint": {"address": {"socket_address": {"address": candidate.address, "port_value": number}}},
                    "health_status": "HEALTHY",
                    "metadata": {"filter_metadata": {"istio": {"workload": f"{candidate.workload};shop;web;;c"}}},
                    "load_balancing_weight": candidate.weight,
                }
            )
        return {
            "cluster_name": f"outbound|{port}||{host}",
            "endpoints": [{"priority": rank, "lb_endpoints": groups[rank]} for rank in sorted(groups)],
        }

    def _ranks(self, host: str, candidates: list[Candidate]) -> list[int]:
        """Priorities without gaps (ApplyLocalityLoadBalancer, pilot/pkg/networking/core/loadbalancer of Istio 1.32)."""
        policy: Object = next(
            (r["spec"]["trafficPolicy"] for r in self.of("DestinationRule") if r["spec"]["host"] == host), {}
        )
        setting = policy.get("loadBalancer", {}).get("localityLbSetting", {"enabled": True})
        if "outlierDetection" not in policy or not setting["enabled"]:
            return [0] * len(candidates)
        proxy = {REGION: self.region, ZONE: "a", NETWORK: self.network}
        if priorities := setting.get("failoverPriority"):
            raw = [priority(priorities, each.labels, proxy) for each in candidates]
        else:
            raw = [_by_locality(each.labels, proxy) for each in candidates]
        return [sorted(set(raw)).index(each) for each in raw]

    def _routes(self) -> Iterator[Object]:
        for body in self.of("VirtualService"):
            if "gateways" in body["spec"]:  # for users, not for clients in the mesh
                continue
            (host,) = body["spec"]["hosts"]
            ports = {match["port"] for route in body["spec"]["http"] for match in route.get("match", [])}
            for port in sorted(ports):
                routes = [route for route in body["spec"]["http"] if _takes(route, port)]
                goals = [_action(port, route["route"]) for route in routes]
                named = {"name": f"{host}:{port}", "domains": [host], "routes": [{"route": goal} for goal in goals]}
                yield {"route_config": {"name": str(port), "virtual_hosts": [named]}}


def _takes(route: Object, port: int) -> bool:
    return any(match["port"] == port for match in route["match"])


def _action(port: int, goals: list[Object]) -> Object:
    named = [(f"outbound|{port}||{goal['destination']['host']}", goal.get("weight", 0)) for goal in goals]
    if len(named) == 1:
        return {"cluster": named[0][0]}
    return {"weighted_clusters": {"clusters": [{"name": name, "weight": weight} for name, weight in named]}}


def _entry(name: str, spec: Object) -> Candidate:
    region, _, zone = str(spec.get("locality", "")).partition("/")
    labels = {**spec["labels"], REGION: region, ZONE: zone, NETWORK: spec["network"]}
    return Candidate(name, spec["address"], spec["ports"], labels, spec.get("weight", 1))


def _by_locality(labels: Mapping[str, str], proxy: Mapping[str, str]) -> int:
    """The mesh's own order (applyLocalityFailover); nobody has a subzone."""
    if labels[REGION] != proxy[REGION]:
        return 2
    return 0 if labels[ZONE] == proxy[ZONE] else 1
