"""What the clusters run. A platform is one package here with a `PLATFORM`; nothing else lists them."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.manifest import Manifest
    from meshgen.plan.model import Plan

Entries = Literal["meshgen", "controlPlane"]


@dataclass(frozen=True, slots=True)
class Platform:
    """What a platform needs, knows and emits."""

    name: str
    title: str
    multicluster_namespace: str
    """Default of `multiclusterNamespace`."""
    entries: Entries
    """Default of `entries`."""
    control_plane_entries: bool
    """Whether its own control plane can write the entries."""
    hostname_gateways: bool
    """Whether a remote gateway may be known by hostname only."""
    needs_network: bool
    """Whether a gateway without a known network is an error, not a warning."""
    management: Literal["none", "first", "declared"]
    """Which cluster gets Workspaces: none, the first by name, or the one that the fleet declares."""
    lists_exposure: Literal["observed", "declared"]
    """What the exposure of a cluster lists: the services that it has, or those that the workspace declares."""
    exposes_by: Literal["host", "labels"]
    """How exposed services are named: by their hosts, or by labels of Services, which may choose too many."""
    gateway_port: int | None
    """The only port that its gateways can take east-west traffic on; None: any."""

    def manifests(self, plan: Plan) -> Iterator[Manifest]:
        """All objects of the fleet, from the module `manifests` of the platform's package."""
        module = importlib.import_module(f"{__name__}.{self.name}.manifests")
        return cast("Iterator[Manifest]", module.manifests(plan))


def platform_names() -> tuple[str, ...]:
    """The names of all platforms, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


@cache
def platform(name: str) -> Platform:
    """The platform of that name, one of `platform_names()`."""
    return cast("Platform", importlib.import_module(f"{__name__}.{name}").PLATFORM)
