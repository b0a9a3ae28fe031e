"""What to write instead of a value: the sentences of help that show it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from meshgen.language.base import LABEL, LABEL_VALUE, SERVICE_LABEL, SUBDOMAIN
from meshgen.language.shape import fields, required, shape

if TYPE_CHECKING:
    from pydantic import BaseModel

    from meshgen.language.shape import Shape
    from meshgen.load.nodes import Node

_LONGEST = 80
_QUOTES = "\"'`\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
_SCHEME = re.compile(r"^[a-z]+://")
_PORT = re.compile(r":[0-9]+$")
_PLACEHOLDER = re.compile(r"\$[{(]|\$[A-Z]|\{\{")
_NAMES = {LABEL, SERVICE_LABEL, SUBDOMAIN, LABEL_VALUE}


def corrected(text: str, pattern: str) -> str:
    """What `text` most likely means where a name has to match `pattern`, as a sentence of help; else nothing.

    Cases, quotes, blanks and full stops around a name, and the scheme, port and path of a URL, are what people copy.
    """
    if _PLACEHOLDER.search(text):
        return "Write the value itself: variables and templates are not expanded in a fleet."
    if pattern not in _NAMES:
        return ""
    bare = text.strip().strip(_QUOTES).strip()
    host = _SCHEME.sub("", bare)
    name = _PORT.sub("", host if host == bare else host.partition("/")[0]).strip(".,;:")
    for meant in (name, name.lower()):
        if meant and meant != text and re.search(pattern, meant):
            return f"Write `{meant}`{', without blanks around it' if meant == text.strip() else ''}."
    return ""


def as_list(node: Node, expects: Shape) -> str:
    """How to write `node`, a text, a number or a mapping, where a list is expected; empty where that is a guess."""
    if node.entries is None:
        text = _scalar(node)
        return f"Write `[{text}]`." if text else ""
    item = shape(expects.of).model if expects.of is not None else None
    known = fields(item) if item is not None else {}
    first = next(iter(node.entries), "")
    if first in known:
        return "Start it with `- `: it is one item of the list."
    return f"Write each as an item: `- name: {first}`, and its fields below." if first and "name" in known else ""


def as_mapping(node: Node, model: type[BaseModel] | None) -> str:
    """How to write `node`, a text, a number or a list, where the mapping of `model` is expected; empty for a guess."""
    if node.items is not None:
        alone = len(node.items) == 1 and node.items[0].entries is not None
        return "Take the `- ` away: this is one mapping, and no list." if alone else ""
    text = _scalar(node)
    if model is None or not text:
        return ""
    needed = [name for name in fields(model) if name in required(model)]
    sort = "text" if isinstance(node.value, str) else "number"
    if not needed or shape(fields(model)[needed[0]]).sort != sort:
        return ""
    rest = "".join(f", {name}: \N{HORIZONTAL ELLIPSIS}" for name in needed[1:])
    return f"Write `{{{needed[0]}: {text}{rest}}}`."


def _scalar(node: Node) -> str:
    """A text or number as it stands between brackets; empty where it is too long to show."""
    text = node.plain if node.plain is not None else json.dumps(node.value, ensure_ascii=False)
    return text if len(text) <= _LONGEST and "\n" not in text else ""
