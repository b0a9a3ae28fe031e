"""Manifests for the tests of `verify`: the valid samples, at known places of a fleet."""

from __future__ import annotations

from typing import Any

from meshgen.diagnostics import Span
from meshgen.emit.manifest import Manifest
from meshgen.plan.model import Origin, Stage
from tests.schemas.samples import valid

ENTRY = "networking.istio.io/v1 ServiceEntry"
ENTRY_PATH = "cluster-1/meshgen-multicluster/serviceentry.networking.istio.io_details.bookinfo.svc.cluster.local.yaml"


def span(line: int) -> Span:
    return Span("fleet.yaml", line, 1, line, 2)


def manifest(body: dict[str, Any], *, cluster: str = "cluster-1", line: int = 7) -> Manifest:
    return Manifest(cluster, body, Origin(f"workspace/line-{line}", (span(line),)), Stage.ENTRIES)


def sample(kind: str = ENTRY, *, cluster: str = "cluster-1", line: int = 7) -> Manifest:
    return manifest(valid(kind), cluster=cluster, line=line)
