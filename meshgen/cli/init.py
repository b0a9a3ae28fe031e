"""`meshgen init`: write a first fleet that builds as it is."""

from __future__ import annotations

from pathlib import Path

import click

from meshgen import interrupts
from meshgen.cli.output import say
from meshgen.platforms import platform_names

SCHEMA_FILE = "meshgen.schema.json"
_TEMPLATE = Path(__file__).parent / "first_fleet"
_PLATFORM_LINE = "  platform: istio\n"


@click.command()
@click.argument("directory", metavar="[DIR]", default="fleet", type=click.Path(file_okay=False, path_type=Path))
@click.option("--platform", type=click.Choice(platform_names()), default="istio", show_default=True)
def init(directory: Path, platform: str) -> None:
    """Write a first fleet into DIR, with comments, example inventories and the schema for editors."""
    present = sorted(path for path in directory.rglob("*") if path.suffix in {".yaml", ".yml"})
    present += [path for path in (directory / SCHEMA_FILE,) if path.exists()]
    if present:
        raise click.UsageError(f"`{present[0]}` exists already: nothing was written. Name another directory.")
    written = files(platform)
    with interrupts.held():
        for path, text in written.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            say(f"wrote {target}", err=True)
    say(f"Next: put in your clusters, then `meshgen build {directory}`.", err=True)


def files(platform: str) -> dict[str, str]:
    """What `init` writes: path below the directory → text."""
    from meshgen import platforms
    from meshgen.language.schema import text

    written = {
        path.relative_to(_TEMPLATE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(_TEMPLATE.rglob("*.yaml"))
    }
    chosen = f"  platform: {platform}\n"
    if platforms.platform(platform).management == "declared":
        chosen += "  tetrate: {managementCluster: cluster-1}\n"
    written["fleet.yaml"] = written["fleet.yaml"].replace(_PLATFORM_LINE, chosen)
    return written | {SCHEMA_FILE: text(None)}
