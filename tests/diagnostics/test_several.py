from __future__ import annotations

import json

from meshgen.diagnostics import Cause, Note, Span, diagnose
from meshgen.diagnostics.model import Diagnostic
from meshgen.diagnostics.render import render, summary
from meshgen.diagnostics.several import gathered, ordered, phrase


def finding(name: str, line: int, *, cause: str = "{names} are odd", note: str = "") -> Diagnostic:
    place = Span("a.yaml", line, 1, line, 2)
    notes = (Note(place._replace(line=99, end_line=99), note),) if note else ()
    return Diagnostic(
        "MG341",
        "warning",
        f"{name} is odd",
        place,
        "Mend it.",
        notes,
        name,
        Cause(cause, "workspace/w", name, f"{name}!"),
    )


def test_findings_of_one_cause_are_one_with_a_note_for_each_place() -> None:
    (one,) = gathered([finding("b", 2), finding("a", 1, note="see"), finding("b", 3)])
    assert (one.message, one.span, one.object, one.cause) == (
        "a and b are odd",
        Span("a.yaml", 1, 1, 1, 2),
        "workspace/w",
        None,
    )
    assert [(note.span.line, note.text) for note in one.notes] == [(1, "a!"), (2, "b!"), (3, "b!"), (99, "see")]


def test_another_cause_is_another_finding_and_one_alone_stays_as_it_is() -> None:
    alone = diagnose("MG016", "unknown")
    found = gathered([finding("a", 1), alone, finding("b", 2, cause="{names} differ")])
    assert [item.message for item in found] == ["a is odd", "unknown", "b is odd"]


def test_a_phrase_names_four_or_three_and_how_many_more() -> None:
    assert [phrase(list(names)) for names in ("", "a", "ab", "abcd", "abcde")] == [
        "", "a", "a and b", "a, b, c and d", "a, b, c and 2 more",
    ]  # fmt: skip


def test_errors_come_before_warnings_before_hints() -> None:
    found = [
        Diagnostic("MG367", "hint", "c", Span("a.yaml", 1, 1, 1, 2)),
        Diagnostic("MG330", "warning", "b", Span("a.yaml", 2, 1, 2, 2)),
        Diagnostic("MG001", "error", "a", Span("z.yaml", 9, 1, 9, 2)),
    ]
    assert [item.message for item in ordered(found)] == ["a", "b", "c"]


def test_text_is_bounded_and_json_is_complete() -> None:
    found = [finding(f"s{line:02}", line) for line in range(1, 31)]
    text = render(found, {}, "full")
    assert text == (
        "warning[MG341]: s01, s02, s03 and 27 more are odd\n"
        " --> a.yaml:1:1\n"
        "  = s01!\n"
        + "".join(f" ::: a.yaml:{line}:1 s{line:02}!\n" for line in range(2, 10))
        + " ::: and 21 more: `--format json` has them all\n  |\n  = help: Mend it.\n"
    )
    (item,) = json.loads(render(found, {}, "json"))
    assert [note["message"] for note in item["notes"]] == [f"s{line:02}!" for line in range(1, 31)]
    assert summary(found) == "1 warning"


def test_many_findings_of_one_code_and_one_help_are_told_in_short() -> None:
    found = [
        diagnose("MG016", f"unknown apiVersion `v{n}`", Span("a.yaml", n, 1, n, 2), "Move it.") for n in range(1, 21)
    ]
    blocks = render(found, {}, "full").split("\n\n")
    assert len(blocks) == 4
    assert blocks[3] == (
        "error[MG016]: 17 more with the same help\n"
        + "".join(f"  a.yaml:{n}:1: unknown apiVersion `v{n}`\n" for n in range(4, 12))
        + "  and 9 more: `--format concise` has them all\n"
    )
    assert render(found, {}, "concise").count("\n") == 20
