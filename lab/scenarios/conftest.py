from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from lab import isolation
from lab.build import Parts
from lab.fleet import Lab
from lab.scenarios.drafts import BOOKINFO

Show = Callable[[str, object], None]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.pod import Pod
    from lab.scenarios.drafts import Draft


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "quick: the scenario that stands for its group in `make lab`")
    if not isolation.inside():
        pytest.exit("run scenarios with `python -m lab test`: they need namespaces of their own", 2)


@dataclass
class Stage:
    """The one fleet that runs at a time; asking for another one ends it."""

    lab: Lab | None = None
    draft: Draft | None = None

    def boot(self, draft: Draft, istiod_env: Mapping[str, str] | None = None) -> Lab:
        if self.lab is None or self.draft is not draft or istiod_env:
            self.clear()
            self.lab = Lab(Parts(isolation.PARTS), istiod_env=istiod_env)
            self.lab.boot(draft.write(isolation.WORK / "draft"))
            self.draft = None if istiod_env else draft
        return self.lab

    def clear(self) -> None:
        if self.lab:
            self.lab.close()
        self.lab = self.draft = None


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    stage = Stage()
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
    """Print a figure under the scenario's name."""

    def write(what: str, figures: object) -> None:
        print(f"\n  {request.node.name}: {what}: {figures}", flush=True)  # noqa: T201 - figures are the output

    return write
