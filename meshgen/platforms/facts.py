"""What a platform is: facts that the language, the rules and the plan ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Entries = Literal["meshgen", "controlPlane"]


@dataclass(frozen=True, slots=True)
class Publishing:
    """What gateways of a platform can do for published hosts."""

    modes: frozenset[str]
    """Modes of `traffic` that an edge gateway can keep."""
    near: bool
    """Whether an edge gateway tries regions in an order that the fleet gives, after its own."""
    weights_fail_over: tuple[int, ...]
    """First version of the platform's management plane in which weights fail over; empty: in all."""
    methods: bool
    """Whether routes can tell requests by their method."""
    cors: Literal["route", "host"]
    """What has one policy for cross-origin requests."""
    http01: bool
    """Whether what answers an ACME HTTP-01 challenge can stand behind a gateway."""
    shared: bool
    """Whether several objects may configure the pods of one gateway; else one holds all hosts, all of one sort."""


EVERYTHING = Publishing(
    modes=frozenset({"nearest", "ordered", "weighted"}),
    near=True,
    weights_fail_over=(),
    methods=True,
    cors="route",
    http01=True,
    shared=True,
)
TETRATE = Publishing(
    modes=frozenset({"nearest", "weighted"}),
    near=False,
    weights_fail_over=(1, 12),
    methods=False,
    cors="host",
    http01=False,
    shared=False,
)
"""`gateway.tsb.tetrate.io/v2`, Gateway (docs.tetrate.io, refs/tsb/gateway/v2/gateway): an edge prefers its own region
and knows no order beyond; a match has a path and headers; one object for a workload selector."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What a platform needs and knows."""

    name: str
    title: str
    multicluster_namespace: str
    """Default of `multiclusterNamespace`."""
    entries: Entries
    """Default of `entries`."""
    control_plane_entries: bool
    """Whether its own control plane can write the entries."""
    hostname_gateways: bool
    """Whether a remote gateway may be known by hostname only."""
    needs_network: bool
    """Whether a gateway without a known network is an error, not a warning."""
    management: Literal["none", "first", "declared"]
    """Which cluster gets Workspaces: none, the first by name, or the one that the fleet declares."""
    lists_exposure: Literal["observed", "declared"]
    """What the exposure of a cluster lists: the services that it has, or those that the workspace declares."""
    exposes_by: Literal["host", "labels"]
    """How exposed services are named: by their hosts, or by labels of Services, which may choose too many."""
    runs_gateways: Literal["injected", "operator"]
    """Who makes the pods of its gateways: Istio's injector out of a Deployment that meshgen emits, or an operator."""
    alias_hosts: bool
    """Whether its gateways let in further hosts that stand for a Service."""
    gateway_port: int | None
    """The only port that its gateways can take east-west traffic on; None: any."""
    publishing: Publishing
    """What its gateways can do for published hosts."""
