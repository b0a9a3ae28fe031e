"""What all models share: strictness, camelCase names, and where in the fleet an item was written."""

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from meshgen.load.nodes import Node

if TYPE_CHECKING:
    from meshgen.diagnostics import Span


class Item(BaseModel):
    """A mapping of the fleet, read-only, that knows where it was written."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=to_camel,
        defer_build=True,
    )

    _node: Node | None = PrivateAttr(default=None)

    @model_validator(mode="wrap")
    @classmethod
    def _remember_node(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        item = handler(data)
        item._node = getattr(data, "node", None)  # noqa: SLF001 - its own class
        return item

    def span(self, *path: str | int) -> "Span | None":
        """The place of the value at `path` (camelCase keys and indices), else of its nearest written parent."""
        return None if self._node is None else self._node.find(path).span

    def key_span(self, key: str) -> "Span | None":
        """The place of the key `key` itself, else of the whole item."""
        return None if self._node is None else self._node.key_span(key)


LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
LABEL_KEY = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
)

LabelValue = Annotated[str, Field(pattern=LABEL_VALUE, max_length=63)]
"""The value of a Kubernetes label; may be empty."""
_Key = Annotated[str, Field(pattern=LABEL_KEY, max_length=317)]
Labels = dict[_Key, LabelValue]
"""Kubernetes labels."""
Annotations = dict[_Key, str]
"""Kubernetes annotations."""


class ClusterSelector(Item):
    """Which clusters: those whose name matches one of the patterns and that carry all the labels."""

    names: list[str] | None = Field(
        None,
        title="Name patterns",
        description="Names of clusters; `*` stands alone or at the end. Absent: every name.",
        examples=[["cluster-1", "eu-*"]],
    )
    labels: Labels | None = Field(
        None,
        title="Labels",
        description="Labels that the cluster must carry. Absent: any.",
        examples=[{"tier": "prod"}],
    )


LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
SERVICE_LABEL = r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"
SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"

Label = Annotated[str, Field(pattern=LABEL, max_length=63)]
"""A DNS-1123 label: namespaces, workspaces."""
ServiceLabel = Annotated[str, Field(pattern=SERVICE_LABEL, max_length=63)]
"""A DNS-1035 label: Services, and gateways since each has a Service of its name."""
Subdomain = Annotated[str, Field(pattern=SUBDOMAIN, max_length=253)]
"""A DNS-1123 subdomain: names of custom resources, hosts."""
LONGEST_CLUSTER_NAME = 200
"""File names have 255 bytes, and those of a cluster's lists, inventories and their temporary files are longer."""
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""File names that Windows reserves, with any extension: no checkout there can have them.

https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""


def _unreserved(name: str) -> str:
    if RESERVED.fullmatch(name):
        raise PydanticCustomError("reserved_name", "reserved")
    return name


ClusterName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$", max_length=LONGEST_CLUSTER_NAME),
    AfterValidator(_unreserved),
]
"""The name of a cluster; it names a directory of the output tree, so it cannot start with `_` or `.`."""
INT32, UINT32 = 2**31 - 1, 2**32 - 1
"""The largest numbers that the API server reads into fields of these types."""
IPFamily = Literal["IPv4", "IPv6"]
"""A family of IP addresses, as Kubernetes names it."""
Port = Annotated[int, Field(ge=1, le=65535)]
_UNIT = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_LONGEST_DURATION = (2**63 - 1) // 1_000_000
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|ms|m|s)")


def _possible(duration: str) -> str:
    time = milliseconds(duration)
    if time > _LONGEST_DURATION or (time > 1 and time.denominator != 1):
        raise PydanticCustomError("duration", "out of range")
    return duration


def milliseconds(duration: str) -> Fraction:
    """`1m30s` → 90000."""
    return sum((Fraction(number) * _UNIT[unit] for number, unit in _PART.findall(duration)), Fraction())


def seconds(duration: str) -> str:
    """The same time in seconds alone, as protobuf's JSON has it: `1m30s` → `90s`, `250ms` → `0.25s`."""
    whole = milliseconds(duration)
    return f"{float(whole / 1000):.3f}".rstrip("0").rstrip(".") + "s"


DURATION = r"^([0-9]+(\.[0-9]+)?(h|m|s|ms))+$"
Duration = Annotated[str, Field(pattern=DURATION, max_length=63), AfterValidator(_possible)]
"""A duration as Istio reads it: `250ms`, `10s`, `1m30s`.

In whole milliseconds (Istio: `ValidateDuration`, pkg/config/validation; MG370 for what is shorter than one), and no
more than Go's `time.ParseDuration` takes, 63 bits of nanoseconds.
"""
PATH = r"^/[^\s?#]*$"
Path = Annotated[str, Field(pattern=PATH, max_length=1024)]
"""The path of a URL."""
IdempotentRequest = Annotated[str, Field(pattern=r"^([A-Z]+ )?/[^\s?#*]*\*?$", max_length=1024)]
"""A path or a gRPC method, after an HTTP method or not: `PUT /carts/*`, `/shop.Cart/GetCart`."""
IstioVersion = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+(\.[0-9]+)?(-[0-9A-Za-z.+-]+)?$", max_length=128)]
TetrateVersion = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+(\.[0-9]+)?(-[0-9A-Za-z.+-]+)?$", max_length=128)]
