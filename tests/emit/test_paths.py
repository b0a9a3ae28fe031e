"""Paths of the output tree are paths everywhere: Windows reserves names, file systems limit them."""

from __future__ import annotations

import pytest

from meshgen.emit.artifact import Schema, object_path
from meshgen.emit.signature import SIGNATURE
from meshgen.emit.yaml import HEADER
from meshgen.language.base import LONGEST_CLUSTER_NAME
from meshgen.tree import state
from meshgen.tree.paths import refusal

SERVICE = Schema("v1", "Service")


@pytest.mark.parametrize(
    ("namespace", "directory"),
    [("con", "con_"), ("nul", "nul_"), ("com1", "com1_"), ("lpt9", "lpt9_"), ("com", "com"), ("console", "console")],
)
def test_a_namespace_that_windows_reserves_gets_another_directory(namespace: str, directory: str) -> None:
    path = object_path("c1", SERVICE, namespace, "web")
    assert path == f"c1/{directory}/service_web.yaml"
    text = f"{HEADER}apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: {namespace}\n"
    assert SIGNATURE.fits(path, text.encode())


def test_every_file_of_a_cluster_with_the_longest_name_has_a_name() -> None:
    name = "c" * LONGEST_CLUSTER_NAME
    names = [f"{name}{state.SUFFIX}", f".{name}.yaml.12345678.tmp", object_path(name, SERVICE, "n" * 63, "s" * 253)]
    assert all(len(part.encode()) <= 255 for path in names for part in path.split("/"))


@pytest.mark.parametrize("parts", [500, 1_000, 100_000])
def test_a_path_of_a_thousand_parts_in_a_list_is_none_of_ours(parts: int) -> None:
    path = "c1/" + "/".join(["a"] * parts) + "/x.yaml"
    assert refusal(path)
    assert state.parse(f"{'0' * 64}  {path}\n".encode(), "c1") == {}
