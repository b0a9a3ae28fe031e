"""What the fleet meant before: plans of earlier commits, compiled by this meshgen, never read from the output tree.

See docs/adr/0016-old-plans.md.

    before = earlier(fleet, output, now, against=(), environment=os.environ)
    findings = [*before.diagnostics, *withdrawn(before.uses, plan, typed_fleet)]
"""

from meshgen.revisions import meant
from meshgen.revisions.earlier import Earlier, Now, earlier
from meshgen.revisions.withdrawal import withdrawn

__all__ = ["Earlier", "Now", "earlier", "meant", "withdrawn"]
