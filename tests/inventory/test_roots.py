"""Root certificates: what ConfigMaps show of them, and when they expire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from meshgen.inventory.roots import expiring
from tests.inventory.importing import facts_of, findings_of

FIRST = """\
-----BEGIN CERTIFICATE-----
MIIBwTCCAWegAwIBAgIUSa6j2MwaQDx+pfJq5OWCHSaHYMkwCgYIKoZIzj0EAwIw
LTEWMBQGA1UECgwNbWVzaGdlbiB0ZXN0czETMBEGA1UEAwwKZmlyc3Qgcm9vdDAg
Fw0yNjExMjcwODE0NThaGA8yMTI2MTEwMzA4MTQ1OFowLTEWMBQGA1UECgwNbWVz
aGdlbiB0ZXN0czETMBEGA1UEAwwKZmlyc3Qgcm9vdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABLCgVy2hxScwp7iDoP+wGfEkCPbUC+evWCqJVWlzqRy2ia9NcdIy
Hkk+1NwImWLj4gpmyJk4OlKdAR33OAtp6kCjYzBhMB0GA1UdDgQWBBRSAbm2ERb5
x8hcwNRNTFPcvrTkyDAfBgNVHSMEGDAWgBRSAbm2ERb5x8hcwNRNTFPcvrTkyDAP
BgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAKBggqhkjOPQQDAgNIADBF
AiB38gvn+t0o6DgdLgp8rI8n9/NoJWI1XjYzU+zEKpJxFgIhAKnCjCViFujCgKv2
4rxj7IEtj3mJSK9F4PjxnSaPv9dt
-----END CERTIFICATE-----
"""
SECOND = """\
-----BEGIN CERTIFICATE-----
MIIBwjCCAWmgAwIBAgIUYVRgQLsZLPhjoow83Dzqz/7RjnYwCgYIKoZIzj0EAwIw
LjEWMBQGA1UECgwNbWVzaGdlbiB0ZXN0czEUMBIGA1UEAwwLc2Vjb25kIHJvb3Qw
IBcNMjYxMTI3MDgxNDU4WhgPMjEyNjExMDMwODE0NThaMC4xFjAUBgNVBAoMDW1l
c2hnZW4gdGVzdHMxFDASBgNVBAMMC3NlY29uZCByb290MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEU3zBhmShcdScNL18psf4Y+/W9YEZ94FwsYWSRPL/rYVbvBLo
YwZ7YeXT2Q85VaFnDJAaM8pj4YwIBR7NDwVXrqNjMGEwHQYDVR0OBBYEFK270dRF
2ztpbsgpf+xk4RY5z2CLMB8GA1UdIwQYMBaAFK270dRF2ztpbsgpf+xk4RY5z2CL
MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMAoGCCqGSM49BAMCA0cA
MEQCIHc0XfuMaGezkERS+LZnb4fwRaxGgX+xlX4LNwfwBVOYAiAQMDDsWK68Ti3F
maa9Kcps6Be9ikxNnL2aANVD41Nb8A==
-----END CERTIFICATE-----
"""
OF_FIRST = {
    "fingerprint": "bb940e0695f4df220305a0846846e1bf2b3b22da614fd91a6ebaa2695baf052c",
    "notAfter": "2126-11-03T08:14:58Z",
}
OF_SECOND = {
    "fingerprint": "74a4a9ac5e09f0e82352cb383e0f68cec228e7f957557552866a6f523059c0bf",
    "notAfter": "2126-11-03T08:14:58Z",
}


def config_map(name: str, key: str, text: str, namespace: str = "istio-system") -> str:
    indented = "".join(f"    {line}\n" for line in text.splitlines())
    head = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
    return f"{head}data:\n  {key}: |\n{indented}"


def bundle(*roots: str, namespace: str = "istio-system") -> str:
    return config_map("istio-ca-root-cert", "root-cert.pem", "".join(roots), namespace)


def mesh_config(*entries: str) -> str:
    return config_map("istio", "mesh", "caCertificates:\n" + "".join(entries))


def pem(root: str) -> str:
    return "- pem: |\n" + "".join(f"    {line}\n" for line in root.splitlines())


def roots_of(*texts: str) -> Any:
    return facts_of(*texts).istio.get("rootCertificates")


def test_the_bundle_of_a_namespace() -> None:
    assert roots_of(bundle(FIRST)) == [OF_FIRST]


def test_both_roots_while_one_takes_the_place_of_the_other() -> None:
    assert roots_of(bundle(FIRST, SECOND)) == [OF_SECOND, OF_FIRST]


def test_namespaces_that_do_not_have_the_new_root_yet() -> None:
    assert roots_of(bundle(FIRST), bundle(SECOND, FIRST, namespace="bookinfo")) == [OF_SECOND, OF_FIRST]


def test_the_mesh_config_adds_roots() -> None:
    assert roots_of(bundle(FIRST), mesh_config(pem(SECOND))) == [OF_SECOND, OF_FIRST]


def test_the_mesh_config_alone_does_not_show_all() -> None:
    assert roots_of(mesh_config(pem(SECOND))) is None


def test_a_bundle_at_a_url_is_unknown() -> None:
    assert roots_of(bundle(FIRST), mesh_config("- spiffeBundleUrl: https://spire.example\n")) is None


def test_what_is_no_certificate_shows_nothing() -> None:
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert roots_of(bundle(FIRST, broken)) is None
    assert roots_of(bundle("")) is None
    assert findings_of(bundle(broken)) == []


def said(now: datetime) -> list[str]:
    return [f"{found.code}: {found.message}" for found in expiring("cluster-1", [OF_FIRST], now)]


def test_MG754_fires_before_and_after_a_root_expires() -> None:
    fingerprint = OF_FIRST["fingerprint"]
    assert said(datetime(2126, 9, 24, tzinfo=UTC)) == [
        (
            "MG754: a root certificate of `cluster-1` expires in 40 days, on 2126-11-03T08:14:58Z: "
            f"fingerprint {fingerprint}"
        )
    ]
    assert said(datetime(2126, 11, 4, tzinfo=UTC)) == [
        f"MG754: a root certificate of `cluster-1` has expired, on 2126-11-03T08:14:58Z: fingerprint {fingerprint}"
    ]


def test_MG754_silent_for_a_root_with_time_left() -> None:
    assert said(datetime(2126, 8, 1, tzinfo=UTC)) == []
