"""`meshgen init`: write a first fleet that builds as it is, or a whole repository around it."""

from __future__ import annotations

import re
from pathlib import Path

import click

from meshgen import interrupts
from meshgen.cli.output import say
from meshgen.delivery import engine_names
from meshgen.platforms import platform_names
from meshgen.scaffold import DEFAULT_SOURCE, forge_names

SCHEMA_FILE = "meshgen.schema.json"
_TEMPLATE = Path(__file__).parent / "first_fleet"
_PLATFORM_LINE = "  platform: istio\n"
_SOURCE = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)+")


def _source(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if _SOURCE.fullmatch(value) is None:
        raise click.BadParameter(f"'{value}' is no repository such as `{DEFAULT_SOURCE}`.", context, parameter)
    return value


@click.command()
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--platform", type=click.Choice(platform_names()), default="istio", show_default=True)
@click.option("--engine", type=click.Choice(engine_names()), help="Write a whole repository, which this engine syncs.")
@click.option("--ci", "forge", type=click.Choice(forge_names()), help="Write a whole repository, with its pipeline.")
@click.option("--repo-url", metavar="URL", help="Where the engine finds the repository that is written.")
@click.option(
    "--source",
    metavar="OWNER/NAME",
    callback=_source,
    default=DEFAULT_SOURCE,
    help="Repository on the forge that has meshgen, from which pipelines and pre-commit take it.",
)
def init(
    directory: Path | None, platform: str, engine: str | None, forge: str | None, repo_url: str | None, source: str
) -> None:
    """Write a first fleet into DIR [default: fleet], with comments, example inventories and the schema for editors.

    With --engine or --ci it is a whole repository in DIR [default: the current directory]: the fleet split by owners,
    code owners, hooks of pre-commit, the pipeline and what the engine follows.
    """
    whole = engine is not None or forge is not None
    if repo_url is not None and engine is None:
        raise click.UsageError("`--repo-url` is for an engine: name it with `--engine`.")
    directory = directory or Path("." if whole else "fleet")
    if whole:
        from meshgen.scaffold import Choices, repository

        written = repository(Choices(platform, _platform(platform), engine, forge, repo_url, source))
        written |= {f"fleet/{path}": text for path, text in files(platform).items() if path != "fleet.yaml"}
    else:
        written = files(platform)
    present = _present(directory / "fleet" if whole else directory)
    present += sorted(directory / path for path in written if (directory / path).exists())
    if present:
        raise click.UsageError(f"`{present[0]}` exists already: nothing was written. Name another directory.")
    with interrupts.held():
        for path, text in written.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            say(f"wrote {target}", err=True)
    if not whole:
        say(f"Next: put in your clusters, then `meshgen build {directory}`.", err=True)
        return
    if forge is not None and source == DEFAULT_SOURCE:
        say(f"`{source}` stands for the repository that has meshgen: put in yours, or name it with --source.", err=True)
    say(f"Next: read {directory / 'README.md'}.", err=True)


def _present(fleet: Path) -> list[Path]:
    return sorted(path for path in fleet.rglob("*") if path.suffix in {".yaml", ".yml"})


def files(platform: str) -> dict[str, str]:
    """What `init` writes for a fleet: path below its directory → text."""
    from meshgen.language.schema import text

    written = {
        path.relative_to(_TEMPLATE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(_TEMPLATE.rglob("*.yaml"))
    }
    written["fleet.yaml"] = written["fleet.yaml"].replace(_PLATFORM_LINE, f"{_platform(platform)}\n")
    return written | {SCHEMA_FILE: text(None)}


def _platform(platform: str) -> str:
    """The lines of the fleet that say what the clusters run."""
    from meshgen import platforms

    managed = platforms.platform(platform).management == "declared"
    return f"  platform: {platform}" + ("\n  tetrate: {managementCluster: cluster-1}" if managed else "")
