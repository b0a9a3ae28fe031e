"""A DNS name that users outside the mesh call. Accepted and checked; compiled by a later version."""

from __future__ import annotations

from pydantic import Field

from meshgen.language.base import Item, Label, Port, ServiceLabel, Subdomain


class PublishedHost(Item):
    """A DNS name that users outside the mesh call, through edge or ingress gateways."""

    name: Subdomain = Field(title="Name", description="Name of this item; often the host itself.")
    host: Subdomain | None = Field(
        None, title="Host", description="The DNS name. Absent: the item's name.", examples=["bookinfo.example.com"]
    )
    workspace: Label = Field(title="Workspace", description="The workspace whose service answers.")
    service: Subdomain = Field(
        title="Service",
        description="Fully qualified name of the service that answers.",
        examples=["productpage.bookinfo.svc.cluster.local"],
    )
    port: Port | None = Field(None, title="Port", description="Port of the service. Absent: its only port.")
    gateway: ServiceLabel = Field(title="Gateway", description="Name of the `edge` or `ingress` gateway.")
