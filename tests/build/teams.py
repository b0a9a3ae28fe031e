"""A repository with a fleet of two teams, and what it says of what was in use before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.build.project import Project
from tests.fleets import fleet
from tests.git.support import commit, git, put

if TYPE_CHECKING:
    from pathlib import Path

WEB = "web.web.svc.cluster.local"
API = "api.api.svc.cluster.local"
CUT = f"`{WEB}` would no longer be exposed by `c1`, but `c2` still calls it there, as of commit "
UNKNOWN = "nobody knows what is in use"
PLATFORM = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]
---
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: web}, {name: api}]
  services:
  - {name: web, namespace: web, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  - {name: api, namespace: api, selector: {app: api}, ports: [{name: http, port: 80}], serviceAccounts: [api]}
  gateways:
  - {name: ew, namespace: web, addresses: [198.51.100.1]}
  - {name: ew, namespace: api, addresses: [198.51.100.2]}
---
kind: Inventory
metadata: {name: c2}
spec: {namespaces: [{name: web}, {name: api}]}
"""


def shown(host: str, namespace: str) -> str:
    """A host that clients of one namespace see."""
    return f"{{host: {host}, consumerNamespaces: [{namespace}]}}"


DRAINED = f"{{host: {WEB}, state: draining}}"


def team(name: str, exposed: str) -> str:
    return fleet(f"""
kind: Workspace
metadata: {{name: {name}}}
spec:
  namespaceSelector: {{names: ["*/{name}"]}}
  eastWestGateway: {{name: ew, namespace: {name}}}
  exposedServices: [{exposed}]
""")


class Teams(Project):
    """A repository with a fleet of two teams, a file each."""

    def say(self, name: str, exposed: str) -> None:
        """What a team exposes."""
        put(self.fleet, f"{name}.yaml", team(name, exposed))

    def step(self, name: str, exposed: str, *arguments: str) -> str:
        """Say it, build, commit: the id of the commit."""
        self.say(name, exposed)
        outcome = self.build(*arguments)
        assert outcome.code == 0, outcome.said
        return commit(self.root, f"{name}: {exposed}")

    def git(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        return git(self.root, *arguments, codes=codes)

    def guard(self, *arguments: str) -> list[str]:
        """Whom a build would cut off."""
        return self.build("--check", *arguments).messages("MG650")

    def clone(self, to: Path, *arguments: str) -> Teams:
        git(self.root, "clone", "--quiet", *arguments, self.root.as_uri(), str(to))
        return replace(self, root=to)
