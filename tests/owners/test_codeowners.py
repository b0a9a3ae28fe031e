"""Who owns a file, by the lines of CODEOWNERS: `file → owners`, as each service documents it."""

from __future__ import annotations

import time

import pytest

from meshgen.owners.codeowners import Dialect, parse

GITHUB = """\
# the example of GitHub's documentation, in short
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
/a/**/z @deep
/below/** @below
/with\\ space/x @space
/wild/s?.[ab] @never
!/apps/x @never
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x", "@global-owner1 @global-owner2"),
        ("a/b.js", "@js-owner"),
        ("b.go", "docs@example.com"),
        ("build/logs/x/y", "@octocat"),
        ("sub/build/logs", "@octocat"),
        ("docs/getting-started.md", "@doctocat"),
        ("docs/build-app/troubleshooting.md", "@doctocat"),
        ("sub/docs/x", "@global-owner1 @global-owner2"),
        ("x/apps/y/z", "@octocat"),
        ("scripts/x", "@doctocat @octocat"),
        ("deeply/nested/logs/x", "@octocat"),
        ("apps/y", "@octocat"),
        ("apps/x", "@octocat"),
        ("apps/github", ""),
        ("apps/github/x", ""),
        ("a/z", "@deep"),
        ("a/b/c/z/y", "@deep"),
        ("below/x/y", "@below"),
        ("below", "@global-owner1 @global-owner2"),
        ("with space/x", "@space"),
        ("wild/so.a", "@global-owner1 @global-owner2"),
    ],
)
def test_github_names_the_owners_of_the_last_line_that_matches(path: str, owners: str) -> None:
    assert " ".join(parse(GITHUB, "github").of(path)) == owners


def test_a_star_behind_a_directory_is_for_its_files_only_on_github() -> None:
    rules = parse("docs/* @docs", "github")
    assert rules.of("docs/x") == ("@docs",)
    assert rules.of("docs/x/y") == ()


GITLAB = """\
* @everyone
README.md @doc
docs/*.md @docs
/config/ @config
/config/db.[!x]? @db
\\#file @hash
terms.md @@maintainer group@example.com nobody
[Documentation] @docs-team
docs/
README.md @readme @readme
!docs/private/
^[Optional][2] @optional
*.rb
[documentation] @again
/again
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x", "@everyone"),
        ("sub/README.md", "@doc @readme"),
        ("sub/docs/x.md", "@docs @docs-team"),
        ("docs/sub/x.md", "@everyone @docs-team"),
        ("docs/private/x.md", "@everyone"),
        ("config/x/y", "@config"),
        ("config/db.ab", "@db"),
        ("config/db.xb", "@config"),
        ("sub/#file", "@hash"),
        ("terms.md", "@@maintainer group@example.com"),
        ("a/b.rb", "@everyone @optional"),
        ("again", "@everyone @again"),
        ("again/x", "@everyone"),
    ],
)
def test_gitlab_names_the_owners_of_each_section(path: str, owners: str) -> None:
    assert " ".join(parse(GITLAB, "gitlab").of(path)) == owners


@pytest.mark.parametrize("dialect", ["github", "gitlab"])
@pytest.mark.parametrize("text", ["", "[", "[]", "^[", "/", "**", "@x", "\\", "[a\n* @x", "! @x", "/* @x", "\x00 @y"])
def test_no_text_is_too_odd(text: str, dialect: Dialect) -> None:
    parse(text, dialect).of("a/b")


def test_a_pattern_that_would_backtrack_takes_no_time() -> None:
    rules = parse(f"/{'a*' * 2000}b @x\n/{'**/a/' * 500}b @x", "github")
    start = time.process_time()
    assert rules.of("a" * 255) == ()
    assert rules.of("/".join("a" * 1000)) == ()
    assert time.process_time() - start < 5
