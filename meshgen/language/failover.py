"""How callers of a service move to another cluster; every absent field is inherited."""

from typing import Annotated, Literal

from pydantic import Field

from meshgen.language.base import UINT32, Duration, IdempotentRequest, Item

RetryMode = Literal["auto", "virtualService", "meshConfig", "off"]
Idempotent = Literal["all", "safeMethods", "none"]
Percent = Annotated[int, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=0, le=UINT32)]


class OutlierDetection(Item):
    """Istio's outlier detection, field by field; absent fields keep meshgen's defaults."""

    consecutive_gateway_errors: Count | None = Field(
        None, title="Gateway errors", description="Errors 502, 503, 504 in a row that take an endpoint out."
    )
    consecutive_5xx_errors: Count | None = Field(
        None,
        alias="consecutive5xxErrors",
        title="5xx errors",
        description="Errors 5xx in a row that take an endpoint out; 0 switches this off, which is the default: "
        "one gateway address stands for all remote pods.",
    )
    interval: Duration | None = Field(None, title="Interval", description="Time between two sweeps.")
    base_ejection_time: Duration | None = Field(
        None, title="Base ejection time", description="Shortest time for which an endpoint stays out."
    )
    max_ejection_percent: Percent | None = Field(
        None, title="Largest ejected share", description="Share of the endpoints that may be out at once."
    )
    min_health_percent: Percent | None = Field(
        None, title="Smallest healthy share", description="Below this share outlier detection is off."
    )
    split_external_local_origin_errors: bool | None = Field(
        None, title="Split errors", description="Tell local errors (connect, timeout) from those of the server."
    )
    consecutive_local_origin_failures: Count | None = Field(
        None,
        title="Local failures",
        description="Local errors in a row that take an endpoint out; needs `splitExternalLocalOriginErrors`.",
    )


class Retries(Item):
    """The retries that make failover lossless, and who carries them."""

    mode: RetryMode | None = Field(
        None,
        title="Who retries",
        description="`virtualService`: one VirtualService a service; `meshConfig`: the mesh's default retry "
        "policy, whose snippet is written to `_setup`; `off`: nobody; `auto` (default): the mesh's policy where "
        "the inventory knows of it, else a VirtualService.",
    )
    attempts: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, title="Attempts", description="Retries of one request. Default: enough to reach a remote endpoint."
    )
    per_try_timeout: Duration | None = Field(
        None,
        title="Timeout of one try",
        description="Longest time for one try, such as `2s`. What may run twice is tried again, everything else fails "
        "then; five in a row move the callers on. Default: none, so requests wait with an application that hangs, or "
        "on a connection whose other end has vanished.",
    )
    idempotent: Idempotent | None = Field(
        None,
        title="What may run twice",
        description="`safeMethods` (default): GET, HEAD and OPTIONS, which are retried after 503 and resets, too; all "
        "others, gRPC among them, where no server can have seen them and where Istio retries by itself (gRPC answers "
        "UNAVAILABLE and CANCELLED). `all`: every request is retried like a safe one. `none`: nothing, not even what "
        "Istio retries, unless no server can have seen it. Only a VirtualService can tell requests apart.",
    )
    idempotent_requests: list[IdempotentRequest] | None = Field(
        None,
        title="Requests that may run twice",
        description="gRPC methods and HTTP paths, the latter after a method or not, that may run twice whatever "
        "`idempotent` says; `*` stands at the end.",
        examples=[["/shop.Cart/GetCart", "PUT /carts/*"]],
    )


class Failover(Item):
    """What happens when the local copy of a service fails."""

    enabled: bool | None = Field(
        None, title="Enabled", description="Whether callers with a local copy may move to a remote one (default true)."
    )
    retries: Retries | None = Field(None, title="Retries", description="Retries of failed requests.")
    outlier_detection: OutlierDetection | None = Field(
        None, title="Outlier detection", description="When an endpoint counts as failed."
    )
    zone_aware: bool | None = Field(
        None,
        title="Zones",
        description="Whether endpoints of the own zone come first (default false). Without it about a quarter of the "
        "requests go to another cluster when one of two local zones is dead: Envoy sends a part away from a level with "
        "less than about 72 % of its endpoints alive.",
    )
