"""The typed fleet: what `load` and `model` hand to every later stage."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from meshgen.language.base import ClusterName, Item, Label, Subdomain, TetrateVersion
from meshgen.language.cluster import Cluster, Istio
from meshgen.language.delivery import Delivery
from meshgen.language.directories import FleetDirectory
from meshgen.language.dns import Canary, Dns
from meshgen.language.gateway import Gateway
from meshgen.language.inventory import Inventory
from meshgen.language.published_host import PublishedHost
from meshgen.language.traffic import Region, TrafficPolicy
from meshgen.language.workspace import Workspace
from meshgen.platforms import platform_names

if TYPE_CHECKING:
    PlatformName = str
else:
    PlatformName = Literal[platform_names()]


class Tetrate(Item):
    """Where Tetrate's own objects belong, and what its management plane can do."""

    organization: Label | None = Field(None, title="Organization", description="Organization (default `tse`).")
    tenant: Label | None = Field(None, title="Tenant", description="Tenant (default `tse`).")
    management_cluster: ClusterName | None = Field(
        None,
        title="Management cluster",
        description="Cluster that gets Workspaces. Default on `tse`: the first by name.",
    )
    version: TetrateVersion | None = Field(
        None,
        title="Version",
        description="Version of Tetrate Service Bridge. Absent: use nothing that is newer than 1.11.",
        examples=["1.12.0"],
    )


class Accept(Item):
    """A warning that the fleet's owners accept, with the reason."""

    code: Annotated[str, Field(pattern=r"^MG[0-9]{3}$")] = Field(title="Code", description="Code of the warning.")
    object: str = Field(
        title="Object",
        description="The object that the warning names; `*` stands alone or at the end.",
        examples=["cluster-1/bookinfo/details"],
    )
    reason: Annotated[str, Field(min_length=1)] = Field(title="Reason", description="Why it is fine.")


class FleetSpec(Item):
    """Everything compiled together."""

    platform: PlatformName = Field(title="Platform", description="What the clusters run.")
    required_version: str | None = Field(
        None,
        title="Required version",
        description="Which versions of meshgen may build this fleet.",
        examples=[">=0.1,<1"],
    )
    trust_domain: Subdomain = Field("cluster.local", title="Trust domain", description="Trust domain of the mesh.")
    cluster_domain: Subdomain = Field("cluster.local", title="Cluster domain", description="DNS domain of Services.")
    multicluster_namespace: Label | None = Field(
        None,
        title="Multicluster namespace",
        description="Namespace of ServiceEntries. Default: `xcp-multicluster`, on `istio` `meshgen-multicluster`.",
    )
    entries: Literal["meshgen", "controlPlane"] | None = Field(
        None,
        title="Entries",
        description="Who writes ServiceEntries and WorkloadEntries. Default: `controlPlane` on `tsb`, else `meshgen`.",
    )
    istio: Istio | None = Field(None, title="Istio", description="Facts about Istio, for all clusters.")
    tetrate: Tetrate | None = Field(None, title="Tetrate", description="Where Tetrate's own objects belong.")
    regions: list[Region] = Field(
        [],
        title="Regions",
        description="Which regions are near, seen from one. Absent: the own region, then all others together.",
    )
    traffic: TrafficPolicy | None = Field(
        None, title="Traffic", description="Which clusters are called first; what the fleet's owner says for all."
    )
    dns: Dns | None = Field(None, title="DNS", description="DNS of the published hosts.")
    canary: Canary | None = Field(
        None, title="Canary", description="The health check of clusters and entry points. Absent: none."
    )
    delivery: Delivery | None = Field(
        None,
        title="Delivery",
        description="The GitOps engine that syncs the clusters. Absent: nothing is written for one.",
    )
    accept: list[Accept] = Field([], title="Accepted warnings", description="Warnings that are fine, and why.")
    directories: list[FleetDirectory] = Field(
        [],
        title="Directories",
        description="What directories of the fleet may hold, so that teams write what is theirs. Absent: anything.",
    )
    clusters: list[Cluster] = Field([], title="Clusters", description="The clusters.")
    gateways: list[Gateway] = Field([], title="Gateways", description="Gateways that workspaces share.")
    workspaces: list[Workspace] = Field([], title="Workspaces", description="The workspaces.")
    published_hosts: list[PublishedHost] = Field([], title="Published hosts", description="The published hosts.")


@dataclass(frozen=True, slots=True)
class Fleet:
    """The whole fleet, typed: lists and documents merged, each sorted by name.

    `spec` keeps the Fleet document as written; its four lists are merged into the fields below and are not
    to be read from `spec`.
    """

    name: str
    spec: FleetSpec
    directory: str = ""
    """The directory that holds the fleet, as paths of its files begin with; empty where they do not."""
    clusters: tuple[Cluster, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    workspaces: tuple[Workspace, ...] = ()
    published_hosts: tuple[PublishedHost, ...] = ()
    inventories: dict[str, Inventory] = field(default_factory=dict)
    """By name of the cluster."""
