# Everything a developer or a package builder calls. `make help` lists it.
#
# The runtime is the one npm brings (node_modules/.bin/node): the system's node may be older, newer or absent.

PREFIX ?= /usr/local
DESTDIR ?=
SOAK_ROUNDS ?= 200
SOAK_FILES ?= 100000
SOAK_STEPS ?= 10000
SOAK_LOAD_SECONDS ?= 60
SOAK_HOLD_SECONDS ?= 60

ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
export PATH := $(ROOT)node_modules/.bin:$(PATH)
MAKEFLAGS += --no-print-directory

.PHONY: help setup setup-test setup-bench build install uninstall install-wcfs uninstall-wcfs demo test check lint lint-code lint-form typecheck unit format docs bench soak clean distclean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## install what is missing (Debian packages, npm packages, a Python environment for tests)
	@scripts/setup.sh

setup-bench: ## as setup, and the C compiler that some benchmarks want
	@scripts/setup.sh --with-compiler

build: setup ## make the executables: dist/bin/belay and its other names
	@node scripts/build.ts

install: ## install under PREFIX (default /usr/local), honouring DESTDIR
	@test -x dist/bin/belay || $(MAKE) build
	@BINDIR="$(PREFIX)/bin" scripts/install.sh install "$(DESTDIR)$(PREFIX)"

uninstall: ## remove what install put there
	@scripts/install.sh uninstall "$(DESTDIR)$(PREFIX)"

install-wcfs: ## put our wcfs into the wendelin.core that PYTHON sees (default python3)
	@test -x dist/bin/wcfs || $(MAKE) build
	@scripts/install-wcfs.sh install "$(or $(PYTHON),python3)"

uninstall-wcfs: ## give wendelin.core its own wcfs back
	@scripts/install-wcfs.sh uninstall "$(or $(PYTHON),python3)"

demo: setup ## serve a big array from a database, look at its past, commit while mounted; then keep a directory equal in another place
	@scripts/demo.sh
	@scripts/demo-replication.sh

setup-test: ## as setup, and the programs that tests talk to (podman, glusterfs, qemu-user …)
	@scripts/setup.sh --with-peers

# What was just built is what tests call: it is what is installed, and starts in a fifth of the time.
test: export BELAY_TEST_BIN := $(ROOT)dist/bin
test: setup-test build check unit ## lint, typecheck and every test, the executable's included

check: setup ## lint and typecheck
	@$(MAKE) -j2 --output-sync=target lint-code lint-form typecheck

lint: setup
	@npm run --silent lint

# Side by side: each of them has work for one processor.
lint-code:
	@npm run --silent lint:code
lint-form:
	@npm run --silent lint:form
typecheck:
	@npm run --silent typecheck

unit: setup ## the tests alone
	@node scripts/test.ts

format: setup ## rewrite sources in the house's format
	@npm run --silent format

docs: setup ## API pages in docs/api
	@npm run --silent docs

bench: setup-bench ## benchmarks
	@for bench in bench/*/*.bench.ts; do echo "== $$bench"; node $$bench || exit 1; done

soak: build ## kill -9 at random points, SOAK_ROUNDS times, and SOAK_STEPS steps of random clients, a minute of load
	@BELAY_SOAK_ROUNDS=$(SOAK_ROUNDS) BELAY_SOAK_FILES=$(SOAK_FILES) BELAY_SOAK_STEPS=$(SOAK_STEPS) \
	  BELAY_SOAK_HOLD_SECONDS=$(SOAK_HOLD_SECONDS) BELAY_SOAK_LOAD_SECONDS=$(SOAK_LOAD_SECONDS) BELAY_SOAK_LOAD_READERS=8 node scripts/test.ts test/soak

clean: ## remove what was built
	rm -rf dist build coverage docs/api

distclean: clean ## as clean, and what setup installed in this folder
	rm -rf node_modules .venv
