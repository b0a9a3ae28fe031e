"""DNS providers: what each can carry of a plan, and what it makes of it. Facts and plain data only.

A new one is a package in `meshgen/dns/providers` and a line here. A package is imported when somebody asks for it: most
fleets have no zones, and those that have need one or two.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.dns.facts import Provider

_PACKAGES = {
    "externalDNS": "external_dns",
    "k8gb": "k8gb",
    "none": "none",
    "octoDNS": "octodns",
    "route53Controller": "route53_controller",
    "terraform": "terraform",
}
"""Name → package, sorted."""


def provider_names() -> tuple[str, ...]:
    """The names of all providers, sorted."""
    return tuple(_PACKAGES)


@cache
def provider(name: str) -> Provider:
    """The provider of that name, one of `provider_names()`."""
    found: Provider = import_module(f"meshgen.dns.providers.{_PACKAGES[name]}").PROVIDER
    return found
