"""A wheel carries the schemas: what is installed elsewhere, without the checkout, checks objects all the same."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = """
import json, sys
from pathlib import Path
import meshgen
from meshgen.emit.artifact import Schema, Stage, kubernetes_object
from meshgen.plan.model import Origin
from meshgen.verify import schemas, verify

assert Path(meshgen.__file__).is_relative_to(sys.prefix), meshgen.__file__
assert schemas.directory().is_relative_to(sys.prefix), schemas.directory()
artifacts = [
    kubernetes_object("cluster-1", Schema("v1", "Namespace"), {"name": name}, {}, Origin("fleet"), Stage.NAMESPACES)
    for name in ("edge", "not.a.label")
]
print(json.dumps([one.code for one in verify(artifacts)]))
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without a network."""
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (found,) = target.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment that has the wheel, and the dependencies of the one that runs the tests.

    The dependencies come from a .pth file, whose own .pth files are not read: an editable meshgen stays out.
    """
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, symlinks=True)
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    purelib = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(purelib)
    (Path(purelib) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return python


def test_the_wheel_holds_every_schema_and_no_other_file_of_the_repository(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    packed = {name.removeprefix("meshgen/") for name in names if name.startswith("meshgen/schemas/")}
    assert packed == {path.relative_to(ROOT).as_posix() for path in (ROOT / "schemas").rglob("*.json")}
    assert {name.split("/")[0].split("-")[0] for name in names} == {"meshgen"}


def test_an_installed_meshgen_checks_objects_with_its_own_schemas(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run([str(installed), "-c", CHECK], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ('["MG501"]', "")
