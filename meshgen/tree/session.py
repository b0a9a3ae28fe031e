"""One build of an output tree: top directory after top directory is compared and staged, then all is written at once.

Order of a write: lock; stage every new file; journal (the hashes of all that is about to stand in the tree, durable);
delete and move; lists of the local state; end of journal. A journal counts like the local state, so after a kill at any
moment every file of ours is a recorded one, and the next build, which compares as always, finishes the work.
"""

from __future__ import annotations

import contextlib
import os
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Self

from meshgen import interrupts
from meshgen.tree import findings, state
from meshgen.tree.compare import Place, Top, Wanted, compare_top
from meshgen.tree.disk import Root, SharedError
from meshgen.tree.lock import LockedError
from meshgen.tree.model import Change, Comparison, Result, TreeError, fingerprint
from meshgen.tree.notes import read_notes
from meshgen.tree.ownership import Ownership
from meshgen.tree.paths import case_clashes, is_shared
from meshgen.tree.transaction import MovedOnError, Transaction
from meshgen.tree.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meshgen.diagnostics import Diagnostic
    from meshgen.tree.ownership import Signature
    from meshgen.tree.state import Recorded


def open_tree(
    output: Path,
    signature: Signature,
    *,
    only: frozenset[str] | None = None,
    clusters: frozenset[str] = frozenset(),
    writing: bool = True,
    overwrite_edits: bool = False,
) -> Tree:
    """The tree at `output`, which need not exist and may be a link, for one build.

    `only` limits it to these top directories, and to their parts of those that are no cluster's (`_setup/<cluster>`);
    `None` covers all, also those of clusters that left the fleet. `clusters` are the clusters of the fleet: one that
    has no manifest any more is told. Unless `writing` it is only compared. `overwrite_edits` takes edits that nothing
    could give back for no obstacle.
    """
    return Tree(output, signature, only, clusters, writing=writing, overwrite_edits=overwrite_edits)


class Tree:
    """A tree under work. Nothing in it changes before `write`; what was staged goes at the end of the `with` block.

    Whatever is wrong with the disk or the tree is in the diagnostics of the comparison, or raised by `write`.
    """

    def __init__(
        self,
        output: Path,
        signature: Signature,
        only: frozenset[str] | None,
        clusters: frozenset[str],
        *,
        writing: bool,
        overwrite_edits: bool,
    ) -> None:
        self.root = Root(os.path.realpath(output))
        self._output = output
        self._only = only
        self._writing = writing
        self._tops: dict[str, Top] = {}
        self._comparison: Comparison | None = None
        self._interruptible = contextlib.ExitStack()
        self._workplace = Workplace(self.root)
        self._transaction: Transaction | None = None
        self._failure: TreeError | None = None
        self._noted = read_notes(self.root, output)
        self._diagnostics = list(self._noted.diagnostics)
        self._blocked = any(diagnostic.severity == "error" for diagnostic in self._diagnostics)
        self._usable = not self._blocked
        self._ownership = Ownership(output, self.root.path, signature)
        self._place = Place(
            output,
            self.root,
            self._noted.entries,
            self._ownership,
            state.by_top(self._noted.recorded),
            clusters,
            overwrite_edits,
        )

    def __enter__(self) -> Self:
        self._interruptible.enter_context(interrupts.undone())
        return self

    def __exit__(self, *_: object) -> None:
        with self._interruptible, interrupts.held(), self.root:
            self._workplace.leave()

    @property
    def staged(self) -> Path | None:
        """The directory that holds all that is to be written by its path, None where nothing can be."""
        if self._transaction is None or self._blocked or self._failure:
            return None
        return Path(self.root.path, self._transaction.staged)

    def add(self, name: str, wanted: Wanted) -> tuple[str, ...]:
        """Compare the top directory `name`, once, with all files that are wanted in it, and stage what differs.

        A top directory, or part of one, that is not covered is passed over. Returns the paths that are to be written.
        Raises `ValueError` for a path that no tree may have.
        """
        whole = self._only is None or name in self._only
        if not self._usable or not (whole or is_shared(name)):
            return ()
        parts = None if whole else self._only
        if parts is not None:
            wanted = {path: content for path, content in wanted.items() if path.split("/")[1] in parts}
        top = compare_top(self._place, name, wanted, parts)
        self._tops[name] = top
        self._diagnostics += top.diagnostics
        self._blocked = self._blocked or any(diagnostic.severity == "error" for diagnostic in top.diagnostics)
        if self._writing and self._failure is None and not self._blocked:
            try:
                self._stage(top, wanted)
            except TreeError as error:
                self._failure = error
        top.text, top.digests = None, {}
        return tuple(change.path for change in top.changes if not change.removed)

    def finish(self) -> Comparison:
        """Compare what was not added, of which nothing is wanted, and say how the tree stands."""
        if self._comparison is not None:
            return self._comparison
        if self._usable:
            left = self._noted.tops
            if self._only is not None:
                left = {*self._only, *filter(is_shared, left)}
            for name in sorted(left - self._tops.keys()):
                self.add(name, {})
            self._diagnostics += self._clashes()
        if self._ownership.finding is not None:
            self._diagnostics.append(self._ownership.finding)
        tops = [self._tops[name] for name in sorted(self._tops)]
        self._diagnostics += [findings.not_checked_out(self._output, top.name, top.stale) for top in tops if top.stale]
        self._comparison = Comparison(
            output=self._output,
            root=self.root.path,
            changes=tuple(sorted((change for top in tops for change in top.changes), key=attrgetter("path"))),
            unchanged={top.name: top.unchanged for top in tops},
            old_form=tuple(
                Change(path, fingerprint(content), removed=left is None)
                for path, content, left in self._noted.old_form.edits
            ),
            stale=tuple(path for top in tops for path in top.stale),
            diagnostics=tuple(sorted(set(self._diagnostics), key=attrgetter("sort_key"))),
            pending=self._noted.journal is not None,
            noted=not self._noted.leftovers and not any(top.relisted for top in tops),
        )
        return self._comparison

    def write(self, progress: Callable[[int], None] | None = None) -> Result:
        """Bring the tree to what it was compared with, after `finish`. Nothing is written if nothing differs.

        `progress` is called with the number of manifests that are in place. Raises `TreeError` with the tree as it was:
        for errors of the comparison, another build at work, a disk that refuses, a tree that changed since. Any other
        exception, an interrupt too, also leaves the tree as it was.
        """
        comparison = self.finish()
        if blocking := comparison.blocking:
            raise TreeError(*blocking)
        if self._failure is not None:
            raise self._failure
        if not comparison.is_settled:
            with self._told(), interrupts.held():
                self._replace(comparison, self._begun(), progress or (lambda _: None))
        return Result(
            added=len(comparison.added),
            changed=len(comparison.changed),
            removed=len(comparison.removed),
            unchanged=sum(comparison.unchanged.values()),
        )

    def _clashes(self) -> list[Diagnostic]:
        """Top directories that are one where case does not count."""
        served = [name for name, top in self._tops.items() if any(not change.removed for change in top.changes)]
        gone = {name for name, top in self._tops.items() if top.gone}
        pairs = case_clashes(served, self._noted.entries.everything() - gone)
        return [findings.case_clash(self._output, first, second) for first, second in pairs]

    def _stage(self, top: Top, wanted: Wanted) -> None:
        if not (top.changes or top.relisted):
            return
        with self._told():
            transaction = self._begun()
            for change in top.changes:
                if not change.removed:
                    transaction.stage(change.path, wanted[change.path])
            lines = [
                f"{top.digests[change.path]}  {change.path}\n" for change in top.changes if change.path in top.digests
            ]
            transaction.current = state.JOURNAL
            self.root.append(transaction.journal, "".join(lines).encode())
            if top.relisted and top.text is not None:
                transaction.stage(state.list_path(top.name), top.text, durable=True)

    def _begun(self) -> Transaction:
        """The transaction; with the first change the lock is taken, and left-overs of builds that died go."""
        if self._transaction is None:
            with interrupts.held():
                self._workplace.enter()
            self._look_again()
            self._transaction = Transaction(self.root, self._workplace.staging, current=state.LOCAL)
            self._transaction.begin(state.render(state.pairs(state.parse(self._noted.journal or b""))))
        return self._transaction

    def _look_again(self) -> None:
        """Under the lock: what was compared without it is what it was, as far as other builds tell."""
        again = read_notes(self.root, self._output)
        if again.differ(self._noted, self._only):
            changed = state.LOCAL if again.journal == self._noted.journal else state.JOURNAL
            raise TreeError(findings.moved_on(self._output, changed))
        for name, top in self._tops.items():
            path = state.list_path(name)
            listed = self.root.read(path) if self.root.is_file(path) else None
            if (None if listed is None else fingerprint(listed)) != top.listed:
                raise TreeError(findings.moved_on(self._output, name))

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong in the body becomes a `TreeError`."""
        try:
            yield
        except LockedError as error:
            raise TreeError(findings.locked(self._output, state.LOCK, error.holder)) from error
        except MovedOnError as error:
            raise TreeError(findings.moved_on(self._output, self._current)) from error
        except SharedError as error:
            raise TreeError(findings.shared(self._output, self._current)) from error
        except OSError as error:
            undone = not self._workplace.keep_staging
            raise TreeError(findings.disk_error(self._output, self._current, error, undone=undone)) from error

    @property
    def _current(self) -> str:
        return self._transaction.current if self._transaction else self._workplace.current

    def _replace(self, comparison: Comparison, transaction: Transaction, progress: Callable[[int], None]) -> None:
        try:
            self._apply(comparison, transaction, progress)
        except BaseException:
            self._workplace.keep_staging = True
            transaction.undo()
            self._workplace.keep_staging = False
            # One that an earlier build left stays: it still tells what that build wrote.
            if self._noted.journal is None and self.root.is_file(state.JOURNAL):
                self.root.remove(state.JOURNAL)
            raise
        self._workplace.used = True

    def _apply(self, comparison: Comparison, transaction: Transaction, progress: Callable[[int], None]) -> None:
        books = list(self._books(transaction))
        self._begin_journal(transaction)
        done = 0
        # Deletions first: on a disk that ignores case a new name may be an old one.
        for change in comparison.changes:
            if change.removed:
                interrupts.wanted()
                transaction.delete(change.path, change.seen or b"")
                progress(done := done + 1)
        fresh = {path: directory for top in self._tops.values() for path, directory in top.fresh.items()}
        moved: dict[str, bool] = {}
        for change in comparison.changes:
            if change.removed:
                continue
            interrupts.wanted()
            directory = fresh.get(change.path, "")
            if directory and directory not in moved:
                moved[directory] = transaction.put_directory(directory)
            if not moved.get(directory):
                transaction.put(change.path, change.seen)
            progress(done := done + 1)
        emptied = {directory for top in self._tops.values() for directory in top.emptied}
        for directory in sorted(emptied, key=lambda path: (-path.count("/"), path)):
            transaction.remove_directory(directory)
        for change in books:
            if not change.removed:
                transaction.put(change.path, change.seen)
            elif change.seen is not None:
                transaction.delete(change.path, change.seen)
        transaction.confirm()
        transaction.current = state.JOURNAL
        self.root.sync_directory(state.LOCAL)
        self.root.remove(state.JOURNAL)

    def _books(self, transaction: Transaction) -> Iterator[Change]:
        """The lists of the local state, and what goes of the old form; what they get is staged."""
        for top in self._tops.values():
            if top.relisted:
                yield Change(state.list_path(top.name), top.listed, removed=top.unlisted)
        for name, recorded in self._uncovered().items():
            path = state.list_path(name)
            known = self.root.read(path) if self.root.is_file(path) else None
            pairs = [*state.pairs(state.parse(known or b"", name)), *state.pairs(recorded)]
            transaction.stage(path, state.render(pairs), durable=True)
            yield Change(path, None if known is None else fingerprint(known))
        for path, content, left in self._noted.old_form.edits:
            if left is not None:
                transaction.stage(path, left)
            yield Change(path, fingerprint(content), removed=left is None)

    def _uncovered(self) -> dict[str, Recorded]:
        """What an unfinished write and the old form recorded of top directories that this build does not cover."""
        return {name: recorded for name, recorded in self._place.recorded.items() if name not in self._tops}

    def _begin_journal(self, transaction: Transaction) -> None:
        transaction.current = state.JOURNAL
        self.root.append(transaction.journal, b"", durable=True)
        self.root.move(transaction.journal, state.JOURNAL)
        self.root.sync_directory(state.LOCAL)
