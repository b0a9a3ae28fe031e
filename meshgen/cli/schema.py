"""`meshgen schema`: the JSON Schema of the language."""

from __future__ import annotations

import click

from meshgen.cli.output import document
from meshgen.diagnostics.near import did_you_mean, near


@click.command()
@click.argument("kind", required=False)
def schema(kind: str | None) -> None:
    """Print the JSON Schema of one KIND of document, or of all documents of a fleet.

    Editors take the schema of all from the first line of a file: `# yaml-language-server: $schema=…`.
    """
    from meshgen.language.schema import text
    from meshgen.load.documents import KINDS

    by_lower_case = {name.lower(): name for name in KINDS}
    if kind is not None and kind.lower() not in by_lower_case:
        hint = did_you_mean(near(kind, KINDS)) or f"Kinds are {', '.join(f'`{name}`' for name in KINDS)}."
        raise click.UsageError(f"no such kind: `{kind}`. {hint}")
    document(text(by_lower_case[kind.lower()] if kind is not None else None))
