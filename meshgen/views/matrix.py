"""The fleet as a table: one row a host, one column a cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from meshgen.plan.model import Plan, Reach

Form = Literal["table", "json", "markdown"]
FORMS: tuple[Form, ...] = ("table", "json", "markdown")


def matrix(plan: Plan, form: Form) -> str:
    """How every cluster reaches every exposed host, one row a host; ends with a line end.

    A cluster that exposes the host itself is marked with `*`. JSON has one item for each host and cluster.
    """
    if form == "json":
        return json.dumps([_item(reach) for reach in plan.reach], indent=2, ensure_ascii=False) + "\n"
    from tabulate import tabulate

    clusters = [cluster.cluster for cluster in plan.clusters]
    cells = {(reach.host, reach.cluster): cell(reach) for reach in plan.reach}
    hosts = dict.fromkeys(reach.host for reach in plan.reach)
    rows = [[host, *(cells[host, cluster] for cluster in clusters)] for host in hosts]
    style = "simple" if form == "table" else "pipe"
    if not rows:
        return "no service is exposed\n"
    return tabulate(rows, headers=["host", *clusters], tablefmt=style, disable_numparse=True) + "\n"


def cell(reach: Reach) -> str:
    """One cell: `local`, `local, else c2`, `remote: c2, c3`, `not reachable`."""
    sources = ", ".join(reach.sources)
    text = {
        "local": "local",
        "failover": f"local, else {sources}",
        "remote": f"remote: {sources}",
        "unreachable": "not reachable",
    }[reach.state]
    return f"{text} *" if reach.exposes else text


def _item(reach: Reach) -> dict[str, Any]:
    return {
        "host": reach.host,
        "cluster": reach.cluster,
        "state": reach.state,
        "sources": list(reach.sources),
        "exposes": reach.exposes,
        "retries": reach.retries,
        "reasons": list(reach.reasons),
    }
