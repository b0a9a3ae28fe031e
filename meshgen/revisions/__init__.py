"""What the fleet meant before: earlier commits, compiled by this meshgen, never read from the output tree.

See docs/adr/0016-old-plans.md and docs/adr/0018-losses.md.

    before = earlier(fleet, output, now, against=(), environment=os.environ)
    told = guard(before.pasts, now, before.runs, before.fleets)
    findings = [*before.diagnostics, *told.findings, *beside(told, checked)]
"""

from meshgen.revisions import meant
from meshgen.revisions.earlier import Earlier, Now, earlier
from meshgen.revisions.guard import beside, guard
from meshgen.revisions.named import Fleets, default_revision
from meshgen.revisions.place import elsewhere

__all__ = ["Earlier", "Fleets", "Now", "beside", "default_revision", "earlier", "elsewhere", "guard", "meant"]
