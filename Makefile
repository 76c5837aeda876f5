PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
PACKAGES := tests/clients/node_modules/.installed tests/schema/node_modules/.installed

.PHONY: install dev test check bench faults mutants

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tidegate needs Python 3.11 or newer; try: make install PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check -q -r requirements.lock
	$(VENV)/bin/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $@

dev: install
	$(VENV)/bin/tidegate dev $(ARGS)

test: install $(PACKAGES)
	scripts/test $(ARGS)

%/node_modules/.installed: %/package-lock.json | $(STAMP)
	scripts/node npm ci --prefix $* --loglevel error
	@touch $@

check: install
	scripts/check

bench: install
	$(VENV)/bin/python -m bench $(ARGS)

faults: install
	$(VENV)/bin/python -m tests.faults $(ARGS)

mutants: install
	$(VENV)/bin/python -m tests.faults.mutants $(ARGS)
