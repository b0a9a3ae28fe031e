"""Names that users and probers ask DNS for: they are public, and each is one thing only."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from meshgen.check.places import notes
from meshgen.check.rule import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.diagnostics import Span

_LONGEST_LABEL = 63
_LONGEST_NAME = 253


class _Name(NamedTuple):
    text: str
    what: str
    """What it is; empty: what the fleet says it is."""
    span: Span | None
    object: str


def _written(context: Context) -> Iterator[_Name]:
    """The names that the fleet says."""
    fleet = context.relations.fleet
    for host in fleet.published_hosts:
        span = host.span("name") if host.host is None else host.span("host")
        yield _Name(host.hostname, "", span, f"publishedHost/{host.name}")
        if host.health_check is not None:
            check = host.health_check
            yield _Name(check.host, "", check.span("host"), f"publishedHost/{host.name}")
    if fleet.spec.canary is not None:
        yield _Name(fleet.spec.canary.host, "", fleet.spec.canary.span("host"), "canary")


def _made(context: Context) -> Iterator[_Name]:
    """The names that follow: of the health checks of clusters, and of single entry points."""
    for probe in context.probes:
        if probe.cluster is not None:
            what = f"the host of the health check of cluster `{probe.cluster}`"
            yield _Name(probe.host, what, probe.setting.span("host"), probe.object)
    planned = context.dns() if _zoned(context) else None
    for record in planned.records if planned is not None else ():
        for member in (member for pool in record.record.pools for member in pool.members):
            if member.origin is not None:
                setting = next((item for item in context.published if item.host == record.record.host), None)
                if setting is None:
                    continue  # of a probe, whose names are there already
                what = f"the origin name of entry point `{member.entry_point.label}` of `{setting.host}`"
                yield _Name(member.origin, what, setting.setting.span("host"), setting.object)


def _zoned(context: Context) -> bool:
    dns = context.relations.fleet.spec.dns
    return dns is not None and any(zone.origin_names for zone in dns.zones)


def no_public_name(context: Context) -> Iterator[Finding]:
    """Find names that no user can ask DNS for: addresses, single labels, names of the mesh, and what is too long.

    Istio reads a name without dots as a Service of the object's namespace (`ResolveShortnameToFQDN`), and one in the
    cluster domain is a Service already. Labels have up to 63 characters, names up to 253 (RFC 1035).
    """
    domain = context.relations.fleet.spec.cluster_domain
    for name in _written(context):
        why = _trouble(name.text, domain)
        if why is not None:
            yield Finding(
                message=f"`{name.text}` is no name that users can ask DNS for: {why}",
                span=name.span,
                help="Choose a name of a public zone, such as `shop.example.com`.",
                object=name.object,
            )
    for name in _made(context):
        if len(name.text) > _LONGEST_NAME:
            yield Finding(
                message=f"{name.what} would have {len(name.text)} characters, more than the {_LONGEST_NAME} of a name",
                span=name.span,
                help="Shorten the host.",
                object=name.object,
            )


def _trouble(host: str, domain: str) -> str | None:
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        return "it is an address"
    if "." not in host:
        return "it has one part only, and Istio takes it for a Service"
    if host == domain or host.endswith(f".{domain}"):
        return f"`{domain}` is the domain of the mesh"
    if any(len(label) > _LONGEST_LABEL for label in host.split(".")):
        return f"a part of it is longer than {_LONGEST_LABEL} characters"
    return None


def taken_name(context: Context) -> Iterator[Finding]:
    """Find names that the fleet says, and that follow from another item of it as well.

    A gateway has one server for a host, and DNS one answer.
    """
    written = {name.text: name for name in _written(context)}
    for name in _made(context):
        said = written.get(name.text)
        if said is None:
            continue
        yield Finding(
            message=f"`{name.text}` is also {name.what}",
            span=said.span,
            help="Choose another name.",
            notes=notes((name.span, "it follows from this host")),
            object=said.object,
        )


RULES = (
    Rule("MG817", "error", "a name that users cannot ask for", "0.1", no_public_name),
    Rule("MG878", "error", "a name that is taken by what follows", "0.1", taken_name),
)
