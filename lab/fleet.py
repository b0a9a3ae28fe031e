"""A whole fleet on one machine: boot it, apply what meshgen built for it, change it while it runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import count
from threading import Thread
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from lab import tetrate
from lab.api import RefusedError
from lab.ca import WebAuthority, make_authority
from lab.cluster import Cluster
from lab.credentials import Credentials
from lab.facts import copy_with_test_addresses, read_facts
from lab.gateway import Gateway, gateway_deployments, gateway_objects, other_deployments, report_ready
from lab.gitops import PAUSE, Sync
from lab.gslb import Gslb
from lab.isolation import WORK
from lab.jobs import Jobs
from lab.load import Load, Report, Way, send
from lab.network import LoadBalancerAddress, Network
from lab.outside import Outside
from lab.pod import Pod, PodSettings
from lab.workloads import deployed_pod, pod_settings, publish, service_object, slice_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from lab.build import Parts

_MOVING = (404, 409)  # an object is gone, or another one by now
_HOSTNAMES = "198.51.100"  # TEST-NET-2: addresses of load balancers known by hostname
CLIENT_NAMESPACE = "lab-client"
_CLIENT = PodSettings(name="client", namespace=CLIENT_NAMESPACE, service_account="client", labels={"app": "client"})


class Lab:
    """A running fleet. `pods` are keyed `cluster/namespace/name`, gateways likewise."""

    def __init__(self, parts: Parts, *, istiod_env: Mapping[str, str] | None = None) -> None:
        self.parts = parts
        self.network = Network()
        self.outside = Outside(self.network)
        self.clusters: dict[str, Cluster] = {}
        self.pods: dict[str, Pod] = {}
        self.gateways: dict[str, Gateway] = {}
        self.addresses: dict[str, LoadBalancerAddress] = {}
        self.tree = WORK / "output"
        self.syncs: dict[str, Sync] = {}
        self.jobs: dict[str, Jobs] = {}
        self.given: dict[tuple[str, str, str], list[str]] = {}
        """Cluster, namespace, gateway → addresses that its load balancer gets though no inventory knows them yet."""
        self._istiod_env = dict(istiod_env or {})
        self._workloads = self._mesh = True
        self._builds = 0
        self._clients = 0
        self._named = count(1)
        self._gslb: Gslb | None = None
        self._beside = ExitStack()

    def boot(self, fleet: Path) -> None:
        """Start all clusters of a fleet with the workloads of its inventories, and roll the fleet out.

        Meshes get the configuration that meshgen wrote for them into `_setup`.
        """
        self.start_clusters(self.build(fleet))
        self.sync(pause=0)
        self.start_gateways()
        self.publish()

    def roll_out(self, fleet: Path) -> None:
        """Build a fleet, apply it everywhere while nobody calls, start its gateways."""
        self.build(fleet)
        self.sync(pause=0)
        self.start_gateways()
        self.publish()

    def at_close(self, step: Callable[[], object]) -> None:
        """Let something that runs beside the fleet end with it, before it; the last one ends first."""
        self._beside.callback(step)

    def close(self) -> None:
        """End every process and take the network down; another fleet can boot in this process then."""
        self._beside.close()
        if self._gslb:
            self._gslb.close()
        self.outside.close()
        for pod in self.pods.values():
            pod.namespace.delete()
        for jobs in self.jobs.values():
            jobs.close()
        for cluster in self.clusters.values():
            cluster.control.delete()
            shutil.rmtree(cluster.directory)
        self.network.close()
        shutil.rmtree(self.tree, ignore_errors=True)
        for directory in (WORK / "authority", WORK / "web", *WORK.glob("fleet-*")):
            shutil.rmtree(directory, ignore_errors=True)

    def start_clusters(self, fleet: Path, *, workloads: bool = True, mesh: bool = True) -> None:
        """Start control planes, one client and the inventory's workloads per cluster; waits for all.

        Without `workloads` the inventory's Services are there, their pods are the caller's to start. Without a `mesh`
        there are API servers alone: no istiod, no pod, and gateways only say that they are there.
        """
        self._workloads = workloads
        self._mesh = mesh
        self.facts = read_facts(fleet)
        authority = make_authority(WORK / "authority")
        self._web = WebAuthority(WORK / "web")
        self._credentials = Credentials(self._web)
        for number, (name, facts) in enumerate(self.facts.clusters.items(), start=1):
            facts.settings.istiod_env.update(self._istiod_env)
            setup = self.tree / "_setup" / name / "mesh-config.yaml"
            if setup.exists():
                facts.settings.mesh_config.update(YAML(typ="safe").load(setup))
            self.clusters[name] = Cluster(facts.settings, number, self.network, self.parts, authority)
            self.syncs[name] = Sync(self.clusters[name].api, partial(self.start_gateways, name))
            self.jobs[name] = Jobs(self.clusters[name])
        self._each(Cluster.start_api_server)
        self._each(Cluster.wait_for_api_server)
        if self._tetrate:
            self._each(_serve_tetrate)
        if not mesh:
            self._each(self._make_namespaces)
            return
        self._each(Cluster.start_istiod)
        self._each(Cluster.wait_for_istiod)
        self._each(self._start_workloads)
        self.wait_until_ready(self.pods.values())
        self.publish()

    def build(self, fleet: Path, *, allow_withdrawal: bool = False) -> Path:
        """Build a fleet into the tree that `sync` applies, from a copy in which public addresses are test ones.

        Returns the copy; raises `RuntimeError` with what meshgen said where it refuses the fleet.
        """
        self._builds += 1
        self.fleet = copy = copy_with_test_addresses(fleet, WORK / f"fleet-{self._builds}")
        self.facts = read_facts(copy)
        self._name_load_balancers()
        command = [sys.executable, "-m", "meshgen", "build", str(copy), "--output", str(self.tree)]
        command += ["--allow-withdrawal"] if allow_withdrawal else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"meshgen build failed:\n{done.stdout}{done.stderr}")
        return copy

    def sync(self, *clusters: str, pause: float = PAUSE) -> list[str]:
        """Apply the tree to clusters (all if none is named), one after the other, as Argo CD does; see `Sync.sync`."""
        changes = [
            f"{name}: {change}"
            for name in clusters or self.clusters
            for change in self.syncs[name].sync(self.tree / name, pause=pause)
        ]
        if self._tetrate:
            tetrate.reconcile(self.clusters.values())
        return changes

    def start_gateways(self, *clusters: str) -> None:
        """Start what the Deployments in the API of clusters ask for, behind the inventory's addresses."""
        started = []
        chosen = {name: self.clusters[name] for name in clusters or self.clusters}
        for name, cluster in chosen.items():
            self._credentials.install(cluster)
            for deployment, service in gateway_deployments(cluster):
                metadata = deployment["metadata"]
                key = f"{name}/{metadata['namespace']}/{metadata['name']}"
                if key in self.gateways:
                    continue
                addresses = self._addresses_of(name, metadata["namespace"], metadata["name"])
                gateway = Gateway(cluster, deployment, service, {a: self._address(a) for a in addresses})
                self.gateways[key] = gateway
                started += gateway.pods
            for settings in map(deployed_pod, other_deployments(cluster)):
                if f"{name}/{settings.namespace}/{settings.name}" not in self.pods:
                    started.append(Pod(cluster, settings))
        if started:
            self.start_pods(started)
        for key, gateway in self.gateways.items():
            if key.split("/")[0] in chosen:
                gateway.connect()
        for cluster in chosen.values():
            report_ready(cluster)

    def act(self) -> None:
        """Do once what controllers and kubelets of all clusters would; whoever waits for them calls it again.

        An object may go while this looks at it, and a Deployment be there without its Service: the next call finds out.
        """
        try:
            if self._mesh:
                self.end_gateways()
                self.start_gateways()
                for jobs in self.jobs.values():
                    jobs.act()
            else:
                self._each(self._report)
        except LookupError:
            pass
        except RefusedError as refused:
            if refused.status not in _MOVING:
                raise

    def end_gateways(self) -> None:
        """End what Deployments asked for that are gone: nobody is sent there any more, then the pods drain and go.

        Does not wait for them.
        """
        there = {
            f"{name}/{body['metadata']['namespace']}/{body['metadata']['name']}"
            for name, cluster in self.clusters.items()
            for body in cluster.api.items("apps/v1", "Deployment")
        }
        for key in [key for key in self.gateways if key not in there]:
            gateway = self.gateways.pop(key)
            for address in gateway.addresses.values():
                address.route({})
            for pod in gateway.pods:
                self._unpublish(pod)
                ending = Thread(target=pod.terminate)
                ending.start()
                self.at_close(ending.join)

    def connect_gateways(self) -> None:
        """Give every gateway the addresses that the inventories name now."""
        for key, gateway in self.gateways.items():
            cluster, namespace, name = key.split("/")
            named = self._addresses_of(cluster, namespace, name)
            gateway.addresses = {address: self._address(address) for address in named}
            gateway.connect()

    def start_pods(self, pods: list[Pod]) -> None:
        for pod in pods:
            self.pods[f"{pod.cluster.name}/{pod.settings.namespace}/{pod.name}"] = pod
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(Pod.start, pods))
        self.wait_until_ready(pods)
        self.publish()

    def add_service(self, cluster: str, item: dict[str, Any]) -> None:
        """Create the Service of an inventory item; whatever pods it selects become its endpoints."""
        target = self.clusters[cluster]
        target.ensure_namespace(item["namespace"])
        target.api.apply(service_object(item), manager="team")
        publish(target, self.pods.values())

    def start_workload(self, cluster: str, item: dict[str, Any]) -> list[Pod]:
        """Start the pods of an inventory item; returns them, ready."""
        target = self.clusters[cluster]
        target.ensure_namespace(item["namespace"])
        pods = [Pod(target, settings) for settings in pod_settings(item)]
        self.start_pods(pods)
        return pods

    def add_replica(self, pod: Pod, name: str, *, zone: str = "") -> Pod:
        """Start another pod like one that runs, perhaps in another zone."""
        replica = Pod(pod.cluster, pod.settings.renamed(name, zone=zone or pod.settings.zone))
        self.start_pods([replica])
        return replica

    def remove_service(self, cluster: str, item: dict[str, Any]) -> None:
        """Delete a service's Service, then its pods; their proxies drain first."""
        target = self.clusters[cluster]
        target.api.delete(service_object(item))
        target.api.delete(slice_reference(item["name"], item["namespace"]))
        names = {settings.name for settings in pod_settings(item)}
        for pod in list(self.pods.values()):
            same = pod.cluster is target and pod.settings.namespace == item["namespace"]
            if same and pod.name in names:
                self.end_pod(pod)

    def end_pod(self, pod: Pod) -> None:
        """Take a pod out of the EndpointSlices, then let its proxy drain and go."""
        self._unpublish(pod)
        pod.terminate()

    def delete_pod(self, pod: Pod) -> None:
        """Take a pod out of the EndpointSlices, then away at once."""
        self._unpublish(pod)
        pod.delete()

    def _unpublish(self, pod: Pod) -> None:
        pod.published = False
        publish(pod.cluster, self.pods.values())
        del self.pods[f"{pod.cluster.name}/{pod.settings.namespace}/{pod.name}"]

    def publish(self) -> None:
        for cluster in self.clusters.values():
            publish(cluster, self.pods.values())

    def wait_until_ready(self, pods: Iterable[Pod], seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        for pod in pods:
            pod.wait_until_ready(deadline)

    def client(self, cluster: str) -> Pod:
        return self.pods[f"{cluster}/{CLIENT_NAMESPACE}/client"]

    def new_client(self, cluster: str, settings: PodSettings = _CLIENT) -> Pod:
        """Start a client whose Envoy has seen nothing yet: no ejected endpoints, no open connections."""
        self._clients += 1
        self.clusters[cluster].ensure_namespace(settings.namespace)
        pod = Pod(self.clusters[cluster], replace(settings, name=f"{settings.name}-{self._clients}"))
        self.start_pods([pod])
        return pod

    def pod(self, cluster: str, namespace: str, name: str) -> Pod:
        return self.pods[f"{cluster}/{namespace}/{name}"]

    def load(self, cluster: str, url: str, *, rate: float = 20, method: str = "GET") -> Load:
        """Load from the cluster's client, running while the context is open."""
        return Load(self.client(cluster), url, rate=rate, method=method)

    def send(self, cluster: str, url: str, number: int = 20, *, method: str = "GET") -> Report:
        return send(self.client(cluster), url, number, method=method)

    @property
    def web(self) -> WebAuthority:
        """Who certifies names to people and programs outside the mesh."""
        return self._web

    def way(self, address: str = "") -> Way:
        """How people outside call: by name, remembering what DNS said, or by an address that they were told."""
        return Way(str(self._web.certificate), address, remembers=not address)

    def follow_dns(self) -> Gslb:
        """Let names be answered, and entry points be probed, as the tree's `_dns/plan.json` says now."""
        if not self._gslb:
            hosts = self.network.zone.hosts
            prober = self.outside.user()
            self._gslb = Gslb(prober, self._web.certificate, lambda name: hosts.get(name, []), self.outside.regions)
            self.network.zone.published = self._gslb.answer
        self._gslb.follow(json.loads((self.tree / "_dns" / "plan.json").read_text(encoding="utf-8")))
        return self._gslb

    @property
    def _tetrate(self) -> bool:
        return self.facts.platform != "istio"

    def _report(self, cluster: Cluster) -> None:
        """Let all gateways of a cluster without a mesh say that they are ready, and have addresses."""
        for deployment, service in gateway_deployments(cluster):
            if service.get("status", {}).get("loadBalancer"):
                continue
            metadata = deployment["metadata"]
            addresses = self._addresses_of(cluster.name, metadata["namespace"], metadata["name"])
            cluster.api.patch_status(service, {"loadBalancer": {"ingress": [{"ip": address} for address in addresses]}})
        report_ready(cluster)

    def _make_namespaces(self, cluster: Cluster) -> None:
        for namespace in self.facts.clusters[cluster.name].inventory.get("namespaces", []):
            cluster.ensure_namespace(namespace["name"], namespace.get("labels"))

    def _start_workloads(self, cluster: Cluster) -> None:
        facts = self.facts.clusters[cluster.name]
        cluster.ensure_namespace(CLIENT_NAMESPACE)
        for gateway in self.facts.foreign_gateways:
            _install_gateway(cluster, gateway)
        self._make_namespaces(cluster)
        pods = [Pod(cluster, _CLIENT)]
        for item in facts.services:
            cluster.api.apply(service_object(item), manager="team")
            if item.get("selector") and self._workloads:
                pods += [Pod(cluster, settings) for settings in pod_settings(item)]
        for pod in pods:
            self.pods[f"{cluster.name}/{pod.settings.namespace}/{pod.name}"] = pod
            pod.start()

    def _name_load_balancers(self) -> None:
        """Let the name server know the hostnames of gateways; the addresses behind new ones are the lab's choice."""
        for facts in self.facts.clusters.values():
            for hostname in filter(None, (g.get("hostname") for g in facts.inventory.get("gateways", []))):
                if hostname not in self.network.zone.hosts:
                    self.network.zone.hosts[hostname] = [f"{_HOSTNAMES}.{next(self._named)}"]

    def _addresses_of(self, cluster: str, namespace: str, gateway: str) -> list[str]:
        facts = self.facts.clusters[cluster]
        hostname = facts.hostname(namespace, gateway)
        if hostname:
            return self.network.zone.hosts[hostname]
        return facts.addresses(namespace, gateway) or self.given.get((cluster, namespace, gateway), [])

    def _address(self, address: str) -> LoadBalancerAddress:
        if address not in self.addresses:
            self.addresses[address] = LoadBalancerAddress(address)
        return self.addresses[address]

    def _each(self, step: Callable[[Cluster], None]) -> None:
        with ThreadPoolExecutor(len(self.clusters)) as pool:
            list(pool.map(step, self.clusters.values()))


def _serve_tetrate(cluster: Cluster) -> None:
    for crd in tetrate.custom_resources():
        cluster.api.apply(crd)
    cluster.api.wait_until_served("tsb.tetrate.io/v2", "install.tetrate.io/v1alpha1", "settings.tetrate.io/v1alpha1")
    cluster.ensure_namespace("xcp-multicluster")


def _install_gateway(cluster: Cluster, gateway: dict[str, Any]) -> None:
    """Install a gateway that is there before meshgen; its network view is the cluster's network."""
    view = {"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": cluster.settings.network}
    cluster.ensure_namespace(gateway["namespace"])
    name, namespace = gateway["name"], gateway["namespace"]
    for body in gateway_objects(name, namespace, gateway["selector"], account=name, env=[view]):
        cluster.api.apply(body, manager="platform")
