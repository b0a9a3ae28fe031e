"""The table of all rules over the whole fleet, topic by topic."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from meshgen.check.rules import (
    addresses,
    clusters,
    copies,
    delivery,
    dialling,
    directories,
    dns,
    draining,
    exposure,
    front_gateways,
    gateway_pods,
    gateway_settings,
    gateways,
    groups,
    health_checks,
    interception,
    inventories,
    left_out,
    levels,
    mesh_settings,
    names,
    networks,
    platform,
    published_hosts,
    published_names,
    published_platform,
    published_routes,
    published_traffic,
    publishing,
    remote_hosts,
    retries,
    settings,
    stores,
    traffic,
    traffic_policy,
    trust,
    versions,
    workspaces,
)
from meshgen.diagnostics import Diagnostic
from meshgen.diagnostics.codes import CODES, Code

if TYPE_CHECKING:
    from meshgen.check.context import Context
    from meshgen.check.rule import Rule

TOPICS = (
    directories,
    clusters,
    inventories,
    workspaces,
    gateways,
    gateway_pods,
    gateway_settings,
    front_gateways,
    networks,
    addresses,
    dialling,
    dns,
    platform,
    versions,
    mesh_settings,
    interception,
    trust,
    exposure,
    left_out,
    copies,
    groups,
    remote_hosts,
    settings,
    stores,
    traffic,
    levels,
    traffic_policy,
    retries,
    names,
    published_hosts,
    published_names,
    published_platform,
    draining,
    published_routes,
    published_traffic,
    publishing,
    health_checks,
    delivery,
)
RULES: tuple[Rule, ...] = tuple(sorted((rule for topic in TOPICS for rule in topic.RULES), key=attrgetter("code")))
"""Every rule, by code."""


def check(context: Context) -> list[Diagnostic]:
    """The findings of every rule, by code; what a rule says of one place twice, once."""
    return [
        Diagnostic(
            rule.code, rule.severity, found.message, found.span, found.help, found.notes, found.object, found.cause
        )
        for rule in RULES
        for found in {(found.message, found.span): found for found in rule.find(context)}.values()
    ]


def all_codes() -> list[Code]:
    """Every code of meshgen, sorted: those of rules and all others."""
    return sorted((*CODES, *(Code(rule.code, rule.severity, rule.title, rule.since) for rule in RULES)))
