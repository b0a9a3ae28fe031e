"""The Go modules that the schemas come from: pinned in go.mod, held to go.sum, kept in Go's module cache."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent


class SourceError(Exception):
    """A module cannot be fetched, or is not the one that was pinned."""


@cache
def pins() -> dict[str, str]:
    """Module → version, as go.mod has them."""
    listing = json.loads(_go("mod", "edit", "-json", str(HERE / "go.mod")))
    return {require["Path"]: require["Version"] for require in listing["Require"]}


@cache
def fetch(module: str) -> Path:
    """The directory of the pinned `module`, downloaded when the cache lacks it.

    Runs outside any module: inside one, Go would first resolve requirements that nothing here needs
    and that not every proxy serves (`k8s.io/kubernetes` asks for its staging modules at v0.0.0).

    Raises SourceError when it cannot be had or its hash differs from go.sum.
    """
    version = pins()[module]
    with tempfile.TemporaryDirectory() as empty:
        answer = json.loads(_go("mod", "download", "-json", f"{module}@{version}", cwd=empty))
    wanted = f"{module} {version} {answer['Sum']}"
    if wanted not in (HERE / "go.sum").read_text("utf-8").splitlines():
        raise SourceError(f"{module}@{version} has {answer['Sum']}, which go.sum does not list")
    return Path(answer["Dir"])


def _go(*arguments: str, cwd: str | None = None) -> str:
    environment = {**os.environ, "GOFLAGS": "", "GOWORK": "off"}
    try:
        done = subprocess.run(["go", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise SourceError("`go` is not on PATH; the schemas are generated from Go modules") from error
    if done.returncode != 0:
        raise SourceError(f"`go {' '.join(arguments)}` failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def custom_resource(file: Path, plural: str, version: str) -> dict[str, Any]:
    """The OpenAPI schema of `version` of the CustomResourceDefinition named `plural` in `file`."""
    # Only the document of that name is parsed: the files are large, and YAML is slow.
    for text in file.read_text("utf-8").split("\n---\n"):
        document = YAML(typ="safe").load(text) if f"name: {plural}\n" in text else None
        if document and document["metadata"]["name"] == plural:
            for served in document["spec"]["versions"]:
                if served["name"] == version:
                    schema: dict[str, Any] = served["schema"]["openAPIV3Schema"]
                    return schema
    raise SourceError(f"{file.name} has no {plural} {version}")
