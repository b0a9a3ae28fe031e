"""Calls between trust domains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from meshgen.check.consumers import imports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


@dataclass(slots=True)
class Strangers:
    """Sources in another trust domain than their consumer's, and their hosts, each in order of discovery."""

    clusters: dict[str, None] = field(default_factory=dict)
    hosts: dict[str, None] = field(default_factory=dict)


def strangers(relations: Relations, kind: Literal["remote", "failover"]) -> Iterator[tuple[str, str, Strangers]]:
    """Consumer, other trust domain, and who is there, for hosts without (`remote`) or with a local copy."""
    if len({facts.trust_domain for facts in relations.facts.values()}) <= 1:
        return
    found: dict[tuple[str, str], Strangers] = {}
    for link in imports(relations):
        own = relations.facts[link.cluster].trust_domain
        for source in link.sources if link.kind == kind else ():
            domain = relations.facts[source.cluster].trust_domain
            if domain == own:
                continue
            group = found.setdefault((link.cluster, domain), Strangers())
            group.clusters[source.cluster] = None
            group.hosts[link.host] = None
    for (cluster, domain), group in found.items():
        yield cluster, domain, group
