"""Names never change once given (design §3)."""

from __future__ import annotations

import hashlib
import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshgen.analysis import names
from meshgen.analysis.hosts import ServiceName
from tests.fleets import HAS, LACKS, compiled

LABEL = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
SERVICE = st.builds(ServiceName, LABEL, LABEL)


def both(services: str = "[web]", addresses: str = "[192.0.2.1, 192.0.2.2]", exposed: str = "") -> str:
    """Both clusters with these services; the addresses are those of c2's gateway."""
    items = ", ".join(
        f"{{name: {name}, namespace: shop, selector: {{app: {name}}}, ports: [{{name: http, port: 80}}], "
        f"serviceAccounts: [{name}]}}"
        for name in re.findall(r"\w+", services)
    )
    inventories = "---".join(
        f"""
kind: Inventory
metadata: {{name: {cluster}}}
spec:
  namespaces: [{{name: shop}}]
  services: [{items}]
  gateways: [{{name: ew, namespace: shop, addresses: {own}}}]
"""
        for cluster, own in (("c1", "[198.51.100.1]"), ("c2", addresses))
    )
    return f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  {exposed}
---{inventories}"""


def by_name(*texts: str) -> dict[str, str | None]:
    """Entries of c1: name → address."""
    return {name: spec["address"] for name, spec in compiled(*texts).specs("WorkloadEntry", cluster="c1").items()}


def test_the_recipe_of_the_hash() -> None:
    origin = "c2/shop/ew/shop/web"  # source cluster / gateway namespace / gateway / namespace / service
    stem = f"k-web-{hashlib.sha256(origin.encode()).hexdigest()[:32]}"
    assert by_name(HAS) == {stem: "192.0.2.1", f"{stem}-2": "192.0.2.2"}


@given(cluster=LABEL, gateway=SERVICE, service=SERVICE, place=st.integers(1, 4096))
def test_every_entry_has_the_form_of_the_seed(
    cluster: str, gateway: ServiceName, service: ServiceName, place: int
) -> None:
    stem = names.entry_stem(cluster, *gateway, service)
    assert re.fullmatch(rf"k-{service.name}-[0-9a-f]{{32}}", stem)
    assert names.entry_name(stem, place) == (stem if place == 1 else f"{stem}-{place}")


@given(first=st.tuples(LABEL, LABEL, LABEL), second=st.tuples(LABEL, LABEL, LABEL))
def test_two_gateways_have_two_networks(first: tuple[str, str, str], second: tuple[str, str, str]) -> None:
    assert (names.gateway_network(*first) == names.gateway_network(*second)) == (first == second)


@given(gateway=st.tuples(LABEL, LABEL, LABEL))
def test_a_network_is_a_label_value(gateway: tuple[str, str, str]) -> None:
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?", names.gateway_network(*gateway))


CLUSTER = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9._]{0,198}[A-Za-z0-9])?", fullmatch=True)


@given(st.tuples(SERVICE, CLUSTER), st.tuples(SERVICE, CLUSTER))
def test_two_aliases_have_two_names_that_dns_takes(
    first: tuple[ServiceName, str], second: tuple[ServiceName, str]
) -> None:
    assert (names.alias(*first) == names.alias(*second)) == (first == second)
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", part) for part in names.alias(*first).split("."))


def test_an_alias_names_service_and_cluster() -> None:
    web = ServiceName("shop", "web")
    assert names.alias(web, "c1") == "web.c1.shop.mesh"
    assert names.alias(web, "EU_1") == "web.meshgen-42f8507d489ab7af5aa8f2488595b626.shop.mesh"


def test_names_stay_when_another_service_comes() -> None:
    assert by_name(HAS, both("[web]")).items() <= by_name(HAS, both("[api, web, zoo]")).items()


def test_names_stay_when_an_address_comes_last() -> None:
    assert by_name(HAS).items() <= by_name(HAS, both(addresses="[192.0.2.1, 192.0.2.2, 192.0.2.3]")).items()


def test_survivors_keep_their_numbers_when_another_address_takes_the_place_of_one_that_went() -> None:
    before = by_name(HAS, both(addresses="[192.0.2.1, 192.0.2.2, 192.0.2.3]"))
    after = by_name(HAS, both(addresses="[192.0.2.9, 192.0.2.2, 192.0.2.3]"))
    assert {n: a for n, a in after.items() if a != "192.0.2.9"} == {n: a for n, a in before.items() if a != "192.0.2.1"}


def test_names_stay_when_the_list_of_exposed_services_grows() -> None:
    listed = both("[web, api]", exposed="exposedServices: [web.shop.svc.cluster.local]")
    longer = both("[web, api]", exposed="exposedServices: [api.shop.svc.cluster.local, web.shop.svc.cluster.local]")
    assert by_name(HAS, listed).items() <= by_name(HAS, longer).items()


@given(host=st.from_regex(r"[a-z]{1,9}\.[a-z]{1,9}\.svc\.cluster\.local", fullmatch=True), bits=st.integers(8, 32))
def test_the_virtual_address_of_a_host_is_always_the_same_one_inside_the_range(host: str, bits: int) -> None:
    network = ipaddress.ip_network(f"10.0.0.0/{bits}")
    address = names.virtual_address(host, str(network))
    assert ipaddress.ip_address(address) in network
    assert address == names.virtual_address(host, str(network))


@given(host=st.from_regex(r"[a-z]{1,9}\.[a-z]{1,9}\.svc\.cluster\.local", fullmatch=True), bits=st.integers(8, 30))
def test_a_virtual_address_is_neither_the_first_nor_the_last_of_its_range(host: str, bits: int) -> None:
    network = ipaddress.ip_network(f"10.0.0.0/{bits}")
    assert ipaddress.ip_address(names.virtual_address(host, str(network))) not in (network[0], network[-1])


@pytest.mark.parametrize("taken", ["name: web.shop.svc.cluster.local, namespace: meshgen-multicluster"])
def test_a_name_that_somebody_elses_object_has_is_an_error(taken: str) -> None:
    found = compiled(LACKS, f"""
kind: Inventory
metadata: {{name: c1}}
spec:
  namespaces: [{{name: shop}}]
  gateways: [{{name: ew, namespace: shop, addresses: [198.51.100.1]}}]
  serviceEntries: [{{{taken}, hosts: [other.example.com]}}]
""")  # fmt: skip
    assert [diagnostic.code for diagnostic in found.diagnostics if diagnostic.severity == "error"] == ["MG373"]


HOST = SERVICE.map(lambda service: service.host("cluster.local"))


def test_the_recipe_of_a_gateways_exposure() -> None:
    digest = hashlib.sha256(b"ew/web.shop.svc.cluster.local").hexdigest()[:16]
    assert names.exposure("ew", "web.shop.svc.cluster.local") == f"ew-web-{digest}"


@given(gateway=LABEL, host=HOST)
def test_the_exposure_of_a_host_is_named_as_istiods_webhook_wants(gateway: str, host: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", names.exposure(gateway, host))


@given(gateways=st.lists(LABEL, min_size=1, max_size=3, unique=True), hosts=st.lists(HOST, max_size=5, unique=True))
def test_each_gateway_and_host_has_a_name_of_its_own(gateways: list[str], hosts: list[str]) -> None:
    found = {names.exposure(gateway, host) for gateway in gateways for host in hosts}
    assert len(found) == len(gateways) * len(hosts)


def test_what_else_is_exposed_does_not_change_the_name() -> None:
    alone = set(compiled(LACKS, both("[web]")).names("Gateway.networking.istio.io", cluster="c1"))
    beside = set(compiled(LACKS, both("[api, web]")).names("Gateway.networking.istio.io", cluster="c1"))
    assert alone < beside
