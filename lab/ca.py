"""The certificate authorities: the one that all clusters of a fleet share, and the one that users outside trust."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from lab.network import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_RSA = ("-newkey", "rsa:2048")
_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")  # made in no time
_TWO_DAYS = ("-nodes", "-sha256", "-days", "2")


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


class WebAuthority:
    """Who certifies names to people outside; the mesh does not know it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self._directory = directory
        self.certificate = directory / "ca-cert.pem"
        self._key = directory / "ca-key.pem"
        _key_pair(self._key, self.certificate, "/O=meshgen lab/CN=web", ca=True, kind=_EC)

    def certify(self, hosts: Sequence[str]) -> tuple[str, str]:
        """Make a certificate for names (`*.` in front of one covers a label); returns it and its key as PEM."""
        key, certificate = self._directory / "key.pem", self._directory / "cert.pem"
        names = ",".join(f"DNS:{host}" for host in hosts)
        by = ["-CA", str(self.certificate), "-CAkey", str(self._key), "-subj", "/CN=meshgen lab"]
        use = ["-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE"]
        run("openssl", "req", "-x509", *_EC, *_TWO_DAYS, "-keyout", str(key), "-out", str(certificate), *by, *use)
        return certificate.read_text(encoding="ascii"), key.read_text(encoding="ascii")


def _key_pair(key: Path, certificate: Path, subject: str, *, ca: bool, kind: Sequence[str] = _RSA) -> None:
    use = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"] if ca else []
    where = ["-keyout", str(key), "-out", str(certificate)]
    run("openssl", "req", "-x509", *kind, *_TWO_DAYS, *where, "-subj", subject, *use)
