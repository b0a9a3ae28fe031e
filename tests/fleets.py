"""Small fleets as text, and what they compile to."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from meshgen.pipeline import compile_fleet

if TYPE_CHECKING:
    from meshgen.calls import Calls
    from meshgen.diagnostics import Diagnostic
    from meshgen.emit.artifact import Artifact
    from meshgen.pipeline import Compilation
    from meshgen.plan.model import ClusterPlan, Plan

API_VERSION = "apiVersion: meshgen.io/v1\n"
_IDENTITY = re.compile(r"^kind: (\w+)\nmetadata: \{name: ([\w-]+)\}$", re.MULTILINE)


def documents(text: str) -> list[str]:
    """The documents of a text. `apiVersion` may be left out; each starts with `kind` and `metadata: {name: …}`."""
    return [document.strip() + "\n" for document in re.split(r"^---$", text, flags=re.MULTILINE) if document.strip()]


def fleet(*texts: str) -> str:
    """Several texts as one fleet: a document of a later text replaces that of the same kind and name."""
    chosen: dict[tuple[str, ...], str] = {}
    for text in texts:
        for document in documents(text):
            found = _IDENTITY.search(document)
            assert found, f"no kind and name on the first lines of:\n{document}"
            chosen[found.groups()] = document if "apiVersion" in document else API_VERSION + document
    return "---\n".join(chosen.values())


@dataclass(frozen=True)
class Compiled:
    """A compiled fleet, with short ways to its objects."""

    compilation: Compilation

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return self.compilation.diagnostics

    @property
    def codes(self) -> list[str]:
        return [diagnostic.code for diagnostic in self.diagnostics]

    @property
    def errors(self) -> list[str]:
        return [f"{item.code} {item.message}" for item in self.diagnostics if item.severity == "error"]

    @property
    def plan(self) -> Plan:
        assert self.compilation.plan is not None, self.errors
        return self.compilation.plan

    @property
    def calls(self) -> Calls:
        assert self.compilation.calls is not None, self.errors
        return self.compilation.calls

    def cluster(self, name: str) -> ClusterPlan:
        return next(cluster for cluster in self.plan.clusters if cluster.cluster == name)

    def manifests(self, kind: str = "", *, cluster: str = "") -> list[Artifact]:
        """Objects in the order of their files; `kind` as `Gateway` or `Gateway.networking.istio.io`."""
        assert not self.errors, self.errors
        return [
            manifest
            for manifest in self.compilation.manifests
            if kind in ("", manifest.kind, f"{manifest.kind}.{manifest.group}") and cluster in ("", manifest.cluster)
        ]

    def names(self, kind: str = "", *, cluster: str = "") -> list[str]:
        """`namespace/name` of the objects, sorted."""
        return sorted(f"{item.namespace}/{item.name}" for item in self.manifests(kind, cluster=cluster))

    def body(self, kind: str, *, cluster: str = "", name: str = "") -> dict[str, Any]:
        """The only object of that kind, cluster and name."""
        (found,) = [m for m in self.manifests(kind, cluster=cluster) if name in ("", m.name)]
        return found.body

    def spec(self, kind: str, *, cluster: str = "", name: str = "") -> dict[str, Any]:
        spec: dict[str, Any] = self.body(kind, cluster=cluster, name=name)["spec"]
        return spec

    def specs(self, kind: str, *, cluster: str = "") -> dict[str, dict[str, Any]]:
        """Specs by name, in the order of the names."""
        return dict(sorted((item.name, item.body["spec"]) for item in self.manifests(kind, cluster=cluster)))

    @property
    def kinds(self) -> set[str]:
        return {manifest.kind for manifest in self.manifests()}

    @property
    def files(self) -> dict[str, bytes]:
        assert not self.errors, self.errors
        return self.compilation.files


@cache
def compiled(*texts: str) -> Compiled:
    """The texts, as `fleet` joins them, compiled."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "fleet.yaml")
        file.write_text(fleet(*texts), encoding="utf-8")
        return Compiled(compile_fleet(file))


def read(text: str) -> Any:
    """What a YAML text says."""
    return YAML(typ="safe", pure=True).load(text)


LACKS = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]
---
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: shop}}
---
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}]
  gateways: [{name: ew, namespace: shop, addresses: [198.51.100.1]}]
---
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways: [{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}]
"""
"""Two clusters: `c2` has `web.shop`, `c1` lacks it."""

HAS = f"""
{LACKS}
---
kind: Inventory
metadata: {{name: c1}}
spec:
  namespaces: [{{name: shop}}]
  services:
  - {{name: web, namespace: shop, selector: {{app: web}}, ports: [{{name: http, port: 80}}], serviceAccounts: [web]}}
  gateways: [{{name: ew, namespace: shop, addresses: [198.51.100.1]}}]
"""
"""Two clusters that both have `web.shop`."""

THIRD = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: us, network: n2}
  - {name: c3, region: us, network: n3}
---
kind: Inventory
metadata: {name: c3}
spec: {}
"""
"""A third cluster that has nothing, beside `LACKS` or `HAS`."""
