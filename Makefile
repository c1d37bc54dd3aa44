# Two commands do everything on a fresh Debian machine with Python 3.11+, Node 20 and make:
#   make demo    the whole product on this machine, with a sample book of business
#   make test    every check and every test
# The others are parts of these. Nothing outside of this folder is changed, but for Debian packages that tests need.

SHELL := /bin/sh
PYTHON ?= python3
PORT ?= 8400
DATA ?= var/demo
WORKERS ?= 2
SEEDS ?= 1-50
MESSAGES ?= 2000
EXAMPLES ?= 100
PY := .venv/bin/python

.PHONY: help setup setup-tests assets extension extension-types demo demo-reset test lint bench chaos-mail ask-api sbom lock clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile
	@echo "make setup       a development checkout"
	@echo "make demo-reset  forget what the demo holds"
	@echo "make lint        style, types"
	@echo "make bench       measurements"
	@echo 'make chaos-mail  mail is read while everything breaks: SEEDS="7 8" MESSAGES=2000'
	@echo "make ask-api     schemathesis asks the whole API as each role: EXAMPLES=100"
	@echo "make sbom        what is distributed, as CycloneDX JSON in var/sbom/"
	@echo "make extension   the Gmail extension as a zip for the Chrome Web Store, in var/extension/"
	@echo "make extension-types   its types, after a change of the API"
	@echo "make lock        new lock files after a change of pyproject.toml"

setup: .venv/.ready assets

.venv/.ready: requirements/dev.txt pyproject.toml
	@echo "Installing the locked Python packages …"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Rapport needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	@test -x $(PY) || $(PYTHON) -m venv .venv || { echo "The venv module is missing: apt-get install python3-venv"; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.ready: package.json package-lock.json .npmrc
	@echo "Installing the locked browser packages …"
	@npm ci --loglevel=error --no-progress
	@touch $@

assets: server/web/static/dist/manifest.json

server/web/static/dist/manifest.json: node_modules/.ready tools/web/build.mjs $(wildcard web_assets/* web_assets/*/*)
	@echo "Building the browser's files …"
	@npm run --silent build
	@touch $@

tests/emulate/node_modules/.ready: tests/emulate/package.json tests/emulate/package-lock.json
	@echo "Installing the emulator that the Gmail adapter is also tested against …"
	@cd tests/emulate && npm ci --loglevel=error --no-progress
	@touch $@

tests/identity/node_modules/.ready: tests/identity/package.json tests/identity/package-lock.json
	@echo "Installing the OpenID provider that signing in is tested against …"
	@cd tests/identity && npm ci --loglevel=error --no-progress
	@touch $@

tests/email_templates/mjml_reference/node_modules/.ready: tests/email_templates/mjml_reference/package.json tests/email_templates/mjml_reference/package-lock.json
	@echo "Installing the MJML compiler that our layout is compared with …"
	@cd tests/email_templates/mjml_reference && npm ci --loglevel=error --no-progress
	@touch $@

extension/node_modules/.ready: extension/package.json extension/package-lock.json extension/.npmrc
	@echo "Installing what the Gmail extension is built with …"
	@cd extension && npm ci --loglevel=error --no-progress
	@touch $@

extension: var/extension/.ready

var/extension/.ready: .venv/.ready extension/node_modules/.ready extension/wxt.config.ts extension/packages.ts $(shell find extension/src extension/public -type f) tools/extension/pack.py
	@echo "Building the Gmail extension …"
	@cd extension && npm run --silent build -- --level warn
	@$(PY) -m tools.extension.pack
	@touch $@

extension-types: .venv/.ready extension/node_modules/.ready
	@$(PY) -m tools.extension.openapi var/extension/openapi.json
	@cd extension && npm run --silent types

setup-tests: setup extension tests/emulate/node_modules/.ready tests/identity/node_modules/.ready tests/email_templates/mjml_reference/node_modules/.ready
	@tools/debian-packages chromium postgresql

demo: setup
	@exec $(PY) -m server demo --port $(PORT) --data $(DATA)

demo-reset: .venv/.ready
	@$(PY) -m server demo --port $(PORT) --data $(DATA) --reset

lint: .venv/.ready
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

test: setup-tests lint
	@cd extension && npm run --silent check && npm run --silent test
	@$(PY) -m pytest -n $(WORKERS) --dist loadgroup

tools/bench/peers/node_modules/.ready: tools/bench/peers/package.json tools/bench/peers/package-lock.json
	@echo "Installing what emails are raced against …"
	@cd tools/bench/peers && npm ci --loglevel=error --no-progress
	@touch $@

bench: setup tools/bench/peers/node_modules/.ready
	@$(PY) tools/bench/import_rows.py
	@$(PY) tools/bench/render_speed.py
	@tools/debian-packages postgresql
	@$(PY) -m tools.bench.link_speed
	@$(PY) -m tools.bench.cockpit_speed

chaos-mail: setup-tests
	@$(PY) -m tests.chaos.mail_reading --seeds "$(SEEDS)" --messages $(MESSAGES)

ask-api: setup-tests
	@RAPPORT_SCHEMATHESIS_EXAMPLES=$(EXAMPLES) $(PY) -m pytest -s tests/api/test_schemathesis.py

sbom: setup extension
	@$(PY) -m tools.supply_chain.sbom

lock:
	@tools/lock

clean:
	rm -rf .venv node_modules tests/emulate/node_modules tests/identity/node_modules tests/email_templates/mjml_reference/node_modules extension/node_modules extension/.wxt var/extension tools/bench/peers/node_modules server/web/static/dist
