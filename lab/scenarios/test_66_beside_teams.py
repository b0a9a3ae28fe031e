"""A team publishes hosts of its own through our ingress gateway, by Istio's objects and by the Gateway API's."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from lab.api import Object, reference
from lab.envoy import wait_until
from lab.load import Load, send
from lab.scenarios.drafts import host
from lab.scenarios.front_door import FRONT_DOOR, INGRESS, ingress, name_of, secure, through

if TYPE_CHECKING:
    from lab.scenarios.conftest import Show, Stage

BY_ISTIO = name_of("team-virtual-service")
BY_GATEWAY_API = name_of("team-http-route")
_WAY_IN = f"{INGRESS['name']}.{INGRESS['namespace']}.svc.cluster.local"


def _virtual_service(labels: dict[str, str]) -> list[Object]:
    gateway = reference("networking.istio.io/v1", "Gateway", "team", "bookinfo")
    port = {"number": 80, "name": "http", "protocol": "HTTP"}
    gateway["spec"] = {"selector": labels, "servers": [{"port": port, "hosts": [BY_ISTIO]}]}
    routes = reference("networking.istio.io/v1", "VirtualService", "team", "bookinfo")
    destination = {"host": host("details"), "port": {"number": 9080}}
    http = [{"route": [{"destination": destination}]}]
    routes["spec"] = {"hosts": [BY_ISTIO], "gateways": ["team"], "http": http}
    return [gateway, routes]


def _http_route() -> list[Object]:
    gateway = reference("gateway.networking.k8s.io/v1", "Gateway", "team-api", "bookinfo")
    gateway["spec"] = {
        "gatewayClassName": "istio",
        "addresses": [{"type": "Hostname", "value": _WAY_IN}],
        "listeners": [{"name": "http", "port": 80, "protocol": "HTTP", "hostname": BY_GATEWAY_API}],
    }
    route = reference("gateway.networking.k8s.io/v1", "HTTPRoute", "team-api", "bookinfo")
    rules = [{"backendRefs": [{"name": "details", "port": 9080}]}]
    route["spec"] = {"parentRefs": [{"name": "team-api"}], "hostnames": [BY_GATEWAY_API], "rules": rules}
    return [gateway, route]


def test_hosts_of_a_team_stand_beside_published_ones(own_stage: Stage, show: Show) -> None:
    """Theirs are answered in their cluster alone: an ingress gateway behind an edge sees nothing else."""
    lab = own_stage.boot(FRONT_DOOR)
    (pod,) = ingress(lab, "c1").pods
    api = lab.clusters["c1"].api
    selector = {key: value for key, value in pod.settings.labels.items() if key.startswith(("app", "gateway."))}
    way_in = lab.way(next(iter(ingress(lab, "c1").addresses)))
    urls = {"VirtualService": f"http://{BY_ISTIO}/", "HTTPRoute": f"http://{BY_GATEWAY_API}/"}
    with Load(lab.outside.user(), secure("routes"), way=through(lab, "e1")) as ours:
        time.sleep(2)
        for body in (*_virtual_service(selector), *_http_route()):
            api.apply(body, manager="team")
        for name, url in urls.items():
            answers = lambda url=url: not send(lab.outside.user(), url, 1, way=way_in).lost  # noqa: E731
            wait_until(answers, f"the team's {name} answers")
        users = {name: lab.outside.user() for name in urls}
        with ExitStack() as stack:
            theirs = {
                name: stack.enter_context(Load(users[name], url, way=way_in, rate=5)) for name, url in urls.items()
            }
            time.sleep(5)
            dies = time.time()
            lab.pod("c1", "bookinfo", "details").stop_server()
            time.sleep(10)
    show("our host, a team's objects arrive, applications of c1 killed", ours.report)
    for name, load in theirs.items():
        show(f"the team's {name}, applications of c1 killed (losses measured)", load.report)
        alive = load.report.between(0, dies - 0.2)
        assert (alive.lost, set(load.report.by_cluster)) == ([], {"c1"})
    assert (ours.report.lost, set(ours.report.last(3).by_cluster)) == ([], {"c2"})
