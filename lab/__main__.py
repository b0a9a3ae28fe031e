"""`python -m lab packages | build | test [PYTEST ARGUMENTS] | demo FLEET`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lab import isolation
from lab.build import build, built, cache_directory

if TYPE_CHECKING:
    from collections.abc import Sequence

SCENARIOS = Path(__file__).parent / "scenarios"


@click.group()
def main() -> None:
    """Boot real meshes on this machine; see lab/README.md."""


@main.command()
def packages() -> None:
    """Print the Debian packages that the lab needs and this machine lacks."""
    click.echo(" ".join(isolation.missing_packages()))


@main.command("build")
def build_command() -> None:
    """Build Istio, Kubernetes and Envoy once into the cache (about 20 minutes)."""
    _prepare()
    click.echo(built())


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run scenarios, all unless files are named; arguments go to pytest."""
    if not isolation.inside():
        _prepare()
        isolation.enter([sys.executable, "-m", "lab", "test", *arguments])
    isolation.prepare(cache_directory())
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
        _prepare()
        isolation.enter([sys.executable, "-m", "lab", "demo", str(fleet.resolve())])
    isolation.prepare(cache_directory())
    from lab.demo import run_demo

    run_demo(fleet)


def with_scenarios(arguments: Sequence[str]) -> list[str]:
    """Add the directory of scenarios to pytest's arguments unless they name files or directories of them."""
    paths = [Path(argument.partition("::")[0]) for argument in arguments]
    named = any(path.is_dir() or path.suffix == ".py" for path in paths)
    return [*arguments, *([] if named else [str(SCENARIOS)])]


def _prepare() -> None:
    if problem := isolation.missing():
        raise click.ClickException(problem)
    if not built():
        if problem := isolation.missing_for_build():
            raise click.ClickException(problem)
        click.echo("building Istio, Kubernetes and Envoy once: about 20 minutes", err=True)
        try:
            build()
        except subprocess.CalledProcessError as error:
            message = (
                f"the lab could not be built: `{' '.join(error.cmd[:3])}` failed with exit code {error.returncode}"
            )
            raise click.ClickException(message) from error


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    main()
