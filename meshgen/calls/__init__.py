"""How each consumer gets each exposed host, and why: derived once from the fleet."""

from meshgen.calls.model import Call, Import, Level, Reason, RemoteEndpoint, Taken
from meshgen.calls.table import Calls

__all__ = ["Call", "Calls", "Import", "Level", "Reason", "RemoteEndpoint", "Taken"]
