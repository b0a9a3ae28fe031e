"""What the API server is asked, and what becomes of its answers."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from meshgen.live import Access, Api, Resource, connect
from meshgen.live import api as api_module
from meshgen.live.errors import AnswerError, ExpiredError, ForbiddenError, LiveError, NotFoundError
from tests.live.standin import Standin, kubeconfig, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICES = Resource("", "v1", "services", "Service")


@contextmanager
def asking(standin: Standin, directory: Path, timeout: float = 20) -> Iterator[Api]:
    with serving(standin) as url:
        file = kubeconfig(directory / "kubeconfig", url)
        with connect(Access("cluster-1", kubeconfig=file, timeout=timeout)) as api:
            yield api


def service(name: str, namespace: str = "shop") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata}


def names(items: list[dict[str, Any]]) -> list[str]:
    return [item["metadata"]["name"] for item in items]


def test_a_list_is_read_page_by_page_and_its_items_say_what_they_are(tmp_path: Path) -> None:
    standin = Standin([service(name) for name in "abcde"], largest_page=2)
    with asking(standin, tmp_path) as api:
        found = api.items(SERVICES)
    assert found == [service(name) for name in "abcde"]
    assert standin.asked == [
        ("/api/v1/services", {"limit": "500"}),
        ("/api/v1/services", {"limit": "500", "continue": "2"}),
        ("/api/v1/services", {"limit": "500", "continue": "4"}),
    ]


def test_a_list_that_expires_under_way_is_read_once_more_in_one_piece(tmp_path: Path) -> None:
    standin = Standin([service(name) for name in "abcde"], largest_page=2, expires=1)
    with asking(standin, tmp_path) as api:
        assert names(api.items(SERVICES)) == list("abcde")
    assert standin.asked[-1] == ("/api/v1/services", {})


def test_a_list_that_is_expired_at_once_is_an_error(tmp_path: Path) -> None:
    standin = Standin(raw={"/api/v1/services": (410, {}, b'{"message": "too old resource version"}')})
    with asking(standin, tmp_path) as api, pytest.raises(ExpiredError, match="410, too old resource version"):
        api.items(SERVICES)


def test_pages_that_do_not_end_are_an_error(tmp_path: Path) -> None:
    page = json.dumps({"metadata": {"continue": "again"}, "items": []}).encode()
    standin = Standin(raw={"/api/v1/services": (200, {}, page)})
    with asking(standin, tmp_path) as api, pytest.raises(AnswerError, match="its pages do not end"):
        api.items(SERVICES)


def test_a_list_of_one_namespace_by_selectors(tmp_path: Path) -> None:
    standin = Standin([service("a"), service("b", "other")])
    with asking(standin, tmp_path) as api:
        assert names(api.items(SERVICES, "other", labels="app=b", fields="metadata.name=b")) == ["b"]
    assert standin.asked == [
        (
            "/api/v1/namespaces/other/services",
            {"labelSelector": "app=b", "fieldSelector": "metadata.name=b", "limit": "500"},
        )
    ]


def test_one_object(tmp_path: Path) -> None:
    with asking(Standin([service("a")]), tmp_path) as api:
        assert api.json(SERVICES.path("shop", "a")) == service("a")
        with pytest.raises(NotFoundError):
            api.json(SERVICES.path("shop", "b"))


def test_a_group_is_served_in_the_version_that_the_server_prefers_of_those_that_have_the_resource(
    tmp_path: Path,
) -> None:
    with asking(Standin(groups={"gateway.networking.k8s.io"}), tmp_path) as api:
        found = api.served("gateway.networking.k8s.io")
        assert {plural: each.api_version for plural, each in found.items()} == {
            "gateways": "gateway.networking.k8s.io/v1",
            "grpcroutes": "gateway.networking.k8s.io/v1",
            "httproutes": "gateway.networking.k8s.io/v1",
            "tlsroutes": "gateway.networking.k8s.io/v1alpha2",
        }
        assert api.served("networking.istio.io") == {}


def test_a_service_answers_through_the_api_server(tmp_path: Path) -> None:
    path = "/api/v1/namespaces/istio-system/services/istiod:8080/proxy/debug/syncz"
    with asking(Standin(raw={path: (200, {}, b"[]")}), tmp_path) as api:
        assert api.proxied("istio-system", "istiod", 8080, "/debug/syncz") == b"[]"


def test_MG745_fires_for_what_the_user_may_not_read(tmp_path: Path) -> None:
    standin = Standin(forbidden=lambda path: path.endswith("/services"))
    with asking(standin, tmp_path) as api, pytest.raises(ForbiddenError) as caught:
        api.items(SERVICES)
    finding = caught.value.diagnostic("cluster-1")
    assert (finding.code, finding.object) == ("MG745", "cluster/cluster-1")
    assert 'User "reader" cannot get path' in finding.message
    assert "ClusterRole of docs/howto/inventory.md" in finding.help


def test_MG745_silent_for_what_he_may(tmp_path: Path) -> None:
    with asking(Standin(forbidden=lambda path: path.endswith("/pods")), tmp_path) as api:
        api.items(SERVICES)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ((500, {}, b'{"message": "etcdserver: leader changed"}'), "500, etcdserver: leader changed"),
        ((502, {}, b"<html>Bad Gateway</html>"), "502, <html>Bad Gateway</html>"),
        ((302, {"Location": "https://login.example"}, b""), "302, HTTP 302"),
        ((200, {}, b"<html>please log in</html>"), "it is not JSON"),
        ((200, {}, b"[]"), "it is not a list of objects"),
    ],
)
def test_MG746_fires_for_an_answer_that_is_none(tmp_path: Path, answer: Any, what: str) -> None:
    with asking(Standin(raw={"/api/v1/services": answer}), tmp_path) as api, pytest.raises(LiveError) as caught:
        api.items(SERVICES)
    finding = caught.value.diagnostic("cluster-1")
    assert finding.code == "MG746"
    assert finding.message.endswith(f"gives no answer that can be used: {what}")


def test_MG746_fires_for_an_answer_beyond_all_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "LARGEST_ANSWER", 1 << 20)
    standin = Standin(raw={"/api/v1/services": (200, {}, b" " * (2 << 20))})
    with asking(standin, tmp_path) as api, pytest.raises(AnswerError, match="it is larger than 1 MiB"):
        api.items(SERVICES)


def test_MG746_silent_for_an_empty_list(tmp_path: Path) -> None:
    with asking(Standin(), tmp_path) as api:
        assert api.items(SERVICES) == []


def test_a_server_that_is_busy_is_asked_again_when_it_says(tmp_path: Path) -> None:
    standin = Standin(raw={"/api/v1/services": (429, {"Retry-After": "0"}, b"")})
    with asking(standin, tmp_path, timeout=0.5) as api, pytest.raises(AnswerError, match="429"):
        api.items(SERVICES)
    assert len(standin.asked) > 1


def test_a_server_that_wants_too_much_time_is_not_waited_for(tmp_path: Path) -> None:
    standin = Standin(raw={"/api/v1/services": (503, {"Retry-After": "3600"}, b"")})
    with asking(standin, tmp_path) as api, pytest.raises(AnswerError, match="503"):
        api.items(SERVICES)
    assert len(standin.asked) == 1
