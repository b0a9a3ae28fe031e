"""Make an output tree what it should be.

Order: lock; stage every new file; journal (the hashes of all that is about to stand in the tree, durable); move
and delete; owned lists; end of journal. A journal counts like an owned list, so after a kill at any moment every
file of ours is a recorded one, and the next build, which compares as always, finishes the work.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from meshgen.tree import disk, findings, owned
from meshgen.tree.gitfiles import JOURNAL, LOCK, STAGING_PREFIX
from meshgen.tree.lock import LockedError, held
from meshgen.tree.model import Result, TreeError, fingerprint
from meshgen.tree.paths import META
from meshgen.tree.records import list_path, read_records
from meshgen.tree.transaction import MovedOnError, Transaction, discard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meshgen.tree.model import Change, Comparison


def write(
    comparison: Comparison,
    *,
    force: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Bring the tree to what it was compared with. Nothing is written if nothing differs.

    `force` overwrites what findings of `FORCEABLE` name. `progress` is called with the number of manifests that
    are in place. Raises `TreeError` with the tree as it was: for errors of the comparison, another build at
    work, a disk that refuses, a tree that changed since. Any other exception, an interrupt too, also leaves the
    tree as it was.
    """
    if blocking := comparison.blocking(force=force):
        raise TreeError(*blocking)
    if not comparison.is_settled:
        with _workplace(comparison), _locked(comparison):
            _check_records(comparison)
            _discard_leftovers(comparison)
            if comparison.changes or comparison.bookkeeping or comparison.pending:
                _replace(comparison, progress or (lambda _: None))
    return Result(
        added=len(comparison.added),
        changed=len(comparison.changed),
        removed=len(comparison.removed),
        adopted=len(comparison.adopted),
        unchanged=len(comparison.unchanged),
    )


@contextlib.contextmanager
def _workplace(comparison: Comparison) -> Iterator[None]:
    """The output directory and `.meshgen` in it; those that were made here go again if nothing came of it."""
    made: list[str] = []
    meta = Path(comparison.root, META)
    try:
        try:
            for directory in (*reversed(meta.parents), meta):
                if disk.kind(str(directory)) is None:
                    disk.make_directory(str(directory))
                    made.append(str(directory))
        except OSError as error:
            raise TreeError(findings.disk_error(comparison.output, META, error)) from error
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for path in reversed(made):
                disk.remove_directory(path)
        raise


@contextlib.contextmanager
def _locked(comparison: Comparison) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(held(f"{comparison.root}/{LOCK}"))
        except LockedError as error:
            raise TreeError(findings.locked(comparison.output, LOCK, error.holder)) from error
        except OSError as error:
            raise TreeError(findings.disk_error(comparison.output, LOCK, error)) from error
        yield


def _check_records(comparison: Comparison) -> None:
    """Nobody wrote between comparing and locking: lists and journal are those that were compared."""
    records = read_records(comparison.root, comparison.output)
    if records.journal_raw != comparison.journal:
        raise TreeError(findings.moved_on(comparison.output, JOURNAL))
    seen = {change.path: change.seen for change in comparison.bookkeeping}
    for top in sorted(comparison.covered):
        path = list_path(top)
        content = records.raw.get(top)
        if path in seen and seen[path] != (None if content is None else fingerprint(content)):
            raise TreeError(findings.moved_on(comparison.output, path))


def _discard_leftovers(comparison: Comparison) -> None:
    """Staging of builds that died: who holds the lock knows that nobody uses it."""
    meta = f"{comparison.root}/{META}"
    try:
        for entry in disk.entries(meta):
            if entry.name.startswith(STAGING_PREFIX) and entry.is_dir(follow_symlinks=False):
                discard(entry.path)
    except OSError as error:
        raise TreeError(findings.disk_error(comparison.output, META, error)) from error


def _replace(comparison: Comparison, progress: Callable[[int], None]) -> None:
    staging = f"{comparison.root}/{META}/{STAGING_PREFIX}{os.getpid()}"
    transaction = Transaction(comparison.root, staging, current=META)
    undone = True
    try:
        try:
            disk.make_directory(staging)
            _stage(comparison, transaction)
            _apply(comparison, transaction, progress)
        except BaseException:
            undone = False
            transaction.undo()
            undone = True
            # One that an earlier build left stays: it still tells what that build wrote.
            if comparison.journal is None and disk.is_file(f"{comparison.root}/{JOURNAL}"):
                disk.remove(f"{comparison.root}/{JOURNAL}")
            raise
        finally:
            if undone:
                with contextlib.suppress(OSError):
                    discard(staging)
    except MovedOnError as error:
        raise TreeError(findings.moved_on(comparison.output, transaction.current)) from error
    except OSError as error:
        path = transaction.current
        raise TreeError(findings.disk_error(comparison.output, path, error, undone=undone)) from error


def _stage(comparison: Comparison, transaction: Transaction) -> None:
    for number, change in enumerate(comparison.changes):
        if change.new is not None:
            transaction.stage(number, change.path, change.new)
    for number, book in enumerate(comparison.bookkeeping, len(comparison.changes)):
        if book.new is not None:
            transaction.stage(number, book.path, book.new, durable=True)


def _apply(comparison: Comparison, transaction: Transaction, progress: Callable[[int], None]) -> None:
    _begin_journal(comparison, transaction)
    numbered = list(enumerate(comparison.changes))
    # Deletions first: on a disk that ignores case a new name may be an old one.
    ordered = sorted(numbered, key=lambda pair: pair[1].new is not None)
    for done, (number, change) in enumerate(ordered, 1):
        _carry_out(transaction, number, change)
        progress(done)
    for directory in comparison.emptied:
        transaction.remove_directory(directory)
    for number, book in enumerate(comparison.bookkeeping, len(numbered)):
        _carry_out(transaction, number, book)
    transaction.current = JOURNAL
    disk.sync_directory(f"{comparison.root}/{META}")
    disk.remove(f"{comparison.root}/{JOURNAL}")


def _carry_out(transaction: Transaction, number: int, change: Change) -> None:
    if change.new is not None:
        transaction.put(number, change.path, change.seen)
    elif change.seen is not None:
        transaction.delete(number, change.path, change.seen)


def _begin_journal(comparison: Comparison, transaction: Transaction) -> None:
    transaction.current = JOURNAL
    earlier = owned.parse(comparison.journal or b"", None).recorded
    pairs = [(path, digest) for path, digests in earlier.items() for digest in digests]
    pairs += [(change.path, change.digest) for change in comparison.changes]
    staged = f"{transaction.staging}/journal"
    disk.create(staged, owned.render(pairs), durable=True)
    disk.move(staged, f"{comparison.root}/{JOURNAL}")
    disk.sync_directory(f"{comparison.root}/{META}")
