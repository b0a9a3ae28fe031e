"""What a stranger wrote is shown, and does nothing: in terminals, in logs of CI, in documents."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshgen.diagnostics import Diagnostic, Note, Span
from meshgen.diagnostics.printing import bounded, json_text, masked, printable, printable_lines
from meshgen.diagnostics.render import FORMATS, MACHINE_FORMATS, TEXT_FORMATS, render

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
COMMAND = re.compile(r"^\s*::[a-z]|##[a-z]*\[", re.MULTILINE | re.IGNORECASE)
PARTS = [
    "\x1b[2J", "\x9b1m", "\r", "\n", "\n::error::", "::add-mask::x", "##[group]", "##vso[task.x]", "\u202e",
    "\u2066", "\udcff", "\ud800", "\u2028", "[a](https://b)", "{0}", "<b>", "&", "]]>", "%0A", "é", "名前", "a", " ",
]  # fmt: skip
hostile = st.lists(st.sampled_from(PARTS), max_size=6).map("".join)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web", "web"),
        ("Straße 名前 🦀", "Straße 名前 🦀"),
        ("\x1b[31mred\x9b0m", "�[31mred�0m"),
        ("a\nb", "a�b"),
        ("user\u202etxt.exe", "user�txt.exe"),
        ("zero\u200bwidth", "zero�width"),
        ("\udcff.yaml", "\\xff.yaml"),
        ("\ud83d", "�"),
    ],
)
def test_a_text_in_one_line(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\x1bb\r\nc", "a�b�\nc"),
        ("::error::x", ": :error::x"),
        ("a\n   ::add-mask::x", "a\n   : :add-mask::x"),
        ("a ::error::", "a ::error::"),
        ("::1 is an address", "::1 is an address"),
        ("kind ##[group]x", "kind # #[group]x"),
        ("##vso[task.setvariable]x", "# #vso[task.setvariable]x"),
    ],
)
def test_lines_for_people(text: str, shown: str) -> None:
    assert printable_lines(text) == shown


def test_json_keeps_what_it_says_and_is_no_command() -> None:
    value = {"kind": "##[group]", "name": "é\x1b"}
    text = json_text(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert not COMMAND.search(text)


@given(message=hostile, file=hostile, line=hostile)
@pytest.mark.parametrize("form", FORMATS)
def test_no_format_lets_anything_through(form: str, message: str, file: str, line: str) -> None:
    span = Span(file, 1, 1, 1, 2)
    found = Diagnostic("MG017", "error", message, span, message, (Note(span, message),), message)
    text = render([found], {file: line}, form)
    text.encode()
    assert not UNSAFE.search(text)
    assert form == "github" or not COMMAND.search(text)


@given(hostile)
def test_github_gets_one_command_a_finding(message: str) -> None:
    text = render([Diagnostic("MG017", "error", message, Span(message, 1, 1, 1, 2), message)], {}, "github")
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("[free money](https://example.com)", "[free money] (https://example.com)."),
        ("`{0}` is no name", "`{{0}}` is no name."),
    ],
)
def test_a_message_of_sarif_is_no_markup(message: str, text: str) -> None:
    log: Any = json.loads(render([Diagnostic("MG017", "error", message)], {}, "sarif"))
    assert log["runs"][0]["results"][0]["message"]["text"] == text


def test_a_file_whose_name_is_not_text_is_shown_with_its_line() -> None:
    found = Diagnostic("MG017", "error", "x", Span("a\udcff.yaml", 1, 1, 1, 5))
    assert "kind: X" in render([found], {"a\udcff.yaml": "kind: X"}, "full")


def many(count: int) -> list[Diagnostic]:
    severities: Any = ["hint", "error"]
    return [Diagnostic("MG102", severities[n % 2], str(n), Span("f", n + 1, 1, n + 1, 2)) for n in range(count)]


@pytest.mark.parametrize("form", FORMATS)
def test_MG902_fires_when_there_are_more_findings_than_anybody_reads(form: str) -> None:
    text = render(many(20_000), {}, form)
    assert "19000 more findings are not shown" in text
    assert len(text) < 3_000_000


@pytest.mark.parametrize("form", FORMATS)
def test_MG902_silent_when_all_are_shown(form: str) -> None:
    assert "MG902" not in render(many(100), {}, form)


def test_errors_come_before_what_is_left_out() -> None:
    kept, more = bounded(many(10), most=6)
    assert [found.message for found in kept] == ["0", "1", "3", "5", "7", "9"]
    assert more == 4


@pytest.mark.parametrize("form", FORMATS)
def test_a_text_of_megabytes_is_cut(form: str) -> None:
    text = "x" * 5_000_000
    found = Diagnostic(
        "MG102",
        "error",
        text,
        Span(text, 1, 4_000_000, 1, 5_000_000),
        text,
        (Note(Span(text, 1, 1, 1, 2), text),),
        text,
    )
    assert len(render([found], {text: text}, form)) < 100_000


def test_part_of_a_long_line_is_found_in_it() -> None:
    source = {"f": "é" * 70_000 + "needle" + "b" * 70_000}
    lines = render([Diagnostic("MG005", "error", "x", Span("f", 1, 70_001, 1, 70_007))], source, "full").splitlines()
    shown, marks = lines[3][4:], lines[4][4:]
    assert shown[marks.index("^") : marks.rindex("^") + 1] == "needle"


def test_formats_for_people_and_for_machines_are_all_but_github() -> None:
    assert MACHINE_FORMATS | TEXT_FORMATS | {"github"} == set(FORMATS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://mesh:secret@git.example.com/fleet.git", "https://mesh:******@git.example.com/fleet.git"),
        ("https://:secret@git.example.com/fleet.git", "https://:******@git.example.com/fleet.git"),
        ("https://ghp_01@github.com/company/fleet", "https://******@github.com/company/fleet"),
        ("a: https://a:b@c d: https://e:f@g", "a: https://a:*@c d: https://e:*@g"),
        ("https://company@dev.azure.com/fleet", "https://company@dev.azure.com/fleet"),
        ("https://git.example.com:8443/fleet@v1", "https://git.example.com:8443/fleet@v1"),
        ("ssh://git@git.example.com:2222/fleet", "ssh://git@git.example.com:2222/fleet"),
    ],
)
def test_credentials_in_a_url_are_masked_character_by_character(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_shows_the_credentials_of_a_url(form: str) -> None:
    url = "https://mesh:secret@git.example.com/fleet.git"
    place = Span("fleet.yaml", 1, 1, 1, 8)
    found = Diagnostic("MG106", "error", f"not {url}", place, help=url, notes=(Note(place, url),), object=url)
    text = render([found], {"fleet.yaml": f"repoURL: {url}\n"}, form)
    assert "fleet.yaml" in text
    assert "secret" not in text
