"""What a source has and its consumers do not know before they are synced: new identities, other ports."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.facts import own_entries
from meshgen.diagnostics.codes import diagnose
from meshgen.diagnostics.several import all_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.calls import Calls
    from meshgen.diagnostics import Diagnostic
    from meshgen.plan.reach import Reach, Reaches
    from meshgen.revisions.past import Together


class _Ports(NamedTuple):
    host: str
    added: tuple[int, ...]
    removed: tuple[int, ...]


def unknown_to_consumers(pasts: Iterable[Together], calls: Calls, reaches: Reaches) -> Iterator[Diagnostic]:
    """Find what consumers of a source do not know yet: MG657 for identities, MG658 for ports.

    A source that is new to a consumer comes with all it has. Where a control plane writes the entries it knows.
    """
    if not own_entries(calls.relations.fleet):
        return
    accounts: dict[tuple[str, tuple[str, ...]], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    ports: dict[_Ports, set[str]] = defaultdict(set)
    derived = frozenset(calls.consumers)
    for first, *_ in pasts:
        for (consumer, host), (old, _) in first.items():
            if consumer not in derived:
                continue
            new = reaches.at(consumer, host)
            for cluster, fresh in _identities(old, new):
                accounts[cluster, fresh][host].add(consumer)
            changed = _ports(host, old, new)
            if changed is not None and (changed.added or changed.removed):
                ports[changed].add(consumer)
    for (cluster, fresh), hosts in sorted(accounts.items()):
        yield _new_accounts(cluster, fresh, hosts, calls)
    for other, consumers in sorted(ports.items()):
        yield from _other_ports(other, sorted(consumers), calls)


def _identities(old: Reach, new: Reach) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The identities of sources that stay, which callers do not accept as they are."""
    accepted = old.accepted
    if accepted is None or new.accepted is None:
        return
    for source in new.sources:
        fresh = tuple(account for account in source.accounts or () if account not in accepted)
        if fresh and source.gateway.cluster in old.clusters:
            yield source.gateway.cluster, fresh


def _ports(host: str, old: Reach, new: Reach) -> _Ports | None:
    """Ports that come, or that no source has any more, where callers have no copy of their own."""
    if not (old.clusters & new.clusters) or old.own or new.own:
        return None
    return _Ports(host, _without(new.ports, old.ports), _without(old.ports, new.ports))


def _without(ports: tuple[int, ...], others: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(port for port in ports if port not in others)


def _new_accounts(cluster: str, accounts: tuple[str, ...], hosts: dict[str, set[str]], calls: Calls) -> Diagnostic:
    consumers = sorted(set().union(*hosts.values()))
    one = len(consumers) == 1
    exposure = next(found for found in calls.relations.by_host[min(hosts)] if found.cluster == cluster)
    return diagnose(
        "MG657",
        f"{all_of(consumers)} {'does' if one else 'do'} not accept {all_of(accounts)} from {all_of(sorted(hosts))} in "
        f"`{cluster}` before {'it is' if one else 'they are'} synced",
        span=exposure.service.span("serviceAccounts"),
        help=f"Sync {all_of(consumers)} before a pod runs under it: name an account in the inventory, build and sync, "
        "then roll it out.",
        object=f"{cluster}/{exposure.service.namespace}/{exposure.service.name}",
    )


def _other_ports(changed: _Ports, consumers: list[str], calls: Calls) -> Iterator[Diagnostic]:
    sources = [found for found in calls.relations.by_host[changed.host] if found.serves]
    had = {port.port for found in sources for port in found.service.tcp_ports}
    name, one = f"`{changed.host}`", len(consumers) == 1
    place = next((found.service.span("ports") for found in sources), None)
    if changed.added:
        yield diagnose(
            "MG658",
            f"{all_of(consumers)} {'has' if one else 'have'} no way to {_numbers(changed.added)} of {name} before "
            f"{'it is' if one else 'they are'} synced",
            span=place,
            help=f"Sync {all_of(consumers)} before anything there calls it.",
            object=changed.host,
        )
    # What one source lacks and another one has is taken from the callers by this build: MG656.
    gone = tuple(port for port in changed.removed if port not in had)
    if gone:
        yield diagnose(
            "MG658",
            f"no source of {name} has {_numbers(gone)} any more, which {all_of(consumers)} may call",
            span=place,
            help="Nothing is lost if nothing calls it; else put it back.",
            object=changed.host,
        )


def _numbers(ports: tuple[int, ...]) -> str:
    return f"{'port' if len(ports) == 1 else 'ports'} {all_of(map(str, ports))}"
