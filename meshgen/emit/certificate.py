"""Certificate of cert-manager: what makes the Secret that a gateway shows to users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.reasons import Input, Reason
from meshgen.language.gateway import GatewaySettings
from meshgen.language.published_host import PublishedHost, Tls

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import PlannedCertificate


def _fields(_scope: Scope, planned: PlannedCertificate) -> dict[str, Any]:
    return {
        "spec": {
            "secretName": planned.name,
            "dnsNames": list(planned.hosts),
            "issuerRef": {
                "group": planned.issuer_group,
                "kind": planned.issuer_kind,
                "name": planned.issuer_name,
            },
        }
    }


_REASONS: Reasons = {
    "metadata name": Reason("that of its Secret", (Input(Tls, "credential_name"),)),
    "metadata namespace": Reason(
        "of the gateway, which reads the Secret there", (Input(GatewaySettings, "namespace"),)
    ),
    "spec secretName": Reason("what the Gateway names", (Input(Tls, "credential_name"),)),
    "spec dnsNames": Reason(
        "the hosts with this credential, and those of their health checks",
        (Input(PublishedHost, "host"), Input(PublishedHost, "name")),
    ),
    "spec issuerRef": Reason("who issues it", (Input(Tls, "cert_manager.issuer"),)),
}

CERTIFICATE: ObjectEmitter[PlannedCertificate] = ObjectEmitter(
    Schema("cert-manager.io/v1", "Certificate"),
    Stage.EXPOSURE,
    items=lambda scope: scope.cluster.certificates,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    fields=_fields,
    own_reasons=_REASONS,
)
