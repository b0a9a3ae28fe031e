"""The output tree: compare it with what it should be, and write it, without ever losing a file.

Rules: design §7, docs/adr/0015-ownership.md. Nothing that meshgen did not write is touched; a write is whole or not at
all; one that was killed is finished by the next.

    with open_tree(Path("output"), SIGNATURE) as tree:
        for cluster, files in wanted:
            tree.add(cluster, files)
        comparison = tree.finish()
        if not comparison.in_sync:
            tree.write()
"""

from meshgen.tree.compare import Wanted
from meshgen.tree.model import Change, Comparison, Result, TreeError, is_environment
from meshgen.tree.ownership import Signature
from meshgen.tree.session import Tree, open_tree

__all__ = [
    "Change",
    "Comparison",
    "Result",
    "Signature",
    "Tree",
    "TreeError",
    "Wanted",
    "is_environment",
    "open_tree",
]
