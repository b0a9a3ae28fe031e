"""Repositories as they are: kustomizations, charts, templates, settings of tools beside manifests."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from meshgen.inventory.manifests import read_manifests

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n"
TEMPLATE = """{{- if .Values.service.enabled }}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "shop.fullname" . }}
  labels: {{- include "shop.labels" . | nindent 4 }}
spec:
  ports:
  - port: {{ .Values.service.port }}
{{- end }}
"""


def read(directory: Path, files: dict[str, str | bytes]) -> tuple[list[str], list[str]]:
    """What importing a directory with `files` says, and the names of the objects that it takes."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    manifests, findings = read_manifests([str(directory)])
    said = [f"{found.code}: {found.message}".replace(f"{directory.as_posix()}/", "") for found in findings]
    return said, [str(node.find(["metadata", "name"]).value) for node in manifests.documents]


def test_MG059_fires_for_a_kustomization_with_all_below_it(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "plain/a.yaml": SERVICE,
        "shop/kustomization.yaml": "namespace: shop\nresources: [base]\n",
        "shop/patch.yaml": "- {op: remove, path: /spec}\n",
        "shop/base/kustomization.yml": "kind: Kustomization\n",
        "shop/base/a.yaml": SERVICE.replace("80", "81"),
    }
    assert read(tmp_path, files) == (["MG059: `shop` is a kustomization, not rendered"], ["a"])


def test_MG059_fires_once_for_all_kustomizations_and_once_for_all_charts(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a/Kustomization": "resources: [x.yaml]\n",
        "b/kustomization.yaml": "resources: [x.yaml]\n",
        "b/x.yaml": SERVICE,
        "chart/Chart.yaml": "apiVersion: v2\nname: shop\n",
        "chart/values.yaml": "image: x\n",
        "chart/templates/service.yaml": TEMPLATE,
    }
    assert read(tmp_path, files) == (
        [
            "MG059: `chart` is a Helm chart, not rendered",
            "MG059: 2 directories are kustomizations, not rendered",
        ],
        [],
    )


def test_MG059_fires_for_the_templates_of_a_chart_alone(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: shop\n")
    said, _ = read(tmp_path / "templates", {"service.yaml": TEMPLATE})
    assert said == [f"MG059: `{tmp_path.as_posix()}` is a Helm chart, not rendered"]


def test_MG059_silent_for_what_is_rendered_or_another_kustomization(tmp_path: Path) -> None:
    flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: shop}\n"
    assert read(tmp_path, {"a.yaml": SERVICE, "sync.yaml": flux}) == ([], ["a", "shop"])


@pytest.mark.parametrize(
    "text",
    [
        TEMPLATE,
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}-web\n",
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{name}}\n",
        "apiVersion: v1\nkind: Service\nspec:\n  ports:\n  {{- range .Values.ports }}\n  - port: 1\n  {{- end }}\n",
        "{% if tls %}\napiVersion: v1\nkind: Service\nmetadata:\n  name: x\n{% endif %}\n",
        '#@ load("@ytt:data", "data")\napiVersion: v1\nkind: Service\nmetadata:\n  name: #@ data.values.name\n',
    ],
)
def test_MG060_fires_once_for_a_template(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, {"a.yaml": text, "b.yaml": SERVICE}) == (
        ["MG060: `a.yaml` is a template, not rendered"],
        ["a"],
    )


def test_MG060_silent_for_braces_in_a_text(tmp_path: Path) -> None:
    text = SERVICE + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  a: |\n    {{ x }}\n"
    assert read(tmp_path, {"a.yaml": text}) == ([], ["a", "b"])


def test_a_mistake_in_a_manifest_with_braces_in_a_text_is_named(tmp_path: Path) -> None:
    text = 'apiVersion: v1\nkind: ConfigMap\ndata: {a: "{{ x }}"\n'
    assert read(tmp_path, {"a.yaml": text})[0] == ["MG005: a mapping that is opened with `{` is not closed"]


def test_settings_of_tools_in_a_directory_are_left_out_and_named(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.yaml": SERVICE,
        "values.yaml": "image: {repository: x}\n",
        "docker-compose.yml": "services:\n  web: &web {build: .}\n  other: {<<: *web}\n",
        "mkdocs.yml": "theme: !!python/name:material\n",
        "package.json": '{"name": "shop", "scripts": {}}',
    }
    assert read(tmp_path, files) == ([], ["a"])
    manifests, _ = read_manifests([str(tmp_path)])
    assert len(manifests.left_out) == 4


def test_a_file_that_is_named_is_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("image: x\n")
    manifests, _ = read_manifests([str(tmp_path / "values.yaml")])
    assert (len(manifests.documents), manifests.left_out) == (1, [])


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    half = gzip.compress(SERVICE.encode(), mtime=0)
    assert read(tmp_path, {"a.yaml.gz": half + gzip.compress(b"---\n" + SERVICE.encode(), mtime=0)}) == ([], ["a", "a"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(SERVICE.encode(), mtime=0)[:-9], "the end of the gzip is missing"),
        (b"\x1f\x8bnothing of the sort", "error -3 while decompressing data: unknown compression method"),
    ],
)
def test_MG050_fires_for_gzip_that_is_broken(tmp_path: Path, content: bytes, reason: str) -> None:
    assert read(tmp_path, {"a.yaml.gz": content})[0] == [f"MG050: `a.yaml.gz` cannot be read: {reason}"]


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshgen.inventory.manifests.LARGEST_INPUT", 1 << 20)
    (said,), _ = read(tmp_path, {"a.json.gz": gzip.compress(b" " * (1 << 21), mtime=0)})
    assert said == "MG050: `a.json.gz` cannot be read: larger than 1 MiB"


def test_what_powershell_writes_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, {"a.yaml": SERVICE.encode("utf-16")}) == ([], ["a"])
