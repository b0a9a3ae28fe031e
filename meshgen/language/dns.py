"""The DNS zones of published hosts, and what keeps each of them."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from meshgen.dns import provider_names
from meshgen.language.base import ClusterName, ClusterSelector, Item, Label, Path, Subdomain

if TYPE_CHECKING:
    DnsProvider = str
else:
    DnsProvider = Literal[provider_names()]
AnnotationPrefix = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/?$", max_length=253)]


_PART = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
IMAGE = (
    rf"^([A-Za-z0-9][-A-Za-z0-9.]*(:[0-9]+)?/)?{_PART}(/{_PART})*"
    r"(:[A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?(@[a-z0-9]+:[0-9a-f]{32,128})?$"
)
"""The name of an image, with a tag or digest (github.com/distribution/reference)."""


class Zone(Item):
    """One DNS zone."""

    name: Subdomain = Field(title="Name", description="Name of the zone.", examples=["example.com"])
    provider: DnsProvider = Field(
        "none",
        title="Provider",
        description="What keeps its records. `none`: somebody does, from `output/_dns/plan.json`.",
    )
    clusters: ClusterSelector | None = Field(
        None, title="Clusters", description="Clusters whose controllers keep the zone. Absent: all with entry points."
    )
    ttl: Annotated[int, Field(ge=1, le=86400)] = Field(
        60, title="TTL", description="Seconds for which clients may keep an answer."
    )
    origin_names: bool = Field(
        False,
        title="Origin names",
        description="Whether each entry point of a host gets a name of its own below the host, at which a CDN reaches "
        "it. It is an address and no host of the gateway's: the CDN has to send the published host, as `Host` and in "
        "SNI.",
    )
    account: Annotated[str, Field(pattern=r"^[0-9]{12}$")] | None = Field(
        None, title="Account", description="AWS account of the zone.", examples=["123456789012"]
    )
    hosted_zone_id: str | None = Field(
        None, title="Hosted zone", description="ID of the hosted zone in Route 53.", examples=["Z0123456789ABCDEFGHIJ"]
    )
    oidc_issuers: dict[ClusterName, str] = Field(
        {}, title="OIDC issuers", description="Cluster → URL of the issuer of its service accounts' tokens."
    )
    role_arn: str | None = Field(
        None, title="Role", description="ARN of the IAM role that the controller takes. Absent: one that meshgen names."
    )
    annotation_prefix: AnnotationPrefix | None = Field(
        None, title="Annotation prefix", description="Prefix of the annotations that the controller reads."
    )
    health_check_ids: dict[str, str] = Field(
        {},
        title="Health checks",
        description="Entry point → ID of a health check that somebody made, for a provider that makes none.",
    )


class Dns(Item):
    """DNS of the published hosts."""

    zones: list[Zone] = Field([], title="Zones", description="The zones; a host is in the longest that it ends with.")


class Canary(Item):
    """The infrastructure health check: a small service in every workload cluster, behind every entry point."""

    host: Subdomain = Field(title="Host", description="Its DNS name.", examples=["canary.example.com"])
    namespace: Label = Field("meshgen-canary", title="Namespace", description="Namespace of its own.")
    image: Annotated[str, Field(pattern=IMAGE, max_length=512)] = Field(
        title="Image",
        description="Image that answers HTTP on `port`, as another user than root.",
        examples=["docker.io/mccutchen/go-httpbin:latest"],
    )
    port: Annotated[int, Field(ge=1024, le=65535)] = Field(8080, title="Port", description="Port of its container.")
    path: Path = Field("/", title="Path", description="Path that answers.", examples=["/status/200"])
    expected_status: Annotated[int, Field(ge=100, le=599)] = Field(
        200, title="Status", description="Status of a healthy answer."
    )
