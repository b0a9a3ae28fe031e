"""Writes schemas/: every kind that meshgen emits.

    python tools/schemas/generate.py            write
    python tools/schemas/generate.py --check    write nothing, exit 1 when a file would change

Sources: the modules pinned in go.mod (see modules.py), handwritten/ for Tetrate, whose schemas are not public,
cel.yaml for the CRDs' CEL rules, overlay.yaml for what a webhook refuses although the CRD allows it.
Needs Go and, the first time, the network. Exit 2: a source is missing or says something new.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convert import Schema, UnknownKeywordError, closure, convert, places, references, tighten
from envelope import ANNOTATIONS, EMBEDDED_METADATA, LABELS, NameKind, metadata, root
from modules import HERE, SourceError, custom_resource, fetch, pins
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = HERE.parent.parent
ISTIO, KUBERNETES = "istio.io/istio", "k8s.io/kubernetes"
CERT_MANAGER = "github.com/cert-manager/cert-manager"
ARGO_CD, FLUX = "github.com/argoproj/argo-cd/v3", "github.com/fluxcd/kustomize-controller"
FLUX_SOURCE = "github.com/fluxcd/source-controller"
ISTIO_CRDS = "manifests/charts/base/files/crd-all.gen.yaml"
EXTERNAL_DNS = "sigs.k8s.io/external-dns"
GATEWAY_API_CRDS = "tests/integration/pilot/testdata/gateway-api-crd.yaml"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
LABEL_SELECTOR = "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"


@dataclass(frozen=True)
class Custom:
    """A kind that a CustomResourceDefinition defines."""

    module: str
    file: str
    api_version: str
    kind: str
    plural: str
    name: NameKind = "subdomain"
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Place → the fields that meshgen may write there; all of them where nothing is said."""


@dataclass(frozen=True)
class Core:
    """A kind of Kubernetes itself; `properties` are those beside metadata that meshgen may write."""

    document: str
    definition: str
    api_version: str
    kind: str
    properties: tuple[str, ...] = ("spec",)
    name: NameKind = "subdomain"
    namespaced: bool = True


def _istio(kind: str, plural: str, name: NameKind = "subdomain") -> Custom:
    return Custom(ISTIO, ISTIO_CRDS, "networking.istio.io/v1", kind, f"{plural}.networking.istio.io", name)


ISTIO_KINDS = (
    _istio("DestinationRule", "destinationrules"),
    _istio("Gateway", "gateways", "label"),
    _istio("ServiceEntry", "serviceentries"),
    _istio("Sidecar", "sidecars"),
    _istio("VirtualService", "virtualservices"),
    _istio("WorkloadEntry", "workloadentries"),
)
# An Application has a place for every tool that renders, an ApplicationSet for every generator.
_APPLICATION = ("destination", "ignoreDifferences", "project", "source", "syncPolicy")
_SOURCE = ("directory", "path", "repoURL", "targetRevision")


def _argo_cd(kind: str, only: Mapping[str, tuple[str, ...]]) -> Custom:
    file = f"manifests/crds/{kind.lower()}-crd.yaml"
    return Custom(ARGO_CD, file, "argoproj.io/v1alpha1", kind, f"{kind.lower()}s.argoproj.io", only=only)


ARGO_CD_KINDS = (
    _argo_cd("AppProject", {}),
    _argo_cd("Application", {"spec": _APPLICATION, "spec.source": _SOURCE}),
    _argo_cd(
        "ApplicationSet",
        {
            "spec.generators[]": ("list",),
            "spec.generators[].list": ("elements",),
            "spec.template.spec": _APPLICATION,
            "spec.template.spec.source": _SOURCE,
        },
    ),
)
# Of what a Kustomization can do, only to apply files as they are.
FLUX_KINDS = (
    Custom(
        FLUX, "config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml", "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization", "kustomizations.kustomize.toolkit.fluxcd.io",
        only={
            "spec": (
                "deletionPolicy", "dependsOn", "healthCheckExprs", "healthChecks", "interval", "path", "prune",
                "retryInterval", "sourceRef", "timeout",
            )
        },
    ),
    Custom(
        FLUX_SOURCE, "config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml", "source.toolkit.fluxcd.io/v1",
        "GitRepository", "gitrepositories.source.toolkit.fluxcd.io",
        only={"spec": ("interval", "ref", "secretRef", "url")},
    ),
)  # fmt: skip
EMITTED: tuple[Custom | Core, ...] = (
    Core("api__v1", "io.k8s.api.core.v1.Namespace", "v1", "Namespace", name="label", namespaced=False),
    Core(
        "api__v1", "io.k8s.api.core.v1.ServiceAccount", "v1", "ServiceAccount",
        ("automountServiceAccountToken", "imagePullSecrets", "secrets"),
    ),
    Core("api__v1", "io.k8s.api.core.v1.Service", "v1", "Service", name="service"),
    Core("api__v1", "io.k8s.api.core.v1.ConfigMap", "v1", "ConfigMap", ("data",)),
    Core("apis__batch__v1", "io.k8s.api.batch.v1.Job", "batch/v1", "Job"),
    Core("apis__apps__v1", "io.k8s.api.apps.v1.Deployment", "apps/v1", "Deployment"),
    Core(
        "apis__autoscaling__v2", "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler", "autoscaling/v2",
        "HorizontalPodAutoscaler",
    ),
    Core("apis__policy__v1", "io.k8s.api.policy.v1.PodDisruptionBudget", "policy/v1", "PodDisruptionBudget"),
    *ISTIO_KINDS,
    Custom(
        ISTIO, GATEWAY_API_CRDS, "gateway.networking.k8s.io/v1", "Gateway", "gateways.gateway.networking.k8s.io",
    ),
    Custom(
        CERT_MANAGER, "deploy/crds/cert-manager.io_certificates.yaml", "cert-manager.io/v1", "Certificate",
        "certificates.cert-manager.io",
    ),
    Custom(
        EXTERNAL_DNS, "config/crd/standard/dnsendpoints.externaldns.k8s.io.yaml", "externaldns.k8s.io/v1alpha1",
        "DNSEndpoint", "dnsendpoints.externaldns.k8s.io",
    ),
    *ARGO_CD_KINDS,
    *FLUX_KINDS,
)  # fmt: skip


def _yaml(path: Path) -> Any:
    with path.open("rb") as stream:
        return YAML(typ="safe").load(stream)


@cache
def _cel_table() -> dict[str, Schema]:
    entries = _yaml(HERE / "cel.yaml")
    return {entry["rule"]: entry.get("schema", {}) for entry in entries}


def cel(rule: str) -> Schema:
    """The JSON Schema of a CEL rule, as cel.yaml decides."""
    try:
        fragment: Schema = json.loads(json.dumps(_cel_table()[rule.strip()]))
    except KeyError:
        raise SourceError(f"cel.yaml says nothing about the rule {rule!r}") from None
    return fragment


@cache
def _kubernetes() -> dict[str, Schema]:
    """The definitions of the API server's documents, converted."""
    folder = fetch(KUBERNETES) / "api/openapi-spec/v3"
    found: dict[str, Schema] = {}
    for document in ("api__v1", "apis__apps__v1", "apis__autoscaling__v2", "apis__batch__v1", "apis__policy__v1"):
        text = (folder / f"{document}_openapi.json").read_text("utf-8")
        for name, schema in json.loads(text)["components"]["schemas"].items():
            found[name] = convert(schema, cel)
    found[OBJECT_META] = EMBEDDED_METADATA
    found[LABEL_SELECTOR]["properties"]["matchLabels"] = LABELS
    return found


def custom(source: Custom) -> Schema:
    """The closed schema of a custom resource: its spec whole, no status."""
    crd = custom_resource(fetch(source.module) / source.file, source.plural, source.api_version.split("/")[1])
    spec = convert(crd["properties"]["spec"], cel)
    for place, names in source.only.items():
        _narrow(source.kind, spec, place, names)
    schema = root(source.api_version, source.kind, metadata(source.name, namespaced=True), {"spec": spec}, ["spec"])
    schema["$comment"] = _origin(f"{source.module}@{pins()[source.module]} {source.file}")
    return schema


def _narrow(kind: str, spec: Schema, place: str, names: tuple[str, ...]) -> None:
    """Leaves only `names` of the properties at `place`. Raises SourceError where one is not there."""
    for found, value in places(spec, "spec"):
        if found == place:
            missing = [name for name in names if name not in value["properties"]]
            if missing:
                raise SourceError(f"{kind} has no {place}.{missing[0]}")
            value["properties"] = {name: value["properties"][name] for name in names}
            return
    raise SourceError(f"{kind} has no {place}")


def core(source: Core) -> Schema:
    """The closed schema of a kind of Kubernetes itself, with the definitions that it reaches."""
    definition = _kubernetes()[source.definition]
    rest = {name: definition["properties"][name] for name in source.properties}
    required = ["spec"] if source.namespaced and source.properties == ("spec",) else []
    schema = root(
        source.api_version,
        source.kind,
        metadata(source.name, namespaced=source.namespaced),
        json.loads(json.dumps(rest)),
        required,
    )
    schema["definitions"] = _definitions(schema)
    where = f"{KUBERNETES}@{pins()[KUBERNETES]} api/openapi-spec/v3/{source.document}_openapi.json"
    schema["$comment"] = _origin(where)
    return schema


def handwritten(file: Path) -> Schema:
    """A schema from handwritten/: the spec in YAML, references into Kubernetes' definitions resolved."""
    source = _yaml(file)
    schema = root(
        source["apiVersion"],
        source["kind"],
        metadata(source["name"], namespaced=True, annotations=tuple(source.get("annotations", ()))),
        {"spec": source["spec"]},
        ["spec"],
    )
    labels = {"Annotations": ANNOTATIONS, "Labels": LABELS, "SelectorLabels": {**LABELS, "minProperties": 1}}
    available = {**_kubernetes(), **labels, **_yaml(HERE / "handwritten/shared.yaml")}
    schema["definitions"] = json.loads(json.dumps(closure(references(schema), available)))
    if not schema["definitions"]:
        del schema["definitions"]
    schema["$comment"] = _origin(f"tools/schemas/handwritten/{file.relative_to(HERE / 'handwritten').as_posix()}")
    return schema


def _definitions(schema: Schema) -> Schema:
    definitions: Schema = json.loads(json.dumps(closure(references(schema), _kubernetes())))
    return definitions


def _origin(source: str) -> str:
    return f"Code generated by tools/schemas/generate.py from {source}; DO NOT EDIT."


def overlay(schemas: dict[str, Schema]) -> None:
    """Applies overlay.yaml. An entry that applies nowhere is an error: the source moved away under it."""
    for entry in _yaml(HERE / "overlay.yaml"):
        wanted = entry.get("schemas")
        for at in entry["at"]:
            pattern = re.compile(re.escape(at).replace(r"\*\*", ".*"))
            hits = 0
            for path, schema in schemas.items():
                if wanted is not None and path not in wanted:
                    continue
                for place, value in _all_places(schema):
                    if pattern.fullmatch(place):
                        tighten(value, json.loads(json.dumps(entry["add"])))
                        hits += 1
            if not hits:
                raise SourceError(f"overlay.yaml: nothing is at {at} of {wanted or 'any schema'}")


def _all_places(schema: Schema) -> list[tuple[str, Schema]]:
    found = list(places(schema))
    for name, definition in schema.get("definitions", {}).items():
        found += places(definition, f"{name}:")
    return found


def file_name(api_version: str, kind: str) -> str:
    """Where the schema of a kind stands, in the layout of the CRDs catalog. kubeconform calls core's group `v1`."""
    group, _, version = api_version.rpartition("/")
    return f"{group or version}/{kind.lower()}_{version}.json"


def wanted() -> dict[Path, str]:
    """Every file, relative to the repository, and its text."""
    emitted: dict[str, Schema] = {}
    for source in EMITTED:
        name = file_name(source.api_version, source.kind)
        emitted[name] = custom(source) if isinstance(source, Custom) else core(source)
    for file in sorted((HERE / "handwritten").glob("*/*.yaml")):
        schema = handwritten(file)
        properties = schema["properties"]
        emitted[file_name(properties["apiVersion"]["const"], properties["kind"]["const"])] = schema
    overlay(emitted)
    return {
        Path("schemas") / name: json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        for name, schema in emitted.items()
    }


def present() -> set[Path]:
    """The files on disk that this script answers for: all but the fleet's own schema."""
    found = (ROOT / "schemas").glob("*/*.json")
    return {path.relative_to(ROOT) for path in found if path.parent.name != "meshgen.io"}


def main() -> int:
    """Returns 0 when all is well, 1 on drift, 2 when a source fails."""
    parser = argparse.ArgumentParser(description="Generate the JSON Schemas of the emitted kinds.")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when a file would change")
    check = parser.parse_args().check
    try:
        files = wanted()
    except (SourceError, UnknownKeywordError) as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 2
    stale = {path for path, text in files.items() if _read(ROOT / path) != text}
    surplus = present() - files.keys()
    if check:
        for path in sorted(stale | surplus):
            print(f"{path.as_posix()}: differs from what tools/schemas/generate.py writes", file=sys.stderr)
        return 1 if stale or surplus else 0
    for path in sorted(stale):
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(files[path], "utf-8", newline="\n")
    for path in sorted(surplus):
        (ROOT / path).unlink()
    return 0


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
