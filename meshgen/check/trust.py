"""Calls between trust domains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.calls import Calls


@dataclass(slots=True)
class Strangers:
    """Sources in another trust domain than their consumer's, and their hosts, each in order of discovery."""

    clusters: dict[str, None] = field(default_factory=dict)
    hosts: dict[str, None] = field(default_factory=dict)


def strangers(calls: Calls, *, beside_local: bool) -> Iterator[tuple[str, str, Strangers]]:
    """Consumer, other trust domain, and who is there, for hosts without a local copy or with one."""
    relations = calls.relations
    if len({facts.trust_domain for facts in relations.facts.values()}) <= 1:
        return
    found: dict[tuple[str, str], Strangers] = {}
    for item in calls.imports:
        own = relations.facts[item.consumer].trust_domain
        for source in item.sources if (item.local is not None) is beside_local else ():
            domain = relations.facts[source.cluster].trust_domain
            if domain == own:
                continue
            group = found.setdefault((item.consumer, domain), Strangers())
            group.clusters[source.cluster] = None
            group.hosts[item.host] = None
    for (cluster, domain), group in found.items():
        yield cluster, domain, group
