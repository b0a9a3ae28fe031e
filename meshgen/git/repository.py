"""One directory in a repository: commits, trees, the index and the content of files, all read only.

Paths given and returned are relative to the directory that was asked about, with `/`; a name that is not UTF-8 has
surrogate escapes.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meshgen.git.process import Cause, GitError, run
from meshgen.programs import repository_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PSEUDO_REFS = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "REVERT_HEAD")
"""What names the other side of an operation that has not ended (gitrevisions(7))."""

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_ORDINARY_FILES = ("100644", "100755")
_LINK = "120000"
_MOST_LINKS = 5
"""How many links in a row are followed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of the index, in one stage: 0, or 1 to 3 where it is unmerged.

    `sparse`: not to be checked out (`skip-worktree`). `assumed`: Git does not look at the file (`assume-unchanged`).
    """

    id: str
    stage: int
    sparse: bool = False
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One entry of a commit's tree: `100644`, `100755`, `120000` (a link) or `160000` (a commit of a submodule)."""

    mode: str
    id: str

    @property
    def is_file(self) -> bool:
        return self.mode in _ORDINARY_FILES

    @property
    def is_link(self) -> bool:
        return self.mode == _LINK


@dataclass(frozen=True, slots=True)
class Repository:
    """A directory as its repository sees it. Every method but `blob_ids` may raise `GitError`."""

    top: str
    """The work tree's top directory."""
    prefix: str
    """Where the directory is below it: empty, or with `/` at the end."""
    object_format: str
    """`sha1` or `sha256`."""
    boundary: frozenset[str]
    """The commits that a shallow clone ends at; empty where history is whole."""

    @property
    def shallow(self) -> bool:
        return bool(self.boundary)

    def blob_ids(self, content: bytes) -> tuple[str, ...]:
        """Under which ids a commit may hold this content: as it is, and with LF for CRLF.

        That is what Git stores of it, but where a clean filter or another encoding is set for the path: a filter is a
        program, and the attributes that choose it are files of the tree.
        """
        lines = content.replace(b"\r\n", b"\n")
        return tuple(dict.fromkeys(map(self._blob_id, (content, lines))))

    def _blob_id(self, content: bytes) -> str:
        return hashlib.new(self.object_format, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

    def commit(self, revision: str) -> str | None:
        """The id of the commit that `revision` names, None where it names none here."""
        if revision.startswith("-") or "\n" in revision or "\0" in revision:
            return None
        found = self._text("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", codes=(0, 1, 128)).strip()
        return found if _ID.fullmatch(found) else None

    def head(self) -> str | None:
        """The commit that is checked out, None before the first one."""
        return self.commit("HEAD")

    def others(self) -> dict[str, tuple[str, ...]]:
        """The commits of a merge, cherry-pick, rebase or revert that has not ended, by the name that holds them."""
        # Only this one may name several commits, and is a file whatever holds the references (Git: refs.c).
        merge = _ids(Path(self.top, self._text("rev-parse", "--git-path", "MERGE_HEAD").strip()))
        found = {"MERGE_HEAD": merge} | {name: self._reference(name) for name in PSEUDO_REFS[1:]}
        return {name: ids for name, ids in found.items() if ids}

    def _reference(self, name: str) -> tuple[str, ...]:
        # A branch or tag of that name is another one.
        if (
            self._text("rev-parse", "--symbolic-full-name", "--verify", "--quiet", name, codes=(0, 1, 128)).strip()
            != name
        ):
            return ()
        commit = self.commit(name)
        return () if commit is None else (commit,)

    def parents(self, commit: str) -> tuple[str, ...]:
        """The parents of a commit that are here: none at the boundary of a shallow clone."""
        return tuple(self._text("rev-list", "--parents", "--max-count=1", commit, "--").split()[1:])

    def last_change(self, commit: str) -> str | None:
        """The last commit up to `commit` that changed the directory, None where none did.

        At the boundary of a shallow clone a commit seems to change everything that it holds.
        """
        return self._text("rev-list", "--max-count=1", commit, "--", *self._below("")).strip() or None

    def changes(self, since: str, commit: str) -> tuple[str, ...]:
        """The commits after `since`, up to `commit`, that changed the directory, the oldest first."""
        listed = self._text("rev-list", "--reverse", "--topo-order", f"{since}..{commit}", "--", *self._below(""))
        return tuple(listed.split())

    def fork(self, one: str, other: str) -> str | None:
        """The commit from which two came apart, a best one of several; None where it is not here."""
        return self._text("merge-base", one, other, codes=(0, 1)).strip() or None

    def published(self, commit: str) -> bool:
        """Whether a branch of a remote is known to have the commit."""
        return bool(self._text("for-each-ref", "--count=1", f"--contains={commit}", "refs/remotes").strip())

    def remotes(self) -> tuple[str, ...]:
        """The URLs of all remotes, as the configuration has them."""
        listed = self._text("config", "--null", "--get-regexp", r"^remote\..*\.url$", codes=(0, 1))
        return tuple(each.partition("\n")[2] for each in listed.split("\0") if each)

    def blobs(self, commit: str) -> frozenset[str]:
        """The ids of everything in the commit's whole tree, not only of what is below the directory."""
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", commit)
        return frozenset(line.split(b"\t", 1)[0].rsplit(b" ", 1)[1].decode() for line in _records(listed))

    def tree(self, commit: str, below: str = "") -> dict[str, TreeFile]:
        """What the commit has below a path of the directory."""
        where = (self.prefix + below).rstrip("/")
        return {path.removeprefix(self.prefix): entry for path, entry in self._listed(commit, where)}

    def ends(self, commit: str, links: Iterable[str]) -> dict[str, TreeFile | None]:
        """What the commit has where these links of the directory lead, None where that is no file of the commit.

        A directory on the way that is a link itself leads nowhere.
        """
        at = {path: self.prefix + path for path in links}
        everything = dict(self._listed(commit, "")) if at else {}
        for _ in range(_MOST_LINKS):
            here = {path: everything[at[path]] for path in at if at[path] in everything}
            targets = self.read(entry.id for entry in here.values() if entry.is_link)
            if not targets:
                break
            for path, entry in here.items():
                if entry.is_link:
                    beside = posixpath.dirname(at[path])
                    at[path] = posixpath.normpath(posixpath.join(beside, os.fsdecode(targets[entry.id])))
        found = {path: everything.get(there) for path, there in at.items()}
        return {path: entry if entry is not None and entry.is_file else None for path, entry in found.items()}

    def _listed(self, commit: str, where: str) -> Iterator[tuple[str, TreeFile]]:
        """Everything in the tree of a commit by its path from the top, or what is at and below one of them."""
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", commit, *(("--", where) if where else ()))
        for line in _records(listed):
            facts, _, path = line.partition(b"\t")
            mode, _, identity = facts.decode().split(" ")
            yield os.fsdecode(path), TreeFile(mode, identity)

    def files(self, commit: str, below: str = "") -> dict[str, bytes]:
        """The content of every file that the commit has below a path of the directory, links and submodules left out.

        It is what Git stores: with LF where line ends are converted at checkout.
        """
        wanted = {path: entry.id for path, entry in self.tree(commit, below).items() if entry.is_file}
        contents = self.read(wanted.values())
        return {path: contents[identity] for path, identity in wanted.items()}

    def read(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The content of these blobs. Raises `GitError` with `Cause.MISSING` in a partial clone that lacks one."""
        unique = list(dict.fromkeys(ids))
        if not unique:
            return {}
        rest = self._run("cat-file", "--batch", text="".join(f"{identity}\n" for identity in unique).encode())
        found: dict[str, bytes] = {}
        start = 0
        for identity in unique:
            end = rest.index(b"\n", start)
            facts = rest[start:end].decode().split(" ")
            if facts[1:] == ["missing"]:
                raise GitError(Cause.MISSING, identity)
            size = int(facts[2])
            found[identity] = rest[end + 1 : end + 1 + size]
            start = end + 1 + size + 1
        return found

    def index(self) -> dict[str, tuple[Entry, ...]]:
        """What the index has below the directory."""
        found: dict[str, tuple[Entry, ...]] = {}
        for path, entry in self.entries():
            found[path] = (*found.get(path, ()), entry)
        return found

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Every path and stage that the index has below the directory, one after the other."""
        listed = self._run("ls-files", "-z", "--stage", "-v", "--full-name", "--", *self._below("", everything=True))
        for line in _records(listed):
            facts, _, name = line.partition(b"\t")
            tag, _, identity, stage = facts.decode().split(" ")
            path = os.fsdecode(name).removeprefix(self.prefix)
            yield path, Entry(identity, int(stage), sparse=tag in "Ss", assumed=tag.islower())

    def _below(self, path: str, *, everything: bool = False) -> tuple[str, ...]:
        where = (self.prefix + path).rstrip("/")
        return (where,) if where else (() if everything else (".",))

    def _text(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        return os.fsdecode(run(self.top, arguments, codes=codes))

    def _run(self, *arguments: str, text: bytes = b"") -> bytes:
        return run(self.top, arguments, text=text)


def in_work_tree(directory: Path) -> bool:
    """Whether there is a `.git` at or above a directory: seen without a process, and where there is no git program."""
    return repository_of(directory.absolute()) is not None


def open_repository(directory: Path) -> Repository:
    """The repository that holds `directory`, which need not exist yet, as Git finds it from there upwards.

    Raises `GitError`: no git program, no repository, one of somebody else (`safe.directory` in git-config(1)), or a
    bare one, which is refused also where Git is too old for `safe.bareRepository`.
    """
    directory = directory.absolute()
    there = next(path for path in (directory, *directory.parents) if path.is_dir())
    asked = ("--absolute-git-dir", "--show-toplevel", "--show-object-format", "--show-prefix", "--git-path", "shallow")
    lines = os.fsdecode(run(str(there), ("rev-parse", *asked))).removesuffix("\n").split("\n")
    if len(lines) != len(asked) - 1:
        raise GitError(Cause.FAILED, "a path has a line end")
    git_directory, top, object_format, prefix, shallow = lines
    if _holds(Path(git_directory), there):
        raise GitError(Cause.BARE)
    missing = directory.relative_to(there).as_posix()
    return Repository(
        top, prefix if missing == "." else f"{prefix}{missing}/", object_format, frozenset(_ids(there / shallow))
    )


def _records(listed: bytes) -> Iterator[bytes]:
    """The parts of what `-z` prints, one after the other."""
    start = 0
    while (end := listed.find(b"\0", start)) >= 0:
        yield listed[start:end]
        start = end + 1


def _holds(directory: Path, path: Path) -> bool:
    """Whether `path` is `directory` or below it."""
    real = path.resolve()
    return directory.resolve() in (real, *real.parents)


def _ids(file: Path) -> tuple[str, ...]:
    """The object ids in a file of Git's own, one a line; none where it is not there."""
    try:
        words = file.read_text("ascii", "replace").split()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise GitError(Cause.FAILED, str(error)) from error
    return tuple(word for word in words if _ID.fullmatch(word))
