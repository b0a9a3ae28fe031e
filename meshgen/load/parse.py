"""YAML text to nodes with positions, from libyaml's events; what cannot be read becomes diagnostics."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from meshgen.diagnostics import Diagnostic, Note, Span, diagnose
from meshgen.diagnostics.lines import lines_with_breaks, split_lines
from meshgen.load.keys import flow_key, key_twice, unseparated
from meshgen.load.nodes import Node
from meshgen.load.scalars import core_value, old_reading
from meshgen.load.slips import wrong_quotes
from meshgen.load.syntax import (
    CORE_TAGS,
    bad_tag,
    conflicts,
    control_character,
    syntax_error,
    too_deep,
    unquoted_pattern,
)

DEEPEST = 64
"""Levels of nesting that are read."""
_MOST_FROM_ALIASES = 100_000
_MOST_SYNTAX_ERRORS = 20
_SEPARATOR = re.compile(r"---(?=\s|\Z)")
_COLON_INSIDE = re.compile(r"""(?<=[^\s,\[\]{}"']):(?=[^\s,\[\]{}])""")
"""A `:` that continues a text without quotes, and not one that ends a key (YAML 1.2.2, section 7.3.3)."""
_FIRST_KEYS = ("apiVersion", "kind")
"""With which a document of Kubernetes' form begins."""
_STAND_INS = range(0xE000, 0xF900)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_REPLACEMENT = "\ufffd"
_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
}


class LibyamlMissingError(Exception):
    """ruamel.yaml is installed without its C parser."""


@dataclass(slots=True)
class Parsed:
    """The documents of one file that could be read whole, and everything that was found on the way."""

    documents: list[tuple[Node, bool]] = field(default_factory=list)
    """Each with whether one of its plain scalars is something else in YAML 1.1."""
    diagnostics: list[Diagnostic] = field(default_factory=list)


def parse(text: str, file: str, *, merge_keys: bool = False, cut: bool = False) -> Parsed:
    """Reads all documents of `text`; after a syntax error reading goes on with the next document.

    Of a text with conflicts of Git nothing is read, since the parser would blame what stands between the markers.
    A `:` inside a text without quotes is allowed between `[ ]` and `{ }` too, where libyaml 0.1 refuses it.

    `cut`: what is nested too deep is left out, instead of being reported.

    `merge_keys`: `<<` is kept as a key like any other, for the caller to resolve, instead of being reported; tags that
    kubectl ignores are no finding either.

    Raises LibyamlMissingError where the C parser is not installed: the one in Python is ten times slower and
    reports other places.
    """
    try:
        from _ruamel_yaml import CParser  # type: ignore[import-not-found]
        from ruamel.yaml.error import MarkedYAMLError, YAMLError
    except ImportError as error:
        raise LibyamlMissingError from error

    parsed = Parsed(diagnostics=conflicts(text, file))
    if parsed.diagnostics:
        return parsed
    text = _without_control_characters(text, file, parsed)
    damaged = bool(parsed.diagnostics)
    resumed = 0
    colon = ""
    for _ in range(_MOST_SYNTAX_ERRORS):
        reader = _Reader(text, file, parsed, merge_keys=merge_keys, cut=cut, damaged=damaged, colon=colon)
        known = len(parsed.documents), len(parsed.diagnostics)
        try:
            parser = CParser(_COLON_INSIDE.sub(colon, text) if colon else text)
            while (event := parser.get_event()) is not None:
                reader.take(event)
        except _TooDeepError as error:
            stopped = error.args[0]
            parsed.diagnostics.append(too_deep(stopped, DEEPEST))
            line = stopped.line
        except MarkedYAMLError as error:
            if not colon and "found unexpected ':'" in str(error.problem):
                colon = next((chr(code) for code in _STAND_INS if chr(code) not in text), "")
                if colon:
                    del parsed.documents[known[0] :], parsed.diagnostics[known[1] :]
                    continue
            parsed.diagnostics.append(syntax_error(error, text, file))
            mark = error.problem_mark or error.context_mark
            # The mark may be at the separator of the next document, which is then where reading goes on.
            line = max(mark.line if mark is not None else 0, resumed)
        except YAMLError as error:
            parsed.diagnostics.append(found := control_character(text, getattr(error, "position", 0), file))
            line = found.span.line if found.span else 1
        else:
            return parsed
        # What was read stays: blank lines in its place keep the positions of the rest.
        lines = lines_with_breaks(text)
        resumed = next((number for number in range(line, len(lines)) if _SEPARATOR.match(lines[number])), len(lines))
        if resumed == len(lines):
            return parsed
        text = "\n" * resumed + "".join(lines[resumed:])
        resumed += 1
    return parsed


def _without_control_characters(text: str, file: str, parsed: Parsed) -> str:
    # The parser reads ahead: it would stop at such a character before it has read what stands above.
    found = list(itertools.islice(_CONTROL.finditer(text), _MOST_SYNTAX_ERRORS))
    parsed.diagnostics += [control_character(text, match.start(), file) for match in found]
    return _CONTROL.sub(_REPLACEMENT, text) if found else text


class _TooDeepError(Exception):
    """Carries the span at which the nesting passed the limit."""


@dataclass(slots=True)
class _Anchor:
    span: Span
    node: Node | None = None
    size: int = 1
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A mapping or sequence whose end has not been read."""

    node: Node
    anchor: str | None
    flow: bool
    key: str | None = None
    key_span: Span | None = None
    size: int = 1
    height: int = 1
    again: list[tuple[str, Diagnostic]] = field(default_factory=list)
    """Keys that it has already, each with what is said of it."""


class _Reader:
    """Builds the nodes of one stream, event by event, without recursion."""

    def __init__(
        self, text: str, file: str, parsed: Parsed, *, merge_keys: bool, cut: bool, damaged: bool, colon: str = ""
    ) -> None:
        self._colon = colon
        self._damaged = damaged
        self._cut = cut
        self._too_deep = 0
        self._merge_keys = merge_keys
        self._text = text
        self._file = file
        self._parsed = parsed
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Anchor] = {}
        self._root: Node | None = None
        self._broken = False
        self._ambiguous = False
        self._from_aliases = 0
        self._actions = {
            "ScalarEvent": self._scalar,
            "MappingStartEvent": self._start,
            "SequenceStartEvent": self._start,
            "MappingEndEvent": self._end,
            "SequenceEndEvent": self._end,
            "AliasEvent": self._alias,
            "DocumentStartEvent": self._start_document,
            "DocumentEndEvent": self._end_document,
        }

    def take(self, event: Any) -> None:
        name = type(event).__name__
        if self._too_deep:
            self._too_deep += name.endswith("StartEvent") - name.endswith("EndEvent")
        elif (action := self._actions.get(name)) is not None:
            action(event)

    def _start_document(self, _event: Any) -> None:
        self._anchors = {}
        self._root = None
        self._broken = False
        self._ambiguous = False
        self._from_aliases = 0

    def _end_document(self, _event: Any) -> None:
        if self._root is not None and not self._broken and self._root.plain != "":
            self._parsed.documents.append((self._root, self._ambiguous))

    def _span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        return Span(self._file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _report(self, diagnostic: Diagnostic) -> None:
        self._parsed.diagnostics.append(diagnostic)
        self._broken = True

    def _scalar(self, event: Any) -> None:
        span = self._block_span(event) if event.style in {"|", ">"} else self._span(event)
        text: str = event.value
        if self._colon:
            text = text.replace(self._colon, ":")
        if self._damaged and _REPLACEMENT in text:
            self._broken = True
        node = Node(span, text)
        if event.tag is None:
            if event.implicit[0]:
                node.plain = text
                node.value = core_value(text)
                if not self._merge_keys and (found := wrong_quotes(text, span)) is not None:
                    self._report(found)
                if node.value == text and old_reading(text) is not None:
                    self._ambiguous = True
        elif event.tag not in {"!", f"{CORE_TAGS}str"} and not self._ignored(event.tag):
            self._tagged(node, event, span)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(span, node)
        self._add(node, 1, 0)

    def _ignored(self, tag: str) -> bool:
        """Whether kubectl, which has merge keys, takes what is tagged so for a text, or for what it is."""
        return self._merge_keys and (not tag.startswith(CORE_TAGS) or tag == f"{CORE_TAGS}binary")

    def _tagged(self, node: Node, event: Any, span: Span) -> None:
        allowed = _TYPES.get(event.tag.removeprefix(CORE_TAGS)) if event.tag.startswith(CORE_TAGS) else None
        value = core_value(event.value)
        if allowed is not None and isinstance(value, allowed) and (bool in allowed or not isinstance(value, bool)):
            node.value = value
        else:
            self._report(bad_tag(event.tag, span))

    def _block_span(self, event: Any) -> Span:
        # libyaml's end of a block scalar is the start of the next token.
        start = event.start_mark
        written = self._text[start.index : event.end_mark.index].rstrip()
        lines = split_lines(written)
        column = len(lines[-1]) + 1 + (start.column if len(lines) == 1 else 0)
        return Span(self._file, start.line + 1, start.column + 1, start.line + len(lines), column)

    def _start(self, event: Any) -> None:
        span = self._span(event)
        if len(self._stack) >= DEEPEST:
            if not self._cut:
                raise _TooDeepError(span)
            self._too_deep = 1
            self._add(Node(span), 1, 0)
            return
        mapping = type(event).__name__ == "MappingStartEvent"
        node = Node(span, entries={}) if mapping else Node(span, items=[])
        own = {None, "!", f"{CORE_TAGS}{'map' if mapping else 'seq'}"}
        if event.tag not in own and not self._ignored(event.tag):
            self._report(bad_tag(event.tag, span))
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(span)
        self._stack.append(_Open(node, event.anchor, bool(event.flow_style)))

    def _end(self, event: Any) -> None:
        opened = self._stack.pop()
        node = opened.node
        end_line, end_column = event.end_mark.line + 1, event.end_mark.column + 1
        if not opened.flow:
            # libyaml's end of a block collection is the start of the next token, too.
            last = _last_span(node) or node.span
            end_line, end_column = last.end_line, last.end_column
        start = node.span
        node.span = Span(start.file, start.line, start.column, end_line, end_column)
        if opened.anchor is not None:
            self._anchors[opened.anchor] = _Anchor(node.span, node, opened.size, opened.height)
        self._add(node, opened.size, opened.height)

    def _alias(self, event: Any) -> None:
        span = self._span(event)
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            start = event.start_mark.index
            self._report(unquoted_pattern(self._text[start : start + 300], span, anchors=True))
            self._add(Node(span), 1, 0)
            return
        target = anchor.node
        if target is None:
            self._report(
                diagnose(
                    "MG011",
                    f"`*{event.anchor}` stands inside `&{event.anchor}`, which it refers to",
                    span,
                    help="Write out what you mean: a fleet has no cycles.",
                    notes=(Note(anchor.span, f"`&{event.anchor}` starts here"),),
                )
            )
            self._add(Node(span), 1, 0)
            return
        if len(self._stack) + anchor.height > DEEPEST:
            if not self._cut:
                raise _TooDeepError(span)
            self._add(Node(span), 1, 0)
            return
        before = self._from_aliases
        self._from_aliases += anchor.size
        if self._from_aliases > _MOST_FROM_ALIASES:
            if before <= _MOST_FROM_ALIASES:
                self._report(
                    diagnose(
                        "MG010",
                        f"aliases make this document more than {_MOST_FROM_ALIASES} values larger",
                        span,
                        help="Write the values out, or in a list that is used once.",
                        notes=(Note(anchor.span, f"`&{event.anchor}` stands here"),),
                    )
                )
            self._add(Node(span), 1, 0)
            return
        self._add(Node(span, target.value, target.entries, target.items, target.plain), anchor.size, anchor.height)

    def _add(self, node: Node, size: int, height: int) -> None:
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        parent.size += size
        parent.height = max(parent.height, height + 1)
        if parent.node.items is not None:
            parent.node.items.append(node)
        elif parent.key_span is None:
            self._key(parent, node)
        else:
            self._entry(parent, node)

    def _key(self, parent: _Open, node: Node) -> None:
        parent.key_span = node.span
        parent.key = None
        if node.entries is not None or node.items is not None or node.plain == "":
            what = "a mapping" if node.entries is not None else "a list" if node.items is not None else "empty"
            self._report(
                diagnose(
                    "MG013",
                    f"a key must be text, but this one is {what}",
                    node.span,
                    help="Quote the key; templates such as `{{ name }}` are not expanded in a fleet.",
                )
            )
        elif node.plain == "<<" and not self._merge_keys:
            self._report(
                diagnose(
                    "MG009",
                    "the merge key `<<` is not supported",
                    node.span,
                    help="Write the fields out: YAML 1.2 has no merge keys.",
                )
            )
        else:
            parent.key = node.plain if node.plain is not None else str(node.value)

    def _entry(self, parent: _Open, node: Node) -> None:
        key, span = parent.key, parent.key_span
        parent.key = parent.key_span = None
        entries = parent.node.entries
        if key is None or span is None or entries is None:
            return
        if key in entries:
            self._again(parent, key, key_twice(key, span, entries[key][0]))
            return
        if parent.flow and node.plain == "" and (":" in key or " " in key):
            self._report(flow_key(key, span))
            return
        if node.plain == "":
            node.span = span  # nothing is written: the key shows it
        entries[key] = (span, node)

    def _again(self, parent: _Open, key: str, found: Diagnostic) -> None:
        """Reports a key that stands twice; those of a document that nothing separates from the one above as one."""
        parent.again.append((key, found))
        known = self._parsed.diagnostics
        if len(self._stack) > 1 or len(parent.again) == 1 or not any(name in _FIRST_KEYS for name, _ in parent.again):
            known.append(found)
        elif (first := parent.again[0][1]) in known:
            known[known.index(first)] = unseparated(first)


def _last_span(node: Node) -> Span | None:
    if node.entries:
        key_span, value = next(reversed(node.entries.values()))
        return max(key_span, value.span, key=lambda span: (span.end_line, span.end_column))
    return node.items[-1].span if node.items else None
