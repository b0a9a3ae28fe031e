"""Which cluster is called first: the traffic policy, the same inside the mesh and at its edge."""

from typing import Annotated, Literal

from pydantic import Field

from meshgen.language.base import ClusterSelector, Item, LabelValue

TrafficMode = Literal["nearest", "ordered", "weighted"]
Share = Annotated[int, Field(ge=0, le=1000)]


class Weight(ClusterSelector):
    """Clusters, and their share of the traffic."""

    share: Share = Field(
        title="Share",
        description="Share of the traffic that these clusters get together, in proportion to the other shares; each of "
        "them gets the same part. 0: none.",
    )


class TrafficPolicy(Item):
    """Which clusters are called, in which order; every absent field is inherited."""

    mode: TrafficMode | None = Field(
        None,
        title="Mode",
        description="`nearest` (default): the local copy, the own region, then by the fleet's `regions`. `ordered`: as "
        "`order` says. `weighted`: in the proportions of `weights`; where a cluster dies, the others take over. With "
        "`failover.enabled: false` callers that have a copy of their own stay there all the same.",
    )
    order: list[ClusterSelector] | None = Field(
        None,
        title="Order",
        description="Clusters, first to last; those of one item together. The local copy has its place in it. A "
        "cluster that is not named is not used; one whose callers have a copy of their own has to be (MG430). "
        "`failover.zoneAware` counts where the local copy is first by itself.",
        examples=[[{"names": ["cluster-1"]}, {"labels": {"tier": "standby"}}]],
        min_length=1,
    )
    weights: list[Weight] | None = Field(
        None,
        title="Weights",
        description="Clusters with their shares. A cluster that is not named is not used. For callers with a copy of "
        "their own they are shares of HTTP requests (MG444).",
        examples=[[{"names": ["cluster-1"], "share": 70}, {"names": ["cluster-2"], "share": 30}]],
        min_length=1,
    )
    aliases: bool | None = Field(
        None,
        title="Aliases",
        description="Have an alias for all clusters that `weights` names, also for those without a share, and where "
        "the mode is another. For the commit before shares begin and the one in which they end, where the engine does "
        "not wait for the mesh (MG662).",
        examples=[True],
    )
    sources: ClusterSelector | None = Field(
        None,
        title="Sources",
        description="The only clusters that may serve (residency). Nobody widens what is said further out: a cluster "
        "has to be chosen by all.",
        examples=[{"labels": {"zone": "eu"}}],
    )


class Region(Item):
    """A region, and which others are near to it."""

    name: LabelValue = Field(title="Name", description="Name of the region, as clusters have it.")
    near: list[LabelValue] = Field(
        title="Near",
        description="Regions, the nearest first; those that are not named come after them, together.",
        examples=[["europe-west1", "us-east-1"]],
    )
