"""The Git repository that an engine reads: a bare one, served over https as forges serve theirs."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from lab.ca import WebAuthority

HOST = "git.lab"
URL = f"https://{HOST}/fleet.git"
BRANCH = "main"
_SETTINGS = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "lab",
    "GIT_AUTHOR_EMAIL": "lab@example.com",
    "GIT_COMMITTER_NAME": "lab",
    "GIT_COMMITTER_EMAIL": "lab@example.com",
}


class Repository:
    """A repository at `URL`, and the work tree of the one who commits to its branch `BRANCH`.

    `HOST` has to be a name of 127.0.0.1, and `authority` one that readers trust.
    """

    def __init__(self, directory: Path, authority: WebAuthority, port: int = 443) -> None:
        self._directory = directory
        self._work = directory / "work"
        bare = directory / "served" / "fleet.git"
        bare.mkdir(parents=True)
        self._environment = os.environ | _SETTINGS
        self._git("init", "--quiet", "--bare", f"--initial-branch={BRANCH}", cwd=bare)
        self._git("clone", "--quiet", str(bare), str(self._work), cwd=directory)
        self._git("checkout", "--quiet", "-B", BRANCH)
        self._heads: dict[str, str] = {}
        self._server = _serve(directory, authority, port)

    @property
    def port(self) -> int:
        return self._server.server_port

    def commit(self, tree: Path, message: str, *, below: str = "") -> str:
        """Make a directory of the branch like `tree` and push that; returns the revision, a new one in any case."""
        target = self._work / below
        for old in target.iterdir() if target.is_dir() else ():
            if old.name != ".git":
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        shutil.copytree(tree, target, dirs_exist_ok=True)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", message)
        self._git("push", "--quiet", "origin", BRANCH)
        self._heads[BRANCH] = self._git("rev-parse", "HEAD").strip()
        return self._heads[BRANCH]

    def move(self, branch: str, revision: str) -> None:
        """Let another branch, a new one or not, be at a revision, as what promotes a wave does."""
        self._git("push", "--quiet", "--force", "origin", f"{revision}:refs/heads/{branch}")
        self._heads[branch] = revision

    def head(self, branch: str) -> str:
        """The revision that a branch is at; empty if there is no such branch."""
        return self._heads.get(branch, "")

    def archive(self, revision: str, target: Path) -> None:
        """Write the files of a revision as `.tar.gz`."""
        self._git("archive", "--format=tar.gz", f"--output={target}", revision)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        shutil.rmtree(self._directory)

    def _git(self, *arguments: str, cwd: Path | None = None) -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=cwd or self._work, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
        return done.stdout


class _Handler(BaseHTTPRequestHandler):
    """Gives each request to Git's own CGI program; it reads only."""

    protocol_version = "HTTP/1.1"  # each answer says its length: a connection that just ends is a fault to GnuTLS

    def __init__(self, root: Path, *arguments: object) -> None:
        self._root = root
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self._root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            **_SETTINGS,
        }
        answer = subprocess.run(
            ["git", "http-backend"], env=environment, input=self.rfile.read(length), capture_output=True, check=False
        )
        head, _, body = answer.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - as the base class finds it

    def log_message(self, *_: object) -> None:
        pass


def _serve(directory: Path, authority: WebAuthority, port: int) -> ThreadingHTTPServer:
    certificate, key = authority.certify([HOST])
    chain = directory / "certificate.pem"
    chain.write_text(certificate + key, encoding="ascii")
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory / "served"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    return server
