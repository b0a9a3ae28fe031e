"""Certificates that cert-manager makes for entry points, on every platform."""

from __future__ import annotations

import pytest

from meshgen.platforms import platform_names
from tests.fleets import compiled
from tests.published.fleets import EDGE, short

TLS = "  tls: {credentialName: shop-cert, certManager: {issuer: {kind: Issuer, name: private}}}"
OTHER = (
    short(f"{TLS}\n  healthCheck: {{host: health.example.com}}")
    .replace("{name: shop}", "{name: other}")
    .replace("host: shop.example.com", "host: other.example.com")
)


@pytest.mark.parametrize("platform", platform_names())
def test_it_stands_where_the_gateway_reads_its_secret(platform: str) -> None:
    tetrate = "" if platform == "istio" else "\n  tetrate: {organization: o, tenant: t, managementCluster: c1}"
    found = compiled(EDGE.replace("platform: istio", f"platform: {platform}{tetrate}"), short(TLS))
    assert found.names("Certificate", cluster="e1") == ["edge/shop-cert"]
    assert found.names("Certificate") == ["edge/shop-cert"]
    assert found.spec("Certificate")["issuerRef"] == {"group": "cert-manager.io", "kind": "Issuer", "name": "private"}


def test_hosts_with_one_credential_share_it_and_it_covers_their_health_checks() -> None:
    found = compiled(EDGE, short(TLS), OTHER)
    assert found.spec("Certificate")["dnsNames"] == [
        "health-c1.example.com",
        "health-c2.example.com",
        "health.example.com",
        "other.example.com",
        "shop.example.com",
    ]
