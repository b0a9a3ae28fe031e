"""What Istio takes a Service's port for: ConvertProtocol, pkg/config/kube/conversion.go, line by line."""

from __future__ import annotations

from typing import Any

import pytest

from meshgen.analysis.protocols import protocol_of
from meshgen.language.inventory import ServicePort


def port(number: int = 8080, **fields: Any) -> ServicePort:
    return ServicePort.model_validate({"port": number, **fields})


@pytest.mark.parametrize(
    ("name", "protocol"),
    [
        ("http", "HTTP"),
        ("http-rpc", "HTTP"),
        ("http2", "HTTP2"),
        ("https-admin", "HTTPS"),
        ("grpc", "GRPC"),
        ("grpc-web", "GRPC-WEB"),
        ("grpc-web-ui", "GRPC-WEB"),
        ("grpc-website", "GRPC-WEB"),
        ("grpc-api", "GRPC"),
        ("tcp-db", "TCP"),
        ("tls", "TLS"),
        ("mongo", "MONGO"),
        ("mysql-main", "MYSQL"),
        ("redis", "REDIS"),
        ("udp-log", "UDP"),
        ("web", None),
        ("httpx", None),
        ("mongodb", None),
        ("my-http", None),
    ],
)
def test_a_name_counts_up_to_its_first_dash(name: str, protocol: str | None) -> None:
    assert protocol_of(port(name=name)) == protocol


@pytest.mark.parametrize(
    ("app_protocol", "protocol"),
    [
        ("kubernetes.io/h2c", "HTTP2"),
        ("kubernetes.io/ws", "HTTP"),
        ("kubernetes.io/wss", "HTTPS"),
        ("grpc-web", "GRPC-WEB"),
        ("HTTP", "HTTP"),
        ("http-foo", "HTTP"),
        ("http_proxy", "HTTP"),
        ("mysql", "MYSQL"),
        ("tcp", "TCP"),
        ("example.com/thrift", None),
        ("kubernetes.io/H2C", None),
        ("thrift", None),
        ("postgres", None),
    ],
)
def test_an_app_protocol_counts_and_the_name_beside_it_does_not(app_protocol: str, protocol: str | None) -> None:
    assert protocol_of(port(name="tls-rpc", appProtocol=app_protocol)) == protocol


@pytest.mark.parametrize("number", [25, 53, 3306, 27017])
def test_a_well_known_port_of_a_server_that_speaks_first_is_tcp_unless_it_says_otherwise(number: int) -> None:
    assert protocol_of(port(number, name="db")) == "TCP"
    assert protocol_of(port(number, name="db", appProtocol="example.com/thrift")) == "TCP"
    assert protocol_of(port(number)) == "TCP"
    assert protocol_of(port(number, name="http")) == "HTTP"


@pytest.mark.parametrize("number", [5432, 6379, 587, 80, 443])
def test_no_other_number_says_anything(number: int) -> None:
    assert protocol_of(port(number, name="db")) is None


def test_udp_is_udp() -> None:
    assert protocol_of(port(53, name="http", protocol="UDP")) == "UDP"
