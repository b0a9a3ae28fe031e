"""Terraform's JSON against the schema of the AWS provider, and CloudFormation's templates against AWS's own.

The schema is that of provider 6.25, as its generated classes for CDKTF say it; they are read, not run.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from meshgen.dns import provider
from meshgen.emit.yaml import document
from tests.dns.conftest import PROGRAMS
from tests.dns.plans import BOTH_FAMILIES, HOSTNAMES, REGIONS, SHARES, THREE_LEVELS, zone

if TYPE_CHECKING:
    from pathlib import Path

    from meshgen.dns.model import Record
    from tests.dns.conftest import Aws

pytestmark = [pytest.mark.slow, pytest.mark.dns]

_CLASS = {
    "aws_route53_record": "Route53RecordConfig",
    "aws_route53_health_check": "Route53HealthCheckConfig",
    "aws_route53_zone": "DataAwsRoute53ZoneConfig",
}
_TYPES = {"builtins.str": str, "jsii.Number": int, "builtins.bool": bool, "typing.Sequence[builtins.str]": list}


class Argument(NamedTuple):
    type: str
    required: bool


@cache
def arguments(package: str) -> dict[str, dict[str, Argument]]:
    """The arguments of every class of a package."""
    (file,) = PROGRAMS.parent.glob(f"lib/python*/site-packages/cdktf_cdktf_provider_aws/{package}/__init__.py")
    found = {}
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            init = next(one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__")
            found[node.name] = {
                argument.arg: Argument(ast.unparse(argument.annotation).replace("'", ""), default is None)
                for argument, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
                if argument.annotation is not None
            }
    return found


def problems(package: str, name: str, block: dict[str, Any]) -> list[str]:
    """What the schema refuses in a block."""
    known = arguments(package)[name]
    found = [f"{name} lacks {key}" for key, argument in known.items() if argument.required and key not in block]
    for key, value in block.items():
        if key not in known:
            found.append(f"{name} has no {key}")
            continue
        wanted = re.sub(r"^typing\.Optional\[(.*)\]$", r"\1", known[key].type)
        inner = re.match(r"typing\.Union\[(\w+), typing\.Dict", wanted)
        simple = re.sub(r"^typing\.Union\[(builtins\.bool), .*", r"\1", wanted)
        if inner is not None and isinstance(value, dict):
            found += problems(package, inner[1], value)
        elif key != "depends_on" and type(value) is not _TYPES.get(simple):
            found.append(f"{name}.{key} is {wanted}, not {value!r}")
    return found


def blocks(module: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    resources = [
        (kind.removeprefix("aws_"), _CLASS[kind], content)
        for kind, all_ in module["resource"].items()
        for content in all_.values()
    ]
    data = [
        (f"data_{kind}", _CLASS[kind], content) for kind, all_ in module["data"].items() for content in all_.values()
    ]
    return resources + data


@pytest.mark.parametrize("given", [THREE_LEVELS, SHARES, HOSTNAMES, REGIONS, BOTH_FAMILIES])
def test_terraforms_provider_knows_every_argument(given: Record) -> None:
    (file,) = provider("terraform").render((zone("terraform", given),)).files
    assert [problem for block in blocks(file.content) for problem in problems(*block)] == []


def test_a_wrong_argument_is_seen() -> None:
    assert problems("route53_record", "Route53RecordConfig", {"name": "a", "type": "A", "ttl": "60", "weight": 1}) == [
        "Route53RecordConfig lacks zone_id",
        "Route53RecordConfig.ttl is jsii.Number, not '60'",
        "Route53RecordConfig has no weight",
    ]


def test_cloudformation_takes_the_templates_of_the_route_53_controller(tmp_path: Path, aws: Aws) -> None:
    at = zone(
        "route53Controller", clusters=("c1",), account="123456789012", oidc_issuers={"c1": "oidc.example.com/id/A"}
    )
    rendered = provider("route53Controller").render((at,))
    contents = [*(found.content for found in rendered.files), *(found.content for found in rendered.setup)]
    templates = [content for content in contents if "Resources" in content]
    assert len(templates) == 2
    for number, template in enumerate(templates):
        file = tmp_path / f"{number}.yaml"
        file.write_bytes(document(template))
        aws.run("cfn-lint", str(file))
    file.write_bytes(document(templates[0]).replace(b"HostedZone", b"HostedZoom"))
    assert "HostedZoom" in aws.run("cfn-lint", str(file), fails=True)
