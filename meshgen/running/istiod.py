"""What istiod says of itself: the objects that it holds, and what proxies answered to what it sent.

`pilot-discovery request GET /debug/configz`, and `/debug/syncz`, in its pod: only there it answers without a token of
its own namespace (ADR 53).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meshgen.diagnostics import diagnose
from meshgen.running.dump import DumpError
from meshgen.running.objects import Id, identity, not_taken

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from meshgen.diagnostics import Diagnostic
    from meshgen.emit.artifact import Artifact


@dataclass(frozen=True, slots=True)
class SaidByIstiod:
    """What one answer of istiod's debug interface says."""

    holds: frozenset[Id] | None
    """The objects that it has read; None: the answer is about proxies."""
    refused: tuple[tuple[str, str, str], ...] = ()
    """Proxy, type of resource, and what the proxy said against it."""


def read_said(text: str | bytes) -> SaidByIstiod:
    """An answer to `/debug/configz` or `/debug/syncz`. Raises `DumpError`."""
    try:
        items = json.loads(text)
    except ValueError as error:
        raise DumpError(f"it is not JSON: {error}") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise DumpError("it is no answer to `/debug/configz` or `/debug/syncz`: it is no list of objects")
    if all("kind" in item and isinstance(item.get("metadata"), dict) for item in items):
        return SaidByIstiod(frozenset(map(_id, items)))
    if all("proxy" in item for item in items):
        return SaidByIstiod(None, tuple(_refusals(items)))
    raise DumpError("it is no answer to `/debug/configz` or `/debug/syncz`")


def _id(item: dict[str, Any]) -> Id:
    metadata, group = item["metadata"], str(item.get("apiVersion", "")).rpartition("/")[0]
    return Id(group, str(item["kind"]), str(metadata.get("namespace", "")), str(metadata.get("name", "")))


def _refusals(items: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for item in items:
        resources = item.get("resources")
        for url, status in sorted(resources.items() if isinstance(resources, dict) else ()):
            error = status.get("lastError") if isinstance(status, dict) else None
            if error:
                yield str(item["proxy"]), url.rpartition(".")[2], " ".join(str(error).split())


def compare_istiod(
    said: SaidByIstiod, cluster: str, artifacts: Sequence[Artifact], explained: Collection[Id] = ()
) -> Iterator[Diagnostic]:
    """MG763 for objects of Istio's kinds that istiod does not hold, MG774 for what proxies refuse.

    `explained`: objects that are not in the cluster as planned, so that nobody can hold them.
    """
    for proxy, resource, error in said.refused:
        yield diagnose(
            "MG774",
            f"the proxy `{proxy}` of `{cluster}` refuses what istiod sends it ({resource}): {error}",
            help="Look for an EnvoyFilter that makes it so; the proxy keeps to what it had before.",
            object=f"cluster/{cluster}",
        )
    for artifact in untaken(said, artifacts):
        if identity(artifact) not in explained:
            yield not_taken(cluster, artifact, "it is not among what it holds (`/debug/configz`)")


def untaken(said: SaidByIstiod, artifacts: Sequence[Artifact]) -> list[Artifact]:
    """The objects of Istio's kinds that istiod does not hold."""
    if said.holds is None:
        return []
    return [each for each in artifacts if each.group.endswith(".istio.io") and identity(each) not in said.holds]
