"""The seed's case, from the committed fleet and its committed output."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from meshgen.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "output"
SEED_ADDRESSES = ["18.135.167.198", "18.168.99.230", "35.179.51.164"]
DETAILS = re.compile(r"  - name: details\n(?:    .*\n)+")
DETAILS_ENTRY = "serviceentry.networking.istio.io_details.bookinfo.svc.cluster.local.yaml"


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def listing(cluster: str, kind: str) -> list[tuple[str, str, Any]]:
    """(namespace, name, spec) of the committed objects of a kind, as `kubectl get` would sort them."""
    bodies = [load(path) for path in (OUTPUT / cluster).rglob(f"{kind}.*.yaml")]
    return sorted((b["metadata"]["namespace"], b["metadata"]["name"], b["spec"]) for b in bodies)


def test_kubectl_get_workloadentries_shows_the_seeds_list() -> None:
    found = [(re.sub("[0-9a-f]{32}", "~", name), s["address"]) for _, name, s in listing("cluster-2", "workloadentry")]
    assert found == [
        ("k-details-~", "18.135.167.198"),
        ("k-details-~-2", "18.168.99.230"),
        ("k-details-~-3", "35.179.51.164"),
        ("k-reviews-~", "18.135.167.198"),
        ("k-reviews-~-2", "18.168.99.230"),
        ("k-reviews-~-3", "35.179.51.164"),
    ]


def test_the_entries_of_one_service_share_their_hash_and_stand_in_its_namespace() -> None:
    stems: dict[str, set[str]] = {}
    for namespace, name, _ in listing("cluster-2", "workloadentry"):
        assert namespace == "bookinfo"
        match = re.fullmatch(r"k-(\w+)-([0-9a-f]{32})(-[23])?", name)
        assert match
        stems.setdefault(match[1], set()).add(match[2])
    assert [(service, len(hashes)) for service, hashes in sorted(stems.items())] == [("details", 1), ("reviews", 1)]


@pytest.mark.parametrize("cluster", ["cluster-1", "cluster-2"])
def test_the_gateway_is_the_seeds_and_has_a_network_view(cluster: str) -> None:
    ((namespace, name, spec),) = listing(cluster, "ingressgateway")
    assert (namespace, name) == ("bookinfo", "eastwest-gateway")
    assert spec.pop("kubeSpec") == {
        "deployment": {
            "env": [{"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": cluster.replace("cluster", "network")}]
        }
    }
    assert spec == {"eastWestOnly": True}


@pytest.mark.parametrize("cluster", ["cluster-1", "cluster-2"])
def test_the_workspace_setting_is_the_seeds(cluster: str) -> None:
    assert listing(cluster, "workspacesetting") == [
        (
            "bookinfo",
            "my-workspace-setting",
            {
                "workspace": "my-workspace",
                "defaultEastWestGatewaySettings": {
                    "workloadSelector": {"app": "eastwest-gateway"},
                    "exposedServices": [
                        "details.bookinfo.svc.cluster.local",
                        "reviews.bookinfo.svc.cluster.local",
                    ],
                },
            },
        )
    ]


def test_the_workspace_spans_both_clusters() -> None:
    ((_, name, spec),) = listing("cluster-1", "workspace")
    assert (name, spec) == ("my-workspace", {"namespaceSelector": {"names": ["*/bookinfo"]}})


def test_no_service_entry_stands_beside_a_local_service() -> None:
    assert listing("cluster-1", "serviceentry") == listing("cluster-2", "serviceentry") == []


class Copy:
    """A copy of the committed fleet and output, to be changed."""

    def __init__(self, directory: Path) -> None:
        self.fleet = Path(shutil.copytree(ROOT / "fleet", directory / "fleet"))
        self.output = Path(shutil.copytree(OUTPUT, directory / "output"))

    def build(self, *options: str) -> int:
        return main(["build", str(self.fleet), "-o", str(self.output), "--kubeconform", "off", *options])

    def inventory(self, cluster: str) -> Path:
        return self.fleet / "inventory" / f"{cluster}.yaml"

    @property
    def tree(self) -> dict[str, bytes]:
        return {p.relative_to(self.output).as_posix(): p.read_bytes() for p in self._files()}

    def _files(self) -> Iterator[Path]:
        return (path for path in sorted(self.output.rglob("*")) if path.is_file() and "local" not in path.parts)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """The committed tree outside of Git, which a first build takes over."""
    found = Copy(tmp_path)
    assert found.build() == 0
    return found


def test_the_committed_output_is_what_the_fleet_says(copy: Copy) -> None:
    assert copy.build("--check") == 0


def test_a_service_that_one_cluster_loses_becomes_a_service_entry_there(copy: Copy) -> None:
    inventory = copy.inventory("cluster-2")
    inventory.write_text(DETAILS.sub("", inventory.read_text()))
    before = copy.tree
    assert copy.build() == 1
    assert copy.build("--allow-withdrawal") == 0
    after = copy.tree

    entry = load(copy.output / "cluster-2/xcp-multicluster" / DETAILS_ENTRY)
    assert entry["metadata"]["name"] == "details.bookinfo.svc.cluster.local"
    assert entry["spec"]["hosts"] == ["details.bookinfo.svc.cluster.local"]
    assert [endpoint["address"] for endpoint in entry["spec"]["endpoints"]] == SEED_ADDRESSES
    gone = {re.sub("[0-9a-f]{32}", "~", path) for path in before.keys() - after.keys()}
    assert gone == {
        "cluster-1/bookinfo/destinationrule.networking.istio.io_meshgen-details.yaml",
        "cluster-1/bookinfo/virtualservice.networking.istio.io_meshgen-details.yaml",
        "cluster-1/bookinfo/workloadentry.networking.istio.io_k-details-~-2.yaml",
        "cluster-1/bookinfo/workloadentry.networking.istio.io_k-details-~.yaml",
        "cluster-2/bookinfo/destinationrule.networking.istio.io_meshgen-details.yaml",
        "cluster-2/bookinfo/virtualservice.networking.istio.io_meshgen-details.yaml",
        "cluster-2/bookinfo/workloadentry.networking.istio.io_k-details-~-2.yaml",
        "cluster-2/bookinfo/workloadentry.networking.istio.io_k-details-~-3.yaml",
        "cluster-2/bookinfo/workloadentry.networking.istio.io_k-details-~.yaml",
    }
    assert after.keys() - before.keys() == {
        "cluster-2/_cluster/namespace_xcp-multicluster.yaml",
        f"cluster-2/xcp-multicluster/{DETAILS_ENTRY}",
        f"cluster-2/xcp-multicluster/{DETAILS_ENTRY.replace('serviceentry', 'destinationrule')}",
        f"cluster-2/xcp-multicluster/{DETAILS_ENTRY.replace('serviceentry', 'virtualservice')}",
    }
    changed = {path for path in before.keys() & after.keys() if before[path] != after[path]}
    assert changed == set()


def test_a_service_that_comes_back_gives_the_committed_output_again(copy: Copy) -> None:
    inventory = copy.inventory("cluster-2")
    text, before = inventory.read_text(), copy.tree
    inventory.write_text(DETAILS.sub("", text))
    assert copy.build("--allow-withdrawal") == 0
    inventory.write_text(text)
    assert copy.build() == 0
    assert copy.tree == before


def test_a_cluster_that_has_neither_service_nor_namespace_finds_both_remote(copy: Copy) -> None:
    copy.inventory("cluster-2").write_text(
        "apiVersion: meshgen.io/v1\nkind: Inventory\nmetadata: {name: cluster-2}\nspec: {}\n"
    )
    assert copy.build("--allow-withdrawal") == 0
    names = sorted(path.name for path in (copy.output / "cluster-2/xcp-multicluster").glob("serviceentry*"))
    assert names == [DETAILS_ENTRY, DETAILS_ENTRY.replace("details", "reviews")]
