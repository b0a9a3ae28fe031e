"""The pods of gateways: which labels choose them, and which network they see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.names import gateway_id

if TYPE_CHECKING:
    from meshgen.language.gateway import GatewaySettings

GATEWAY_ID = "gateway.meshgen.io/id"
NO_NETWORK_VIEW = "meshgen-local"
"""Network view of gateways where the mesh has no network names: local endpoints carry no network and always pass, the
made-up networks of remote endpoints do not (Istio: pilot/pkg/model/proxy_view.go)."""


def gateway_pods(settings: GatewaySettings) -> dict[str, str]:
    """The labels that choose a gateway's pods: its own where somebody else runs it, else those that meshgen gives.

    A Gateway's selector matches pods of all namespaces (Istio: pilot/pkg/features/pilot.go,
    PILOT_SCOPE_GATEWAY_TO_NAMESPACE), hence a label that no other gateway's pods have.
    """
    if settings.selector:
        return dict(settings.selector)
    return {"app": settings.name, GATEWAY_ID: gateway_id(settings.namespace, settings.name)}
