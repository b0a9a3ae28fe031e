"""The script of the gate, run by `sh` beside a stand-in for its sidecar."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from meshgen.emit.gate import script

if TYPE_CHECKING:
    from pathlib import Path

_CURL = r"""#!{python} -IS
import json, pathlib, sys
here = pathlib.Path(__file__).parent
url = sys.argv[-1]
state = json.loads((here / "state.json").read_text())
def save():
    (here / "state.json").write_text(json.dumps(state))
if url.endswith("/healthz/ready"):
    sys.exit(0 if state["ready"] else 22)
if url.endswith("/quitquitquit"):
    state["ended"] = True
    save()
elif url.endswith("/clusters"):
    for at, counts in state["endpoints"].items():
        for name, count in counts.items():
            print(f"outbound|80||any.host::{at}::{name}::{count}")
        print(f"outbound|80||any.host::{at}::hostname::")
    print("inbound|80||::127.0.0.1:80::rq_total::7")
else:
    scheme, _, place = url.partition("://")
    turns = state["answers"][place.rstrip("/")]
    turn = turns.pop(0) if len(turns) > 1 else turns[0]
    for at in turn.get("used", []):
        counts = state["endpoints"].setdefault(at, {"cx_total": 0, "cx_connect_fail": 0, "rq_total": 0})
        counts["cx_total"] += 1
        counts["rq_total"] += scheme == "http"
        counts["cx_connect_fail"] += turn.get("refused", False)
    save()
    if scheme == "http":
        upstream = "\r\nx-envoy-upstream-service-time: 3" if turn.get("upstream") else ""
        print(f"HTTP/1.1 {turn['status']} X{upstream}\r\n\r\n\nstatus {turn['status']}")
"""


class Ran(NamedTuple):
    status: int
    text: str
    ended: bool
    """Whether the sidecar was told to end."""


def run(tmp_path: Path, calls: str, answers: dict[str, list[Any]], *, seconds: int = 0, ready: bool = True) -> Ran:
    (tmp_path / "curl").write_text(_CURL.replace("{python}", sys.executable), encoding="utf-8")
    (tmp_path / "curl").chmod(0o755)
    (tmp_path / "gate.sh").write_text(script(), encoding="utf-8")
    (tmp_path / "calls").write_text(calls, encoding="utf-8")
    state = {"ready": ready, "ended": False, "endpoints": {}, "answers": answers}
    (tmp_path / "state.json").write_text(json.dumps(state), encoding="utf-8")
    done = subprocess.run(
        ["sh", tmp_path / "gate.sh", tmp_path / "calls", str(seconds)],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stderr == ""
    ended = json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))["ended"]
    return Ran(done.returncode, done.stdout.strip(), ended)


CALLS = "at c2 192.0.2.1 2001:db8::1\nat c3 198.51.100.1\nask http web.shop 80 own,c2\n"
REMOTE, SIX, STRANGER, POD = "192.0.2.1:15443", "[2001:db8::1]:15443", "198.51.100.1:15443", "10.0.0.7:8080"

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="no `sh` here")


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        ({"status": 200, "used": [REMOTE], "upstream": True}, 0, "web.shop:80 answered by c2"),
        ({"status": 200, "used": [SIX], "upstream": True}, 0, "web.shop:80 answered by c2"),
        ({"status": 404, "used": [POD]}, 0, "web.shop:80 answered by own"),
        ({"status": 503, "used": [POD], "upstream": True}, 0, "web.shop:80 answered by own"),
        ({"status": 200, "used": [POD, REMOTE]}, 0, "web.shop:80 answered by c2 own"),
        ({"status": 503, "used": [REMOTE]}, 1, "web.shop:80 no answer (503)"),
        ({"status": "000"}, 1, "web.shop:80 no answer (000)"),
        ({"status": 200}, 1, "web.shop:80 no answer"),
        ({"status": 200, "used": [STRANGER]}, 1, "web.shop:80 answered by c3, not by own,c2"),
    ],
)
def test_a_request_is_answered_by_who_may(tmp_path: Path, answer: dict[str, Any], status: int, text: str) -> None:
    assert run(tmp_path, CALLS, {"web.shop:80": [answer]}) == Ran(status, text, ended=True)


@pytest.mark.parametrize(("refused", "status"), [(False, 0), (True, 1)])
def test_a_connection_counts_if_it_was_made(tmp_path: Path, refused: bool, status: int) -> None:  # noqa: FBT001
    calls = "at c2 192.0.2.1\nask tcp sql.shop 3306 c2\n"
    assert run(tmp_path, calls, {"sql.shop:3306": [{"used": [REMOTE], "refused": refused}]}).status == status


def test_what_is_not_answered_at_once_is_asked_again(tmp_path: Path) -> None:
    answers = [{"status": 503}, {"status": 200, "used": [REMOTE]}]
    assert run(tmp_path, CALLS, {"web.shop:80": answers}, seconds=10) == Ran(
        0, "web.shop:80 answered by c2", ended=True
    )


def test_one_host_that_nobody_answers_is_enough(tmp_path: Path) -> None:
    calls = f"{CALLS}ask http api.shop 80 c2\n"
    answers: dict[str, list[Any]] = {"web.shop:80": [{"status": 200, "used": [POD]}], "api.shop:80": [{"status": 503}]}
    done = run(tmp_path, calls, answers)
    assert done.status == 1
    assert done.text.split("\n") == ["web.shop:80 answered by own", "", "api.shop:80 no answer (503)"]


def test_a_sidecar_that_is_never_ready_ends_it(tmp_path: Path) -> None:
    assert run(tmp_path, CALLS, {}, ready=False) == Ran(1, "the sidecar is not ready", ended=True)
