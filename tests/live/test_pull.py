"""`meshgen inventory pull` and `check`: a stand-in for an API server in, inventory files and findings out."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from meshgen.cli import main
from tests.inventory.test_roots import FIRST
from tests.live.standin import Standin, kubeconfig, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

FLEET = """\
apiVersion: meshgen.io/v1
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: cluster-1, region: eu}
  - {name: cluster-2, region: us}
"""
FILE = "fleet/inventory/cluster-1.yaml"
ALL_GROUPS = {"networking.istio.io", "security.istio.io", "gateway.networking.k8s.io"}
HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "inventory.md"


def made(kind: str, name: str, namespace: str = "", version: str = "v1", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"uid-of-{name}"} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata | fields.pop("metadata", {}), **fields}


def service(name: str, namespace: str = "shop", port: int = 80) -> dict[str, Any]:
    return made("Service", name, namespace, spec={"ports": [{"name": "http", "port": port}], "selector": {"app": name}})


def istiod(version: str = "1.30.0") -> dict[str, Any]:
    containers = [{"name": "discovery", "image": f"istio/pilot:{version}"}]
    return made(
        "Deployment", "istiod", "istio-system", "apps/v1", spec={"template": {"spec": {"containers": containers}}}
    )


def small() -> list[dict[str, Any]]:
    """A cluster with a Service in it."""
    system = made("Namespace", "istio-system", metadata={"labels": {"topology.istio.io/network": "net-1"}})
    return [
        system,
        made("Namespace", "shop"),
        service("cart"),
        istiod(),
        made("ConfigMap", "istio", "istio-system", data={"mesh": "trustDomain: demo.example\n"}),
        made("ConfigMap", "istio-ca-root-cert", "istio-system", data={"root-cert.pem": FIRST}),
    ]


SMALL = """\
apiVersion: meshgen.io/v1
kind: Inventory
metadata: {name: cluster-1}
spec:
  istio:
    version: 1.30.0
    network: net-1
    trustDomain: demo.example
    gatewayAPI: false
    rootCertificates:
    - fingerprint: bb940e0695f4df220305a0846846e1bf2b3b22da614fd91a6ebaa2695baf052c
      notAfter: "2126-11-03T08:14:58Z"
  namespaces:
  - {name: istio-system, labels: {topology.istio.io/network: net-1}}
  - {name: shop}
  services:
  - name: cart
    namespace: shop
    selector: {app: cart}
    ports: [{name: http, port: 80}]
"""


class Reader:
    """Somebody with a fleet of two clusters, and contexts for both."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str], stack: ExitStack) -> None:
        self._capsys = capsys
        self._stack = stack
        self.fleet = directory / "fleet"
        self._directory = directory
        self._file = str(directory / "kubeconfig")
        self._config: dict[str, Any] = {"contexts": [], "clusters": [], "users": []}
        self.inventory = self.fleet / "inventory" / "cluster-1.yaml"
        self.write(self.fleet / "fleet.yaml", FLEET)

    def write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def reaches(self, standin: Standin, context: str = "cluster-1") -> Standin:
        """Adds a context for it."""
        url = self._stack.enter_context(serving(standin))
        one = json.loads(Path(kubeconfig(self._directory / "one", url, context=context)).read_text())
        for name, items in self._config.items():
            self._config[name] = [each for each in items if context not in each["name"]] + one[name]
        Path(self._file).write_text(json.dumps(self._config), encoding="utf-8")
        return standin

    def run(self, *arguments: str) -> tuple[int, str, str]:
        common = ["--fleet", str(self.fleet), "--kubeconfig", self._file, "--format", "concise"]
        code = main(["inventory", arguments[0], *common, *arguments[1:]])
        shown = self._capsys.readouterr()
        out, err = (text.replace(f"{self._directory}/", "") for text in (shown.out, shown.err))
        return code, out, err

    def pull(self, *arguments: str) -> tuple[int, str, str]:
        return self.run("pull", "--cluster", "cluster-1", *arguments)

    def check(self, *arguments: str) -> tuple[int, list[str]]:
        code, out, _ = self.run("check", *arguments)
        return code, out.splitlines()


@pytest.fixture
def reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Reader]:
    with ExitStack() as stack:
        yield Reader(tmp_path, capsys, stack)


def test_a_new_inventory_is_written(reader: Reader) -> None:
    reader.reaches(Standin(small()))
    code, out, err = reader.pull()
    assert (code, out) == (0, "")
    assert reader.inventory.read_text() == SMALL
    assert err.splitlines() == [
        (
            "not installed, so there is none: gateways.gateway.networking.k8s.io, "
            "grpcroutes.gateway.networking.k8s.io, httproutes.gateway.networking.k8s.io, "
            "tcproutes.gateway.networking.k8s.io, tlsroutes.gateway.networking.k8s.io"
        ),
        "read 6 objects (2 ConfigMap, 1 Deployment, 2 Namespace, 1 Service)",
        "istio: changed",
        "namespaces: 2 added",
        "services: 1 added",
        "wrote fleet/inventory/cluster-1.yaml",
    ]


def test_a_second_pull_changes_nothing_and_the_check_agrees(reader: Reader) -> None:
    reader.reaches(Standin(small()))
    reader.pull()
    code, _, err = reader.pull()
    assert (code, err.splitlines()[-1]) == (0, "fleet/inventory/cluster-1.yaml is up to date")
    assert reader.check("--cluster", "cluster-1") == (0, ["no findings"])


def test_families_of_addresses_are_no_items(reader: Reader) -> None:
    both = service("both")
    both["spec"]["ipFamilies"] = ["IPv4", "IPv6"]
    reader.reaches(Standin([*small(), both]))
    reader.pull()
    assert "  ipFamilies: [IPv4, IPv6]\n" in reader.inventory.read_text()
    code, _, err = reader.pull()
    assert (code, err.splitlines()[-1]) == (0, "fleet/inventory/cluster-1.yaml is up to date")


def test_standard_output_instead_of_the_file(reader: Reader) -> None:
    reader.reaches(Standin(small()))
    code, out, _ = reader.pull("--output", "-")
    assert (code, out, reader.inventory.exists()) == (0, SMALL, False)


def test_pages_are_put_together(reader: Reader) -> None:
    reader.reaches(Standin([*small(), *(service(f"s{number}") for number in range(7))], largest_page=2, expires=1))
    reader.pull()
    assert reader.inventory.read_text().count("namespace: shop") == 8


def test_what_the_cluster_no_longer_has_goes(reader: Reader) -> None:
    reader.reaches(Standin([*small(), service("old")]))
    reader.pull()
    reader.reaches(Standin(small()))
    assert "services: 1 removed (shop/old)" in reader.pull()[2]
    assert reader.inventory.read_text() == SMALL


def test_what_only_people_know_stays(reader: Reader) -> None:
    known = SMALL.replace("    version: 1.30.0\n", "    version: 1.29.0\n    multiPrimary: true  # remote secrets\n")
    arriving = "  - name: next\n    namespace: shop\n    ports: [{name: http, port: 80}]\n    state: arriving\n"
    reader.write(reader.inventory, known.replace("    ports:", "    state: leaving\n    ports:") + arriving)
    reader.reaches(Standin(small()))
    reader.pull()
    text = reader.inventory.read_text()
    assert "multiPrimary: true  # remote secrets\n" in text
    assert "state: leaving\n" in text
    assert arriving in text
    assert "version: 1.30.0" in text


def test_facts_of_a_mesh_whose_control_plane_is_elsewhere_stay(reader: Reader) -> None:
    reader.write(reader.inventory, SMALL)
    reader.reaches(Standin([item for item in small() if item["kind"] not in {"Deployment", "ConfigMap"}]))
    code, _, err = reader.pull()
    assert (code, err.splitlines()[-1]) == (0, "fleet/inventory/cluster-1.yaml is up to date")


def test_a_revision_has_its_own_mesh_configuration(reader: Reader) -> None:
    canary = istiod() | {
        "metadata": {
            "name": "istiod-next",
            "namespace": "istio-system",
            "labels": {"app": "istiod", "istio.io/rev": "next"},
        }
    }
    labels = {"labels": {"istio.io/rev": "next"}}
    config = made(
        "ConfigMap", "istio-next", "istio-system", data={"mesh": "trustDomain: next.example\n"}, metadata=labels
    )
    reader.reaches(Standin([made("Namespace", "istio-system"), canary, config]))
    reader.pull()
    assert "trustDomain: next.example" in reader.inventory.read_text()


def test_MG745_fires_once_for_all_that_may_not_be_read(reader: Reader) -> None:
    refused = ("/pods", "/nodes", "/configmaps/istio", "/apis/security.istio.io")
    reader.reaches(Standin(small(), forbidden=lambda path: path.endswith(refused)))
    code, _, err = reader.pull()
    assert code == 1
    assert not reader.inventory.exists()
    assert err.splitlines()[0] == (
        "meshgen: error[MG745] the user may not read `/apis/security.istio.io`, `nodes`, `pods` and `configmaps/istio` "
        'in `cluster-1`: User "reader" cannot get path "/apis/security.istio.io"'
    )


def test_MG747_fires_for_a_cluster_without_istio(reader: Reader) -> None:
    reader.reaches(Standin([made("Namespace", "shop"), service("cart")], groups=set()))
    code, _, err = reader.pull()
    assert code == 0
    assert err.splitlines()[0].startswith(
        "meshgen: warning[MG747] `cluster-1` does not have the kinds `destinationrules."
    )
    assert "name: cart" in reader.inventory.read_text()


def test_MG747_silent_for_a_cluster_without_the_gateway_api(reader: Reader) -> None:
    reader.reaches(Standin(small()))
    assert "MG747" not in reader.pull()[2]


def test_MG063_fires_before_anything_is_asked(reader: Reader) -> None:
    standin = reader.reaches(Standin(small()), "cluster-3")
    code, _, err = reader.run("pull", "--cluster", "cluster-3")
    assert (code, standin.asked) == (1, [])
    assert "error[MG063]" in err


def test_what_the_fleet_uses_is_not_taken_away(reader: Reader) -> None:
    workspace = """\
apiVersion: meshgen.io/v1
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ['*/shop']}
  eastWestGateway: {name: gw, namespace: shop}
"""
    gateway = service("gw", port=15443) | {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
    reader.write(reader.fleet / "shop.yaml", workspace)
    reader.reaches(Standin([*small(), gateway]))
    reader.pull()
    before = reader.inventory.read_text()
    reader.reaches(Standin([gateway, *(item for item in small() if item["metadata"]["name"] != "cart")]))
    code, _, err = reader.pull()
    assert (code, reader.inventory.read_text()) == (1, before)
    assert "error[MG061] the import would take from `cluster-1` what the fleet uses: Service `shop/cart`" in err
    code, out, _ = reader.run("check", "--cluster", "cluster-1", "--format", "json")
    (finding,) = json.loads(out)
    assert (code, finding["code"]) == (1, "MG751")
    assert finding["help"].startswith("`meshgen inventory pull --cluster cluster-1 --allow-removal` writes it down")
    assert reader.pull("--allow-removal")[0] == 0


def test_secrets_of_applications_are_not_in_what_findings_show(reader: Reader) -> None:
    env = [{"name": "PASSWORD", "value": "hunter2"}]
    pod = made("Pod", "p", "shop", spec={"containers": [{"name": "app", "env": env, "ports": [{"name": 1}]}]})
    bad = made("Service", "bad", "shop", spec={"ports": "none"})
    reader.reaches(Standin([*small(), pod, bad]))
    code, out, err = reader.run("pull", "--cluster", "cluster-1", "--format", "json")
    assert code == 1
    assert "hunter2" not in out + err


# What changed since


@pytest.fixture
def known(reader: Reader) -> Reader:
    reader.write(reader.inventory, SMALL)
    return reader


def test_MG750_fires_for_what_is_new(known: Reader) -> None:
    known.reaches(Standin([*small(), service("cart2"), made("Namespace", "new"), service("in-new", "new")]))
    assert known.check("--cluster", "cluster-1") == (
        1,
        [
            (f"{FILE}:13:3: error[MG750] `cluster-1` has the namespace `new`, which its inventory does not have"),
            (f"{FILE}:16:3: error[MG750] `cluster-1` has the Service `shop/cart2`, which its inventory does not have"),
            "2 errors",
        ],
    )


def test_MG751_fires_for_what_is_gone(known: Reader) -> None:
    known.reaches(Standin([item for item in small() if item["metadata"].get("namespace") != "shop"]))
    code, lines = known.check("--cluster", "cluster-1")
    assert (code, lines[:-1]) == (
        1,
        [f"{FILE}:17:11: error[MG751] `cluster-1` no longer has the Service `shop/cart`"],
    )
    known.reaches(Standin([item for item in small() if "shop" not in item["metadata"].values()]))
    assert known.check("--cluster", "cluster-1")[1][:-1] == [
        f"{FILE}:15:12: error[MG751] `cluster-1` no longer has the namespace `shop`"
    ]


def test_MG752_fires_for_what_is_different(known: Reader) -> None:
    changed = [service("cart", port=81) if item["metadata"]["name"] == "cart" else item for item in small()]
    known.reaches(Standin([istiod("1.30.1") if item["metadata"]["name"] == "istiod" else item for item in changed]))
    assert known.check("--cluster", "cluster-1") == (
        1,
        [
            (
                f"{FILE}:6:5: error[MG752] the mesh of `cluster-1` is not what its inventory says: "
                "`version` was 1.30.0 and is now 1.30.1"
            ),
            (
                f"{FILE}:17:11: error[MG752] the Service `shop/cart` of `cluster-1` is not what the "
                "inventory says: `ports` lost [{name: http, port: 80}] and got [{name: http, port: 81}]"
            ),
            "2 errors",
        ],
    )


def test_MG750_silent_for_a_cluster_as_it_was(known: Reader) -> None:
    known.reaches(Standin(small()))
    assert known.check("--cluster", "cluster-1") == (0, ["no findings"])


def test_MG751_silent_for_an_announced_arrival(known: Reader) -> None:
    known.write(known.inventory, f"{SMALL}  - name: next\n    namespace: shop\n    state: arriving\n")
    known.reaches(Standin(small()))
    assert known.check("--cluster", "cluster-1")[0] == 0


def test_MG752_silent_for_the_order_of_addresses(known: Reader) -> None:
    gateway = service("gw", port=15443) | {
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.2"}, {"ip": "192.0.2.1"}]}}
    }
    known.reaches(Standin([*small(), gateway]))
    known.pull()
    gateway["status"]["loadBalancer"]["ingress"].reverse()
    assert known.check("--cluster", "cluster-1")[0] == 0


def test_all_clusters_of_the_fleet_are_compared_and_one_that_cannot_be_read_is_a_finding(known: Reader) -> None:
    known.reaches(Standin(small()))
    known.write(known.fleet / "inventory" / "cluster-2.yaml", SMALL.replace("cluster-1", "cluster-2"))
    code, lines = known.check()
    assert (code, len(lines)) == (1, 2)
    assert "error[MG741]" in lines[0]
    assert "no context with the name of the cluster, `cluster-2`" in lines[0]


def test_a_cluster_without_an_inventory_is_new_as_a_whole(known: Reader) -> None:
    standin = known.reaches(Standin(small()), "cluster-2")
    code, lines = known.check("--cluster", "cluster-2")
    assert (code, standin.asked) == (1, [])
    assert lines[0] == "meshgen: error[MG750] the fleet has no inventory of `cluster-2`"


def test_one_context_is_not_for_several_clusters(known: Reader) -> None:
    code, _, err = known.run("check", "--context", "cluster-1")
    assert code == 2
    assert "`--context` is for one cluster" in err


def test_findings_as_json(known: Reader) -> None:
    known.reaches(Standin([*small(), service("cart2")]))
    code, out, _ = known.run("check", "--cluster", "cluster-1", "--format", "json")
    assert code == 1
    (finding,) = json.loads(out)
    assert (finding["code"], finding["object"]) == ("MG750", "cluster-1/shop/cart2")


# The rights that it needs


def _role() -> list[dict[str, Any]]:
    """The rules of the ClusterRole in the how-to."""
    for block in HOWTO.read_text(encoding="utf-8").split("```yaml\n")[1:]:
        for document in YAML(typ="safe", pure=True).load_all(block.partition("```")[0]):
            if document.get("kind") == "ClusterRole":
                return list(document["rules"])
    raise AssertionError("the how-to has no ClusterRole")


def _asked(path: str) -> tuple[str, str, str, str] | None:
    """Verb, group, resource and name of a request; None for discovery, which everybody may."""
    steps = path.split("/")[1:]
    group, rest = ("", steps[2:]) if steps[0] == "api" else (steps[1], steps[3:])
    if not rest:
        return None
    rest = rest[2:] if rest[0] == "namespaces" and len(rest) > 2 else rest
    return ("get", group, rest[0], rest[1]) if len(rest) == 2 else ("list", group, rest[0], "")


def _allows(rule: dict[str, Any], asked: tuple[str, str, str, str]) -> bool:
    verb, group, resource, name = asked
    if verb not in rule["verbs"] or group not in rule["apiGroups"] or resource not in rule["resources"]:
        return False
    return "resourceNames" not in rule or name in rule["resourceNames"]


def test_the_cluster_role_of_the_how_to_is_what_the_reader_asks_for_and_no_more(reader: Reader) -> None:
    standin = reader.reaches(Standin(small(), groups=ALL_GROUPS))
    reader.pull()
    asked = {found for path in standin.paths if (found := _asked(path)) is not None}
    rules = _role()
    assert [each for each in asked if not any(_allows(rule, each) for rule in rules)] == []
    used = {(group, resource) for _, group, resource, _ in asked}
    given = {(group, resource) for rule in rules for group in rule["apiGroups"] for resource in rule["resources"]}
    unserved = {("gateway.networking.k8s.io", "tcproutes")}  # the stand-in does not have it, as many clusters
    assert given - used == unserved
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list"}
    assert not [rule for rule in rules if "get" in rule["verbs"] and "resourceNames" not in rule]


def test_a_pull_with_these_rights_alone_succeeds(reader: Reader) -> None:
    rules = _role()

    def forbidden(path: str) -> bool:
        asked = _asked(path)
        return asked is not None and not any(_allows(rule, asked) for rule in rules)

    reader.reaches(Standin(small(), groups=ALL_GROUPS, forbidden=forbidden))
    assert reader.pull()[0] == 0
