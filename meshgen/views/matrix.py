"""The fleet as a table: one row a host, one column a cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from meshgen.views.reasons import sentence

if TYPE_CHECKING:
    from meshgen.calls import Call, Calls

Form = Literal["table", "json", "markdown"]
FORMS: tuple[Form, ...] = ("table", "json", "markdown")


def matrix(calls: Calls, form: Form) -> str:
    """How every cluster reaches every exposed host, one row a host; ends with a line end.

    A cluster that exposes the host itself is marked with `*`. JSON has one item for each host and cluster.
    """
    if form == "json":
        return json.dumps([_item(call) for call in calls], indent=2, ensure_ascii=False) + "\n"
    from tabulate import tabulate

    clusters = calls.consumers
    cells = {(call.host, call.consumer): cell(call) for call in calls}
    hosts = dict.fromkeys(call.host for call in calls)
    rows = [[host, *(cells[host, cluster] for cluster in clusters)] for host in hosts]
    style = "simple" if form == "table" else "pipe"
    if not rows:
        return "no service is exposed\n"
    return tabulate(rows, headers=["host", *clusters], tablefmt=style, disable_numparse=True) + "\n"


def cell(call: Call) -> str:
    """One cell: `local`, `local, else c2`, `remote: c2, c3`, `not reachable`."""
    sources = ", ".join(source.cluster for source in call.sources)
    text = {
        "local": "local",
        "failover": f"local, else {sources}",
        "remote": f"remote: {sources}",
        "unreachable": "not reachable",
    }[call.state]
    return f"{text} *" if call.exposes else text


def _item(call: Call) -> dict[str, Any]:
    return {
        "host": call.host,
        "cluster": call.consumer,
        "state": call.state,
        "sources": [source.cluster for source in call.sources],
        "exposes": call.exposes,
        "retries": call.retries,
        "reasons": [sentence(reason) for reason in call.reasons],
    }
