"""Installs a wheel and an sdist, each into a fresh environment, and runs what a new user runs first.

    python tools/dist/smoke.py dist/meshgen-*.whl dist/meshgen-*.tar.gz

Dependencies come from the package index, as they do for users. Exit code 0: each of them did all of it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from meshgen import __version__

RUNS = (
    (["--version"], f"meshgen {__version__}"),
    (["init"], ""),
    (["validate"], ""),
    (["build", "--kubeconform", "off"], ""),
    (["build", "--check", "--kubeconform", "off"], ""),
    (["explain", "MG301"], "# MG301"),
    (["explain", "details"], "details.bookinfo.svc.cluster.local"),
    (["schema", "Fleet"], "{"),
)
"""Arguments, and how the standard output has to begin."""


def main(packages: list[str]) -> int:
    """Tries each package; prints what fails."""
    return max((tried(Path(package).resolve()) for package in packages), default=2)


def tried(package: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="meshgen-dist-") as directory:
        home = Path(directory)
        venv.create(home / "venv", with_pip=True, symlinks=True)
        bin_ = home / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        pip = [str(bin_ / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(package)]
        subprocess.run(pip, check=True)
        (home / "work").mkdir()
        for arguments, begins in RUNS:
            command = [str(bin_ / "meshgen"), *arguments]
            done = subprocess.run(command, cwd=home / "work", capture_output=True, text=True, check=False)
            if done.returncode != 0 or not done.stdout.startswith(begins):
                print(f"{package.name}: `meshgen {' '.join(arguments)}` ended with {done.returncode}")
                print(done.stdout, done.stderr, sep="\n")
                return 1
        print(f"{package.name}: fine on Python {sys.version_info.major}.{sys.version_info.minor}")
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
