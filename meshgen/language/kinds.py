"""The kinds of documents that a fleet has, and the model of each."""

from pydantic import Field

from meshgen.language.base import Item, Subdomain
from meshgen.language.cluster import Cluster
from meshgen.language.fleet import FleetSpec
from meshgen.language.gateway import Gateway
from meshgen.language.inventory import Inventory
from meshgen.language.published_host import PublishedHost
from meshgen.language.workspace import Workspace


class NamedFleet(FleetSpec):
    """A Fleet document: its name and its spec."""

    name: Subdomain = Field(title="Name", description="Name of the fleet.")


MODELS: dict[str, type[Item]] = {
    "Fleet": NamedFleet,
    "Cluster": Cluster,
    "Gateway": Gateway,
    "Workspace": Workspace,
    "PublishedHost": PublishedHost,
    "Inventory": Inventory,
}
LISTS = {"clusters": "Cluster", "gateways": "Gateway", "workspaces": "Workspace", "publishedHosts": "PublishedHost"}
"""Lists of a Fleet's spec → the kind of document that each of their items may be instead."""
