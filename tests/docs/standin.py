"""As much of kubectl as the tutorial needs, for two clusters that are memory.

Services of type LoadBalancer have the addresses of their cluster as soon as they are asked for.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner
from ruamel.yaml import YAML

_FIRST = Path(__file__).parent / "cluster.yaml"
_ADDRESSES = {"east": ["192.0.2.10", "192.0.2.11"], "west": ["198.51.100.10", "198.51.100.11"]}
_yaml = YAML(typ="safe")
_yaml.default_flow_style = False


def _documents(path: Path) -> list[dict[str, Any]]:
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    return [document for file in files for document in _yaml.load_all(file.read_text()) if document]


def _key(item: dict[str, Any]) -> str:
    return "/".join((item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]))


class _Cluster:
    """The objects of one cluster, by kind, namespace and name."""

    def __init__(self, context: str) -> None:
        self._addresses = _ADDRESSES[context]
        self.objects = {_key(item): item for item in _documents(_FIRST)}

    def shown(self, item: dict[str, Any]) -> dict[str, Any]:
        """An object with the status that a cloud gives it."""
        if item["kind"] != "Service" or item["spec"].get("type") != "LoadBalancer":
            return item
        return item | {"status": {"loadBalancer": {"ingress": [{"ip": address} for address in self._addresses]}}}


class Kubectl:
    """Two clusters, and what asks them."""

    def __init__(self) -> None:
        self._clusters = {context: _Cluster(context) for context in _ADDRESSES}

    def run(self, words: list[str]) -> str:
        """What a command prints. Raises `AssertionError` where it fails."""
        done = CliRunner().invoke(_kubectl, words, obj=self._clusters)
        assert done.exit_code == 0, done.output
        return done.stdout


@click.group()
@click.option("--context", "name", type=click.Choice(sorted(_ADDRESSES)), required=True)
@click.pass_context
def _kubectl(context: click.Context, name: str) -> None:
    context.obj = context.obj[name]


@_kubectl.command()
@click.option("--server-side", is_flag=True)
@click.option("-R", "recursive", is_flag=True)
@click.option("-f", "files", multiple=True, type=click.Path(exists=True, path_type=Path), required=True)
@click.pass_obj
def apply(cluster: _Cluster, files: tuple[Path, ...], *, server_side: bool, recursive: bool) -> None:
    """Keep what files hold. A namespace that is not there is refused, as by an API server."""
    for path in files:
        if path.is_dir() and not recursive:
            raise click.ClickException(f"{path} is a directory")
        for item in _documents(path):
            namespace = item["metadata"].get("namespace")
            if namespace and f"Namespace//{namespace}" not in cluster.objects:
                raise click.ClickException(f'Error from server (NotFound): namespaces "{namespace}" not found')
            done = "configured" if _key(item) in cluster.objects else "created"
            cluster.objects[_key(item)] = item
            group = item["apiVersion"].rpartition("/")[0].partition("/")[0]
            kind = item["kind"].lower() + (f".{group}" if group else "")
            click.echo(f"{kind}/{item['metadata']['name']} {'serverside-applied' if server_side else done}")


@_kubectl.command()
@click.argument("kinds")
@click.argument("name", required=False)
@click.option("-A", "everywhere", is_flag=True)
@click.option("-n", "namespace", default="default")
@click.option("-o", "output", type=click.Choice(["yaml"]), required=True)
@click.pass_obj
def get(cluster: _Cluster, kinds: str, name: str | None, namespace: str, output: str, *, everywhere: bool) -> None:  # noqa: ARG001 - it is yaml
    """Print one object, or a list of those of some kinds."""
    wanted = {kind.partition(".")[0].removesuffix("s") for kind in kinds.split(",")}
    found = [
        cluster.shown(item)
        for item in cluster.objects.values()
        if item["kind"].lower() in wanted
        and (everywhere or item["metadata"].get("namespace", "") == namespace)
        and name in (None, item["metadata"]["name"])
    ]
    if name is not None and not found:
        raise click.ClickException(f'Error from server (NotFound): {kinds} "{name}" not found')
    text = io.StringIO()
    _yaml.dump(found[0] if name else {"apiVersion": "v1", "kind": "List", "items": found}, text)
    click.echo(text.getvalue(), nl=False)
