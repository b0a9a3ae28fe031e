"""No provider: people read the plan and do it by hand, at any GSLB or CDN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.dns.facts import Capabilities, Checks, Provider, Rendered

if TYPE_CHECKING:
    from meshgen.dns.model import Zone

_ANYTHING = Capabilities(checks=Checks(by="people"), apex_hostnames=None, mixed=True)


def _capabilities(_zone: Zone) -> Capabilities:
    return _ANYTHING


def _render(_zones: tuple[Zone, ...]) -> Rendered:
    return Rendered()


PROVIDER = Provider("none", "by hand", _capabilities, _render)
