"""Names of emitted objects. They never change once given (design §3)."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.analysis.hosts import ServiceName

_LONGEST_LABEL_VALUE = 63
_EXPOSURE_DIGITS = 16
_DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


def gateway_network(cluster: str, namespace: str, gateway: str) -> str:
    """The made-up network of one remote gateway.

    It is a label value in some objects, so a long one is replaced by its hash. Neither namespaces nor gateways
    contain dots, so two gateways never share a network.
    """
    return _label_value(f"meshgen-{cluster}.{namespace}.{gateway}")


def gateway_id(namespace: str, gateway: str) -> str:
    """The label value that tells a gateway's pods from those of all other gateways of its cluster."""
    return _label_value(f"{namespace}.{gateway}")


def exposure(gateway: str, host: str) -> str:
    """Name of the Gateway that lets one host in: `<gateway>-<service>-<16 hex>`.

    A label, since istiod's webhook takes no longer name for a Gateway (pkg/config/validation). The hash is of gateway
    and host, so that neither what is cut nor a service of the same name in another namespace makes two names one.
    """
    digest = _hex(f"{gateway}/{host}")[:_EXPOSURE_DIGITS]
    readable = f"{gateway}-{host.partition('.')[0]}"[: _LONGEST_LABEL_VALUE - 1 - len(digest)]
    return f"{readable.rstrip('-')}-{digest}"


def alias(service: ServiceName, cluster: str) -> str:
    """The host that stands for a service with one cluster first: `<service>.<cluster>.<namespace>.mesh`.

    Each part is a DNS label, so that no two services and clusters make one name; the hash of a cluster's name stands in
    its place where that is none.
    """
    label = cluster if re.fullmatch(_DNS_LABEL, cluster) else f"meshgen-{_hex(cluster)}"
    return f"{service.name}.{label}.{service.namespace}.mesh"


def redirect(gateway: str, host: str) -> str:
    """Name of the Gateway that sends the users of one host to HTTPS: `<gateway>-<label>-<16 hex>-http`."""
    return _front(f"{gateway}-{host.partition('.')[0]}", f"{gateway}/{host}", "-http")


def alias_of_host(gateway: str, host: str, cluster: str) -> str:
    """Name of what stands at an edge gateway for a host with one cluster first: `<gateway>-<label>-<cluster>-<16 hex>`.

    A label, since it is the first one of the alias, too.
    """
    label = re.sub(r"[^a-z0-9]+", "-", cluster.lower())
    return _front(f"{gateway}-{host.partition('.')[0]}-{label}", f"{gateway}/{host}/{cluster}")


def subset(service: ServiceName) -> str:
    """Name of the subset of the clusters that serve one service of a published host: `<service>-<16 hex>`."""
    return _front(service.name, f"{service.namespace}/{service.name}")


ALIAS_DOMAIN = "mesh"
"""What the names of aliases end with; no DNS has it."""


def _front(readable: str, origin: str, end: str = "") -> str:
    digest = _hex(origin)[:_EXPOSURE_DIGITS]
    cut = readable[: _LONGEST_LABEL_VALUE - 1 - len(digest) - len(end)].rstrip("-")
    return f"{cut}-{digest}{end}"


def entry_stem(cluster: str, gateway_namespace: str, gateway: str, service: ServiceName) -> str:
    """Name of the first WorkloadEntry of a service for one source gateway: `k-<service>-<32 hex>`."""
    origin = f"{cluster}/{gateway_namespace}/{gateway}/{service.namespace}/{service.name}"
    return f"k-{service.name}-{_hex(origin)}"


def entry_name(stem: str, place: int) -> str:
    """Name of the WorkloadEntry for the address at `place` (from 1) of the inventory's list."""
    return stem if place == 1 else f"{stem}-{place}"


def virtual_address(host: str, cidr: str) -> str:
    """The address of a host inside a range: always the same one for the same host and range."""
    network = ipaddress.ip_network(cidr, strict=False)
    usable = max(network.num_addresses - 2, 1)
    offset = int(hashlib.sha256(host.encode()).hexdigest(), 16) % usable
    return str(network[offset + 1 if network.num_addresses > 1 else 0])


_LONGEST_AT_TETRATE = 50
_DIGITS_AT_TETRATE = 8


def at_tetrate(*parts: str) -> str:
    """Name of something in Tetrate's hierarchy that several words make: `<word>-<word>-<8 hex>`.

    A label with room around it, since Tetrate makes names of ports and keys of labels of it (live dumps:
    `https-<server>`, `xcp.tetrate.io/<gateway>-gw-cl`).
    """
    digest = _hex("/".join(parts))[:_DIGITS_AT_TETRATE]
    readable = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower())[: _LONGEST_AT_TETRATE - 1 - len(digest)]
    return f"{readable.strip('-')}-{digest}"


def server(published_host: str) -> str:
    """Name of a server of Tetrate's for a published host: its own, where that is a label with room around it."""
    plain = re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", published_host)
    return published_host if plain and len(published_host) <= _LONGEST_AT_TETRATE else at_tetrate(published_host)


def _label_value(text: str) -> str:
    return text if len(text) <= _LONGEST_LABEL_VALUE else f"meshgen-{_hex(text)}"


def probe(host: str, cluster: str) -> str:
    """The name under which a health check asks for one cluster: `<first label>-<cluster>.<rest>`.

    Beside the name for entry points, so that one wildcard covers both; with a hash where that is no DNS label.
    """
    first, _, rest = host.partition(".")
    label = f"{first}-{cluster}"
    if not re.fullmatch(_DNS_LABEL, label):
        digest = _hex(f"{host}/{cluster}")[:_EXPOSURE_DIGITS]
        readable = re.sub(r"[^a-z0-9]+", "-", label.lower())[: _LONGEST_LABEL_VALUE - 1 - len(digest)]
        label = f"{readable.rstrip('-')}-{digest}"
    return f"{label}.{rest}" if rest else label


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def remote_gateway(network: str) -> str:
    """Name of the object that tells istiod the hostname of a network's gateway."""
    return network if re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", network) else f"meshgen-{_hex(network)}"


def local_policy(service: str) -> str:
    """Name of the DestinationRule and VirtualService beside a Service of the team."""
    return f"meshgen-{service}"
