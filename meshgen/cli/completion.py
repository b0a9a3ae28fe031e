"""`meshgen completion`: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL; put `eval "$(meshgen completion bash)"` into its start file."""
    from meshgen.cli.group import cli

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"no completion for `{shell}`")
    click.echo(made(cli, {}, "meshgen", "_MESHGEN_COMPLETE").source())
