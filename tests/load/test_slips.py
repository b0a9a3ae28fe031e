"""What a tired person types, and what the finding says: one place, and help that leads back to what was right."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshgen.pipeline import check_fleet

RIGHT = """\
apiVersion: meshgen.io/v1
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  istio: {dnsCapture: true}
  clusters:
  - name: east
    region: us-east-1
    network: network-1
  - name: west
    region: us-west-2
    network: network-2
---
apiVersion: meshgen.io/v1
kind: Workspace
metadata:
  name: shop
spec:
  namespaceSelector:
    names: ["*/shop"]
  eastWestGateway:
    name: gateway
    namespace: shop
  exposedServices:
  - cart.shop.svc.cluster.local
  - web.shop.svc.cluster.local
"""


def inventory(cluster: str, addresses: str) -> str:
    services = "".join(
        f"""\
  - name: {name}
    namespace: shop
    selector: {{app: {name}}}
    ports:
    - {{name: http, port: 80}}
    serviceAccounts: [{name}]
"""
        for name in ("cart", "web")
    )
    return f"""\
apiVersion: meshgen.io/v1
kind: Inventory
metadata: {{name: {cluster}}}
spec:
  namespaces:
  - {{name: shop}}
  services:
{services}\
  gateways:
  - {{name: gateway, namespace: shop, addresses: [{addresses}]}}
"""


SLIPS = [
    # what was right, what was typed instead; the one finding, and its help
    (
        "    region: us-east-1\n",
        "    region us-east-1\n",
        "9:5 MG005 a key without `:`",
        "Write `region: us-east-1`.",
    ),
    (
        "  - name: west\n",
        "  - name west\n",
        "11:5 MG005 a key without `:`",
        "Write `name: west`.",
    ),
    (
        "  exposedServices:\n",
        "  exposedServices\n",
        "25:3 MG005 a key without `:`",
        "Write `exposedServices:`.",
    ),
    (
        "region: us-east-1",
        "region=us-east-1",
        "9:5 MG005 a key without `:`",
        "Write `region: us-east-1`.",
    ),
    (
        "region: us-east-1",
        "region:us-east-1",
        "9:5 MG005 a key without `:`",
        "Write `region: us-east-1`.",
    ),
    (
        "{name: demo}",
        "{name demo}",
        "3:12 MG005 `name demo` is a key without `:`",
        "Write `name: demo`.",
    ),
    (
        "  - web.shop",
        "  -web.shop",
        "27:3 MG005 an item of a list without a blank after its `-`",
        "Put a blank after the `-` of an item.",
    ),
    (
        "  - name: west\n    region: us-west-2\n    network: network-2",
        "- name: west\n  region: us-west-2\n  network: network-2",
        "11:1 MG005 this item continues no list",
        "Indent its `- ` like those of the other items.",
    ),
    (
        "    network: network-2",
        "      network: network-2",
        "13:7 MG005 this key is indented below a text, which it would continue",
        "Indent it like the key above, or give that no text if this belongs below it.",
    ),
    (
        "    region: us-east-1",
        "    region: us-east-1: here",
        "9:22 MG005 a `:` stands where no key can be",
        "Quote text that contains `: `, and indent keys of one mapping alike.",
    ),
    (
        "    region: us-east-1",
        "  \u00a0 region: us-east-1",
        "9:3 MG006 a blank that is no space (U+00A0) is used for indentation",
        "Indent with spaces: YAML does not allow others there.",
    ),
    (
        '["*/shop"]',
        "\n    - \u201c*/shop\u201d",
        "22:7 MG005 `\u201c` and `\u201d` are no quotes of YAML",
        'Write `"*/shop"`.',
    ),
    (
        "---\n",
        "--\n",
        "14:1 MG005 this line of dashes separates nothing",
        "Write `---` at the start of the line, which begins another document, or remove the line.",
    ),
    (
        "---\n",
        " ---\n",
        "14:2 MG005 this line of dashes separates nothing",
        "Write `---` at the start of the line, which begins another document, or remove the line.",
    ),
    (
        "---\n",
        "",
        "14:1 MG008 another document begins here, but is not separated from the one above",
        "Put a line `---` above it.",
    ),
    (
        "    network: network-2",
        "  network: network-2",
        "13:3 MG100 unknown field `network`",
        "It is a field of the items of `clusters`: move it there.",
    ),
    (
        "    names: [",
        "    platform: istio\n    names: [",
        "21:5 MG100 unknown field `platform`",
        "Known here: `names`.",
    ),
    (
        "  namespaceSelector:\n",
        "  platform: istio\n  namespaceSelector:\n",
        "20:3 MG100 unknown field `platform`",
        "It is a field of kind `Fleet`: move it there.",
    ),
    (
        "  platform: istio\n",
        "  platform: istio\n  dnsCapture: true\n",
        "6:3 MG100 unknown field `dnsCapture`",
        "It is a field of `istio`: move it there.",
    ),
    (
        "    names: [",
        "    consumers: {}\n    names: [",
        "21:5 MG100 unknown field `consumers`",
        "It is a field of `spec`: move it there.",
    ),
    (
        "    name: gateway\n    namespace: shop\n",
        "  name: gateway\n  namespace: shop\n",
        "22:3 MG108 `eastWestGateway` has no value",
        "Indent `name` and `namespace` below it.",
    ),
    (
        "metadata:\n  name: shop\n",
        "metadata:\nname: shop\n",
        "17:1 MG108 `metadata` has no value",
        "Indent `name` below it.",
    ),
    (
        "metadata:\n  name: shop\n",
        "name: shop\n",
        "17:1 MG100 unknown field `name`",
        "The name of a document stands in its `metadata`: write `metadata: {name: \u2026}`.",
    ),
    (
        "spec:\n  names",
        "specs:\n  names",
        "19:1 MG100 unknown field `specs`",
        "Write `spec`.",
    ),
    (
        "apiVersion: meshgen.io/v1\nkind: Fleet",
        "apiversion: meshgen.io/v1\nkind: Fleet",
        "1:1 MG016 the document has no `apiVersion`",
        "Write `apiVersion` for `apiversion`.",
    ),
    (
        "kind: Workspace",
        "Kind: Workspace",
        "16:1 MG017 the document has no `kind`",
        "Write `kind` for `Kind`.",
    ),
    (
        "metadata: {name: demo}",
        "metadata: demo",
        "3:11 MG102 `metadata` must be a mapping, but this is the text `demo`",
        "Write `{name: demo}`.",
    ),
    (
        "eastWestGateway:\n    name: gateway\n    namespace: shop\n",
        "eastWestGateway: gateway\n",
        "22:20 MG102 `eastWestGateway` must be a mapping, but this is the text `gateway`",
        "Write `{name: gateway, namespace: \u2026}`.",
    ),
    (
        "    name: gateway\n    namespace: shop\n",
        "  - name: gateway\n    namespace: shop\n",
        "23:5 MG102 `eastWestGateway` must be a mapping, but this is a list",
        "Take the `- ` away: this is one mapping, and no list.",
    ),
    (
        'names: ["*/shop"]',
        'names: "*/shop"',
        "21:12 MG102 `names` must be a list, but this is the text `*/shop`",
        'Write `["*/shop"]`.',
    ),
    (
        (
            "  - name: east\n    region: us-east-1\n    network: network-1\n  - name: west\n"
            "    region: us-west-2\n    network: network-2\n"
        ),
        "    east: {region: us-east-1}\n    west: {region: us-west-2}\n",
        "8:5 MG102 `clusters` must be a list, but this is a mapping",
        "Write each as an item: `- name: east`, and its fields below.",
    ),
    (
        "- cart.shop.svc.cluster.local\n",
        "- cart.shop.svc.cluster.local:\n",
        "26:5 MG100 unknown field `cart.shop.svc.cluster.local`, and `host` is missing",
        "Write `host: cart.shop.svc.cluster.local`.",
    ),
    (
        "- cart.shop.svc.cluster.local\n",
        "- name: cart.shop.svc.cluster.local\n",
        "26:5 MG100 unknown field `name`, and `host` is missing",
        "Write `host`, if that is meant.",
    ),
    (
        "- cart.shop.svc.cluster.local\n",
        '- "Cart.shop.svc.cluster.local. "\n',
        "26:5 MG106 `host` cannot be `Cart.shop.svc.cluster.local.`",
        "Write `cart.shop.svc.cluster.local`.",
    ),
    (
        "- cart.shop.svc.cluster.local\n",
        '- "cart.shop.svc.cluster.local "\n',
        "26:5 MG106 `host` cannot be `cart.shop.svc.cluster.local`",
        "Write `cart.shop.svc.cluster.local`, without blanks around it.",
    ),
    (
        "- cart.shop.svc.cluster.local\n",
        "- http://cart.shop.svc.cluster.local:80/\n",
        "26:5 MG106 `host` cannot be `http://cart.shop.svc.cluster.local:80/`",
        "Write `cart.shop.svc.cluster.local`.",
    ),
    (
        "region: us-east-1",
        "region: ${REGION}",
        "9:13 MG106 `region` cannot be `${REGION}`",
        "Write the value itself: variables and templates are not expanded in a fleet.",
    ),
    (
        "- cart.shop.svc.cluster.local",
        "- cart.shpo.svc.cluster.local",
        "26:5 MG217 workspace `shop` exposes `cart.shpo.svc.cluster.local`, but does not span namespace `shpo`",
        "Write `shop` for `shpo`.",
    ),
    (
        'names: ["*/shop"]\n',
        'names: ["*/shpo"]\n',
        (
            "26:5 MG217 workspace `shop` exposes `cart.shop.svc.cluster.local` and `web.shop.svc.cluster.local`, "
            "but does not span namespace `shop`"
        ),
        "Write `*/shop` for `*/shpo`.",
    ),
    (
        'names: ["*/shop"]\n',
        'names: ["wets/shop"]\n',
        "21:13 MG204 the fleet has no cluster `wets`",
        "A similar name exists: `west`.",
    ),
    (
        "  - name: west\n",
        "  - name: west-1\n",
        "11:11 MG201 cluster `west-1` has no inventory",
        (
            "Give both one name if the inventory of `west` is meant; else write one with `meshgen inventory import "
            "--cluster west-1`."
        ),
    ),
]


def told(fleet: str, directory: Path) -> list[tuple[str, str]]:
    (directory / "fleet.yaml").write_text(fleet, encoding="utf-8")
    for cluster, addresses in (("east", "192.0.2.1, 192.0.2.2"), ("west", "192.0.2.3, 192.0.2.4")):
        (directory / f"{cluster}.yaml").write_text(inventory(cluster, addresses), encoding="utf-8")
    return [
        (f"{place.line}:{place.column} {found.code} {found.message}", found.help)
        for found in check_fleet(directory).diagnostics
        if (place := found.span)
    ]


def test_what_was_right_is_quiet(tmp_path: Path) -> None:
    assert told(RIGHT, tmp_path) == []


@pytest.mark.parametrize(
    ("right", "typed", "said", "advice"),
    SLIPS,
    ids=[repr(slip[1])[:60] for slip in SLIPS],
)
def test_a_slip_is_one_finding_with_the_help_for_it(
    right: str, typed: str, said: str, advice: str, tmp_path: Path
) -> None:
    assert right in RIGHT

    assert told(RIGHT.replace(right, typed, 1), tmp_path) == [(said, advice)]


def test_a_gateway_of_a_name_like_that_of_the_inventory_is_shown(tmp_path: Path) -> None:
    found = told(RIGHT.replace("    name: gateway\n", "    name: gatewya\n"), tmp_path)

    assert {advice for _, advice in found} == {"The inventory has `shop/gateway`: name that, if this gateway is meant."}


def test_output_that_is_named_as_the_fleet_is_told_as_output(tmp_path: Path) -> None:
    manifest = "# Code generated by meshgen; DO NOT EDIT.\napiVersion: v1\nkind: Service\nmetadata: {name: cart}\n"
    (tmp_path / "service_cart.yaml").write_text(manifest, encoding="utf-8")

    assert [(found.code, found.help) for found in check_fleet(tmp_path).diagnostics] == [
        ("MG066", "This is output of `meshgen build`: name the directory of the fleet, or move the output out of it.")
    ]


@pytest.mark.parametrize(
    ("where", "named", "advice"),
    [
        ("fleet/inventory", "fleet", "`fleet` is in `../..`: run the command there."),
        ("output", "fleet", "`fleet` is in `..`: run the command there."),
        (".", "flet", "A similar name exists: `fleet`."),
        (".", "mesh", "Name the directory or the file of the fleet, or write a first one with `meshgen init`."),
    ],
)
def test_a_fleet_that_is_not_here_may_be_above_or_beside(
    where: str, named: str, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for directory in (".git", "fleet/inventory", "output"):
        (tmp_path / directory).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / where)

    assert [(found.code, found.help) for found in check_fleet(Path(named)).diagnostics] == [("MG001", advice)]
