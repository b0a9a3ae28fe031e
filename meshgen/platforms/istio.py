"""Plain Istio: meshgen emits the gateways' own Deployments too."""

from meshgen.platforms.facts import EVERYTHING, Platform

ISTIO = Platform(
    name="istio",
    title="Istio",
    multicluster_namespace="meshgen-multicluster",
    entries="meshgen",
    control_plane_entries=False,
    hostname_gateways=True,
    needs_network=True,
    management="none",
    lists_exposure="observed",
    exposes_by="host",
    runs_gateways="injected",
    alias_hosts=True,
    gateway_port=None,
    publishing=EVERYTHING,
)
