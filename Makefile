# Headgate's commands. Needs Python 3.11, Node 20, cargo and make; everything else is
# fetched, pinned, into .venv and node_modules. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PYTEST := $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder
export CARGO_TARGET_DIR ?= $(CURDIR)/target
# Tests need no debug information: without it a build takes a quarter less time.
export CARGO_INCREMENTAL ?= 0
export CARGO_PROFILE_DEV_DEBUG ?= 0
export NPM_CONFIG_AUDIT := false
export NPM_CONFIG_FUND := false
export NPM_CONFIG_PACKAGE_LOCK := false
export NPM_CONFIG_UPDATE_NOTIFIER := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

TYPED_TESTS := $(addprefix tests/,contract_streams corpus diagnostics diff examples fuzz \
  hostile lint packaging unit vectors) tools benchmarks/generate
PYTHON_SOURCES := generator gateway generated/python tests tools benchmarks examples

##@ Everyday

.PHONY: help
help: ## list these targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: generate
generate: .stamps/python ## write generated/ and the gateway's copies from spec/
	$(BIN)/headgate generate
	$(BIN)/python gateway/regenerate.py

.PHONY: serve
serve: .stamps/python ## start the gateway on loopback: SQLite, scripted provider, no network; prints its keys once
	$(BIN)/python -m headgate_gateway serve

##@ Tests

.PHONY: test
test: check test-python test-typescript test-rust ## all that CI runs but PostgreSQL, stopping at the first failure

.PHONY: check
check: check-text check-types ## formatting, lint, specification, generated files, types

.PHONY: check-text
check-text: .stamps/python
	$(BIN)/ruff format --check $(PYTHON_SOURCES) templates/python/runtime
	$(BIN)/ruff check $(PYTHON_SOURCES) templates/python/runtime
	$(BIN)/headgate check
	$(BIN)/headgate generate --check
	$(BIN)/python gateway/regenerate.py --check

.PHONY: check-types
check-types: .stamps/python
	$(BIN)/mypy generator/headgate gateway/headgate_gateway generated/python/src/headgate_sdk
	$(BIN)/mypy $(TYPED_TESTS)
	$(BIN)/pyright

.PHONY: test-python
test-python: .stamps/python .stamps/tools .stamps/typescript .stamps/second-reader ## pytest: unit, golden, diagnostics, gateway, contract, end to end
	$(PYTEST)

.PHONY: test-agents
test-agents: .stamps/agents ## CrewAI's tools, with CrewAI in an environment of its own
	PYTHONPATH=.:generated/python/src CREWAI_DISABLE_TELEMETRY=true .venv-agents/bin/python -m pytest -c /dev/null --noconftest tests/agents/test_crewai.py

.PHONY: test-typescript
test-typescript: .stamps/python .stamps/typescript browser ## tsc --strict, then the TypeScript tests
	cd tests/typescript && npm test

.PHONY: browser
browser: # Debian's Chromium for the test of the bundle; who may not install it is told how
	@command -v chromium >/dev/null || test "$$(id -u)" -ne 0 || { apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; }

.PHONY: test-rust
test-rust: .stamps/python ## rustfmt, clippy, doc tests, then the Rust tests
	$(BIN)/headgate generate --language rust --spec tests/golden/wire-forms/spec.yaml --out tests/rust/wire/sdk 2>/dev/null
	$(BIN)/headgate generate --language rust --spec tests/golden/surface/spec.yaml --out tests/rust/wire/surface
	cargo fmt --check --all --manifest-path tests/rust/Cargo.toml # and of generated/rust
	cargo fmt --check --manifest-path tests/rust/wire/Cargo.toml
	cargo fmt --check --manifest-path tests/hostile/trees/rust/Cargo.toml
	cargo clippy --manifest-path tests/hostile/trees/rust/Cargo.toml -- -D warnings
	cargo clippy --manifest-path generated/rust/Cargo.toml --all-targets --features otel,webhooks -- -D warnings
	cargo clippy --manifest-path tests/rust/Cargo.toml --workspace --all-targets -- -D warnings
	cargo clippy --manifest-path tests/rust/wire/Cargo.toml --all-targets -- -D warnings
	cargo test --manifest-path generated/rust/Cargo.toml
	cargo test --manifest-path tests/rust/Cargo.toml
	cargo test --manifest-path tests/rust/wire/Cargo.toml

.PHONY: test-postgres
test-postgres: .stamps/python ## the gateway's tests on Debian's PostgreSQL, installed if absent
	tools/with-postgres $(PYTEST) tests/gateway -k postgres

.PHONY: faults
faults: .stamps/python .stamps/tools .stamps/typescript ## 100,000 faults on the wire for each SDK, 200 kills of the gateway; takes long
	$(BIN)/python -m tests.faults.campaign --cases 100000
	HEADGATE_KILLS=200 $(BIN)/pytest -q tests/gateway/test_kills.py

.PHONY: fuzz
fuzz: .stamps/python ## 5,000 spoilt documents, and one of 50 MB; takes long
	$(BIN)/python -m tests.fuzz.campaign --documents 5000
	$(BIN)/python -m tests.fuzz.large --megabytes 50

.PHONY: vendor-streams
vendor-streams: .stamps/python .stamps/tools .stamps/typescript ## vendors' SDKs under the same faults; writes docs/vendor-streams.md
	$(BIN)/python -m tests.faults.vendors

.PHONY: corpus
corpus: .stamps/python .stamps/tools ## real documents of others in HEADGATE_CORPUS, compiled strictly, with our peers beside; takes long
	$(BIN)/python -m tests.corpus

.PHONY: golden
golden: .stamps/python ## rewrite tests/golden/*/expected from the generator
	$(BIN)/python -m tests.golden.rewrite

##@ Measurements and releases

.PHONY: bench
bench: bench-generate bench-sdk bench-gateway ## every benchmark, as Markdown tables of ratios

.PHONY: bench-generate
bench-generate: .stamps/python ## `headgate generate` beside its peers; writes docs/benchmarks
	$(BIN)/python -m benchmarks.generate --write

.PHONY: bench-sdk
bench-sdk: .stamps/python .stamps/tools ## the SDKs beside their peers; writes docs/benchmarks
	$(BIN)/python -m benchmarks.sdk --write

.PHONY: bench-gateway
bench-gateway: .stamps/python ## the gateway beside nginx, Portkey and LiteLLM; needs Debian's nginx and wrk; writes docs/benchmarks
	$(BIN)/python -m benchmarks.gateway --write

.PHONY: publish-dry-run
publish-dry-run: .stamps/python .stamps/tools ## build what a release uploads into dist/; upload nothing
	tools/build-packages dist

##@ Set-up, done when needed

.PHONY: clean
clean: ## remove environments, stamps and build output
	rm -rf .venv .venv-* .stamps dist target tools/node_modules tests/typescript/node_modules

.stamps/environment: pyproject.toml
	@mkdir -p .stamps
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/python -m pip install -q -e . --group dev
	@touch $@

.stamps/python: .stamps/environment gateway/pyproject.toml generated/python/pyproject.toml
	$(BIN)/python -m pip install -q -e gateway -e generated/python
	@touch $@

.stamps/second-reader: tests/second_reader/requirements.txt
	@mkdir -p .stamps
	test -x .venv-second-reader/bin/python || $(PYTHON) -m venv .venv-second-reader
	.venv-second-reader/bin/python -m pip install -q --upgrade pip
	.venv-second-reader/bin/python -m pip install -q -r $<
	@touch $@

.stamps/agents: tests/agents/requirements.txt
	@mkdir -p .stamps
	test -x .venv-agents/bin/python || $(PYTHON) -m venv .venv-agents
	.venv-agents/bin/python -m pip install -q --upgrade pip
	.venv-agents/bin/python -m pip install -q -r $<
	@touch $@

.stamps/tools: tools/package.json
	@mkdir -p .stamps
	cd tools && npm install
	@touch $@

.stamps/typescript: tests/typescript/package.json
	@mkdir -p .stamps
	cd tests/typescript && npm install
	@touch $@
