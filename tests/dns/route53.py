"""What Route 53 answers, by its developer guide ("How Amazon Route 53 chooses records when health checking is
configured"), for record sets from Terraform's JSON or from its API.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from meshgen.dns.shares import per_target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.dns.model import Family, Record

Answers = dict[tuple[str, ...], Fraction]
"""What is answered together → how often."""


@dataclass(frozen=True)
class RecordSet:
    name: str
    type: str
    identifier: str | None
    values: tuple[str, ...] = ()
    alias: str | None = None
    weight: int | None = None
    failover: str | None = None
    region: str | None = None
    checked: tuple[str, ...] = ()
    """Targets of its health check; empty: it has none."""


class Zone:
    def __init__(self, sets: Iterable[RecordSet]) -> None:
        self._named: dict[tuple[str, str], list[RecordSet]] = defaultdict(list)
        for found in sets:
            self._named[found.name, found.type].append(found)

    def answers(self, name: str, family: str, dead: frozenset[str] = frozenset(), region: str | None = None) -> Answers:
        found: Answers = defaultdict(Fraction)
        for chosen, share in self._chosen(self._named[name, family], dead, region):
            if chosen.alias is None:
                found[tuple(sorted(chosen.values))] += share
            else:
                for values, part in self.answers(chosen.alias, family, dead, region).items():
                    found[values] += share * part
        return dict(found)

    def _chosen(
        self, sets: list[RecordSet], dead: frozenset[str], region: str | None
    ) -> list[tuple[RecordSet, Fraction]]:
        healthy = [found for found in sets if self._healthy(found, dead)] or sets
        if any(found.failover for found in sets):
            primary = [found for found in healthy if found.failover == "PRIMARY"]
            return [((primary or healthy)[0], Fraction(1))]
        if any(found.region for found in sets):
            near = [found for found in healthy if found.region == region] or healthy
            return [(near[0], Fraction(1))]
        weights = (
            [found.weight or 0 for found in healthy] if any(found.weight for found in healthy) else [1] * len(healthy)
        )
        return [
            (found, Fraction(weight, sum(weights))) for found, weight in zip(healthy, weights, strict=True) if weight
        ]

    def _healthy(self, found: RecordSet, dead: frozenset[str]) -> bool:
        if found.alias is not None:
            return any(self._healthy(below, dead) for below in self._named[found.alias, found.type])
        return not found.checked or not dead.issuperset(found.checked)


def of_terraform(module: dict[str, Any]) -> Zone:
    resources = module["resource"]
    checks = resources.get("aws_route53_health_check", {})

    def checked(reference: str | None) -> tuple[str, ...]:
        if reference is None:
            return ()
        check = checks[reference.removeprefix("${aws_route53_health_check.").removesuffix(".id}")]
        return (check.get("ip_address") or check["fqdn"],)

    return Zone(
        RecordSet(
            content["name"],
            content["type"],
            content.get("set_identifier"),
            tuple(content.get("records", ())),
            content["alias"]["name"] if "alias" in content else None,
            content.get("weighted_routing_policy", {}).get("weight"),
            content.get("failover_routing_policy", {}).get("type"),
            content.get("latency_routing_policy", {}).get("region"),
            checked(content.get("health_check_id")),
        )
        for content in resources["aws_route53_record"].values()
    )


def of_api(state: dict[str, Any], zone: str) -> Zone:
    """Of what `tools/dns/stand_in.py show` prints."""
    checks = {check["Id"]: (_asked(check["HealthCheckConfig"]),) for check in state["healthChecks"]}
    return Zone(
        RecordSet(
            found["Name"].removesuffix("."),
            found["Type"],
            found.get("SetIdentifier"),
            tuple(value["Value"].removesuffix(".") for value in found.get("ResourceRecords", ())),
            found["AliasTarget"]["DNSName"].removesuffix(".") if "AliasTarget" in found else None,
            found.get("Weight"),
            found.get("Failover"),
            found.get("Region"),
            checks.get(found["HealthCheckId"], (found["HealthCheckId"],)) if "HealthCheckId" in found else (),
        )
        for found in state["zones"][zone]
    )


def _asked(config: dict[str, Any]) -> str:
    target: str = config.get("IPAddress") or config["FullyQualifiedDomainName"]
    return target.removesuffix(".")


def expected(record: Record, family: Family, dead: frozenset[str] = frozenset()) -> Answers:
    """What the plan promises, each target by itself: the first level with a living target; its shares over those."""
    for pool in record.answered.pools:
        living = [at for at in per_target(pool, family) if at.value not in dead]
        total = sum(at.weight for at in living)
        if living:
            return {(at.value,): Fraction(at.weight, total) for at in living}
    return expected(record, family)
