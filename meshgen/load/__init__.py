"""Reading: YAML files to documents with positions. Nothing here knows what a field means."""

from meshgen.load.documents import Document, Loaded, load, load_contents
from meshgen.load.files import is_fleet_file
from meshgen.load.nodes import Node

__all__ = ["Document", "Loaded", "Node", "is_fleet_file", "load", "load_contents"]
