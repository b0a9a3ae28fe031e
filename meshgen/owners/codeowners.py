"""The syntax of CODEOWNERS, as GitHub and as GitLab read it.

https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
https://docs.gitlab.com/user/project/codeowners/reference/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from meshgen.owners.patterns import ANY, Segment, path_fits, segment

Dialect = Literal["github", "gitlab"]
LONGEST_PATTERN = 4096
"""No path is longer (PATH_MAX of Linux), so no longer pattern means one."""

_WORD = re.compile(r"(?:\\.|[^\s\\])+")
_SECTION = re.compile(r"\^?\[([^\]]+)\](?:\[[0-9]+\])?((?:\s.*)?)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: what it matches, and whom it names."""

    pattern: tuple[Segment | None, ...]
    owners: tuple[str, ...]
    excluded: bool = False
    """GitLab: what it matches has no owner in its section, whatever other lines say."""
    weight: int = 1
    """How much work a look at it is for each character of a path."""


@dataclass(slots=True)
class CodeOwners:
    """A file of rules. GitLab has sections, each of which names owners of its own; on GitHub all is one section."""

    sections: dict[str, list[Rule]] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        return sum(rule.weight for rules in self.sections.values() for rule in rules)

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a file by its path in the repository, `/` between the parts: those of the last line that
        matches, in each section; empty where nobody owns it.
        """
        parts = path.split("/")
        found: dict[str, None] = {}
        for rules in self.sections.values():
            matching = [rule for rule in rules if path_fits(rule.pattern, parts)]
            if matching and not any(rule.excluded for rule in matching):
                found |= dict.fromkeys(matching[-1].owners)
        return tuple(found)


def parse(text: str, dialect: Dialect) -> CodeOwners:
    """The rules of a CODEOWNERS file; lines that the service would pass over are passed over, nothing is raised."""
    found = CodeOwners()
    section, defaults = "", tuple[str, ...]()
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if dialect == "gitlab" and (heading := _SECTION.fullmatch(stripped)):
            # Sections of one name are one, whatever case it is written in.
            section, defaults = heading[1].strip().lower(), _owners(heading[2].split())
            continue
        pattern, *rest = _WORD.findall(stripped) or [""]
        owners = _owners(rest)
        rule = _github(pattern, owners) if dialect == "github" else _gitlab(pattern, owners or defaults)
        if rule is not None:
            found.sections.setdefault(section, []).append(rule)
    return found


def _owners(words: list[str]) -> tuple[str, ...]:
    """Users, groups, roles and addresses, up to a comment."""
    before = words[: next((at for at, word in enumerate(words) if word.startswith("#")), len(words))]
    return tuple(dict.fromkeys(word for word in before if "@" in word))


def _github(pattern: str, owners: tuple[str, ...]) -> Rule | None:
    """As gitignore(5), but for `!`, `[ ]` and a `#` that is escaped: lines with these are not read."""
    if not pattern or len(pattern) > LONGEST_PATTERN or pattern.startswith(("!", "\\#")) or "[" in pattern:
        return None
    anchored = "/" in pattern[:-1]
    segments = _segments(pattern)
    if pattern.endswith("/"):
        below = (*segments, ANY, None)
    elif segments[-1:] == [None]:
        below = (*segments[:-1], ANY, None)
    elif pattern.endswith("/*"):
        below = tuple(segments)
    else:
        below = (*segments, None)
    return Rule(below if anchored else (None, *below), owners, weight=_weight(pattern))


def _gitlab(pattern: str, owners: tuple[str, ...]) -> Rule | None:
    """As GitLab has `File.fnmatch` of Ruby match, where `**` at the end is no more than `*`."""
    excluded = pattern.startswith("!")
    text = pattern.removeprefix("!").removeprefix("\\") if pattern.startswith("\\#") else pattern.removeprefix("!")
    if not text or len(text) > LONGEST_PATTERN:
        return None
    segments = _segments(text)
    if segments[-1:] == [None] and not text.endswith("/"):
        segments[-1] = ANY
    if text.endswith("/"):
        segments += [None, ANY]
    if not text.startswith("/"):
        segments.insert(0, None)
    if text == "*":
        segments = [None, ANY]
    return Rule(tuple(segments), owners, excluded, _weight(text))


def _segments(pattern: str) -> list[Segment | None]:
    return [None if part == "**" else segment(part) for part in pattern.strip("/").split("/") if part]


def _weight(pattern: str) -> int:
    return len(pattern) if "*" in pattern else 1
