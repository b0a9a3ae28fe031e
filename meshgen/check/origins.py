"""Where exposures, their settings and their Services were written, and their logical names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.calls import Import
    from meshgen.diagnostics import Span
    from meshgen.language.inventory import ObservedService
    from meshgen.language.workspace import ExposedService, Workspace


def exposed_at(workspace: Workspace, setting: ExposedService | None) -> Span | None:
    """Where a service is exposed: its item of `exposedServices`, else the workspace's name."""
    return setting.span("host") if setting is not None else workspace.span("name")


def exposure_at(exposure: Exposure) -> Span | None:
    """Where an exposure was written."""
    return exposed_at(exposure.workspace, exposure.setting)


def hosts_at(items: Iterable[Import]) -> tuple[Note, ...]:
    """A note for each host of several imports, where it is exposed."""
    exposed = {item.host: exposure_at(item.sources[0]) for item in items}
    return tuple(Note(span, f"`{host}` is exposed here") for host, span in exposed.items() if span is not None)


def failover_at(workspace: Workspace, setting: ExposedService | None, *path: str) -> Span | None:
    """Where a field below `failover` was written: for the service, else for its workspace, else the exposure."""
    for owner in (setting, workspace):
        failover = None if owner is None else owner.failover
        value: object = None if failover is None else failover.model_dump(by_alias=True)
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if owner is not None and value is not None:
            return owner.span("failover", *path)
    return exposed_at(workspace, setting)


def service_object(cluster: str, service: ObservedService) -> str:
    """The logical name of a Service in a cluster."""
    return f"{cluster}/{service.namespace}/{service.name}"


def hosts_object(relations: Relations, hosts: Sequence[str]) -> str:
    """The logical name for a finding about hosts: that of a single one, else the fleet."""
    return hosts[0] if len(hosts) == 1 else f"fleet/{relations.fleet.name}"
