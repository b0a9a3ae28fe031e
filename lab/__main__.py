"""`python -m lab packages | build [GROUP …] | test [PYTEST ARGUMENTS] | demo FLEET`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lab import isolation
from lab.build import GROUPS, MESH, build, built, cache_directory
from lab.needs import needed

if TYPE_CHECKING:
    from collections.abc import Sequence

SCENARIOS = Path(__file__).parent / "scenarios"


@click.group()
def main() -> None:
    """Boot real meshes on this machine; see lab/README.md."""


@main.command()
def packages() -> None:
    """Print the Debian packages that the lab needs and this machine lacks."""
    click.echo(" ".join(isolation.missing_packages(GROUPS)))


@main.command("build")
@click.argument("groups", nargs=-1, type=click.Choice(tuple(GROUPS)))
def build_command(groups: tuple[str, ...]) -> None:
    """Build groups of parts into the cache, all if none is named; what is there already is not built again."""
    _prepare(groups or tuple(GROUPS))
    for group in groups or GROUPS:
        click.echo(f"{group}: {cache_directory(group)}")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run scenarios, all unless files are named; arguments go to pytest. Builds what they need and is not built."""
    engines = needed(with_scenarios(arguments))
    if not isolation.inside():
        _prepare((MESH, *engines))
        isolation.enter([sys.executable, "-m", "lab", "test", *arguments])
    isolation.prepare(cache_directory(MESH), {group: cache_directory(group) for group in engines})
    import pytest

    # A scenario that the machine, not the mesh, held up is run again; one that lost a request is not.
    again = ["--reruns", "2", "--only-rerun", "MachineStalledError"]
    own = ["-p", "no:cacheprovider", "-s", "-raR", "--no-fold-skipped", *again]
    sys.exit(pytest.main([*own, *with_scenarios(arguments)]))


@main.command()
@click.argument("fleet", type=click.Path(exists=True, path_type=Path))
def demo(fleet: Path) -> None:
    """Boot FLEET, print who reaches what, and run until Ctrl-C."""
    if not isolation.inside():
        _prepare((MESH,))
        isolation.enter([sys.executable, "-m", "lab", "demo", str(fleet.resolve())])
    isolation.prepare(cache_directory(MESH), {})
    from lab.demo import run_demo

    run_demo(fleet)


def with_scenarios(arguments: Sequence[str]) -> list[str]:
    """Add the directory of scenarios to pytest's arguments unless they name files or directories of them."""
    paths = [Path(argument.partition("::")[0]) for argument in arguments]
    named = any(path.is_dir() or path.suffix == ".py" for path in paths)
    return [*arguments, *([] if named else [str(SCENARIOS)])]


def _prepare(groups: Sequence[str]) -> None:
    if problem := isolation.missing(groups):
        raise click.ClickException(problem)
    for group in groups:
        if built(group):
            continue
        if problem := isolation.missing_for_build():
            raise click.ClickException(problem)
        click.echo(f"building {GROUPS[group].title} once: about {GROUPS[group].minutes} minutes", err=True)
        try:
            build(group)
        except subprocess.CalledProcessError as error:
            message = (
                f"the lab could not be built: `{' '.join(error.cmd[:3])}` failed with exit code {error.returncode}"
            )
            raise click.ClickException(message) from error


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    main()
