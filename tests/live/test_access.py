"""Which cluster is read, and as whom."""

from __future__ import annotations

import json
import os
import ssl
import sys
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from meshgen.live import Access, connect
from meshgen.live.errors import (
    CredentialsError,
    KubeconfigError,
    LiveError,
    MissingLibraryError,
    TLSError,
    UnreachableError,
)
from tests.live.standin import TOKEN, Answer, Standin, kubeconfig, serving

if TYPE_CHECKING:
    from pathlib import Path

READY: dict[str, Answer] = {"/readyz": (200, {}, b"ok")}


def said(error: LiveError) -> list[str]:
    finding = error.diagnostic("cluster-1")
    return [finding.code, finding.message, finding.help]


def plugin(path: Path, answer: dict[str, Any] | None, version: str = "v1") -> dict[str, Any]:
    """A user with a credential plugin that answers with a status, or fails."""
    credential = {"apiVersion": f"client.authentication.k8s.io/{version}", "kind": "ExecCredential", "status": answer}
    script = f"print({json.dumps(json.dumps(credential))})" if answer else "import sys; sys.exit('log in first')"
    path.write_text(script, encoding="utf-8")
    command = {"command": sys.executable, "args": [str(path)], "interactiveMode": "Never"}
    return {"exec": {"apiVersion": f"client.authentication.k8s.io/{version}"} | command}


def test_the_context_is_the_one_that_has_the_name_of_the_cluster(tmp_path: Path) -> None:
    with serving(Standin()) as url, connect(Access("cluster-1", kubeconfig=kubeconfig(tmp_path / "c", url))) as api:
        assert (api.context, api.json("/api/v1/namespaces")["items"]) == ("cluster-1", [])


def test_another_context_is_chosen_by_its_name(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "c", "https://eu.example", context="prod-eu")
    with connect(Access("cluster-1", context="prod-eu", kubeconfig=file)) as api:
        assert (api.context, api.server) == ("prod-eu", "https://eu.example")


def test_files_of_KUBECONFIG_are_merged_and_those_that_are_missing_count_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [kubeconfig(tmp_path / name, f"https://{name}.example", context=name) for name in ("a", "b")]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([files[0], str(tmp_path / "no"), files[1]]))
    with connect(Access("b")) as api:
        assert api.server == "https://b.example"


def test_the_kubeconfig_of_the_home_directory_is_the_last_resort(tmp_path: Path) -> None:
    (tmp_path / "home" / ".kube").mkdir()
    kubeconfig(tmp_path / "home" / ".kube" / "config", "https://home.example")
    with connect(Access("cluster-1")) as api:
        assert api.server == "https://home.example"


def test_MG741_fires_for_a_cluster_without_a_context_of_its_name(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "c", "https://eu.example", context="prod-eu")
    with pytest.raises(KubeconfigError) as caught:
        connect(Access("cluster-1", kubeconfig=file))
    assert said(caught.value) == [
        "MG741",
        f"the kubeconfig `{file}` has no context with the name of the cluster, `cluster-1`",
        "Name the context of the cluster with `--context`; it has `prod-eu`.",
    ]


def test_MG741_fires_for_a_context_that_is_not_there(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "c", "https://eu.example", context="prod-eu")
    with pytest.raises(KubeconfigError) as caught:
        connect(Access("cluster-1", context="prod-ue", kubeconfig=file))
    assert said(caught.value)[1:] == [
        f"the kubeconfig `{file}` has no context `prod-ue`",
        "A similar name exists: `prod-eu`.",
    ]


def test_MG741_fires_without_any_kubeconfig() -> None:
    with pytest.raises(KubeconfigError) as caught:
        connect(Access("cluster-1"))
    assert said(caught.value)[1] == "there is no kubeconfig `~/.kube/config`"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: [", "while parsing"),
        ("", "Invalid kube-config. {file} file is empty"),
        ("[]", "TypeError"),
        ("contexts: [{name: cluster-1, context: {cluster: gone}}]", "Expected object with name gone in"),
        (
            (
                "{contexts: [{name: cluster-1, context: {cluster: c}}],"
                " clusters: [{name: c, cluster: {server: 'https://c', certificate-authority: /no/such}}]}"
            ),
            "File does not exist: /no/such",
        ),
    ],
)
def test_MG741_fires_for_a_kubeconfig_that_cannot_be_used(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "c"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(KubeconfigError) as caught:
        connect(Access("cluster-1", kubeconfig=str(file)))
    assert said(caught.value)[1].startswith(f"the kubeconfig `{file}` cannot be used: ")
    assert what.format(file=file) in said(caught.value)[1]


def test_MG741_silent_for_a_context_that_can_be_used(tmp_path: Path) -> None:
    connect(Access("cluster-1", kubeconfig=kubeconfig(tmp_path / "c", "https://eu.example")))


def test_MG741_fires_for_the_old_providers_of_tokens(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path / "c", "https://eu.example", user={"auth-provider": {"name": "oidc"}})
    with pytest.raises(KubeconfigError, match="has an `auth-provider`, which meshgen does not use"):
        connect(Access("cluster-1", kubeconfig=file))


def test_MG740_fires_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes.client", None)
    with pytest.raises(MissingLibraryError) as caught:
        connect(Access("cluster-1", kubeconfig=kubeconfig(tmp_path / "c", "https://eu.example")))
    assert said(caught.value) == [
        "MG740",
        "reading a cluster needs the library `kubernetes`, and `kubernetes.client` is not installed",
        "Install meshgen with it: `pip install 'meshgen[live]'`.",
    ]


def test_MG740_silent_with_the_library(tmp_path: Path) -> None:
    connect(Access("cluster-1", kubeconfig=kubeconfig(tmp_path / "c", "https://eu.example")))


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_credential_plugin_gives_the_token(tmp_path: Path, version: str) -> None:
    user = plugin(tmp_path / "plugin.py", {"token": TOKEN}, version)
    standin = Standin()
    with (
        serving(standin) as url,
        connect(Access("cluster-1", kubeconfig=kubeconfig(tmp_path / "c", url, user=user))) as api,
    ):
        api.json("/api/v1/pods")
    assert standin.headers[0]["authorization"] == f"Bearer {TOKEN}"


def test_MG742_fires_for_a_plugin_that_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = kubeconfig(tmp_path / "c", "https://eu.example", user=plugin(tmp_path / "plugin.py", None))
    with pytest.raises(CredentialsError) as caught:
        connect(Access("cluster-1", kubeconfig=file))
    assert said(caught.value) == [
        "MG742",
        "the credential plugin of the context `cluster-1` failed: exec: process returned 1. log in first",
        "Try `kubectl --context cluster-1 get namespaces`: it runs the same plugin.",
    ]
    assert capfd.readouterr() == ("", "")


def test_MG742_fires_for_a_token_that_the_server_does_not_know(tmp_path: Path) -> None:
    with serving(Standin()) as url:
        file = kubeconfig(tmp_path / "c", url, user={"token": "old"})
        with connect(Access("cluster-1", kubeconfig=file)) as api, pytest.raises(CredentialsError) as caught:
            api.json("/api/v1/pods")
    assert said(caught.value)[:2] == [
        "MG742",
        "the API server does not accept the credentials of the context: Unauthorized",
    ]


def test_MG742_silent_for_a_token_that_it_knows(tmp_path: Path) -> None:
    with serving(Standin()) as url, connect(Access("cluster-1", kubeconfig=kubeconfig(tmp_path / "c", url))) as api:
        api.json("/api/v1/pods")


def test_MG743_fires_where_nobody_listens(tmp_path: Path) -> None:
    with serving(Standin()) as url:
        pass
    file = kubeconfig(tmp_path / "c", url)
    with connect(Access("cluster-1", kubeconfig=file)) as api, pytest.raises(UnreachableError) as caught:
        api.json("/api/v1/pods")
    code, message, _ = said(caught.value)
    assert code == "MG743"
    assert message.startswith(f"the API server {url} cannot be reached: ")
    assert "Connection refused" in message


def test_MG743_fires_for_an_answer_that_does_not_come(tmp_path: Path) -> None:
    with serving(Standin(delay=0.4)) as url:
        file = kubeconfig(tmp_path / "c", url)
        with (
            connect(Access("cluster-1", kubeconfig=file, timeout=0.1)) as api,
            pytest.raises(UnreachableError) as caught,
        ):
            api.json("/api/v1/pods")
    assert said(caught.value)[1] == f"the API server {url} did not answer within 0.1 s"


def test_MG743_silent_for_an_answer_in_time(tmp_path: Path) -> None:
    with serving(Standin(delay=0.1)) as url:
        file = kubeconfig(tmp_path / "c", url)
        with connect(Access("cluster-1", kubeconfig=file, timeout=20)) as api:
            api.json("/api/v1/pods")


def _server(certificates: Path, *, clients: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server-key.pem")
    if clients:
        context.load_verify_locations(certificates / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _data(path: Path) -> str:
    return b64encode(path.read_bytes()).decode()


@pytest.mark.parametrize("user", ["files", "data", "plugin"])
def test_client_certificates_and_the_name_of_the_server_count(tmp_path: Path, certificates: Path, user: str) -> None:
    certificate, key = certificates / "client.pem", certificates / "client-key.pem"
    texts = {"clientCertificateData": certificate.read_text(), "clientKeyData": key.read_text()}
    users = {
        "files": {"client-certificate": str(certificate), "client-key": str(key)},
        "data": {"client-certificate-data": _data(certificate), "client-key-data": _data(key)},
        "plugin": plugin(tmp_path / "plugin.py", texts),
    }
    cluster = {"certificate-authority-data": _data(certificates / "ca.pem"), "tls-server-name": "kubernetes.test"}
    with serving(Standin(raw=READY), _server(certificates, clients=True)) as url:
        file = kubeconfig(tmp_path / "c", url, user=users[user], cluster=cluster)
        with connect(Access("cluster-1", kubeconfig=file)) as api:
            assert api.read("/readyz") == b"ok"


def test_MG744_fires_for_a_server_that_is_not_trusted(tmp_path: Path, certificates: Path) -> None:
    with serving(Standin(raw=READY), _server(certificates)) as url:
        file = kubeconfig(tmp_path / "c", url, cluster={"tls-server-name": "kubernetes.test"})
        with connect(Access("cluster-1", kubeconfig=file)) as api, pytest.raises(TLSError) as caught:
            api.read("/readyz")
    code, message, _ = said(caught.value)
    assert code == "MG744"
    assert "certificate verify failed" in message


def test_MG744_fires_for_another_name(tmp_path: Path, certificates: Path) -> None:
    cluster = {"certificate-authority-data": _data(certificates / "ca.pem")}
    with serving(Standin(raw=READY), _server(certificates)) as url:
        file = kubeconfig(tmp_path / "c", url, cluster=cluster)
        with connect(Access("cluster-1", kubeconfig=file)) as api, pytest.raises(TLSError, match="IP address mismatch"):
            api.read("/readyz")


def test_MG744_silent_where_the_user_does_not_want_to_check(tmp_path: Path, certificates: Path) -> None:
    with serving(Standin(raw=READY), _server(certificates)) as url:
        file = kubeconfig(tmp_path / "c", url, cluster={"insecure-skip-tls-verify": True})
        with connect(Access("cluster-1", kubeconfig=file)) as api:
            assert api.read("/readyz") == b"ok"


def test_requests_go_through_the_proxy_of_the_cluster(tmp_path: Path) -> None:
    standin = Standin()
    with serving(standin) as proxy:
        file = kubeconfig(tmp_path / "c", "http://kubernetes.test", cluster={"proxy-url": proxy})
        with connect(Access("cluster-1", kubeconfig=file)) as api:
            api.json("/api/v1/pods")
    assert standin.headers[0]["host"] == "kubernetes.test"


def test_the_service_account_of_a_pod_is_used_where_there_is_no_kubeconfig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificates: Path
) -> None:
    from kubernetes.config import incluster_config

    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(certificates / "ca.pem"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with connect(Access("cluster-1")) as api:
        assert (api.server, api.context) == ("https://10.0.0.1:443", "")
    with pytest.raises(KubeconfigError, match="there is no kubeconfig"):
        connect(Access("cluster-1", context="cluster-1"))
