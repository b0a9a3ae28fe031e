"""What all models share: strictness, camelCase names, and where in the fleet an item was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, PrivateAttr, model_validator
from pydantic.alias_generators import to_camel

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

    def span(self, *path: str | int) -> Span | None:
        """The place of the value at `path` (camelCase keys and indices), else of its nearest written parent."""
        return None if self._node is None else self._node.find(path).span

    def key_span(self, key: str) -> Span | None:
        """The place of the key `key` itself, else of the whole item."""
        return None if self._node is None else self._node.key_span(key)


LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
LABEL_KEY = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"

LabelValue = Annotated[str, Field(pattern=LABEL_VALUE, max_length=63)]
"""The value of a Kubernetes label; may be empty."""
Labels = dict[Annotated[str, Field(pattern=LABEL_KEY, max_length=317)], LabelValue]
"""Kubernetes labels."""


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
ClusterName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$", max_length=253)]
"""The name of a cluster; it names a directory of the output tree, so it cannot start with `_` or `.`."""
Port = Annotated[int, Field(ge=1, le=65535)]
DURATION = r"^([0-9]+(\.[0-9]+)?(h|m|s|ms))+$"
Duration = Annotated[str, Field(pattern=DURATION)]
"""A duration as Istio reads it: `250ms`, `10s`, `1m30s`."""
IdempotentRequest = Annotated[str, Field(pattern=r"^([A-Z]+ )?/[^\s?#*]*\*?$", max_length=1024)]
"""A path or a gRPC method, after an HTTP method or not: `PUT /carts/*`, `/shop.Cart/GetCart`."""
IstioVersion = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+(\.[0-9]+)?(-[0-9A-Za-z.+-]+)?$")]
