"""Every field of the language stands on docs/fields.md, with an example that the language takes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from meshgen.language.kinds import MODELS
from tests.fleets import read

SCRIPT = Path(__file__).parents[2] / "tools" / "docs" / "fields.py"


def loaded() -> Any:
    spec = importlib.util.spec_from_file_location("fields_of_docs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FIELDS = loaded()
EXAMPLES = list(FIELDS.examples())


def test_every_field_has_an_example_that_its_schema_takes() -> None:
    definitions = FIELDS.all_definitions()
    for section, field, said, example in EXAMPLES:
        value = read(example)[field]
        problems = [each.message for each in Draft7Validator({**said, "definitions": definitions}).iter_errors(value)]
        assert not problems, f"{section}.{field}: {example}: {problems}"


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_every_field_of_a_kind_has_a_line(kind: str) -> None:
    written = {each.alias or name for name, each in MODELS[kind].model_fields.items()} - {"name"}
    assert written <= {field for section, field, _, _ in EXAMPLES if section == kind}


def test_the_page_has_a_section_for_each_model_and_links_lead_to_one() -> None:
    page = FIELDS.page()
    sections = [line.removeprefix("## ").lower() for line in page.splitlines() if line.startswith("## ")]
    linked = {part.partition(")")[0] for part in page.split("](#")[1:]}
    assert linked <= set(sections)
    assert len(sections) == len(set(sections))
