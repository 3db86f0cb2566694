# Every target begins with the set-up it needs; a second run of it is instant.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench chaos e2e clean

BIN := .venv/bin
PACKAGES := wellness phenotyping coach
STATIC := $(shell find $(PACKAGES) -path '*/static/*' -type f 2>/dev/null)
WORKERS ?= 2
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## the list of targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 8

setup: var/static/staticfiles.json ## .venv, locked Python and front-end packages, static files
	@:

demo: setup ## a cohort of synthetic people sent through the API, processed and served on 127.0.0.1:8000
	$(BIN)/python manage.py demo $(ARGS)

test: setup ## the whole suite: SQLite, or PostgreSQL where TEST_DATABASE_URL names one; ARGS is passed on
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: setup ## ruff, bandit, mypy, import-linter, templates, system checks, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive $(PACKAGES)
	$(BIN)/mypy $(PACKAGES)
	$(BIN)/lint-imports
	find templates -name '*.html' -print0 | xargs -0r $(BIN)/djade --target-version 5.2 --check
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run

bench: setup ## benchmarks as a table, in a folder and a database of their own
	$(BIN)/python manage.py bench $(ARGS)

chaos: setup ## kills, a broker that forgets, a database that stops: nothing is lost, a line of JSON a scenario
	$(BIN)/python -m tests.chaos $(ARGS)

e2e: setup ## the pages of a small demo in the system's Chromium, at two widths, with axe
	@[ -n "$${CHROMIUM:-}" ] || command -v chromium chromium-browser google-chrome >/dev/null || \
	  { echo 'No Chromium on PATH: install the package "chromium" of your system (apt-get install chromium).' >&2; exit 1; }
	PATH="$$PATH:$(CURDIR)/$(BIN)" $(BIN)/python manage.py demo --participants 6 --days 21 \
	  --run "sh -c 'node e2e/pages.mjs \"\$$DEMO\"'" $(ARGS)

clean: ## remove what was installed and built; data under var/ stay
	rm -rf .venv node_modules var/static

# A Python of at least 3.11 that can make environments (some systems ship it without ensurepip).
.venv/.installed: requirements/dev.txt requirements/samples.txt
	@if [ ! -x $(BIN)/pip ]; then \
	  for python in "$${PYTHON:-python3.11}" python3 python3.12 python3.13 python3.14; do \
	    if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	      "$$python" -m venv .venv && break; fi; done; fi; \
	[ -x $(BIN)/pip ] || { echo 'No Python 3.11 or later that can make a venv; name one with PYTHON=…' >&2; exit 1; }
	@echo 'Installing the locked Python packages'
	@$(BIN)/python -m pip install -q --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --require-hashes --no-deps -r requirements/samples.txt
	@touch $@

# npm comes from the system, or as a wheel from the Python registry where the system has none.
node_modules/.installed: package.json package-lock.json .npmrc requirements/node.txt | .venv/.installed
	@echo 'Installing the locked front-end packages'
	@command -v npm >/dev/null || $(BIN)/python -m pip install -q --require-hashes -r requirements/node.txt
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --no-progress --loglevel=error
	@touch $@

var/static/staticfiles.json: .venv/.installed node_modules/.installed $(STATIC)
	@$(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@
