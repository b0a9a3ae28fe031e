#!/usr/bin/env bash
# Installs this checkout of meshgen below the directory $1, with the dependencies of its lock, and the pinned kubeconform
# where there is Go. For pipelines: `action.yml` and `docs/ci.md` call it.
set -euo pipefail
home=$(mkdir -p "$1" && cd "$1" && pwd)
# Python and Go look for modules where they start: that must not be the checkout under review.
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python3 -m venv "$home"
pip() { "$home/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }
pip install --require-hashes -r requirements/run.txt
pip install --no-deps --no-build-isolation .
if command -v go >/dev/null; then
  (cd tools/kubeconform && go build -o "$home/bin/kubeconform" github.com/yannh/kubeconform/cmd/kubeconform)
fi
