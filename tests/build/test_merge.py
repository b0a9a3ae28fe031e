"""Two branches that each expose a service, merged by real Git, need no second build (design §7, owned list)."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.fleets import fleet

if TYPE_CHECKING:
    from pathlib import Path

    from tests.build.conftest import Project

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


def team(name: str, exposed: str) -> str:
    return fleet(f"""
kind: Workspace
metadata: {{name: {name}}}
spec:
  namespaceSelector: {{names: ["*/{name}"]}}
  eastWestGateway: {{name: ew, namespace: {name}}}
  exposedServices: [{exposed}]
""")


def git(root: Path, *arguments: str) -> None:
    identity = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    environment = os.environ | identity | alone
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, env=environment)


def test_two_branches_that_each_expose_a_service_merge_into_what_their_fleet_says(project: Project) -> None:
    project.write(PLATFORM)
    for name in ("web", "api"):
        (project.fleet / f"{name}.yaml").write_text(team(name, ""))
    assert project.build().code == 0
    git(project.root, "init", "-q", "-b", "main")
    git(project.root, "add", ".")
    git(project.root, "commit", "-q", "-m", "nothing is exposed")

    for name in ("web", "api"):
        git(project.root, "checkout", "-q", "-b", name, "main")
        (project.fleet / f"{name}.yaml").write_text(team(name, f"{name}.{name}.svc.cluster.local"))
        assert project.build().code == 0
        git(project.root, "add", ".")
        git(project.root, "commit", "-q", "-m", f"expose {name}")

    git(project.root, "merge", "-q", "--no-edit", "web")
    assert len(project.names("c2/*/serviceentry*")) == 2
    outcome = project.build("--check")
    assert (outcome.code, outcome.out) == (0, "")
