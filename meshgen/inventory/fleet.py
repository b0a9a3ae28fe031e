"""What an import has to know of the fleet around the inventory: its clusters, and the files of their inventories."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.diagnostics.near import did_you_mean, near
from meshgen.inventory.facts import key_of
from meshgen.language.typed import typed_fleet
from meshgen.load.documents import Loaded, load_texts
from meshgen.load.files import read_files
from meshgen.load.nodes import plain_value

if TYPE_CHECKING:
    from meshgen.inventory.facts import Item
    from meshgen.language.fleet import Fleet
    from meshgen.load.documents import Document


_KIND = re.compile(r"^kind:[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)


class FleetFiles:
    """The fleet at a path, read once and when asked for; nothing is there where the path does not exist.

    Inventories, which are the bulk of a fleet, are parsed one by one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parsed: dict[str, tuple[Document, ...]] = {}

    @cached_property
    def sources(self) -> dict[str, str]:
        """The texts of its files, by the name in diagnostics."""
        return read_files(self._path)[0] if self._path.exists() else {}

    @cached_property
    def _inventories(self) -> dict[str, str]:
        return {file: text for file, text in self.sources.items() if set(_KIND.findall(text)) == {"Inventory"}}

    @cached_property
    def _loaded(self) -> Loaded:
        texts = {file: text for file, text in self.sources.items() if file not in self._inventories}
        return load_texts(texts, [])[0]

    @cached_property
    def fleet(self) -> Fleet | None:
        """The typed fleet without inventories, None where a mistake keeps it from being read."""
        return typed_fleet(self._loaded)[0] if self._loaded.documents else None

    @cached_property
    def clusters(self) -> list[str]:
        """The names of its clusters, sorted, whatever else is wrong with it."""
        found = {document.name for document in self._loaded.documents if document.kind == "Cluster"}
        for document in self._loaded.documents:
            if document.kind == "Fleet":
                items = document.node.find(["spec", "clusters"]).items or ()
                found |= {value for item in items if isinstance(value := item.find(["name"]).value, str)}
        return sorted(found - {""})

    def unknown_cluster(self, name: str) -> list[Diagnostic]:
        """MG063 where the fleet has clusters, but none of that name."""
        if not self.clusters or name in self.clusters:
            return []
        return [
            diagnose(
                "MG063",
                f"the fleet `{self._path.as_posix()}` has no cluster `{name}`",
                help=did_you_mean(near(name, self.clusters))
                or f"Add the cluster to the fleet first; it has {', '.join(f'`{known}`' for known in self.clusters)}.",
                object=f"cluster/{name}",
            )
        ]

    def document(self, cluster: str) -> Document | None:
        """The inventory of a cluster, wherever in the fleet it is."""
        for file, text in self._inventories.items():
            if cluster in text and file not in self._parsed:
                self._parsed[file] = load_texts({file: text}, [])[0].documents
        documents = (*self._loaded.documents, *(found for parsed in self._parsed.values() for found in parsed))
        return next((found for found in documents if found.kind == "Inventory" and found.name == cluster), None)

    def path(self, cluster: str) -> Path:
        """The file of the inventory of a cluster, or where it belongs."""
        found = self.document(cluster)
        return Path(found.file) if found is not None else Path(self._path, "inventory", f"{cluster}.yaml")

    def services(self, cluster: str) -> dict[tuple[str, ...], Item]:
        """The Services in the inventory of a cluster, as plain data by namespace and name."""
        found = self.document(cluster)
        items = (found.node.find(["spec", "services"]).items if found is not None else None) or ()
        plain = [plain_value(item) for item in items]
        return {key_of(item): dict(item) for item in plain if isinstance(item, dict)}
