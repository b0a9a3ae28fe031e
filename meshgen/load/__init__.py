"""Reading: YAML files to documents with positions. Nothing here knows what a field means."""

from meshgen.load.documents import Document, Loaded, load
from meshgen.load.nodes import Node

__all__ = ["Document", "Loaded", "Node", "load"]
