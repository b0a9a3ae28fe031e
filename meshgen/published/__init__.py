"""What follows from published hosts: who serves them, where users enter, who is called first. Derived once."""

from meshgen.published.model import Published, PublishedGateway, PublishedRoute, Unserving
from meshgen.published.table import published_hosts

__all__ = ["Published", "PublishedGateway", "PublishedRoute", "Unserving", "published_hosts"]
