"""DNS of published hosts: each is in a zone, and its provider carries what the fleet says."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Literal

from meshgen.analysis.zones import zone_of
from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics import Cause
from meshgen.diagnostics.near import did_you_mean, near
from meshgen.diagnostics.several import NAMES
from meshgen.dns import provider
from meshgen.language.base import milliseconds
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.check.context import Context
    from meshgen.diagnostics import Note, Span
    from meshgen.dns.facts import Loss
    from meshgen.language.dns import Zone as DeclaredZone
    from meshgen.language.gateway import GatewaySettings
    from meshgen.language.published_host import HealthCheck
    from meshgen.plan.model import HostInZone

_OF_AWS = "service.beta.kubernetes.io/aws-load-balancer-"
"""What annotations for the AWS Load Balancer Controller begin with."""
_CONTROLLER = "route53Controller"


def in_no_zone(context: Context) -> Iterator[Finding]:
    """Find published hosts, and hosts of health checks, that no zone of the fleet has, where the fleet has zones.

    Nobody would write their records. Found is the longest zone that a host ends with.
    """
    dns = context.relations.fleet.spec.dns
    if dns is None or not dns.zones:
        return
    named = [(item.setting.span("host"), item.object, [item.host]) for item in context.published]
    # Probes of one setting come one after the other.
    for _, group in groupby(context.probes, key=lambda probe: id(probe.setting)):
        probes = list(group)
        named.append((probes[0].setting.span("host"), probes[0].object, [probe.host for probe in probes]))
    for span, item, hosts in named:
        lost = [host for host in hosts if zone_of(context.relations, host) is None]
        if lost:
            record = "is in no zone of the fleet, so nobody writes its DNS record"
            records = "are in no zone of the fleet, so nobody writes their DNS records"
            yield Finding(
                message=f"{listed(lost)} {records if len(lost) > 1 else record}",
                span=span,
                help="Name its zone in `dns.zones`, with provider `none` if somebody else keeps it.",
                notes=notes((dns.span("zones"), f"the zones: {listed(zone.name for zone in dns.zones)}")),
                object=item,
            )


def declared_twice(context: Context) -> Iterator[Finding]:
    """Find zones that are declared twice; only the first would count."""
    dns = context.relations.fleet.spec.dns
    seen: dict[str, Span | None] = {}
    for zone in dns.zones if dns is not None else ():
        if zone.name in seen:
            yield Finding(
                message=f"zone `{zone.name}` is declared twice",
                span=zone.span("name"),
                help="Keep one of them.",
                notes=notes((seen[zone.name], "declared here, too")),
                object=f"zone/{zone.name}",
            )
        seen.setdefault(zone.name, zone.span("name"))


def entry_points_beyond(context: Context) -> Iterator[Finding]:
    """Find orders, shares and entry points that the zone's provider cannot answer.

    What each can carry stands in its package (`meshgen/dns/providers`), with its sources (ADR 33).
    """
    return _beyond(context, "entryPoints")


def check_beyond(context: Context) -> Iterator[Finding]:
    """Find health checks that the zone's provider cannot make as they are said.

    DNS counts in whole seconds everywhere; else as `entry_points_beyond`.
    """
    for host in _hosts(context):
        check = host.published.setting.health_check
        if check is not None and _in_parts(check):
            yield Finding(
                message=f"the health check of `{host.record.host}` is made every `{check.interval}`, and providers of "
                "DNS count in whole seconds",
                span=check.span("interval"),
                help="Say whole seconds, such as `10s`.",
                object=host.published.object,
            )
    yield from _beyond(context, "healthCheck")


def _in_parts(check: HealthCheck) -> bool:
    """Whether its interval is no whole number of seconds."""
    return milliseconds(check.interval) % 1000 != 0


def addresses_beyond(context: Context) -> Iterator[Finding]:
    """Find addresses and hostnames of entry points that the zone's provider cannot answer; as `entry_points_beyond`."""
    return _beyond(context, "addresses")


def asked_less_strictly(context: Context) -> Iterator[Finding]:
    """Find statuses that were said and that the provider takes together with others; the default is not said."""
    for host in _hosts(context):
        check = host.published.setting.health_check
        if check is not None and "expected_status" in check.model_fields_set:
            for loss in host.losses:
                if loss.weaker:
                    yield _finding(context, host, loss, "is asked for less strictly")


def nobody_checks(context: Context) -> Iterator[Finding]:
    """Find hosts with several entry points of which DNS goes on to answer a dead one.

    Without a probe no provider takes one out, and the second level is never answered. ExternalDNS makes no health
    checks (provider/aws/aws.go), so each entry point needs the id of one (ADR 33).
    """
    for host in _hosts(context):
        answered = host.record.answered
        by = provider(host.zone.provider).capabilities(host.zone).checks.by
        if len(answered.members) < 2 or by not in ("id", "itself"):  # noqa: PLR2004 - one is answered whatever happens
            continue
        name = f"`{host.record.host}`"
        if by == "id":
            without = [at.entry_point for at in answered.members if at.entry_point not in host.zone.health_checks]
            if without:
                yield Finding(
                    message=f"DNS goes on to answer entry points of {name} that are dead: "
                    f"{provider(host.zone.provider).title} makes no health checks, and zone `{host.zone.name}` has "
                    f"no id of one for {listed(map(str, without))}",
                    span=host.declared.span("provider"),
                    help="Make a health check in Route 53 for each entry point, and name it in `healthCheckIds` as "
                    f"`{without[0]}: <id>`.",
                    notes=notes((host.published.setting.span("host"), "the host")),
                    object=host.published.object,
                    cause=_one_of_zone(
                        host,
                        "DNS goes on to answer entry points that are dead of {names} in zone `{zone}`: "
                        f"{provider(host.zone.provider).title} makes no health checks, and has no ids of all",
                    ),
                )
        elif host.record.probe is None and host.published.setting.health_check is None:
            yield Finding(
                message=f"DNS goes on to answer entry points of {name} that are dead: there is no health check",
                span=host.published.setting.span("host"),
                help="Say `healthCheck` for the host, or `canary` for the fleet.",
                object=host.published.object,
            )


def id_of_nobody(context: Context) -> Iterator[Finding]:
    """Find ids of health checks for entry points that no host of the zone has; a typing error, or left behind."""
    dns = context.relations.fleet.spec.dns
    for zone in dns.zones if dns is not None else ():
        known = {
            str(member.entry_point)
            for host in _hosts(context)
            if host.declared is zone
            for member in host.record.members
        }
        for entry_point in sorted(zone.health_check_ids.keys() - known):
            yield Finding(
                message=f"`healthCheckIds` of zone `{zone.name}` names `{entry_point}`, which is no entry point of a "
                "host in it",
                span=zone.span("healthCheckIds", entry_point),
                help=did_you_mean(near(entry_point, known))
                or "Name `<cluster>/<namespace>/<gateway>`, or take it out.",
                object=f"zone/{zone.name}",
            )


def family_of_some(context: Context) -> Iterator[Finding]:
    """Find addresses that DNS does not answer, since other entry points of the host have none of their family.

    Clients that ask for that family only would get an order and shares of their own (ADR 33).
    """
    for host in _hosts(context):
        answered = host.record.answered
        if not answered.families:
            continue
        for family, words in (("A", "IPv4"), ("AAAA", "IPv6")):
            having = [at for at in answered.members if at.targets(family)]  # type: ignore[arg-type]
            if having and family not in answered.families:
                lacking = next(at for at in answered.members if at not in having)
                yield Finding(
                    message=f"DNS does not answer the {words} addresses of `{having[0].entry_point}` for "
                    f"`{host.record.host}`, since `{lacking.entry_point}` has none",
                    span=host.published.setting.span("host"),
                    help=f"Give every entry point of the host {words} addresses.",
                    object=host.published.object,
                    cause=Cause(
                        f"DNS does not answer the {words} addresses of `{having[0].entry_point}` for {NAMES}, since "
                        f"`{lacking.entry_point}` has none",
                        f"gateway/{having[0].entry_point}",
                        f"`{host.record.host}`",
                        f"`{host.record.host}`",
                    ),
                )


def not_prepared(context: Context) -> Iterator[Finding]:
    """Tick off what the Route 53 controller of a cluster needs and the fleet does not say yet.

    From Tetrate's documents: a policy, a role that the cluster's service account takes, an account. From those of the
    AWS Load Balancer Controller: without its annotations or a class a Service gets what the cloud provider in the
    cluster makes, if anything. Entry points that others advertise for have a load balancer already.
    """
    for zone, hosts in _prepared(context):
        lacking = []
        if zone.role_arn is None:
            if zone.account is None:
                lacking.append("`account` (or `roleArn`): who owns the zone")
            without = [cluster for cluster in hosts[0].zone.clusters if cluster not in zone.oidc_issuers]
            if without:
                lacking.append(f"`oidcIssuers` of {listed(without)}: who signs the service accounts' tokens")
        shared = _shared_probes(hosts)
        if shared:
            lacking.append(f"`annotationPrefix`: several clusters answer for {listed(shared)}")
        bare = _bare_gateways(context, hosts)
        if bare:
            lacking.append(f"load balancers of AWS for {listed(sorted(bare))}: `serviceAnnotations` of their gateways")
        if lacking:
            yield Finding(
                message=f"the Route 53 controllers of zone `{zone.name}` lack {', '.join(lacking[:-1])}"
                f"{' and ' if lacking[1:] else ''}{lacking[-1]}",
                span=zone.span("name"),
                help=f"Say `{_OF_AWS}type: external`, `…-scheme: internet-facing` and `…-nlb-target-type: ip` as "
                "`serviceAnnotations`, or a `loadBalancerClass`."
                if len(lacking) == 1 and bare
                else "Say it, and apply what `build` writes to `_setup` then; `aws eks describe-cluster` shows the "
                "issuer.",
                notes=notes(
                    *dict.fromkeys(
                        (setting.span("name"), f"gateway `{setting.name}` says nothing of `{_OF_AWS}…`")
                        for _, setting in sorted(bare.items())
                    )
                ),
                object=f"zone/{zone.name}",
            )


def _shared_probes(hosts: Sequence[HostInZone]) -> list[str]:
    """Names of probes that several entry points answer for, without annotations; of hosts MG841 says it."""
    zone = hosts[0].zone
    if zone.annotation_prefix is not None or any(len(host.record.answered.members) > 1 for host in hosts):
        return []
    return [record.host for record in zone.probes if len(record.answered.members) > 1]


def _bare_gateways(context: Context, hosts: Sequence[HostInZone]) -> dict[str, GatewaySettings]:
    """Entry point → settings of a gateway that meshgen emits, and whose Service says nothing to AWS."""
    found: dict[str, GatewaySettings] = {}
    for host in hosts:
        for at in host.published.entry_points:
            setup = context.relations.gateway_setups[at.cluster][at.key]
            said = setup.load_balancer_class is not None or setup.advertised is not None
            if not at.settings.managed or said or any(key.startswith(_OF_AWS) for key in setup.service_annotations):
                continue
            found[f"{at.cluster}/{at.namespace}/{at.name}"] = at.settings
    return found


def for_another_platform(context: Context) -> Iterator[Finding]:
    """Find zones that are left to Tetrate's Route 53 controller where nothing runs it.

    It is a part of Tetrate's control plane; on plain Istio nobody would write a record.
    """
    dns = context.relations.fleet.spec.dns
    for zone in dns.zones if dns is not None else ():
        if zone.provider == _CONTROLLER and not _has_controller(context):
            yield Finding(
                message=f"zone `{zone.name}` is left to Tetrate's Route 53 controller, which platform "
                f"`{context.relations.fleet.spec.platform}` does not have",
                span=zone.span("provider"),
                help="Say `externalDNS`, which does the same there, or another provider.",
                object=f"zone/{zone.name}",
            )


def _has_controller(context: Context) -> bool:
    return platform(context.relations.fleet.spec.platform).management != "none"


def one_object_for_all(context: Context) -> Iterator[Finding]:
    """Find hosts of one gateway to which DNS is to lead differently, though one object says it for all of them.

    Tetrate's Gateway has every host of a gateway (ADR 40), and annotations are the object's.
    """
    planned = context.dns() if _hosts(context) else None
    if planned is None or not planned.gateway_annotations:
        return
    for servers in context.draft().servers:
        said = {
            server.host: planned.gateway_annotations[servers.cluster, server.host]
            for server in servers.servers
            if (servers.cluster, server.host) in planned.gateway_annotations
        }
        first = next(iter(said), "")
        for host in _hosts(context):
            if host.record.host in said and said[host.record.host] != said[first]:
                yield Finding(
                    message=f"DNS is to lead to gateway `{servers.gateway}` of cluster `{servers.cluster}` in one way "
                    f"for `{first}` and in another for `{host.record.host}`, and one object says it for both",
                    span=host.published.setting.span("entryPoints"),
                    help="Give both the same `entryPoints` and zones of one `ttl`, or publish one through another "
                    "gateway.",
                    object=host.published.object,
                )


def _prepared(context: Context) -> Iterator[tuple[DeclaredZone, list[HostInZone]]]:
    """The zones of Route 53 controllers, each with its hosts."""
    of_controllers = [host for host in _hosts(context) if host.zone.provider == _CONTROLLER]
    for _, hosts in groupby(of_controllers, key=lambda host: host.zone.name):
        found = list(hosts)
        yield found[0].declared, found


def _hosts(context: Context) -> tuple[HostInZone, ...]:
    dns = context.relations.fleet.spec.dns
    if dns is None or not dns.zones:
        return ()
    planned = context.dns()
    return planned.hosts if planned is not None else ()


def _beyond(context: Context, topic: Literal["entryPoints", "healthCheck", "addresses"]) -> Iterator[Finding]:
    for host in _hosts(context):
        canary = host.published.setting.health_check is None
        if host.zone.provider == _CONTROLLER and not _has_controller(context):
            continue  # MG851
        check = host.published.setting.health_check
        for loss in (loss for loss in host.losses if loss.topic == topic and not loss.weaker):
            if topic == "healthCheck" and canary and not loss.field:
                continue  # The canary is the fleet's, so that it is for others does no harm.
            if loss.topic == "healthCheck" and loss.field == "interval" and check is not None and _in_parts(check):
                continue  # said of every provider
            yield _finding(context, host, loss, "cannot be kept as it is said")


def _one_of_zone(host: HostInZone, text: str) -> Cause:
    """Findings of one kind in one zone are one: they go when its provider changes."""
    name = f"`{host.record.host}`"
    return Cause(text.format(names=NAMES, zone=host.zone.name), f"zone/{host.zone.name}", name, name)


def _finding(context: Context, host: HostInZone, loss: Loss, what: str) -> Finding:
    said = f"{provider(host.zone.provider).title} {loss.what}"
    field = f" ({loss.topic}{'.' if loss.field else ''}{loss.field})" if loss.topic != "addresses" else ""
    return Finding(
        message=f"DNS of `{host.record.host}`{field} {what}: {said}",
        span=_place(context, host, loss),
        help=loss.help,
        notes=_notes(host),
        object=host.published.object,
        cause=_one_of_zone(host, f"DNS of {{names}} in zone `{{zone}}`{field} {what}: {said}"),
    )


def _notes(host: HostInZone) -> tuple[Note, ...]:
    return notes((host.declared.span("provider"), f"zone `{host.zone.name}` is kept by `{host.zone.provider}`"))


def _place(context: Context, host: HostInZone, loss: Loss) -> Span | None:
    setting = host.published.setting
    if loss.topic == "addresses":
        gateway = next(
            (at for at in host.published.entry_points if loss.entry_point.startswith(f"{at.cluster}/")), None
        )
        return (gateway.reach.span() if gateway is not None else None) or setting.span("host")
    written = setting.entry_points if loss.topic == "entryPoints" else setting.health_check
    canary = context.relations.fleet.spec.canary
    if loss.topic == "healthCheck" and written is None and canary is not None:
        return canary.span(loss.field)
    if written is None:
        return setting.span("host")
    return setting.span(loss.topic, *(loss.field.split(".") if loss.field else ()))


RULES = (
    Rule("MG840", "error", "a host in no zone", "0.1", in_no_zone),
    Rule("MG841", "error", "entry points that the DNS provider cannot answer", "0.1", entry_points_beyond),
    Rule("MG842", "error", "a health check that the DNS provider cannot make", "0.1", check_beyond),
    Rule("MG843", "error", "addresses that the DNS provider cannot answer", "0.1", addresses_beyond),
    Rule("MG844", "warning", "dead entry points that DNS goes on to answer", "0.1", nobody_checks),
    Rule("MG845", "warning", "a status that is asked for less strictly", "0.1", asked_less_strictly),
    Rule("MG846", "hint", "what a Route 53 controller lacks", "0.1", not_prepared),
    Rule("MG847", "error", "the id of a health check of nobody", "0.1", id_of_nobody),
    Rule("MG848", "warning", "a family of addresses that DNS does not answer", "0.1", family_of_some),
    Rule("MG849", "error", "a zone that is declared twice", "0.1", declared_twice),
    Rule("MG850", "error", "hosts of one gateway with different annotations", "0.1", one_object_for_all),
    Rule("MG851", "error", "a DNS controller that the platform does not have", "0.1", for_another_platform),
)
