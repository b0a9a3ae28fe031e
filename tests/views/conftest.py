"""A small fleet in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fleets import LACKS, fleet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "fleet.yaml").write_text(fleet(LACKS))
    return str(tmp_path / "fleet.yaml")
