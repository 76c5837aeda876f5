PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
PACKAGES := $(addsuffix /node_modules/.installed,tests/clients tests/schema web)
# The page that is built last.
WEB := web/dist/console/index.html
WEB_SOURCES := schema.graphql $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path '*/api/generated/*')
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

# Without a network this fails within seconds, so that `make dev` need not wait.
HASTY := --fetch-retries 1 --fetch-retry-mintimeout 1000 --fetch-timeout 60000

.PHONY: install dev web packages test check bench faults mutants fuzz

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tidegate needs Python 3.11 or newer; try: make install PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check -q -r requirements.lock
	$(VENV)/bin/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@

dev: install
	@$(MAKE) --no-print-directory web NPM_ARGS="$(HASTY)" || echo "The pages were not built, for the reason above; to try again: make web" >&2
	$(VENV)/bin/tidegate dev $(ARGS)

web: $(WEB)

$(WEB): web/node_modules/.installed $(WEB_SOURCES)
	scripts/node npm run build --silent --prefix web

packages: $(PACKAGES)

# Pages are tested where there is a browser.
test: install packages $(if $(CHROMIUM),$(WEB))
	scripts/test $(ARGS)

%/node_modules/.installed: %/package-lock.json | $(STAMP)
	scripts/node npm ci --prefix $* --no-audit --no-fund --loglevel error $(NPM_ARGS)
	@touch $@

check: install
	scripts/check

bench: install
	$(VENV)/bin/python -m bench $(ARGS)

faults: install
	$(VENV)/bin/python -m tests.faults $(ARGS)

mutants: install
	$(VENV)/bin/python -m tests.faults.mutants $(ARGS)

fuzz: install
	$(VENV)/bin/python -m tests.fuzz $(ARGS)
