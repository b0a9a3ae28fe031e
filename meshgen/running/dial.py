"""Who answers at a gateway's address under a server name: the beginning of a TLS connection, and nothing behind it.

A gateway with `AUTO_PASSTHROUGH` opens no TLS: who answers is the sidecar behind it. By TLS 1.3 it shows its
certificate before it asks for the client's, so that a client without one learns who it is (RFC 8446 §2); it is turned
away after that.
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Literal, NamedTuple

ALPN = "istio"
"""Gateways and sidecars take connections of the mesh by it (pilot/pkg/networking/util, ALPNInMesh)."""


class Dial(NamedTuple):
    """What to ask for."""

    address: str
    port: int
    server_name: str

    @property
    def at(self) -> str:
        return f"{f'[{self.address}]' if ':' in self.address else self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it; with `identities` None nobody could be seen."""

    refused: str = ""
    """Why nobody took the connection."""
    lost: Literal["", "closes", "does not answer"] = ""
    """What became of one that was taken, before anybody showed a certificate."""
    identities: tuple[str, ...] | None = None
    """The URIs of the certificate."""
    trusted: bool | None = None
    """Whether it leads to the root; None: there was none to compare with."""


def dial(asked: Dial, root: str, seconds: float) -> Answer:
    """Begin a TLS connection. `root`: the mesh's root certificates, PEM; empty: nobody knows them.

    Never raises for what the other end does; `ModuleNotFoundError` where the library `cryptography` is missing.
    """
    try:
        answer = _begin(asked, root, seconds)
        if answer.trusted is False:
            return Answer(identities=_begin(asked, "", seconds).identities, trusted=False)
    except TimeoutError:
        return Answer(refused="no answer in time")
    except OSError as error:
        return Answer(refused=(error.strerror or str(error)).lower())
    return answer


def _begin(asked: Dial, root: str, seconds: float) -> Answer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # identities of the mesh are URIs
    context.verify_mode = ssl.CERT_REQUIRED if root else ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols([ALPN])
    if root:
        context.load_verify_locations(cadata=root)
    with socket.create_connection((asked.address, asked.port), seconds) as connection:
        try:
            with context.wrap_socket(connection, server_hostname=asked.server_name) as secured:
                certificate = secured.getpeercert(binary_form=True)
        except ssl.SSLCertVerificationError:
            return Answer(trusted=False)
        except TimeoutError:
            return Answer(lost="does not answer")
        except (ssl.SSLEOFError, ConnectionError):
            return Answer(lost="closes")
        except ssl.SSLError as error:
            # It speaks, and not TLS 1.3: nothing can be seen of who it is.
            return Answer(lost="closes" if "EOF" in str(error) else "")
    return Answer(identities=_uris(certificate), trusted=True if root else None) if certificate else Answer()


def _uris(certificate: bytes) -> tuple[str, ...]:
    from cryptography import x509

    try:
        names = x509.load_der_x509_certificate(certificate).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(names.value.get_values_for_type(x509.UniformResourceIdentifier))
