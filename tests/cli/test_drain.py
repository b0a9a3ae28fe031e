"""`meshgen drain` and `undrain`: the field, the findings, and what is said about the next builds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshgen.cli import main
from meshgen.edits import target
from tests.fleets import fleet
from tests.published.fleets import ENTRY_POINTS, short

WEB = "web.shop.svc.cluster.local"
HEAD = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: eu, network: n2}
  - {name: c3, region: us, network: n3}
"""
FRONT = """
  gateways: [{name: ew, namespace: shop, role: ingress}]
  dns: {zones: [{name: example.com, provider: octoDNS}]}
  workspaces:
  - {name: shop, namespaceSelector: {names: ["*/shop"]}, exposedServices: []}
  publishedHosts:
  - name: web
    host: web.example.com
    workspace: shop
    service: web.shop.svc.cluster.local
    ingressGateway: {name: ew, namespace: shop}
"""
SHOP = """
kind: Workspace
metadata: {name: shop}
spec:
  # of the team shop
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  exposedServices: [web.shop.svc.cluster.local]
"""
EVERYTHING = """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: shop}}
"""


def inventory(cluster: str, number: int, *services: str) -> str:
    listed = ", ".join(
        f"{{name: {name}, namespace: shop, selector: {{app: {name}}}, ports: [{{name: http, port: 80}}], "
        "serviceAccounts: [web]}"
        for name in services
    )
    return f"""
kind: Inventory
metadata: {{name: {cluster}}}
spec:
  namespaces: [{{name: shop}}]
  services: [{listed}]
  gateways: [{{name: ew, namespace: shop, addresses: [192.0.2.{number}]}}]
"""


C1 = inventory("c1", 1)
BOTH = (HEAD, SHOP, C1, inventory("c2", 2, "web"), inventory("c3", 3, "web"))


class Here:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.file = Path("fleet/fleet.yaml")

    def write(self, *texts: str) -> str:
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(fleet(*texts))
        return self.file.read_text()

    def run(self, *arguments: str) -> tuple[int, str, list[str]]:
        """Exit code, standard output, and the findings in short."""
        code = main([*arguments, "--format", "concise"])
        shown = self._capsys.readouterr()
        return code, shown.out, [line.partition(" = ")[0] for line in shown.err.splitlines()[:-1]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    monkeypatch.chdir(tmp_path)
    return Here(capsys)


def test_a_workspace_drains_in_a_cluster(here: Here) -> None:
    old = here.write(*BOTH)
    code, out, findings = here.run("drain", "c2", "--workspace", "shop")
    assert (code, findings) == (0, [])
    assert here.file.read_text() == old.replace(f"[{WEB}]\n", f"[{WEB}]\n  draining: {{names: [c2]}}\n")
    assert (
        out
        == f"""\
workspace `shop` in `c2` drains: wrote fleet/fleet.yaml

The next builds
1. `meshgen build`, and commit: c1 (2 changed, 1 removed), c3 (3 removed).
2. Sync `c1` and `c3`: from then on nothing new goes to `c2`; what is under way ends.
3. Upgrade in `c2`, then `meshgen undrain c2 --workspace shop`, build and sync.

Who answers then
  `{WEB}`: `c1` loses `c2` and keeps `c3`; there is no failover any more (then: `c3`)
  `{WEB}`: `c3` loses `c2` and keeps `c3`; there is no failover any more (then: `c3`)
"""
    )
    assert here.run("drain", "c2", "--workspace", "shop") == (
        0,
        "workspace `shop` in `c2` drains already: fleet/fleet.yaml stays as it is\n",
        [],
    )
    code, out, findings = here.run("undrain", "c2", "--workspace", "shop")
    assert (code, findings, here.file.read_text()) == (0, [], old)
    assert out.splitlines()[:5] == [
        "workspace `shop` in `c2` drains no longer: wrote fleet/fleet.yaml",
        "",
        "The next builds",
        "1. `meshgen build`, and commit: c1 (1 added, 2 changed), c3 (3 added).",
        "2. Sync `c1` and `c3`: from then on `c2` gets its part again.",
    ]


def test_files_that_nobody_syncs_are_applied_before_the_ttl_runs(here: Here) -> None:
    inventories = (inventory(name, number, "web") for number, name in enumerate(("c1", "c2", "c3"), start=1))
    here.write(HEAD.rstrip() + FRONT, *inventories)
    code, out, findings = here.run("drain", "c2", "--host", "web")
    assert (code, findings) == (0, [])
    assert (
        out
        == """\
published host `web` in `c2` drains: wrote fleet/fleet.yaml

The next builds
1. `meshgen build`, and commit: _dns (2 changed).
2. Apply what changed in `_dns`, where no controller in a cluster does.
3. Wait 60 s, the TTL, once DNS answers anew for `web.example.com`.
4. Upgrade in `c2`, then `meshgen undrain c2 --host web`, build and sync.

Who answers then
  `web.example.com`: `DNS` loses `c2` and keeps `c1` and `c3` (then: `c1` and `c3`)
"""
    )


def test_a_cluster_drains(here: Here) -> None:
    old = here.write(*BOTH)
    assert here.run("drain", "c2")[0] == 0
    assert here.file.read_text() == old.replace("{name: c2, region", "{name: c2, state: draining, region")


def test_a_dry_run_says_all_and_writes_nothing(here: Here) -> None:
    old = here.write(*BOTH)
    code, out, _ = here.run("drain", "c2", "--gateway", "shop/ew", "--dry-run", "--as", "json")
    found = json.loads(out)
    assert (code, here.file.read_text()) == (0, old)
    assert {key: found[key] for key in ("cluster", "item", "state", "file", "changed", "written", "files")} == {
        "cluster": "c2",
        "item": {"kind": "gateway", "name": "shop/ew"},
        "state": "draining",
        "file": "fleet/fleet.yaml",
        "changed": True,
        "written": False,
        "files": {"c1": {"changed": 2, "removed": 1}, "c3": {"removed": 3}},
    }
    assert [(item["kind"], item["lost"], item["to"]) for item in found["traffic"]] == [
        ("failoverLost", ["c2"], [["c3"]]),
        ("failoverLost", ["c2"], [["c3"]]),
    ]


def test_what_drains_besides_is_said(here: Here) -> None:
    here.write(*BOTH)
    here.run("drain", "c2")
    assert here.run("drain", "c2", "--service", "web.shop")[1].splitlines()[:2] == [
        "exposed service `web.shop.svc.cluster.local` in `c2` drains: wrote fleet/fleet.yaml",
        "cluster `c2` is `state: draining` besides (fleet/fleet.yaml:8)",
    ]


def test_the_last_source_is_not_taken_unless_it_is_allowed(here: Here) -> None:
    old = here.write(HEAD, SHOP, C1, inventory("c2", 2, "web"), inventory("c3", 3))
    code, out, findings = here.run("drain", "c2", "--workspace", "shop")
    assert (code, out, here.file.read_text()) == (1, "", old)
    assert ", ".join(findings) == (
        f"fleet/fleet.yaml:19:3: error[MG656] `c1` and `c3` would lose their last endpoint for `{WEB}`: workspace "
        "`shop` is draining in `c2`, as of what the fleet says now"
    )
    assert here.run("drain", "c2", "--workspace", "shop", "--allow-withdrawal")[0] == 0
    assert "draining: {names: [c2]}" in here.file.read_text()


@pytest.mark.parametrize(
    ("arguments", "finding"),
    [
        (["drain", "c4"], "meshgen: error[MG063] the fleet `fleet` has no cluster `c4`"),
        (["drain", "c2", "--workspace", "shpo"], "meshgen: error[MG833] the fleet has no workspace `shpo`"),
        (["undrain", "c2", "--host", "shop"], "meshgen: error[MG833] the fleet has no published host `shop`"),
        (["drain", "c2", "--gateway", "shop/we"], "meshgen: error[MG833] the fleet has no gateway `shop/we`"),
    ],
)
def test_MG833_fires_for_names_that_the_fleet_does_not_have(here: Here, arguments: list[str], finding: str) -> None:
    old = here.write(*BOTH)
    code, out, findings = here.run(*arguments)
    assert (code, out, findings, here.file.read_text()) == (1, "", [finding], old)


@pytest.mark.parametrize("name", ["shop/ew", "ew"])
def test_MG833_silent_for_an_item_of_the_fleet(here: Here, name: str) -> None:
    here.write(*BOTH)
    assert here.run("drain", "c2", "--gateway", name)[2] == []


def test_MG833_fires_where_gateways_of_two_namespaces_have_the_name(here: Here) -> None:
    here.write(*BOTH, "kind: Gateway\nmetadata: {name: ew}\nspec: {namespace: edge, role: ingress}")
    findings = here.run("drain", "c2", "--gateway", "ew")[2]
    assert findings == ["meshgen: error[MG833] the fleet has 2 gateways `ew`"]


def test_MG834_fires_where_a_workspace_exposes_everything(here: Here) -> None:
    here.write(HEAD, EVERYTHING, *BOTH[2:])
    findings = here.run("drain", "c2", "--service", "web.shop")[2]
    assert findings == ["meshgen: error[MG834] no workspace lists `web.shop` among its `exposedServices`"]


def test_MG833_fires_where_services_of_two_namespaces_have_the_name(here: Here) -> None:
    other = (
        SHOP.replace("name: shop", "name: store")
        .replace("*/shop", "*/store")
        .replace(WEB, "web.store.svc.cluster.local")
    )
    here.write(*BOTH, other)
    findings = here.run("drain", "c2", "--service", "web")[2]
    assert findings == ["meshgen: error[MG833] the fleet has 2 exposed services `web`"]


@pytest.mark.parametrize("name", [WEB, "web.shop", "web"])
def test_MG834_silent_for_a_listed_service(here: Here, name: str) -> None:
    here.write(*BOTH)
    assert here.run("drain", "c2", "--service", name)[2] == []


def test_MG835_fires_where_a_pattern_chooses_the_cluster(here: Here) -> None:
    old = here.write(HEAD, SHOP + "  draining: {names: ['c2*']}\n", *BOTH[2:])
    findings = here.run("undrain", "c2", "--workspace", "shop")[2]
    assert ", ".join(findings) == (
        "fleet/fleet.yaml:19:3: error[MG835] workspace `shop` cannot be changed by this command: `draining` chooses "
        "`c2` by a pattern"
    )
    assert here.file.read_text() == old


def test_MG835_silent_where_it_drains_already(here: Here) -> None:
    here.write(HEAD, SHOP + "  draining: {names: ['c2*']}\n", *BOTH[2:])
    assert here.run("drain", "c2", "--workspace", "shop")[2] == []


def test_MG836_fires_where_the_file_changes_meanwhile(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.write(*BOTH)
    content = target.Target._content

    def changing(self: target.Target, directory: object) -> bytes | None:
        found = content(self, directory)  # type: ignore[arg-type]
        here.file.write_text("# by an editor\n")
        return found

    monkeypatch.setattr(target.Target, "_content", changing)
    findings = here.run("drain", "c2")[2]
    assert findings == ["meshgen: error[MG836] `fleet/fleet.yaml` changed while the command ran: nothing was written"]
    assert here.file.read_text() == "# by an editor\n"


def test_MG836_silent_where_nothing_else_writes(here: Here) -> None:
    here.write(*BOTH)
    assert here.run("drain", "c2")[2] == []


def test_a_fleet_that_cannot_be_read_is_left_alone(here: Here) -> None:
    old = here.write(HEAD.replace("platform: istio", "platform: other"), SHOP)
    code, out, findings = here.run("drain", "c2")
    assert (code, out, here.file.read_text()) == (1, "", old)
    assert [finding.partition(" error")[2][:7] for finding in findings] == ["[MG105]"]


def test_two_items_at_once_are_a_wrong_use(here: Here) -> None:
    here.write(*BOTH)
    assert main(["drain", "c2", "--workspace", "shop", "--host", "shop"]) == 2


def test_other_documents_and_marks_stay(here: Here) -> None:
    text = "\ufeff" + here.write(*BOTH).replace("\n", "\r\n")
    here.file.write_bytes(text.encode())
    assert here.run("drain", "c2")[0] == 0
    assert here.file.read_bytes() == text.replace("{name: c2, ", "{name: c2, state: draining, ").encode()


def test_a_published_host_drains(here: Here) -> None:
    here.write(ENTRY_POINTS, short(edge=False))
    code, out, findings = here.run("drain", "c1", "--host", "shop.example.com")
    assert (code, findings) == (0, [])
    assert "  draining: {names: [c1]}\n" in here.file.read_text()
    assert "Wait 30 s, the TTL, once DNS answers anew for `shop.example.com`." in out
    assert out.partition("Who answers then\n")[2] == (
        "  `shop.example.com`: `DNS` loses `c1` and keeps `c2`; there is no failover any more (then: `c2`)\n"
    )


def test_MG838_fires_where_users_would_lose_a_host(here: Here) -> None:
    here.write(ENTRY_POINTS, short("  draining: {names: [c2]}", edge=False))
    (finding,) = here.run("drain", "c1", "--host", "shop")[2]
    assert finding.partition(" error")[2] == (
        "[MG838] users would lose `shop.example.com`: `c1` and `c2` drain, as of what the fleet says now"
    )


def test_MG838_silent_where_another_cluster_answers(here: Here) -> None:
    here.write(ENTRY_POINTS, short(edge=False))
    assert here.run("drain", "c1")[2] == []
