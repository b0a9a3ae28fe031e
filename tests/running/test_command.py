"""`meshgen verify` as people run it, with a stand-in for the API server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from meshgen.cli import main
from tests.fleets import HAS, compiled, fleet
from tests.live.standin import Standin, kubeconfig, serving
from tests.running import changes
from tests.running.istiod import Mesh
from tests.running.test_istiod import holding
from tests.running.test_objects import delete, held
from tests.running.test_proxies import gateway_dump

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAID = "c1: 9 of 9 objects as emitted; what istiod says in `configz.json`; what `client.shop` knows\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the fleet is, and what a proxy and istiod say."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "HTTPS_PROXY", "HTTP_PROXY", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "fleet.yaml").write_text(fleet(HAS))
    (tmp_path / "dump.json").write_text(json.dumps(Mesh(compiled(HAS), "c1").dump()))
    (tmp_path / "configz.json").write_text(json.dumps(holding()))
    return tmp_path


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Standin]:
    """An API server that holds what is emitted for `c1`, and the kubeconfig for it."""
    standin = Standin(held(compiled(HAS), "c1"))
    with serving(standin) as url:
        (tmp_path / ".kube").mkdir()
        kubeconfig(tmp_path / ".kube" / "config", url, context="c1")
        yield standin


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["verify", *arguments])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


FILES = ("--config-dump", "dump.json", "--istiod-dump", "configz.json")


def test_all_is_well_in_one_line(api: Standin, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--cluster", "c1", "--no-dial", *FILES) == (0, SAID)
    assert all(path.startswith(("/api/v1", "/apis/")) for path in api.paths)


def test_quiet_says_nothing(api: Standin, capsys: pytest.CaptureFixture[str]) -> None:
    assert api.objects
    assert run(capsys, "--cluster", "c1", "--no-dial", "-q") == (0, "")


def test_a_cause_hides_what_follows_from_it(api: Standin, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the DestinationRule istiod does not hold it, and priorities are others."""
    delete(api.objects)
    dump = Mesh(compiled(HAS), "c1").dump()
    changes.together(dump, 0)
    (home / "dump.json").write_text(json.dumps(dump))
    (home / "configz.json").write_text(json.dumps(holding("DestinationRule")))
    code, text = run(capsys, "--cluster", "c1", "--no-dial", *FILES, "--format", "json")
    assert code == 1
    assert [each["code"] for each in _findings(text)] == ["MG760"]
    assert "fleet/fleet.yaml" in text


def _findings(text: str) -> list[Any]:
    found = json.loads(text)
    return list(found["findings"] if isinstance(found, dict) else found)


def test_a_machine_gets_one_document_also_when_all_is_well(api: Standin, capsys: pytest.CaptureFixture[str]) -> None:
    assert api.objects
    code, text = run(capsys, "--cluster", "c1", "--no-dial", "--format", "json")
    assert (code, _findings(text)) == (0, [])


def test_a_cluster_that_cannot_be_read_is_a_finding_and_files_are_compared(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dump = Mesh(compiled(HAS), "c1").dump()
    changes.without_endpoint(dump, 0)
    (home / "dump.json").write_text(json.dumps(dump))
    code, text = run(capsys, "--cluster", "c1", "--no-dial", *FILES, "--format", "json")
    assert (code, [each["code"] for each in _findings(text)]) == (1, ["MG767", "MG741"])


def test_gateways_are_dialled_unless_it_is_told_not_to(capsys: pytest.CaptureFixture[str]) -> None:
    """The addresses of the fleet are for documentation: nobody is there."""
    code, text = run(capsys, "--cluster", "c1", "--no-api", "--timeout", "0.05", "--format", "json")
    assert (code, {each["code"] for each in _findings(text)}) == (1, {"MG775"})
    assert run(capsys, "--cluster", "c1", "--no-api", "--no-dial", *FILES)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cluster", "c9"], "the fleet has no cluster `c9`. It has `c1`, `c2`."),
        (["--cluster", "c1", "--no-api", "--no-dial"], "nothing is left to compare"),
    ],
)
def test_a_wrong_use(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, *arguments)
    assert code == 2
    assert said in text


def test_a_fleet_that_does_not_build_is_not_compared(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "fleet" / "fleet.yaml").write_text("kind: Nonsense\n")
    code, text = run(capsys, "--cluster", "c1", "--no-api", *FILES)
    assert code == 1
    assert "error[MG" in text


def test_a_dump_from_standard_input(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    with (home / "dump.json").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert run(capsys, "--cluster", "c1", "--no-api", "--no-dial", "--config-dump", "-") == (
            0,
            "c1: what `client.shop` knows\n",
        )


def test_a_gateway_object_that_is_gone_explains_its_pods(
    api: Standin, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.objects = [body for body in held(compiled(HAS), "c2") if body["kind"] != "Gateway"]
    (home / "dump.json").write_text(json.dumps(gateway_dump()))
    options = ("--no-dial", "--context", "c1", "--config-dump", "dump.json", "--format", "json")
    code, text = run(capsys, "--cluster", "c2", *options)
    assert (code, [each["code"] for each in _findings(text)]) == (1, ["MG760"])


def test_the_objects_of_a_fleet_are_compared_with_few_requests(
    api: Standin, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "--cluster", "c1", "--no-dial")
    lists = [path for path, query in api.asked if "labelSelector" in query]
    assert len(lists) == len(set(lists))
