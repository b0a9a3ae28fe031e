"""Where a build works beside the tree: `.meshgen/local`, its lock, its staging directory."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from meshgen.tree import disk, state
from meshgen.tree.lock import held
from meshgen.tree.transaction import discard


class Workplace:
    """Made and locked when entered; what was made here goes again when it is left, unless it was `used`.

    `keep_staging`: what is staged is needed by the next build. `current` is the path at work.
    """

    def __init__(self, root: str) -> None:
        self.staging = f"{root}/{state.LOCAL}/{state.STAGING_PREFIX}{os.getpid()}"
        self.used = False
        self.keep_staging = False
        self.current = state.LOCAL
        self._root = root
        self._made: list[str] = []
        self._locked = False
        self._lock = contextlib.ExitStack()

    def enter(self) -> None:
        """Raises `OSError`, and `LockedError` where another build is at work."""
        local = Path(self._root, state.LOCAL)
        for directory in map(str, (*reversed(local.parents), local)):
            if disk.kind(directory) is None:
                disk.make_directory(directory)
                self._made.append(directory)
        self.current = state.LOCK
        self._lock.enter_context(held(f"{self._root}/{state.LOCK}"))
        self._locked = True
        self.current = state.IGNORE
        self._ignore(f"{self._root}/{state.IGNORE}")
        self.current = state.LOCAL
        # Of builds that died: who holds the lock knows that nobody uses it.
        for entry in disk.entries(str(local)):
            if entry.name.startswith(state.STAGING_PREFIX) and entry.is_dir(follow_symlinks=False):
                discard(entry.path)

    def _ignore(self, path: str) -> None:
        """Keep Git from the directory, also where a build died before the file was written."""
        if disk.kind(path) is None:
            self._made.append(path)
        elif disk.read(path, state.IGNORED) == state.IGNORED:
            return
        else:
            disk.remove(path)
        disk.create(path, state.IGNORED)

    def leave(self) -> None:
        """Let others in. What the disk does not let go stays for the next build."""
        try:
            if self._locked and not self.keep_staging:
                with contextlib.suppress(OSError):
                    discard(self.staging)
        finally:
            self._lock.close()
            if not self.used:
                with contextlib.suppress(OSError):
                    for path in reversed(self._made):
                        if disk.is_directory(path):
                            disk.remove_directory(path)
                        else:
                            disk.remove(path)
            self._made = []
