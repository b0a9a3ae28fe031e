"""Tetrate Service Bridge, in its current API."""

from meshgen.platforms.facts import TETRATE, Platform

TSB = Platform(
    name="tsb",
    title="Tetrate Service Bridge",
    multicluster_namespace="xcp-multicluster",
    entries="controlPlane",
    control_plane_entries=True,
    hostname_gateways=False,
    needs_network=False,
    management="declared",
    lists_exposure="declared",
    exposes_by="labels",
    runs_gateways="operator",
    alias_hosts=False,
    gateway_port=15443,
    publishing=TETRATE,
)
