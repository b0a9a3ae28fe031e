"""Who answers at gateways: real TLS on this machine, and what is made of the answers."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from meshgen.diagnostics.several import ordered
from meshgen.running.dial import Answer, Dial, dial
from meshgen.running.gateways import ask, questions
from tests.fleets import HAS, LACKS, compiled
from tests.running.test_proxies import THREE, WEIGHTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WEB = "outbound_.80_._.web.shop.svc.cluster.local"
WEB_ID = "spiffe://cluster.local/ns/shop/sa/web"
HOST, IDS = "`web.shop.svc.cluster.local`", "cluster.local/ns/shop/sa"
NEITHER = "it does not let the host in, or knows no pod of it"
SECONDS = 2.0


class Authority(NamedTuple):
    """A root of a mesh."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)] if each else []) for each in (subject, issuer)]
    return (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
    )


def authority(name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    built = _builder(name, name, key).add_extension(constraints, critical=True)
    return Authority(key, built.sign(key, hashes.SHA256()))


def server_context(root: Authority, identity: str, directory: Path) -> ssl.SSLContext:
    """Of a sidecar: the certificate of a workload, and nobody without one is let in."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
    issuer = root.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    built = _builder("", str(issuer), key).add_extension(names, critical=True)
    certificate = built.sign(root.key, hashes.SHA256())
    files = directory / "certificate.pem", directory / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    context.load_verify_locations(cadata=root.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["istio"])
    return context


@contextmanager
def gateway(context: ssl.SSLContext | None, server_name: str = WEB) -> Iterator[int]:
    """A listener that lets in one server name, as a gateway does; its port."""

    def peek(connection: socket.socket) -> bytes:
        """The beginning of the connection, without taking it."""
        return connection.recv(4096, socket.MSG_PEEK)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(SECONDS)
                if context is None or server_name.encode() not in peek(connection):
                    continue
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except (ssl.SSLError, OSError):
                    continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(SECONDS)


@pytest.fixture(scope="module")
def root() -> Authority:
    return authority("root")


@pytest.fixture
def sidecar(root: Authority, tmp_path: Path) -> ssl.SSLContext:
    return server_context(root, WEB_ID, tmp_path)


def test_without_a_certificate_of_its_own_a_client_learns_who_answers(root: Authority, sidecar: ssl.SSLContext) -> None:
    with gateway(sidecar) as port:
        assert dial(Dial("127.0.0.1", port, WEB), root.pem, SECONDS) == Answer(identities=(WEB_ID,), trusted=True)
        assert dial(Dial("127.0.0.1", port, WEB), "", SECONDS) == Answer(identities=(WEB_ID,))


def test_another_root_is_seen_and_so_is_who_answers(sidecar: ssl.SSLContext) -> None:
    with gateway(sidecar) as port:
        answer = dial(Dial("127.0.0.1", port, WEB), authority("another").pem, SECONDS)
        assert answer == Answer(identities=(WEB_ID,), trusted=False)


def test_a_server_name_that_nobody_lets_in(root: Authority, sidecar: ssl.SSLContext) -> None:
    with gateway(sidecar) as port:
        other = Dial("127.0.0.1", port, "outbound_.80_._.other.shop.svc.cluster.local")
        assert dial(other, root.pem, SECONDS) == Answer(lost="closes")


def test_a_gateway_that_knows_no_pod(root: Authority) -> None:
    with gateway(None) as port:
        assert dial(Dial("127.0.0.1", port, WEB), root.pem, SECONDS) == Answer(lost="closes")


def test_nobody_takes_the_connection(root: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert dial(Dial("127.0.0.1", port, WEB), root.pem, SECONDS) == Answer(refused="connection refused")


def test_somebody_takes_the_connection_and_says_nothing(root: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answer = dial(Dial("127.0.0.1", listener.getsockname()[1], WEB), root.pem, 0.1)
        assert answer == Answer(lost="does not answer")


def test_what_speaks_older_tls_only_is_left_alone(root: Authority, sidecar: ssl.SSLContext) -> None:
    sidecar.maximum_version = ssl.TLSVersion.TLSv1_2
    with gateway(sidecar) as port:
        assert dial(Dial("127.0.0.1", port, WEB), root.pem, SECONDS) == Answer()


def asked(answer: Callable[[Dial], Answer], *texts: str) -> list[str]:
    found = compiled(*texts)
    outcome = ask("c1", questions(found.calls, "c1"), answer)
    return [f"{finding.code} {finding.message}" for finding in ordered(outcome.findings)]


def fine(_dial: Dial) -> Answer:
    return Answer(identities=(WEB_ID,), trusted=True)


def at(address: str, otherwise: Answer, asked_for: Dial) -> Answer:
    return otherwise if asked_for.address == address else fine(asked_for)


@pytest.mark.parametrize("text", [LACKS, HAS])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (fine, []),
        (lambda _dial: Answer(), []),
        (
            partial(at, "192.0.2.1", Answer(refused="connection refused")),
            ["MG775 nobody takes connections at `192.0.2.1:15443`, a gateway of `c2`: connection refused"],
        ),
        (
            partial(at, "192.0.2.1", Answer(lost="closes")),
            [f"MG776 the gateway of `c2` at `192.0.2.1:15443` closes connections for {HOST}: {NEITHER}"],
        ),
        (
            partial(at, "192.0.2.2", Answer(identities=("spiffe://cluster.local/ns/shop/sa/other",), trusted=True)),
            [f"MG777 {HOST} in `c2` is answered by `{IDS}/other`, and clients accept `{IDS}/web`"],
        ),
        (
            lambda _dial: Answer(identities=(WEB_ID,), trusted=False),
            [f"MG778 who answers for {HOST} in `c2` has a certificate of another root than `c1` trusts"],
        ),
    ],
    ids=["well", "unknown", "dead", "closed", "another identity", "another root"],
)
def test_what_is_made_of_an_answer(answer: Callable[[Dial], Answer], expected: list[str], text: str) -> None:
    assert asked(answer, text) == expected


def test_a_dead_address_is_waited_for_once() -> None:
    dialled: list[str] = []

    def dead(asked_for: Dial) -> Answer:
        dialled.append(asked_for.at)
        return Answer(refused="no answer in time")

    assert [text.split()[0] for text in asked(dead, HAS, THREE, WEIGHTED)] == ["MG775"] * 3
    assert sorted(dialled) == ["192.0.2.1:15443", "192.0.2.2:15443", "203.0.113.1:15443"]


def test_a_gateway_is_asked_for_aliases_too() -> None:
    found = compiled(HAS, THREE, WEIGHTED)
    names = {question.dial.server_name for question in questions(found.calls, "c1")}
    assert names == {
        WEB,
        *(f"outbound_.80_._.web.{cluster}.shop.mesh" for cluster in ("c1", "c2", "c3")),
    }


def test_accounts_that_nobody_knows_are_not_compared() -> None:
    unknown = HAS.replace(", serviceAccounts: [web]", "")
    stranger = Answer(identities=("spiffe://cluster.local/ns/shop/sa/other",), trusted=True)
    assert asked(lambda _dial: stranger, unknown) == []
