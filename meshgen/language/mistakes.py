"""What is wrong with a document, in the words of its author: pydantic's errors become diagnostics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.diagnostics.near import near
from meshgen.language.base import DURATION, LABEL, PATH, SERVICE_LABEL, SUBDOMAIN
from meshgen.language.delivery import REPOSITORY, REVISION
from meshgen.language.directories import DIRECTORY, WORKSPACES
from meshgen.language.dns import IMAGE
from meshgen.language.gateway import QUANTITY
from meshgen.language.instead import as_list, as_mapping, corrected
from meshgen.language.misplaced import elsewhere, in_sight, indent, lost_by
from meshgen.language.published_host import HEADER_VALUE, PublishedHost
from meshgen.language.shape import fields, shape, shape_at
from meshgen.load.documents import first_key, quoted
from meshgen.load.scalars import BOOLEAN_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import BaseModel, ValidationError

    from meshgen.diagnostics import Span
    from meshgen.language.shape import Shape
    from meshgen.load.nodes import Node

PATTERNS = {
    LABEL: "Use lower-case letters, digits and `-`, with a letter or digit at both ends, at most 63.",
    SERVICE_LABEL: "Use lower-case letters, digits and `-`, with a letter first and no `-` last, at most 63.",
    SUBDOMAIN: "Use lower-case letters, digits, `-` and `.`, with a letter or digit at both ends of each part.",
    r"^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$": "Use letters, digits, `-`, `_` and `.`, with a letter or digit "
    "at both ends.",
    r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$": "Use letters, digits, `-`, `_` and `.`, with a letter or digit "
    "at both ends, at most 63; or nothing.",
    REPOSITORY: "Write the URL of a Git repository, such as `https://git.example.com/company/mesh.git` or "
    "`git@git.example.com:company/mesh.git`.",
    REVISION: "Write the name of a branch, a tag or a commit: letters, digits, `-`, `_`, `.` and `/`.",
    DIRECTORY: "Write a path below the directory of the fleet such as `teams/bookinfo`, without `/` at an end.",
    WORKSPACES: "Write a name of workspaces, at most 63; `*` stands alone or at the end.",
    DURATION: "Write a duration such as `250ms`, `10s` or `1m30s`.",
    r"^[0-9]+\.[0-9]+(\.[0-9]+)?(-[0-9A-Za-z.+-]+)?$": "Write a version such as `1.29` or `1.29.2`.",
    r"^([A-Z]+ )?/[^\s?#*]*\*?$": "Write a gRPC method or a path, such as `/shop.Cart/GetCart`, `/carts/*` or "
    "`PUT /carts/*`; `*` stands at the end.",
    PATH: "Write a path such as `/api`, without `?`, `#` and blanks.",
    HEADER_VALUE: "Write the header's value in printable ASCII, without a blank at either end.",
    r"^[A-Za-z0-9]([-A-Za-z0-9_]*[A-Za-z0-9])?$": "Write the name of a header, such as `x-canary`.",
    r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/?$": "Write a prefix such as `example.com/`.",
    r"^[0-9]{12}$": "Write the twelve digits of an AWS account, in quotes.",
    IMAGE: "Write the name of an image, such as `docker.io/mccutchen/go-httpbin:2.15.0`.",
    QUANTITY: "Write a quantity such as `500m`, `2` or `1Gi`, in quotes where it is a number.",
    r"^MG[0-9]{3}$": "Write a code such as `MG301`.",
    r"^[0-9a-f]{64}$": "Write the SHA-256 of the certificate as 64 hexadecimal digits, in lower case, without colons.",
}
"""What each pattern of the models allows."""

_OTHER_NAME = "Give the cluster another name: a directory of this one cannot be checked out there."
_IN_RANGE = "Write a duration such as `250ms`, `10s` or `1m30s`."
_LABEL_KEY = (
    "Write a key of Kubernetes: at most 63 letters, digits, `-`, `_`, `.`, with `<domain>/` before them or not."
)

_EXPECTED = {
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "`true` or `false`",
}
_ADVICE = {
    "a mapping": "Write its fields as `key: value`, one a line.",
    "a list": "Start each item with `- `.",
    "text": "Write one text, in quotes.",
    "a whole number": "Write digits, without quotes.",
    "`true` or `false`": "Write `true` or `false`, without quotes.",
    "text or a mapping": "Write the host, or a mapping with `host`.",
    "text or a whole number": "Write a name or a number.",
}
_EMPTY = {"list": "Write `[]` for none, or remove the line.", "mapping": "Write its fields, or remove the line."}
_LIMITS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_VALUE = re.compile(r"'([^']*)'")
_MOST_FIELDS = 12


@dataclass(frozen=True, slots=True)
class Subject:
    """What is validated: the data's node, its model, what it is called, and the place that stands for it."""

    model: type[BaseModel]
    node: Node
    place: Span
    object: str
    astray: str | None = None
    """The key without a value whose `name` stands beside it, where that of a document cannot be."""


def mistakes(error: ValidationError, subject: Subject) -> Iterator[Diagnostic]:
    """One diagnostic for each mistake behind `error`, at the smallest place that shows it."""
    found = error.errors(include_url=False, include_context=True, include_input=False)
    # A value that may be of several types fails once for each: what it fails as its own type is the news.
    best: dict[tuple[str | int, ...], Any] = {}
    unknown: dict[tuple[str | int, ...], list[str]] = {}
    for item in found:
        path = (
            _written(item["loc"], subject.node) if item["type"] not in {"missing", "extra_forbidden"} else item["loc"]
        )
        if item["type"] == "extra_forbidden":
            unknown.setdefault(path[:-1], []).append(str(path[-1]))
        known = best.get(path)
        if known is None:
            best[path] = item | {"several": False}
        elif known["type"].endswith("_type"):
            best[path] = (known if item["type"].endswith("_type") else item) | {"several": True}
    needed: dict[tuple[str | int, ...], list[str]] = {}
    lost: dict[tuple[str | int, ...], list[str]] = {(subject.astray,): ["name"]} if subject.astray else {}
    for path, item in best.items():
        above = None
        if item["type"] == "missing":
            needed.setdefault(path[:-1], []).append(str(path[-1]))
        elif item["type"] == "extra_forbidden":
            above = lost_by(str(path[-1]), path[:-1], subject.node, subject.model)
        if above is not None:
            lost.setdefault((*path[:-1], above), []).append(str(path[-1]))
    for path, item in best.items():
        parent, key = path[:-1], str(path[-1]) if path else ""
        if item["type"] == "missing":
            # A field that is missing beside an unknown one is told with that.
            if not unknown.get(parent):
                yield _missing(path, subject)
        elif item["type"] != "extra_forbidden":
            yield _wrong_value(item, path, subject, lost.get(path, []))
        elif not any(key in keys for place, keys in lost.items() if place[:-1] == parent):
            yield _unknown(path, subject, needed.get(parent, []) if key == unknown[parent][0] else [])


def object_at(path: Sequence[str | int], subject: Subject) -> str:
    """The logical name of what `path` belongs to: an item of the Fleet's lists, else the document."""
    if subject.object.startswith("fleet/") and len(path) > 1 and isinstance(path[1], int):
        kind = {"publishedHosts": "publishedHost"}.get(str(path[0]), str(path[0]).removesuffix("s"))
        item = subject.node.find(path[:2])
        name = item.entries["name"][1].value if item.entries and "name" in item.entries else None
        if isinstance(name, str) and kind in {"cluster", "gateway", "workspace", "publishedHost"}:
            return f"{kind}/{name}"
    return subject.object


def _written(loc: Sequence[str | int], node: Node) -> tuple[str | int, ...]:
    """The part of a location that stands in the document: pydantic adds the tried types."""
    path: list[str | int] = []
    for step in loc:
        if isinstance(step, str) and node.entries is not None and step in node.entries:
            node = node.entries[step][1]
        elif isinstance(step, int) and node.items is not None and step < len(node.items):
            node = node.items[step]
        elif node.entries is None and node.items is None and step == "host":
            pass  # the short form of an exposed service
        else:
            break
        path.append(step)
    return tuple(path)


def _called(path: Sequence[str | int], subject: Subject) -> str:
    if not path:
        return subject.object.replace("/", " `", 1) + "`"
    named = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    return f"an item of `{named}`" if isinstance(path[-1], int) else f"`{named}`"


def _missing(path: Sequence[str | int], subject: Subject) -> Diagnostic:
    parent = subject.node.find(path[:-1])
    owner = object_at(path[:-1], subject) if len(path) == _LIST_ITEM_FIELD else ""
    called = owner.replace("/", " `", 1) + "`" if owner != subject.object and owner else _called(path[:-1], subject)
    return diagnose(
        "MG101",
        f"{called} has no `{path[-1]}`",
        subject.place if len(path) == 1 else first_key(parent),
        help=f"Add `{path[-1]}`.",
        object=object_at(path, subject),
    )


_LIST_ITEM_FIELD = 3


def _unknown(path: Sequence[str | int], subject: Subject, needed: list[str]) -> Diagnostic:
    """MG100; `needed` are the fields that are missing beside the unknown one."""
    key, parent = str(path[-1]), path[:-1]
    model = shape_at(subject.model, parent).model
    known = list(fields(model)) if model is not None else []
    belongs = in_sight(key, parent, subject.node, subject.model)
    value = subject.node.find(path)
    meant = needed[0] if len(needed) == 1 and _takes(model, needed[0], value) else ""
    similar = near(key, needed) or [name for name in near(key, known) if not meant or _takes(model, name, value)]
    if model is PublishedHost and key == "gateway":
        advice = "Write `ingressGateway`, with `name` and `namespace`, and `edgeGateway` for one in front of it."
    elif belongs:
        advice = belongs
    elif similar:
        advice = f"Write {' or '.join(f'`{name}`' for name in similar)}."
    elif len(needed) == 1 and value.plain == "":
        advice = f"Write `{needed[0]}: {key}`."
    elif meant:
        advice = f"Write `{meant}`, if that is meant."
    elif further := elsewhere(key, parent, subject.model):
        advice = further
    elif len(known) <= _MOST_FIELDS:
        advice = f"Known here: {', '.join(f'`{name}`' for name in known)}."
    else:
        advice = "Remove it; `meshgen schema` shows all fields."
    missing = [f"`{name}`" for name in needed if name not in similar]
    also = f", and {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing" if missing else ""
    return diagnose(
        "MG100",
        f"unknown field `{key}`{also}",
        subject.node.find(parent).key_span(key),
        help=advice,
        object=object_at(path, subject),
    )


def _takes(model: type[BaseModel] | None, field: str, value: Node) -> bool:
    """Whether a field takes the sort of scalar that `value` is."""
    sort = shape(fields(model)[field]).sort if model is not None else None
    text, number = isinstance(value.value, str), isinstance(value.value, int) and not isinstance(value.value, bool)
    return (text and value.plain != "" and sort == "text") or (number and sort == "number")


def _wrong_value(item: Any, path: Sequence[str | int], subject: Subject, lost: list[str]) -> Diagnostic:
    """The diagnostic for a value; `lost` are the fields that its key has lost to the mapping around it."""
    node = subject.node.find(path)
    if item["loc"][-1] == "[key]":
        place = subject.node.find(path[:-1]).key_span(str(path[-1]))
        message = f"a key of {_called(path[:-1], subject)} cannot be `{path[-1]}`"
        return diagnose("MG106", message, place, help=_LABEL_KEY, object=object_at(path, subject))
    expects = shape_at(subject.model, path)
    code, message, advice = _judge(item, _called(path, subject), node, expects)
    if lost:
        advice = indent(lost, into_list=expects.sort == "list")
    return diagnose(code, message, _short(node), help=advice, object=object_at(path, subject))


def _short(node: Node) -> Span:
    """Of a mapping or list over several lines only the first key or item."""
    if node.span.line == node.span.end_line:
        return node.span
    if node.entries:
        return first_key(node)
    return _short(node.items[0]) if node.items else node.span


def _judge(item: Any, called: str, node: Node, expects: Shape) -> tuple[str, str, str]:
    error: str = item["type"]
    sort = expects.sort
    ctx: dict[str, Any] = item.get("ctx") or {}
    scalar = node.entries is None and node.items is None
    if scalar and node.value is None:
        advice = _EMPTY.get("mapping" if sort == "map" else sort, "Give it a value, or remove the line.")
        return "MG108", f"{called} has no value", advice
    if error == "literal_error":
        return _not_in(_VALUE.findall(str(ctx.get("expected", ""))), called, node)
    if error == "string_pattern_mismatch":
        return "MG106", f"{called} cannot be {quoted(node)}", _form(str(ctx.get("pattern")), str(node.value))
    if error == "reserved_name":
        return "MG115", f"{called} cannot be {quoted(node)}: Windows reserves it for devices", _OTHER_NAME
    if error == "duration":
        return "MG107", f"{called} must be whole milliseconds and at most 2562047h, but is {quoted(node)}", _IN_RANGE
    if error in _LIMITS:
        key, words = _LIMITS[error]
        return "MG107", f"{called} must be {words} {ctx[key]}, but is {quoted(node)}", "Write a number in this range."
    if error in {"string_too_long", "string_too_short", "too_long", "too_short"}:
        return _wrong_length(error, ctx, called, node)
    expected = "text or a whole number" if item["several"] else _EXPECTED.get(error, "something else")
    if sort == "mapping" and error == "model_type" and str(ctx.get("class_name")) == "ExposedService":
        expected = "text or a mapping"
    if expected == "text" and scalar and node.plain is not None:
        return _untyped_text(called, node, expects.pattern)
    if expected == "`true` or `false`" and node.plain in BOOLEAN_WORDS:
        word = "true" if BOOLEAN_WORDS[node.plain] else "false"
        return "MG104", f"{called} must be `true` or `false`, but `{node.plain}` is text", f"Write `{word}`."
    if expected == "a list":
        shown = as_list(node, expects)
    else:
        shown = as_mapping(node, expects.model) if expected == "a mapping" else ""
    advice = shown or _ADVICE.get(expected, "Correct it.")
    return "MG102", f"{called} must be {expected}, but this is {is_what(node)}", advice


def _not_in(values: list[str], called: str, node: Node) -> tuple[str, str, str]:
    shown = [f"`{value}`" for value in values]
    listed = f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else "".join(shown)
    similar = near(node.value, values) if isinstance(node.value, str) else []
    if node.value is False and "off" in values:
        similar = ["off"]
    advice = f"Write {' or '.join(f'`{name}`' for name in similar)}." if similar else "Write one of them."
    return "MG105", f"{called} must be {listed}, not {quoted(node)}", advice


def _wrong_length(error: str, ctx: dict[str, Any], called: str, node: Node) -> tuple[str, str, str]:
    long = error.endswith("long")
    limit = ctx["max_length" if long else "min_length"]
    unit = "character" if error.startswith("string") else "item"
    size = len(str(node.value)) if unit == "character" else len(node.items or node.entries or ())
    plural = "" if limit == 1 else "s"
    message = f"{called} must have at {'most' if long else 'least'} {limit} {unit}{plural}, but has {size}"
    return "MG107", message, "Shorten it." if long else "Add what is missing, or remove the line."


def _untyped_text(called: str, node: Node, pattern: str | None) -> tuple[str, str, str]:
    if isinstance(node.value, bool):
        read = "the boolean `true`" if node.value else "the boolean `false`"
    else:
        read = f"the number {node.value}"
    plain = node.plain or ""
    works = pattern is None or re.search(pattern, plain) is not None
    advice = f'Quote it: `"{plain}"`.' if works else _form(str(pattern), plain)
    return "MG103", f"{called} must be text, but `{plain}` is read as {read}", advice


def _form(pattern: str, text: str) -> str:
    """What to write where `text` does not match `pattern`."""
    if pattern == DURATION and re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return f"Name the unit: `{text}s`, `{text}ms` or `{text}m`."
    if re.search(r" - .", text):
        return "Indent each `- ` of a list alike: one that stands deeper continues the text above it."
    return corrected(text, pattern) or PATTERNS.get(pattern, "Correct it.")


def is_what(node: Node) -> str:
    if node.entries is not None:
        return "a mapping"
    if node.items is not None:
        return "a list"
    if isinstance(node.value, bool):
        return f"the boolean {quoted(node)}"
    return f"the number {quoted(node)}" if isinstance(node.value, int | float) else f"the text {quoted(node)}"
