"""Tetrate knows exposed services by labels, which must not choose others too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.service_labels import select
from meshgen.check.origins import service_object
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find exposed Services whose labels, all together, another Service has as well; on `tsb` only."""
    if platform(relations.fleet.spec.platform).exposes_by != "labels":
        return
    for workspace in relations.fleet.workspaces:
        for problem in select(relations, workspace).problems:
            exposed, other = problem.exposed, problem.other
            if other is None:
                why = "it has no labels"
            else:
                why = f"Service `{other.name}` of namespace `{other.namespace}` in cluster `{problem.other_cluster}` "
                why += "has all its labels and is not exposed"
            yield Diagnostic(
                code="MG386",
                severity="error",
                message=f"Service `{exposed.name}` of namespace `{exposed.namespace}` in cluster `{problem.cluster}` "
                f"cannot be exposed by labels: {why}",
                span=exposed.span("labels"),
                help="Give the exposed Service a label of its own, such as `app`, and import the inventory again.",
                notes=notes((other.span("labels"), "the labels of the other")) if other is not None else (),
                object=service_object(problem.cluster, exposed),
            )
