"""A repository with a bare remote and a branch, and a forge that keeps comments."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.fleets import fleet
from tests.git.support import commit, git, init

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INVENTORY = """
kind: Inventory
metadata: {name: %s}
spec:
  namespaces: [{name: web}]
  services:
  - {name: web, namespace: web, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  - {name: api, namespace: web, selector: {app: api}, ports: [{name: http, port: 80}], serviceAccounts: [api]}
  gateways:
  - {name: ew, namespace: web, addresses: [%s]}
"""
FLEET = fleet(
    """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  istio: {dnsCapture: true}
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]
---
kind: Workspace
metadata: {name: web}
spec:
  namespaceSelector: {names: ["*/web"]}
  eastWestGateway: {name: ew, namespace: web}
  exposedServices: [web.web.svc.cluster.local]
""",
    INVENTORY % ("c1", "192.0.2.1, 192.0.2.2"),
    INVENTORY % ("c2", "198.51.100.1, 198.51.100.2"),
)
CHANGED = FLEET.replace("[web.web.svc.cluster.local]", "[web.web.svc.cluster.local, api.web.svc.cluster.local]")


@dataclass
class Repository:
    """A clone with `main` and `change` checked out, its bare remote, and the variables of a pipeline of GitHub."""

    home: Path
    remote: Path
    temporary: Path

    def pull_request(self, **more: Any) -> dict[str, str]:
        """The variables of a pipeline for the branch `change`; `more`: fields of the event's `pull_request`."""
        repository = {"full_name": "company/mesh"}
        pull = {
            "number": 7,
            "head": {"ref": "change", "sha": git(self.home, "rev-parse", "HEAD"), "repo": repository},
            "base": {"ref": "main", "repo": repository},
            **more,
        }
        event = self.temporary / "event.json"
        event.write_text(json.dumps({"pull_request": pull}))
        return self.variables("pull_request") | {"GITHUB_BASE_REF": "main"}

    def variables(self, event: str) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(self.temporary / "event.json"),
            "GITHUB_REPOSITORY": "company/mesh",
            "GITHUB_REF_TYPE": "branch",
            "GITHUB_REF_NAME": "main",
            "GITHUB_STEP_SUMMARY": str(self.temporary / "summary.md"),
            "GITHUB_OUTPUT": str(self.temporary / "outputs"),
        }

    def read(self, name: str) -> str:
        file = self.temporary / name
        return file.read_text() if file.exists() else ""

    def pushed(self, branch: str) -> str:
        """The last commit of a branch of the remote: who, what."""
        return git(self.remote, "log", "-1", "--format=%an: %s", branch)


def repository(directory: Path) -> Repository:
    """The fleet and its output on `main`; on `change` the fleet exposes one Service more, and the output is old."""
    from meshgen.cli import main

    home, remote, temporary = directory / "clone", directory / "remote.git", directory / "temporary"
    temporary.mkdir()
    init(home)
    git(directory, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    commit(home, **{"fleet/fleet.yaml": FLEET})
    main(["build", str(home / "fleet"), "-o", str(home / "output"), "--quiet", "--kubeconform", "off"])
    git(home, "add", "--all")
    git(home, "commit", "--quiet", "--message", "Build")
    git(home, "branch", "--move", "main")
    git(home, "remote", "add", "origin", str(remote))
    git(home, "push", "--quiet", "origin", "main")
    git(home, "checkout", "--quiet", "-b", "change")
    commit(home, **{"fleet/fleet.yaml": CHANGED})
    git(home, "push", "--quiet", "origin", "change")
    git(home, "fetch", "--quiet", "origin")
    return Repository(home, remote, temporary)


@dataclass
class Asked:
    """What a forge was asked, and what it answers."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    refuses: int = 0
    """Status of every answer to a writing request; 0: it is done."""


@contextmanager
def api() -> Iterator[Asked]:
    """The comments of GitHub's API, or the notes of GitLab's: listed, added, changed."""
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.requests.append((self.command, self.path))
            asked.headers.append({key.lower(): value for key, value in self.headers.items()})
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, told = 200, list[Any]()
            if self.command == "GET":
                told = asked.comments if self.path.endswith("page=1") else []
            elif asked.refuses:
                status = asked.refuses
            elif self.command == "POST":
                asked.comments.append({"id": len(asked.comments), "user": {"type": "Bot"}, **json.loads(body)})
            else:
                asked.comments[int(self.path.rpartition("/")[2])] |= json.loads(body)
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", f"{asked.url}/elsewhere")
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815 - names of http.server

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    asked.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
