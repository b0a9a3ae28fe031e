"""One line each: `file:line:col: severity[code] message`, which editors and grep understand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.diagnostics.render import View


def render(view: View) -> str:
    return "".join(
        f"{found.span or 'meshgen'}: {found.severity}[{found.code}] {found.said}\n" for found in view.diagnostics
    )
