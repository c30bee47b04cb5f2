# govern: `make up` runs everything on this machine, `make test` tests everything.
# Needs Python >= 3.11 and make. Works from any folder: `make -C path/to/govern up`.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help install up check check-x-spec test hooks lock clean

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# In CI nobody watches the progress, and its log names no address of an index.
QUIET := $(if $(CI),-qq)
RUNTIME := .venv/.runtime
DEVELOPMENT := .venv/.development

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

install: $(RUNTIME) ## Prepare .venv alone

up: $(RUNTIME) ## Run everything on this machine; options: make up ARGS="--port 8001"
	@exec $(BIN)/govern up $(ARGS)

check: $(DEVELOPMENT) ## Format, lint, types, layers, templates, spelling
	@scripts/check

test: $(DEVELOPMENT) ## Every test, browser journeys included; options: make test ARGS="-k approve"
	@chromium=$$(scripts/browser) && GOVERN_CHROMIUM="$$chromium" $(BIN)/pytest -n 2 --dist loadfile $(ARGS)

check-x-spec: $(DEVELOPMENT) ## Compare the sandbox with X's OpenAPI file, which is not ours to ship: make check-x-spec SPEC=path
	@test -n "$(SPEC)" || { echo "Which file? make check-x-spec SPEC=path/to/openapi.json"; exit 2; }
	@$(BIN)/pytest tests/sandbox -q -p no:xdist --x-spec "$(abspath $(SPEC))"

hooks: $(DEVELOPMENT) ## Run the checks before each commit
	@printf '#!/bin/sh\nexec scripts/check\n' > "$$(git rev-parse --git-path hooks)/pre-commit"
	@chmod +x "$$(git rev-parse --git-path hooks)/pre-commit"

lock: $(DEVELOPMENT) ## Write the lock files anew; UPGRADE=--upgrade takes new versions
	$(BIN)/uv pip compile $(LOCK) --group build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(LOCK) --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove .venv and what tools left; the data in .govern stays
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# No address of an index may reach the lock files.
LOCK := --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --quiet $(UPGRADE)

.venv/bin/python:
	@scripts/python -m venv .venv

$(RUNTIME): requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what govern needs into .venv (once; about a minute) ..."
	@$(PIP) install $(QUIET) --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@echo "Installing the tools for checks and tests into .venv ..."
	@$(PIP) install $(QUIET) --require-hashes -r requirements-dev.lock
	@touch $@
