"""What runs behind a Service: pod labels, service accounts, sidecars, the network view of gateways."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meshgen.analysis.injection import INJECT, Injectors, injection
from meshgen.inventory.controllers import GIVEN, ends, is_hook, picks
from meshgen.inventory.objects import POD_KINDS
from meshgen.language.gateway import NETWORK_VIEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meshgen.inventory.fields import Fields
    from meshgen.inventory.objects import KubernetesObject
    from meshgen.inventory.sidecars import Inbound, SidecarDefaults


@dataclass(frozen=True, slots=True)
class Workload:
    """The pods of one object."""

    kind: str
    name: str
    labels: dict[str, str]
    service_account: str
    injected: bool | None
    network_view: str | None
    ends: bool
    """Whether they end by themselves, as those of a Job."""
    ports: dict[int | str | None, int]
    """The named ports of its containers."""
    written: str
    """The kind that people wrote: of a pod that of what runs it, `Pod` where nothing does."""
    gateway: bool
    """Whether its pods are a gateway's: a proxy and nothing else."""
    inbound: Inbound
    """The ports of which their sidecars take what comes in."""


@dataclass(slots=True)
class Workloads:
    """The workloads of one namespace, found by the labels of their pods."""

    all: list[Workload] = field(default_factory=list)
    _by_label: dict[tuple[str, str], list[Workload]] = field(default_factory=dict, compare=False)

    def add(self, workload: Workload) -> None:
        self.all.append(workload)
        for label in workload.labels.items():
            self._by_label.setdefault(label, []).append(workload)

    def selected(self, selector: Mapping[str, str]) -> list[Workload]:
        """The workloads whose pods `selector` picks; an empty selector picks none.

        Pods that end by themselves count only where there are no others: labels that a whole release shares pick them,
        too. Costs in proportion to the workloads that have the rarest of its labels.
        """
        if not selector:
            return []
        shown = [self._by_label.get(label, []) for label in selector.items() if label[0] not in GIVEN]
        candidates = min(shown, key=len) if shown else self.all
        picked = [each for each in candidates if picks(selector, each.labels, each.kind, each.name)]
        return [workload for workload in picked if not workload.ends] or picked


def workloads_in(
    objects: Iterable[KubernetesObject],
    namespaces: Mapping[str, Mapping[str, str]],
    injectors: Injectors,
    sidecars: SidecarDefaults,
) -> dict[str, Workloads]:
    """The workloads of `objects` by namespace; `namespaces` are the labels of those namespaces that are known.

    `injectors`: who injects pods in the cluster, `sidecars`: what holds where these say nothing.
    """
    found: dict[str, Workloads] = {}
    for item in objects:
        if (item.group, item.kind) in POD_KINDS:
            pod = _pod(item)
            if pod is not None:
                workload = _workload(item, pod, namespaces.get(item.namespace), injectors, sidecars)
                found.setdefault(item.namespace, Workloads()).add(workload)
    return found


def _pod(item: KubernetesObject) -> Fields | None:
    fields = item.fields
    if is_hook(item):
        return None
    if item.kind == "Pod":
        finished = fields.at("status").text("phase") in {"Succeeded", "Failed"}
        finished = finished or fields.at("metadata").text("deletionTimestamp") is not None
        return None if finished else fields
    if item.kind == "CronJob":
        fields = fields.at("spec", "jobTemplate")
    elif item.kind == "ReplicaSet" and fields.at("spec").number("replicas") == 0:
        return None  # an old revision of a Deployment
    spec = fields.at("spec")
    # A Rollout may refer to a Deployment, which is in the input itself.
    return spec.at("template") if "template" in spec.keys() else None  # noqa: SIM118 - not a mapping


def _workload(
    item: KubernetesObject,
    pod: Fields,
    namespace: Mapping[str, str] | None,
    injectors: Injectors,
    sidecars: SidecarDefaults,
) -> Workload:
    spec = pod.at("spec")
    labels = pod.at("metadata").labels("labels")
    account = spec.text("serviceAccountName") or spec.text("serviceAccount") or "default"
    injected = injection(
        injectors,
        item.namespace,
        namespace,
        labels,
        annotation=pod.at("metadata", "annotations").text(INJECT),
        host_network=spec.flag("hostNetwork") is True,
        by_default=sidecars.injected(labels),
    ).injected
    if item.kind == "Pod":
        containers = [*spec.items("containers"), *spec.items("initContainers")]
        if any(container.text("name") == "istio-proxy" for container in containers):
            injected = True
        elif pod.at("status").keys():
            injected = False  # admission is over
    return Workload(
        item.kind,
        item.name,
        labels,
        account,
        injected,
        _network_view(spec),
        ends(item, pod),
        _named_ports(spec),
        _written(item),
        _only_a_proxy(pod, spec),
        sidecars.inbound(pod),
    )


def _named_ports(spec: Fields) -> dict[int | str | None, int]:
    """The first port of a name counts, those of containers before sidecars' (Kubernetes: FindPort, pkg/api/pod)."""
    sidecars = (each for each in spec.items("initContainers") if each.text("restartPolicy") == "Always")
    found: dict[int | str | None, int] = {}
    for container in (*spec.items("containers"), *sidecars):
        for port in container.items("ports"):
            name, number = port.text("name"), port.number("containerPort")
            if name is not None and number is not None:
                found.setdefault(name, number)
    return found


def _written(item: KubernetesObject) -> str:
    if item.kind not in {"Pod", "ReplicaSet"}:
        return item.kind
    owners = [owner for owner in item.fields.at("metadata").items("ownerReferences") if owner.flag("controller")]
    kind = owners[0].text("kind") if owners else None
    # Nobody but a Deployment makes ReplicaSets with pods of its own in practice, and it is not always in the input.
    return {None: item.kind, "ReplicaSet": "Deployment"}.get(kind, kind or item.kind)


def _only_a_proxy(pod: Fields, spec: Fields) -> bool:
    """Whether the pods are gateways: injected by that template, or with the proxy as their only container."""
    if pod.at("metadata", "annotations").text("inject.istio.io/templates") == "gateway":
        return True
    return [container.text("name") for container in spec.items("containers")] == ["istio-proxy"]


def _network_view(spec: Fields) -> str | None:
    for container in (*spec.items("containers"), *spec.items("initContainers")):
        for variable in container.items("env"):
            if variable.text("name") == NETWORK_VIEW:
                return variable.text("value")
    return None
