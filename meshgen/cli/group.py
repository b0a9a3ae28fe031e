"""The group of all commands."""

from __future__ import annotations

import importlib

import click

from meshgen import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    # name → (module:function, line of help)
    "init": ("meshgen.cli.init:init", "Write a first fleet."),
    "validate": ("meshgen.cli.validate:validate", "Check a fleet without building it."),
    "build": ("meshgen.cli.build:build", "Write the manifests of every cluster."),
    "diff": ("meshgen.cli.diff:diff", "Show what a change of the fleet does."),
    "ci": ("meshgen.cli.ci:ci", "Do in a pipeline what a change needs."),
    "show": ("meshgen.cli.show:show", "Show which cluster reaches which service where."),
    "explain": ("meshgen.cli.explain:explain", "Explain a code, a file of the output or a host."),
    "verify": ("meshgen.cli.verify:verify", "Compare a running cluster with what the fleet says about it."),
    "drain": ("meshgen.cli.drain:drain", "Take the load off a cluster, or off one item there."),
    "undrain": ("meshgen.cli.drain:undrain", "Give the load back."),
    "inventory": ("meshgen.cli.inventory:inventory", "Observe clusters."),
    "schema": ("meshgen.cli.schema:schema", "Print the JSON Schema of the language."),
    "completion": ("meshgen.cli.completion:completion", "Print the completion script of a shell."),
}
"""Every command, in the order of the help. One line here registers a command."""


class LazyGroup(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), function)
        assert isinstance(command, click.Command)  # noqa: S101 - a wrong table is our mistake
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from meshgen.diagnostics.near import did_you_mean, near

            hint = did_you_mean(near(args[0], COMMANDS)) or "`meshgen --help` lists all commands."
            ctx.fail(f"no such command: `{args[0]}`. {hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Compile a fleet of mesh clusters into the manifests of each cluster.",
)
@click.version_option(__version__, message="meshgen %(version)s")
def cli() -> None:
    pass
