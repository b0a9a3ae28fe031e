"""An entry carries one service account, so a source needs as many addresses as accounts that its callers lack.

Source: design §3; SAN check, pilot/pkg/model/push_context.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.accounts import needed_accounts
from meshgen.analysis.hosts import ServiceName
from meshgen.check.consumers import all_groups, imports, is_stub
from meshgen.check.origins import service_object
from meshgen.check.places import listed, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.language.inventory import ObservedService

Pair = tuple["ObservedService | None", "ObservedService"]


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find sources with more accounts than entries, one finding a Service and source."""
    seen: set[tuple[str, str]] = set()
    for consumer, source, pairs in _entries(relations):
        if source.observed_gateway is None:
            continue
        addresses = len(source.observed_gateway.addresses) or 1
        needed = needed_accounts(pairs)
        key = (source.cluster, source.host)
        if len(needed) <= addresses or key in seen:
            continue
        seen.add(key)
        yield Diagnostic(
            code="MG350",
            severity="error",
            message=f"`{source.host}` runs with more service accounts in cluster `{source.cluster}` than entries can "
            f"carry: cluster `{consumer}` lacks {listed(needed)}, and the gateway has {addresses} "
            f"{'address' if addresses == 1 else 'addresses'} for one each",
            span=source.service.span("serviceAccounts"),
            help="Run its workloads with fewer accounts, with those of the local copy, or give the gateway more "
            "addresses.",
            notes=notes((source.observed_gateway.span(), f"the gateway of `{source.cluster}`")),
            object=service_object(source.cluster, source.service),
        )


def _entries(relations: Relations) -> Iterator[tuple[str, Exposure, Iterable[Pair]]]:
    """Consumer, source, and the local and remote Services that share the source's entries."""
    by_object = {(link.cluster, link.service): link for link in imports(relations)}
    for cluster, found in all_groups(relations).items():
        for group in found:
            names = [ServiceName(service.namespace, service.name) for service in group.services]
            members = [by_object[cluster, name] for name in names if (cluster, name) in by_object]
            if group.conflict is not None or not members:
                continue
            for index, source in enumerate(members[0].sources):
                yield cluster, source, [(link.local, link.sources[index].service) for link in members]
    for link in imports(relations):
        if is_stub(relations, link):
            for source in link.sources:
                yield link.cluster, source, [(None, source.service)]
