from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import pytest

from lab import isolation
from lab.build import Parts
from lab.figures import Figures
from lab.fleet import Lab
from lab.must import MustRun, read_list
from lab.scenarios.drafts import BOOKINFO

Show = Callable[[str, object], None]
Started = TypeVar("Started")

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from lab.pod import Pod
    from lab.scenarios.drafts import Draft

_FAILED = pytest.StashKey[bool]()
_DEADLINE = pytest.StashKey[float]()
_FIGURES = pytest.StashKey[Figures]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--minutes", type=float, help="start no scenario later than this; name those left out")
    parser.addoption("--must", action="store_true", help="run those of must.txt alone; fail if one of them did not run")
    parser.addoption("--figures", type=Path, metavar="FILE", help="write the figures of what ran into this page")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "quick: the scenario that stands for its group in `make lab`")
    if not isolation.inside():
        pytest.exit("run scenarios with `python -m lab test`: they need namespaces of their own", 2)
    minutes = config.getoption("minutes")
    config.stash[_DEADLINE] = time.monotonic() + minutes * 60 if minutes is not None else float("inf")
    config.stash[_FIGURES] = Figures(Parts(isolation.PARTS).istio_version)
    if config.getoption("must"):
        config.pluginmanager.register(MustRun(read_list()))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.monotonic() > item.config.stash[_DEADLINE]:
        pytest.skip(f"left out: {item.config.getoption('minutes'):g} minutes are over")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[_FAILED] = report.failed or item.stash.get(_FAILED, False)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """A failed scenario leaves nothing to the next one: its fleet ends with it."""
    try:
        yield
    except BaseException:
        item.stash[_FAILED] = True
        raise
    finally:
        stage = getattr(item, "funcargs", {}).get("stage")
        if item.stash.get(_FAILED, False):
            item.stash[_FAILED] = False
            item.config.stash[_FIGURES].forget(item.nodeid)
            if stage:
                stage.clear()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if file := session.config.getoption("figures"):
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        file.write_text(session.config.stash[_FIGURES].markdown(before), encoding="utf-8")


@dataclass
class Stage:
    """The one fleet that runs at a time; asking for another one ends it."""

    lab: Lab | None = None
    draft: Draft | None = None
    started: object = None

    def boot(self, draft: Draft, istiod_env: Mapping[str, str] | None = None) -> Lab:
        """The fleet of a draft, running: the one that runs already, or a new one where istiod gets settings."""
        if self.lab and self.draft is draft and not istiod_env:
            return self.lab
        lab = self.open(istiod_env)
        lab.boot(draft.write(isolation.WORK / "draft"))
        self.draft = None if istiod_env else draft
        return lab

    def start(self, draft: Draft, start: Callable[[Lab, Draft], Started]) -> Started:
        """What `start` makes of a lab in which nothing runs yet; what it made before, where that runs still."""
        if self.draft is not draft or self.started is None:
            self.started = start(self.open(), draft)
            self.draft = draft
        return cast("Started", self.started)

    def open(self, istiod_env: Mapping[str, str] | None = None) -> Lab:
        """A lab in which nothing runs yet, for scenarios that boot step by step."""
        self.clear()
        self.lab = lab = Lab(Parts(isolation.PARTS), istiod_env=istiod_env)
        return lab

    def clear(self) -> None:
        if self.lab:
            self.lab.close()
        self.lab = self.draft = self.started = None


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.clear()


@pytest.fixture
def own_stage(stage: Stage) -> Iterator[Stage]:
    """The stage for a scenario that spoils its fleet: no other one sees it."""
    yield stage
    stage.clear()


@pytest.fixture
def bookinfo(stage: Stage) -> Lab:
    """The fleet `BOOKINFO`, running. A scenario leaves it as it found it."""
    return stage.boot(BOOKINFO)


@pytest.fixture
def client(bookinfo: Lab) -> Iterator[Pod]:
    """A client in c1 whose Envoy has seen nothing yet."""
    pod = bookinfo.new_client("c1")
    yield pod
    bookinfo.delete_pod(pod)


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Show:
    """Print a figure under the scenario's name, and keep it for `--figures`."""

    def write(what: str, figures: object) -> None:
        print(f"\n  {request.node.name}: {what}: {figures}", flush=True)  # noqa: T201 - figures are the output
        request.config.stash[_FIGURES].add(request.node.nodeid, what, figures)

    return write
