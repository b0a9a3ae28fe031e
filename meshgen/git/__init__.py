"""What Git knows of a directory: read with the git program, which runs nothing and writes nothing but for `writing`.

See docs/adr/0014-git.md.

    repository = open_repository(Path("output"))
    commit = repository.head()
    files = repository.files(commit) if commit else {}
"""

from meshgen.git.process import Cause, GitError
from meshgen.git.repository import Entry, Repository, TreeFile, in_work_tree, open_repository

__all__ = ["Cause", "Entry", "GitError", "Repository", "TreeFile", "in_work_tree", "open_repository"]
