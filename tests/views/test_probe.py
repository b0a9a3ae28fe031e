"""What `explain` says about the name of a health check: where it is asked, and who answers."""

from __future__ import annotations

from meshgen.views.probe import probe
from tests.fleets import compiled
from tests.published.fleets import EDGE, short


def test_it_says_who_answers_at_each_entry_point() -> None:
    text = short("  healthCheck: {host: health.shop.example.com, path: /up}\n  draining: {names: [c2]}")
    entry_points, first, second = compiled(EDGE, text).compilation.checked.asked
    assert (
        probe(entry_points, "cluster.local")
        == """\
health.shop.example.com
  the health check of entry points, by `shop.example.com`
  `/up` of `web.shop.svc.cluster.local` has to answer 200

e1: edge gateway `edge/edge`
  answered by c1
"""
    )
    assert probe(first, "cluster.local").splitlines()[1] == "  the health check of cluster `c1`, by `shop.example.com`"
    assert probe(second, "cluster.local").splitlines()[-1] == "  answered by nobody"
