# Eight verbs. Everything they need is made once and kept in .venv; nothing is installed outside it,
# except Debian's packages for tests and bench, and only when that is allowed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
CONGVU := .venv/bin/congvu --data var
DEMO_DOMAIN := lamdong.example
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export GOLDEN

# Programs that the tests talk to: none of them is ours, none is started by its package.
TEST_PACKAGES := chromium clamav-daemon curl dovecot-imapd dovecot-lmtpd dovecot-sieve fonts-dejavu-core glewlwyd gsasl isync libzbar0 mutt neomutt offlineimap3 opendkim openssl postfix \
	postgresql procps pst-utils rspamd sieve-connect slapd strace swaks unbound thunderbird
BENCH_PACKAGES := dovecot-imapd dovecot-lmtpd postfix procps
BUILD_TOOLS := editables hatchling packaging pathspec pluggy tomlkit trove-classifiers
WHEELS := --only-binary :all:
RUNTIME := .venv/.runtime-installed
DEVELOPMENT := .venv/.development-installed

.PHONY: help setup check test test-long fuzz bench run build

help:
	@echo "make setup      the environment for work on the code: .venv, with the command .venv/bin/congvu"
	@echo "make run        a demo province in var/, served; prints the addresses and who can sign in"
	@echo "make check      format, lint, types, import contracts, generated documents and pages up to date"
	@echo "make test       all tests but the long ones (10 minutes); GOLDEN=update rewrites the expected files"
	@echo "make test-long  all tests, with kills, fuzzing and heavy peers"
	@echo "make fuzz       a minute of coverage-guided fuzzing of the IMAP engine (SECONDS=3600: an hour)"
	@echo "make bench      this service beside Debian's Dovecot and Postfix; writes bench/results.md (QUICK=1: small counts)"
	@echo "make build      everything generated and committed: pages of webmail, reference documents"

# Runtime only: wheels, so neither a compiler nor Node.js is needed. The build back end comes from the
# development lock, where its hashes are.
$(RUNTIME): requirements/run.lock requirements/dev.lock pyproject.toml .ci/make-venv
	@.ci/make-venv
	@awk -v names="$(BUILD_TOOLS)" 'BEGIN { split(names, n); for (i in n) want[n[i]] = 1 } \
		/^[A-Za-z0-9]/ { split($$1, part, "=="); keep = part[1] in want } keep' requirements/dev.lock > .venv/build.lock
	$(PYTHON) -m pip install -q $(WHEELS) --require-hashes -r requirements/run.lock -r .venv/build.lock
	$(PYTHON) -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

# dkimpy, a peer of the tests, comes as pure Python source.
$(DEVELOPMENT): $(RUNTIME)
	$(PYTHON) -m pip install -q $(WHEELS) --no-binary dkimpy --require-hashes -r requirements/dev.lock
	@touch $@

setup: $(DEVELOPMENT)

check: $(DEVELOPMENT)
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/mypy bench docs tests/support
	.venv/bin/lint-imports
	$(PYTHON) -m docs.rfc_index --check
	$(PYTHON) -m docs.reference --check
	.ci/check-assets

test: $(DEVELOPMENT)
	.ci/debian-packages $(TEST_PACKAGES)
	$(PYTHON) -m pytest -q -n 2 --dist worksteal -m "not long"

test-long: $(DEVELOPMENT)
	.ci/debian-packages $(TEST_PACKAGES)
	$(PYTHON) -m pytest -q -n 2 --dist worksteal

fuzz: $(DEVELOPMENT)
	$(PYTHON) -m tests.fuzz.imap_session -max_total_time=$(or $(SECONDS),60) -print_final_stats=1 -verbosity=0

bench: $(RUNTIME)
	.ci/debian-packages $(BENCH_PACKAGES)
	$(PYTHON) -m bench $(if $(QUICK),--quick)

run: $(RUNTIME)
	@test -e var/congvu.db || $(CONGVU) init --domain $(DEMO_DOMAIN)
	@$(CONGVU) demo load
	@$(CONGVU) demo walk
	@exec $(CONGVU) serve

build: $(DEVELOPMENT)
	.ci/check-assets --write
	$(PYTHON) -m docs.rfc_index --write
	$(PYTHON) -m docs.reference --write
