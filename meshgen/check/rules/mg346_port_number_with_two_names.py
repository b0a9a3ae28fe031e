"""Ports are matched by name and number, so one number needs one name everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.copies import copies, ports_of, usual
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.copies import PortOf


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find port numbers that have another name in another copy."""
    for host, group in copies(relations).items():
        by_number: dict[int, list[PortOf]] = {}
        for each in ports_of(group):
            if each.port.name is not None:
                by_number.setdefault(each.port.port, []).append(each)
        for number, ports in by_number.items():
            name = usual(each.port.name for each in ports)
            base = next(each for each in ports if each.port.name == name)
            others = {each.port.name: each for each in reversed(ports) if each.port.name != name}
            for other in others.values():
                yield Diagnostic(
                    code="MG346",
                    severity="warning",
                    message=f"port {number} of `{host}` is named `{other.port.name}` in cluster "
                    f"`{other.copy.cluster}` and `{name}` in cluster `{base.copy.cluster}`",
                    span=other.port.span("name"),
                    help="Give the port one name in all clusters: a ServiceEntry carries only ports that agree.",
                    notes=notes((base.port.span("name"), f"`{name}` in `{base.copy.cluster}`")),
                    object=host,
                )
