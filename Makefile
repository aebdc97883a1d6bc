# Needs Python 3.11 or newer, git and make; everything else is installed into .venv by `make setup`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Half as many again as processors: a test that waits for a server leaves one idle.
WORKERS ?= $(shell $(PYTHON) -c 'import os; n = os.cpu_count() or 2; print(n + n // 2)')
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: all setup demo test lint fix docs validate bench crash mutants lock clean

all: lint test

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

demo: $(READY)
	$(BIN)/python -m demo $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

fix: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)
	$(BIN)/python -m docs.generate

crash: $(READY)
	$(BIN)/python -m tests.crash $(ARGS)

mutants: $(READY)
	$(BIN)/python -m tests.mutants $(ARGS)

validate: $(READY)
	$(BIN)/runbook validate runbooks

bench: $(READY)
	$(BIN)/python -m benchmarks $(ARGS)

# Exact versions with hashes and no index address; run it to take newer versions in.
lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements.lock

clean:
	rm -rf $(VENV) .demo .cache .mypy_cache .ruff_cache .pytest_cache
