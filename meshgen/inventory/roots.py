"""The root certificates that the proxies of a cluster trust, where its ConfigMaps show them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.inventory.fields import Fields
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from meshgen.inventory.facts import Item
    from meshgen.inventory.objects import KubernetesObject

CONFIG_MAP = "istio-ca-root-cert"
"""Written into every namespace by istiod, or istio-csr in its place (CACertNamespaceConfigMap of Istio)."""
SOON = timedelta(days=90)
"""Before a root expires every cluster has to trust the next one, and every certificate to be signed anew."""
_KEY = "root-cert.pem"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def root_certificates(objects: Iterable[KubernetesObject]) -> list[list[Item]]:
    """All that is trusted, sorted, as one list in a list; empty where the objects do not show all.

    ConfigMaps that differ belong to a rotation that is under way. What the mesh config adds (`caCertificates`) counts
    to it; what it names by the URL of a bundle only is known to nobody here.
    """
    texts: list[str] = []
    added: list[str] = []
    for item in objects:
        if item.kind != "ConfigMap":
            continue
        data = item.fields.at("data")
        if item.name == CONFIG_MAP:
            texts.append(data.text(_KEY) or "")
        elif "caCertificates" in (mesh := data.text("mesh") or ""):
            more = _of_mesh_config(mesh)
            if more is None:
                return []
            added += more
    try:
        found = {root["fingerprint"]: root for text in (*texts, *added) for root in _in(text)}
    except ValueError:
        return []
    return [[found[name] for name in sorted(found)]] if texts and found else []


def expiring(cluster: str, roots: Iterable[Item], now: datetime) -> list[Diagnostic]:
    """MG754 for each of `roots` that has expired at `now`, or will have within `SOON`."""
    from datetime import datetime

    found = []
    for root in roots:
        written = root.get("notAfter")
        left = datetime.fromisoformat(written) - now if written else None
        if left is not None and left < SOON:
            when = f"expires in {left.days} day{'' if left.days == 1 else 's'}" if left.days >= 0 else "has expired"
            found.append(
                diagnose(
                    "MG754",
                    f"a root certificate of `{cluster}` {when}, on {written}: fingerprint {root['fingerprint']}",
                    help="Add the new root to the bundle of every cluster first, then have it sign, then take this one "
                    "out.",
                    object=f"cluster/{cluster}",
                )
            )
    return found


def _of_mesh_config(text: str) -> list[str] | None:
    """The PEM of `caCertificates`; None where one is a URL."""
    found: list[str] = []
    for node, _ in parse(text, "mesh", merge_keys=True).documents:
        for each in Fields(node, [], "the mesh configuration").items("caCertificates"):
            pem = each.text("pem")
            if pem is None:
                return None
            found.append(pem)
    return found


def _in(text: str) -> list[Item]:
    """The certificates of a PEM file. Raises ValueError for what is none."""
    import hashlib
    import ssl

    found: list[Item] = []
    for pem in _CERTIFICATE.findall(text):
        encoded = ssl.PEM_cert_to_DER_cert(pem)
        root: Item = {"fingerprint": hashlib.sha256(encoded).hexdigest()}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cadata=encoded)
        except ssl.SSLError:
            raise ValueError("no certificate") from None
        # The library shows certificates of authorities only, and others are no roots.
        for shown in context.get_ca_certs():
            root["notAfter"] = _written(ssl.cert_time_to_seconds(str(shown["notAfter"])))
        found.append(root)
    return found


def _written(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
