"""DNS providers: what each can carry of a plan, and what it makes of it. Facts and plain data only.

A new one is a package in `meshgen/dns/providers` and a line here.
"""

from __future__ import annotations

from meshgen.dns.facts import Provider
from meshgen.dns.providers import external_dns, k8gb, none, octodns, route53_controller, terraform

__all__ = ["PROVIDERS", "Provider", "provider", "provider_names"]

PROVIDERS: dict[str, Provider] = {
    package.PROVIDER.name: package.PROVIDER
    for package in (external_dns, k8gb, none, octodns, route53_controller, terraform)
}
"""Every provider by its name, sorted."""


def provider_names() -> tuple[str, ...]:
    """The names of all providers, sorted."""
    return tuple(PROVIDERS)


def provider(name: str) -> Provider:
    """The provider of that name, one of `provider_names()`."""
    return PROVIDERS[name]
