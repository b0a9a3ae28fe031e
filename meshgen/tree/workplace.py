"""Where a build works beside the tree: `.meshgen/local`, its lock, its staging directory."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from meshgen.tree import state
from meshgen.tree.lock import held
from meshgen.tree.paths import META
from meshgen.tree.transaction import discard

if TYPE_CHECKING:
    from meshgen.tree.disk import Root


class Workplace:
    """Made and locked when entered; what was made here goes again when it is left, unless it was `used`.

    `keep_staging`: what is staged is needed by the next build. `current` is the path at work.
    """

    def __init__(self, root: Root) -> None:
        self.staging = f"{state.LOCAL}/{state.STAGING_PREFIX}{os.getpid()}"
        self.used = False
        self.keep_staging = False
        self.current = state.LOCAL
        self._root = root
        self._made: list[str] = []
        self._locked = False
        self._lock = contextlib.ExitStack()

    def enter(self) -> None:
        """Raises `OSError`, `SharedError` among them, and `LockedError` where another build is at work."""
        root = self._root
        root.make()
        for directory in (META, state.LOCAL):
            if root.kind(directory) is None:
                self._made.append(directory)
                root.make_directory(directory)
        self.current = state.LOCK
        self._lock.enter_context(held(root, state.LOCK))
        self._locked = True
        self.current = state.IGNORE
        self._ignore(state.IGNORE)
        self.current = state.LOCAL
        # Of builds that died: who holds the lock knows that nobody uses it.
        for entry in root.entries(state.LOCAL):
            if entry.name.startswith(state.STAGING_PREFIX) and entry.is_directory:
                discard(root, f"{state.LOCAL}/{entry.name}")

    def _ignore(self, path: str) -> None:
        """Keep Git from the directory, also where a build died before the file was written."""
        if self._root.kind(path) is None:
            self._made.append(path)
        elif self._root.read(path, state.IGNORED) == state.IGNORED:
            return
        else:
            self._root.remove(path)
        self._root.create(path, state.IGNORED)

    def leave(self) -> None:
        """Let others in. What the disk does not let go stays for the next build."""
        try:
            if self._locked and not self.keep_staging:
                with contextlib.suppress(OSError):
                    discard(self._root, self.staging)
        finally:
            self._lock.close()
            if not self.used:
                with contextlib.suppress(OSError):
                    for path in reversed(self._made):
                        if self._root.is_directory(path):
                            self._root.remove_directory(path)
                        else:
                            self._root.remove(path)
                    self._root.unmake()
            self._made = []
