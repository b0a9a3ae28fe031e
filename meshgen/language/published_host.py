"""A DNS name that users outside the mesh call: what it leads to, through which gateways, and how DNS answers for it."""

from typing import Annotated, Literal

from pydantic import Field

from meshgen.language.base import ClusterSelector, Duration, Item, Label, Path, Port, ServiceLabel, Subdomain
from meshgen.language.failover import Failover
from meshgen.language.traffic import TrafficPolicy

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_]*[A-Za-z0-9])?$", max_length=256)]
HEADER_VALUE = r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$"
HeaderValue = Annotated[str, Field(pattern=HEADER_VALUE, max_length=1024)]
HttpStatus = Annotated[int, Field(ge=100, le=599)]


class GatewayReference(Item):
    """One gateway of the fleet."""

    name: ServiceLabel = Field(title="Name", description="Name of the gateway.")
    namespace: Label = Field(title="Namespace", description="Namespace of the gateway.")


class RouteMatch(Item):
    """Which requests a route takes: those that meet all that is said."""

    prefix: Path | None = Field(
        None,
        title="Prefix",
        description="Beginning of the path, in whole segments: `/api` takes `/api/v1`, not `/apis`.",
    )
    path: Path | None = Field(None, title="Path", description="The whole path.")
    headers: dict[HeaderName, HeaderValue] = Field(
        {}, title="Headers", description="Headers with exactly these values.", examples=[{"x-canary": "yes"}]
    )
    methods: list[Method] = Field([], title="Methods", description="Methods. Empty: all.", examples=[["GET", "HEAD"]])


class Rewrite(Item):
    """What of a request changes before the service gets it."""

    path: Path | None = Field(
        None, title="Path", description="Replaces the matched prefix, or the whole path where `path` matched it."
    )
    host: Subdomain | None = Field(None, title="Host", description="Replaces the host that the service sees.")


class Cors(Item):
    """Cross-origin requests, as browsers ask for them."""

    allow_origins: list[str] = Field(
        title="Origins",
        description="Origins that may call; `*` alone: all.",
        examples=[["https://shop.example.com"]],
        min_length=1,
    )
    allow_methods: list[Method] = Field([], title="Methods", description="Methods that they may use.")
    allow_headers: list[HeaderName] = Field([], title="Headers", description="Headers that they may send.")
    expose_headers: list[HeaderName] = Field([], title="Exposed headers", description="Headers that they may read.")
    max_age: Duration | None = Field(None, title="Longest age", description="How long browsers remember the answer.")
    allow_credentials: bool = Field(False, title="Credentials", description="Whether they may send credentials.")


class Route(Item):
    """Some requests of a published host, and the service that answers them."""

    match: RouteMatch | None = Field(
        None, title="Match", description="Which requests. Absent: all. The first route that takes a request counts."
    )
    service: Subdomain = Field(
        title="Service",
        description="Fully qualified name of the service that answers.",
        examples=["reviews.bookinfo.svc.cluster.local"],
    )
    port: Port | None = Field(None, title="Port", description="Port of the service. Absent: its only port.")
    rewrite: Rewrite | None = Field(None, title="Rewrite", description="What of the request changes.")
    timeout: Duration | None = Field(
        None, title="Timeout", description="Longest time for a request, all tries together."
    )
    cors: Cors | None = Field(None, title="CORS", description="Cross-origin requests.")


class Issuer(Item):
    """Who issues certificates, in cert-manager's terms."""

    kind: Literal["ClusterIssuer", "Issuer"] = Field("ClusterIssuer", title="Kind", description="Kind of the issuer.")
    name: Subdomain = Field(title="Name", description="Name of the issuer.", examples=["letsencrypt"])
    group: Subdomain = Field("cert-manager.io", title="Group", description="API group of the issuer.")


class CertManager(Item):
    """A Certificate of cert-manager for each entry point."""

    issuer: Issuer = Field(title="Certificate issuer", description="Who issues it.")
    challenge: Literal["dns01", "http01"] = Field(
        "dns01",
        title="Challenge",
        description="How the issuer proves the name. `http01` works for a single entry point only.",
    )


class Tls(Item):
    """TLS at the entry points of a host."""

    credential_name: Subdomain = Field(
        title="Credential",
        description="Secret with certificate and key, in the namespace of the gateway in each entry point's cluster.",
    )
    redirect: bool = Field(
        False, title="Redirect", description="Whether requests without TLS are sent to HTTPS instead of refused."
    )
    cert_manager: CertManager | None = Field(
        None, title="cert-manager", description="A Certificate that makes the Secret. Absent: somebody else makes it."
    )


class HealthCheck(Item):
    """How a GSLB finds out whether an entry point answers for a published host."""

    host: Subdomain = Field(
        title="Host", description="Name of the health check, a host of its own.", examples=["health.shop.example.com"]
    )
    path: Path = Field("/", title="Path", description="Path that is asked for.")
    expected_status: HttpStatus = Field(200, title="Status", description="Status of a healthy answer.")
    interval: Duration = Field("30s", title="Interval", description="Time between two checks.")
    threshold: Annotated[int, Field(ge=1, le=10)] = Field(
        3, title="Threshold", description="Checks in a row that change the state."
    )


class PublishedHost(Item):
    """A DNS name that users outside the mesh call, through edge or ingress gateways."""

    name: Subdomain = Field(title="Name", description="Name of this item; often the host itself.")
    host: Subdomain | None = Field(
        None, title="Host", description="The DNS name. Absent: the item's name.", examples=["bookinfo.example.com"]
    )
    workspace: Label = Field(title="Workspace", description="The workspace whose services answer.")
    routes: list[Route] | None = Field(
        None, title="Routes", description="Which service answers which requests, the first match first.", min_length=1
    )
    service: Subdomain | None = Field(
        None,
        title="Service",
        description="Short form of a single route: fully qualified name of the service that answers.",
        examples=["productpage.bookinfo.svc.cluster.local"],
    )
    port: Port | None = Field(None, title="Port", description="Port of `service`. Absent: its only port.")
    tls: Tls | None = Field(None, title="TLS", description="TLS at the entry points. Absent: HTTP.")
    ingress_gateway: GatewayReference = Field(
        title="Ingress gateway", description="The gateway of role `ingress` that publishes it in its clusters."
    )
    edge_gateway: GatewayReference | None = Field(
        None,
        title="Edge gateway",
        description="The gateway of role `edge` in front of the ingress gateways. Absent: DNS leads to these.",
    )
    traffic: TrafficPolicy | None = Field(
        None, title="Traffic", description="Which clusters answer: overrides the workspace's, by field."
    )
    entry_points: TrafficPolicy | None = Field(
        None, title="Entry points", description="Which entry points DNS names, in which order."
    )
    failover: Failover | None = Field(None, title="Failover", description="Overrides the workspace's, by field.")
    health_check: HealthCheck | None = Field(
        None, title="Health check", description="How a GSLB checks the application. Absent: the canary alone."
    )
    draining: ClusterSelector | None = Field(
        None, title="Draining", description="Clusters that answer what is open, and get nothing new."
    )

    @property
    def hostname(self) -> str:
        """The DNS name."""
        return self.host or self.name

    @property
    def answers(self) -> "tuple[Route | PublishedHost, ...]":
        """What names a service and a port: the routes, else the item itself in its short form."""
        if self.routes is not None:
            return tuple(self.routes)
        return (self,) if self.service is not None else ()
