"""One set of findings that every format renders: each feature of a finding occurs in it."""

from __future__ import annotations

from meshgen.diagnostics import Diagnostic, Note, Span

SOURCES = {
    "fleet/fleet.yaml": "clusters:\n- {name: cluster-1}\n- {name: cluster-1}\n",
    "fleet/team a,b.yaml": "labels:\n\tregion: 東京 # 100%\n  host: |\n    one\n    two\n",
}
DIAGNOSTICS = [
    Diagnostic("MG018", "error", "there is no document of kind `Fleet`", help="Add exactly one."),
    Diagnostic(
        "MG109",
        "error",
        "cluster `cluster-1` stands twice in the fleet",
        Span("fleet/fleet.yaml", 3, 10, 3, 19),
        help="Keep one of the two.",
        notes=(Note(Span("fleet/fleet.yaml", 2, 10, 2, 19), "the first one is here"),),
        object="cluster/cluster-1",
    ),
    Diagnostic(
        "MG110",
        "warning",
        'wide and "quoted" <text>, 100%',
        Span("fleet/team a,b.yaml", 2, 10, 2, 12),
        help="Quote it.",
        object="cluster/東京",
    ),
    Diagnostic("MG110", "warning", "over several lines", Span("fleet/team a,b.yaml", 3, 3, 5, 8)),
    Diagnostic("MG367", "hint", "a file that is not at hand", Span("gone.yaml", 7, 1, 7, 4), help="Look."),
    Diagnostic("MG901", "error", "a control character \x1b[31m in a name\nand a second line"),
]
