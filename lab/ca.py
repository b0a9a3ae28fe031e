"""The certificate authority that all clusters of a fleet share, plugged into every istiod."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from lab.network import run

if TYPE_CHECKING:
    from pathlib import Path


def make_authority(directory: Path) -> Path:
    """Make a self-signed authority in the layout of istiod's `ROOT_CA_DIR`."""
    directory.mkdir(parents=True)
    key, certificate = directory / "ca-key.pem", directory / "ca-cert.pem"
    _key_pair(key, certificate, "/O=meshgen lab/CN=root", ca=True)
    for name in ("root-cert.pem", "cert-chain.pem"):
        shutil.copyfile(certificate, directory / name)
    return directory


def make_token_key(directory: Path) -> Path:
    """Make the key by which an API server signs the tokens of service accounts."""
    key = directory / "token-key.pem"
    _key_pair(key, directory / "token-cert.pem", "/CN=tokens", ca=False)
    return key


def _key_pair(key: Path, certificate: Path, subject: str, *, ca: bool) -> None:
    use = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"] if ca else []
    kind = ["-newkey", "rsa:2048", "-nodes", "-sha256", "-days", "2"]
    where = ["-keyout", str(key), "-out", str(certificate)]
    run("openssl", "req", "-x509", *kind, *where, "-subj", subject, *use)
