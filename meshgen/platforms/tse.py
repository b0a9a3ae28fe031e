"""Tetrate Service Express, in the form of its first documentation."""

from meshgen.platforms.facts import TETRATE, Platform

TSE = Platform(
    name="tse",
    title="Tetrate Service Express",
    multicluster_namespace="xcp-multicluster",
    entries="meshgen",
    control_plane_entries=True,
    hostname_gateways=False,
    needs_network=False,
    management="first",
    lists_exposure="declared",
    exposes_by="host",
    runs_gateways="operator",
    alias_hosts=False,
    gateway_port=15443,
    publishing=TETRATE,
)
