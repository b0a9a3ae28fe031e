"""The output tree: compare it with what it should be, and write it, without ever losing a file.

Rules: design §7. Nothing that meshgen did not write is touched; a write is whole or not at all; one that was
killed is finished by the next.

    comparison = compare(Path("output"), wanted)
    if not comparison.in_sync:
        write(comparison)
"""

from meshgen.tree.compare import Wanted, compare
from meshgen.tree.model import ENVIRONMENT, FORCEABLE, Change, Comparison, Result, TreeError
from meshgen.tree.write import write

__all__ = [
    "ENVIRONMENT",
    "FORCEABLE",
    "Change",
    "Comparison",
    "Result",
    "TreeError",
    "Wanted",
    "compare",
    "write",
]
