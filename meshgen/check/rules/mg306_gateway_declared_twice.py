"""The settings of a gateway stand in one place only (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import declared_gateways, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import GatewayKey, Relations
    from meshgen.language.gateway import GatewaySettings


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find gateways whose settings stand in several places and differ there.

    Workspaces that share a gateway name it; one of them, or a Gateway of its own, has the settings.
    """
    first: dict[GatewayKey, GatewaySettings] = {}
    for gateway, named in declared_gateways(relations.fleet):
        settings = _written(gateway)
        if not settings:
            continue
        other = first.setdefault((gateway.namespace, gateway.name), gateway)
        theirs = _written(other)
        different = sorted(key for key in settings | theirs if settings.get(key) != theirs.get(key))
        if not different:
            continue
        yield Diagnostic(
            code="MG306",
            severity="error",
            message=f"gateway `{gateway.name}` of namespace `{gateway.namespace}` has other settings elsewhere: "
            f"{', '.join(f'`{key}`' for key in different)}",
            span=gateway.span(next((key for key in different if key in settings), "name")),
            help="Keep its settings in one place, best in a Gateway of its own, and only name it in workspaces.",
            notes=notes((other.span("name"), "its other settings are here")),
            object=named,
        )


def _written(gateway: GatewaySettings) -> dict[str, object]:
    return gateway.model_dump(by_alias=True, exclude_unset=True, exclude={"name", "namespace"})
