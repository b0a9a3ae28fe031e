"""What every object has around its spec: apiVersion, kind, and metadata closed to what meshgen writes.

Names, labels and annotations follow k8s.io/apimachinery/pkg/util/validation (IsDNS1123Subdomain, IsDNS1123Label,
IsDNS1035Label, IsQualifiedName, IsValidLabelValue).
"""

from __future__ import annotations

from typing import Any, Literal

Schema = dict[str, Any]
NameKind = Literal["subdomain", "label", "service"]

DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
DNS_SUBDOMAIN = rf"{DNS_LABEL}(\.{DNS_LABEL})*"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]"
_KEY = f"^({DNS_SUBDOMAIN}/)?{_QUALIFIED}$"
_LONGEST_KEY = 253 + 1 + 63

LABEL_KEY: Schema = {"maxLength": _LONGEST_KEY, "pattern": _KEY}
LABEL_VALUE: Schema = {"type": "string", "maxLength": 63, "pattern": "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"}
LABELS: Schema = {"type": "object", "propertyNames": LABEL_KEY, "additionalProperties": LABEL_VALUE}
ANNOTATIONS: Schema = {
    "type": "object",
    "propertyNames": LABEL_KEY,
    "additionalProperties": {"type": "string"},
}

_NAMES: dict[NameKind, Schema] = {
    "subdomain": {"type": "string", "minLength": 1, "maxLength": 253, "pattern": f"^{DNS_SUBDOMAIN}$"},
    "label": {"type": "string", "minLength": 1, "maxLength": 63, "pattern": f"^{DNS_LABEL}$"},
    "service": {"type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"},
}

EMBEDDED_METADATA: Schema = {
    "type": "object",
    "properties": {"annotations": ANNOTATIONS, "labels": LABELS},
    "additionalProperties": False,
}
"""Metadata of a template inside an object, where meshgen sets labels and annotations only."""


def metadata(name: NameKind, *, namespaced: bool, annotations: tuple[str, ...] = ()) -> Schema:
    """Closed metadata; `annotations` are those that must be there."""
    required = ["name"]
    properties: Schema = {"annotations": ANNOTATIONS, "labels": LABELS, "name": _NAMES[name]}
    if namespaced:
        properties["namespace"] = _NAMES["label"]
        required.append("namespace")
    if annotations:
        properties["annotations"] = {**ANNOTATIONS, "required": list(annotations)}
        required.append("annotations")
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(required),
        "additionalProperties": False,
    }


def root(api_version: str, kind: str, metadata_schema: Schema, rest: Schema, required: list[str]) -> Schema:
    """The whole object; `rest` are the properties beside apiVersion, kind and metadata."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {
            "apiVersion": {"const": api_version},
            "kind": {"const": kind},
            "metadata": metadata_schema,
            **rest,
        },
        "required": ["apiVersion", "kind", "metadata", *required],
        "additionalProperties": False,
    }
