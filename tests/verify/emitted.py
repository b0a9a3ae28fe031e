"""Manifests for the tests of `verify`: the valid samples, at known places of a fleet."""

from __future__ import annotations

from typing import Any

from meshgen.diagnostics import Span
from meshgen.emit.artifact import Artifact, Schema, Stage, kubernetes_object
from meshgen.plan.model import Origin
from tests.schemas.samples import valid

ENTRY = "networking.istio.io/v1 ServiceEntry"
ENTRY_PATH = "cluster-1/meshgen-multicluster/serviceentry.networking.istio.io_details.bookinfo.svc.cluster.local.yaml"


def span(line: int) -> Span:
    return Span("fleet.yaml", line, 1, line, 2)


def manifest(body: dict[str, Any], *, cluster: str = "cluster-1", line: int = 7) -> Artifact:
    return placed(body, Origin(f"workspace/line-{line}", (span(line),)), cluster=cluster)


def placed(body: dict[str, Any], origin: Origin, *, cluster: str = "cluster-1") -> Artifact:
    fields = {key: value for key, value in body.items() if key not in ("apiVersion", "kind", "metadata")}
    schema = Schema(body["apiVersion"], body["kind"])
    return kubernetes_object(cluster, schema, body["metadata"], fields, origin, Stage.ENTRIES)


def sample(kind: str = ENTRY, *, cluster: str = "cluster-1", line: int = 7) -> Artifact:
    return manifest(valid(kind), cluster=cluster, line=line)
