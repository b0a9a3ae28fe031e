"""Keeps the machine's own kubeconfig and proxies out of the tests; certificates for those of TLS."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session", autouse=True)
def _library() -> None:
    """Takes a second, which belongs to no test."""
    import kubernetes.client  # noqa: F401


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ca.pem`, which signs `server.pem` (for `kubernetes.test`) and `client.pem`, each with its `-key.pem`."""
    directory = tmp_path_factory.mktemp("tls")

    def made(name: str, *options: str) -> None:
        where = ["-keyout", f"{name}-key.pem", "-out", f"{name}.pem"]
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        subprocess.run(
            ["openssl", "req", "-x509", *kind, *where, *options], cwd=directory, check=True, capture_output=True
        )

    signed = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-addext", "basicConstraints=critical,CA:FALSE"]
    made("ca", "-subj", "/CN=ca", "-addext", "keyUsage=critical,keyCertSign")
    made("server", "-subj", "/CN=server", *signed, "-addext", "subjectAltName=DNS:kubernetes.test")
    made("client", "-subj", "/CN=client", *signed)
    return directory
