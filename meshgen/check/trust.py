"""Calls between trust domains, and between clusters that trust other roots."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from meshgen.analysis.routes import fronted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.calls import Calls

Roots = frozenset[str]
"""Fingerprints of the root certificates that a cluster trusts."""


@dataclass(slots=True)
class Strangers:
    """Sources in another trust domain than their consumer's, and their hosts, each in order of discovery."""

    clusters: dict[str, None] = field(default_factory=dict)
    hosts: dict[str, None] = field(default_factory=dict)


def strangers(calls: Calls, *, refusing: Literal["caller", "called"]) -> Iterator[tuple[str, str, Strangers]]:
    """Consumer, other trust domain, and who is there, where callers refuse the identities, or may be refused.

    Callers without a local copy get the identities of the other domain; beside one they need it among the aliases of
    theirs. Whom both refuse is the callers' business.
    """
    relations = calls.relations
    if len({facts.trust_domain for facts in relations.facts.values()}) <= 1:
        return
    found: dict[tuple[str, str], Strangers] = {}
    for item in calls.imports:
        own = relations.facts[item.consumer].trust_domain
        for source in item.sources:
            there = relations.facts[source.cluster]
            domain = there.trust_domain
            by_caller = item.local is not None and not relations.facts[item.consumer].accepts(domain)
            if not (by_caller if refusing == "caller" else not (by_caller or there.accepts(own))):
                continue
            group = found.setdefault((item.consumer, domain), Strangers())
            group.clusters[source.cluster] = None
            group.hosts[item.host] = None
    for (cluster, domain), group in found.items():
        yield cluster, domain, group


def without_common_root(calls: Calls) -> list[tuple[list[str], list[str]]]:
    """Clusters that call others, or are called by them, and these others, where no root is trusted by both.

    Clusters that trust the same are together; those whose roots nobody observed are left out. The two lists of a pair,
    and the pairs, are in the order of the fleet.
    """
    relations = calls.relations
    roots: dict[str, Roots] = {}
    for name, facts in relations.facts.items():
        if facts.istio is not None and facts.istio.root_certificates:
            roots[name] = frozenset(root.fingerprint for root in facts.istio.root_certificates)
    if len(set(roots.values())) <= 1:
        return []
    place = {name: number for number, name in enumerate(roots)}
    calling = {(item.consumer, source.cluster) for item in calls.imports for source in item.sources}
    calling |= {(edge, source) for source, _, edges in fronted(relations) for edge in edges}
    found: dict[frozenset[Roots], dict[str, None]] = {}
    for pair in sorted((a, b) for a, b in calling if a in roots and b in roots):
        own, other = (roots[name] for name in pair)
        if own.isdisjoint(other):
            found.setdefault(frozenset((own, other)), {}).update(dict.fromkeys(pair))
    result = []
    for clusters in found.values():
        names = sorted(clusters, key=place.__getitem__)
        first = [name for name in names if roots[name] == roots[names[0]]]
        result.append((first, [name for name in names if name not in first]))
    return sorted(result, key=lambda pair: [place[name] for names in pair for name in names])
