"""One Kubernetes cluster of the fleet, and what it says about its Istio."""

from typing import Annotated, Literal

from pydantic import Field

from meshgen.language.base import ClusterName, IPFamily, IstioVersion, Item, Label, Labels, LabelValue, Subdomain

State = Literal["active", "draining"]


class Istio(Item):
    """Facts about Istio that decide what is emitted."""

    version: IstioVersion | None = Field(
        None, title="Version", description="Version of Istio. Absent: emit what 1.24 understands.", examples=["1.29.2"]
    )
    revision: Label | None = Field(
        None, title="Revision", description="Revision label that injects the gateways.", examples=["stable"]
    )
    dns_capture: bool | None = Field(
        None, title="DNS capture", description="Whether sidecars answer DNS for ServiceEntries (default true)."
    )
    vip_range: str | None = Field(
        None,
        title="Range of virtual addresses",
        description="Range (CIDR) from which ServiceEntries get addresses where istiod gives none "
        "(default 240.241.0.0/16).",
        examples=["240.241.0.0/16"],
    )


class Cluster(Item):
    """One Kubernetes cluster."""

    name: ClusterName = Field(title="Name", description="Name of the cluster; names its directory of the output.")
    region: LabelValue | None = Field(None, title="Region", description="Region of the nodes.", examples=["eu-west-2"])
    zones: list[LabelValue] = Field([], title="Zones", description="Zones of the nodes.", examples=[["eu-west-2a"]])
    labels: Labels = Field({}, title="Labels", description="Labels for cluster selectors.")
    network: LabelValue | None = Field(
        None,
        title="Network",
        description='Istio\'s network name of this cluster. Absent: from the inventory. `""`: the mesh has none.',
        examples=["network1"],
    )
    role: Literal["workload", "edge"] = Field(
        "workload", title="Role", description="An `edge` cluster consumes published hosts only."
    )
    state: State = Field(
        "active", title="State", description="`draining`: still exposes its services, no one new uses them."
    )
    wave: Annotated[int, Field(ge=0, le=99)] | None = Field(
        None,
        title="Wave",
        description="When the cluster is synced: after the clusters of lower waves. Absent: after all that have one.",
        examples=[0],
    )
    trust_domain: Subdomain | None = Field(
        None, title="Trust domain", description="Trust domain of its identities. Absent: the fleet's."
    )
    pod_cidrs: list[str] = Field(
        [],
        alias="podCIDRs",
        title="Pod ranges",
        description="Address ranges (CIDR) of pods and nodes; no gateway address of another cluster may lie inside.",
        examples=[["10.1.0.0/16"]],
    )
    ip_families: list[IPFamily] | None = Field(
        None,
        title="IP families",
        description="Families of addresses that its pods can dial. Absent: from the inventory, else from `podCIDRs`.",
        examples=[["IPv4"], ["IPv4", "IPv6"]],
    )
    istio: Istio | None = Field(None, title="Istio", description="Overrides the fleet's `istio`.")

    @property
    def locality(self) -> str | None:
        """`region`, or `region/zone` of a cluster in one zone; None where the region is unknown."""
        if self.region is None:
            return None
        return f"{self.region}/{self.zones[0]}" if len(self.zones) == 1 else self.region
