"""`meshgen explain`: what a code means."""

from __future__ import annotations

import re

import click

from meshgen.diagnostics.near import did_you_mean, near
from meshgen.pages import codes, page

_CODE = re.compile(r"MG[0-9]+", re.IGNORECASE)


@click.command()
@click.argument("subject", metavar="CODE")
def explain(subject: str) -> None:
    """Explain CODE: what it means, why it is so, an example and the fix."""
    if _CODE.fullmatch(subject):
        click.echo(_page(subject.upper()), nl=False)
        return
    raise click.UsageError(f"`{subject}` is not a code such as `MG301`.")


def _page(code: str) -> str:
    text = page(code)
    if text is None:
        hint = did_you_mean(near(code, codes())) or f"Codes go from `{codes()[0]}` to `{codes()[-1]}`."
        raise click.UsageError(f"no such code: `{code}`. {hint}")
    return text
