"""Stores, whose copies in several clusters are no copies of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.stores import sign_of_store
from meshgen.check.copies import Copy
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics import Cause
from meshgen.diagnostics.several import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.calls import Import
    from meshgen.check.context import Context


def store_fails_over(context: Context) -> Iterator[Finding]:
    """Find stores with several copies of which nobody said whether callers may move; one finding a workspace.

    Databases that do not know of each other hold different data: writes go where the next read does not look.
    """
    seen: set[str] = set()
    for item in context.calls.imports:
        alone = item.local is None and len(item.sources) == 1
        if item.host in seen or alone or item.failover.enabled_said:
            continue
        seen.add(item.host)
        signs = ((copy, sign_of_store(copy.service)) for copy in _copies(item))
        shown = next(((copy, sign) for copy, sign in signs if sign is not None), None)
        if shown is None:
            continue
        copy, sign = shown
        source = item.sources[0]
        workspace = source.workspace.name
        yield Finding(
            message=f"`{item.host}` looks like a store, since {sign}: where its copies do not replicate each other, "
            "callers that move from one to another see other data",
            span=copy.service.span("name"),
            help="Say which it is: `failover: {enabled: false}` keeps callers with their own copy, `enabled: true` "
            "means that the copies replicate; a cluster without one calls all others, so expose the one that it needs.",
            notes=notes((exposure_at(source), "exposed here")),
            object=item.host,
            cause=Cause(
                f"{NAMES} of workspace `{workspace}` look like stores: where their copies do not replicate each other, "
                "callers that move from one to another see other data",
                f"workspace/{workspace}",
                f"`{item.service.name}`",
                f"`{item.service.name}` in `{copy.cluster}`: {sign}",
            ),
        )


def _copies(item: Import) -> list[Copy]:
    """All that answer the callers of one consumer."""
    own = [Copy(item.consumer, item.local)] if item.local is not None else []
    return own + [Copy(source.cluster, source.service) for source in item.sources]


RULES = (Rule("MG440", "warning", "a store that fails over", "0.1", store_fails_over),)
