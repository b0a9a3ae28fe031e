"""What a rule over the whole fleet may ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.analysis.relations import Relations


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that was derived from one fleet before it is checked."""

    relations: Relations
