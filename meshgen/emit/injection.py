"""What decides who injects the pods of emitted workloads."""

from __future__ import annotations

from meshgen.emit.reasons import Input
from meshgen.language.cluster import Cluster, Istio
from meshgen.language.inventory import ObservedIstio

REVISION = (
    Input(Cluster, "istio.revision", "here"),
    Input(Istio, "revision"),
    Input(ObservedIstio, "revision", "here"),
)
"""The revision of Istio in a cluster, which its pods name in a label."""
