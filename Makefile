# Tributary's commands; CONTRIBUTING.md tells when to use which.
#
#   DATABASE_URL=postgres://…       your own Postgres instead of the private one in var/postgres
#   TRIBUTARY_WASM=debian|rustup    where the compiler for the browser comes from (see setup/wasm)
#   SPLIT=0                         one WebAssembly module instead of lazy chunks

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Builds are kept outside the clone, so that a second clone is quick.
export TRIBUTARY_CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tributary
export CARGO_TARGET_DIR ?= $(TRIBUTARY_CACHE)/target
export PATH := $(TRIBUTARY_CACHE)/tools/bin:$(PATH)
SPLIT ?= 1

FRONTEND := $(CARGO_TARGET_DIR)/wasm32-unknown-unknown/wasm/frontend.wasm
SERVER   := $(CARGO_TARGET_DIR)/server/tributary
PACK     := $(CARGO_TARGET_DIR)/debug/pack
PACKAGE  := dist/site/pkg/current
QUICK    := $(CARGO_TARGET_DIR)/wasm32-unknown-unknown/debug/frontend.wasm
ASSETS   := var/assets

# Each cargo command starts with this: it settles the toolchain, and installs what is missing of it.
rust = unset MAKEFLAGS MFLAGS; settings=$$(setup/wasm) && export SQLX_OFFLINE=true $$settings &&
# Links for the browser: relocations are what the splitter cuts along.
browser = export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--cfg erase_components -Clink-args=--emit-relocs$${WASM_SYSROOT:+ --sysroot=$$WASM_SYSROOT}" &&
# Commands that need a database start with this.
database = DATABASE_URL=$${DATABASE_URL:-$$(setup/postgres start)} && export DATABASE_URL &&

.PHONY: help
help: ## List these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

.PHONY: run
run: quick end2end/node_modules ## Build quickly, load the demo and serve http://127.0.0.1:3000
	@$(database) setup/run

.PHONY: dev
dev: needs ## Build quickly and serve; rebuild and reload on change
	@$(database) node setup/dev.mjs

.PHONY: test
test: parts = binary package tests
test: build end2end/node_modules ## Run every test there is, in browsers too
	@$(rust) $(database) setup/test

.PHONY: check
check: fmt clippy queries licences ## Formatting, lints, fresh query data, licences

.PHONY: bench
bench: build end2end/node_modules ## Measure, each figure beside its limit
	@setup/packages wrk nginx pgbench:postgresql-contrib
	@$(rust) $(database) cargo run --profile server --package bench

.PHONY: fuzz
fuzz: needs ## Read made-up files and forms for a minute each
	@$(rust) cargo test --profile server --package domain --lib fuzz_ -- --ignored --nocapture

.PHONY: build
build: needs ## Leave a complete deployable in dist/
	@echo "Building (minutes the first time, seconds later)"
	@mkdir -p dist var
	@$(MAKE) -j2 $(or $(parts),binary package)
	@sed 's|"dist/site"|"site"|' Leptos.toml >dist/Leptos.toml

# Neither optimised nor split: to try out and to develop.
.PHONY: quick
quick: needs
	@echo "Building (minutes the first time, seconds later)"
	@mkdir -p var
	@$(rust) cargo build --package server
	@$(MAKE) var/site/pkg/current

.PHONY: stop
stop: ## Stop the private Postgres
	@setup/postgres stop

# --- What the commands above are made of ---

.PHONY: needs
needs:
	@for program in cargo cc git node npm; do \
		command -v $$program >/dev/null 2>&1 || { echo "tributary: $$program is missing" >&2; exit 1; }; \
	done
	@setup/clone
	@$(rust) : # installs once what parallel builds would otherwise each install

.PHONY: binary
binary:
	@$(rust) cargo build --profile server --package server
	@cmp -s $(SERVER) dist/tributary || { cp $(SERVER) dist/tributary.new && mv dist/tributary.new dist/tributary; }

# Compiled beside the server, whose last crates leave a core idle.
.PHONY: tests
tests:
	@$(rust) cargo test --no-run --quiet
	@$(rust) cargo test --no-run --quiet --package pack

.PHONY: package
package: $(PACKAGE)

$(PACKAGE): $(FRONTEND) $(PACK) $(ASSETS)/tributary.css style/optimise.mjs $(wildcard public/*) var/split-$(SPLIT)
	@mkdir -p dist/site
	@$(PACK) $(FRONTEND) dist/site --assets $(ASSETS) --public public \
		--optimise style/optimise.mjs $(if $(filter 0,$(SPLIT)),--unsplit)

var/site/pkg/current: $(QUICK) $(PACK) $(ASSETS)/tributary.css $(wildcard public/*)
	@$(PACK) $(QUICK) var/site --assets $(ASSETS) --public public --unsplit --dev

# Cargo knows what has changed; make then looks whether the file has.
.PHONY: always
$(QUICK): always
	@$(rust) $(browser) cargo build --target wasm32-unknown-unknown --package frontend

$(FRONTEND): always
	@$(rust) $(browser) cargo build --profile wasm --target wasm32-unknown-unknown --package frontend

$(PACK): always
	@$(rust) cargo build --package pack

$(ASSETS)/tributary.css: $(shell find style -name node_modules -prune -o -name '*.css' -print) style/build.mjs | style/node_modules
	@node style/build.mjs $(ASSETS)

var/split-$(SPLIT):
	@mkdir -p var && rm -f var/split-* && touch $@

%/node_modules: %/package.json %/package-lock.json
	@echo "Installing what $* takes from npm"
	@npm ci --prefix $* --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: fmt
fmt: needs
	@$(rust) cargo fmt --check

# Twice: cargo would otherwise give leptos the features of server and browser at once.
.PHONY: clippy
clippy: needs
	@$(rust) cargo clippy --all-targets -- -D warnings
	@$(rust) cargo clippy --all-targets --package pack --package bench -- -D warnings
	@$(rust) $(browser) cargo clippy --target wasm32-unknown-unknown --package frontend -- -D warnings

# The queries that were checked at compile time, against a database made by the migrations.
.PHONY: queries
queries: needs
	@$(rust) $(database) setup/queries --check

.PHONY: prepare
prepare: needs ## Write server/engine/.sqlx after a change of queries or migrations
	@$(rust) $(database) setup/queries

.PHONY: licences
licences: needs
	@$(rust) setup/tool cargo-deny && cargo deny --log-level error check bans licenses sources
