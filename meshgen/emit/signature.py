"""How a file of the output tree shows that meshgen wrote it: its first line, and the path that its object gets."""

from __future__ import annotations

import re

from meshgen.emit.artifact import Schema, object_path
from meshgen.emit.json import HEAD
from meshgen.emit.yaml import HEADER

_HEADER = HEADER.rstrip("\n").encode()
_HEAD = HEAD.encode().splitlines()
_FILES = re.compile(
    r"_setup/[^/]+/(?:mesh-config|route53-[-a-z0-9]+)\.yaml"
    r"|_dns/(?:plan\.json|[A-Za-z0-9]+/[^/]+\.(?:yaml|tf\.json))"
    r"|_delivery/(?:[^/]+/)+[^/]+\.yaml"
)
"""Files that hold no object, and those of `_delivery`, which stand where the engine wants them."""
# The lines of `document`, quoted or not; what a person wrote in another form shows no object.
_FIELD = re.compile(r"(apiVersion|kind):[ ](?:\"([^\"\\]*)\"|(\S+))[ \r]*|(metadata):[ \r]*")
_IN_METADATA = re.compile(r"  (name|namespace):[ ](?:\"([^\"\\]*)\"|(\S+))\s*|  .*|- .*")


class EmittedSignature:
    """That of all files that emitters write."""

    def begins(self, content: bytes) -> bool:
        if content.startswith(b"{"):
            return [line.rstrip(b",") for line in content.splitlines()[: len(_HEAD)]] == _HEAD
        return content.startswith(_HEADER) and content[len(_HEADER) : len(_HEADER) + 2].startswith((b"\n", b"\r\n"))

    def fits(self, path: str, content: bytes) -> bool:
        """Also where the text is broken elsewhere, by conflict markers for one: only these lines are read."""
        if not self.begins(content):
            return False
        return bool(_FILES.fullmatch(path)) or path in _object_paths(path.partition("/")[0], content)


SIGNATURE = EmittedSignature()


def _object_paths(top: str, content: bytes) -> set[str]:
    """The path that the object gets in that top directory; none where it does not show exactly one."""
    found: dict[str, set[str]] = {}
    in_metadata = False
    for line in content.decode("utf-8", "replace").split("\n"):
        if in_metadata:
            match = _IN_METADATA.fullmatch(line)
            in_metadata = match is not None or not line.strip()
        if not in_metadata:
            match = _FIELD.fullmatch(line)
            in_metadata = match is not None and match[1] is None
        if match and match[1]:
            found.setdefault(match[1], set()).add(match[2] or match[3] or "")
    if any(len(found.get(field, ())) != 1 for field in ("apiVersion", "kind", "name")):
        return set()
    namespaces = found.get("namespace", {""})
    if len(namespaces) != 1:
        return set()
    (version,), (kind,), (name,), (namespace,) = found["apiVersion"], found["kind"], found["name"], namespaces
    return {object_path(top, Schema(version, kind), namespace, name)}
