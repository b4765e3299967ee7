# maild: `make` runs it, `make test` tries everything, `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: run env test demo simulate lint check faults bench soak newcomer corpus fuzz lock servers clean help

PYTHON ?= python3
WORKERS ?= 3
CONFIG ?= config.toml
TESTS ?= tests
SECONDS ?= 600
FORM ?= short
BIN := .venv/bin
STAMP := .venv/.ok
PACKAGES := dovecot-imapd postfix swaks postgresql pgbouncer chromium mutt faketime libfaketime strace \
  opendkim opendkim-tools opendmarc gcc libc6-dev prometheus systemd-container

run: env ## start the daemon (SMTP 127.0.0.1:8025, web 127.0.0.1:8080, state in var/)
	exec $(BIN)/maild --config $(CONFIG) run

env: $(STAMP) ## build the environment: .venv/bin/maild

# Hashes are held, and nothing is fetched that stands in no lock: hatchling itself is locked too.
$(STAMP): pyproject.toml requirements.lock
	@.ci/environment "$(PYTHON)"
	@touch $@

# Hundreds of processes start: without bytecode on the disk each of them compiles maild anew.
test: export PYTHONDONTWRITEBYTECODE =
test: env ## every test; the last line tells what was skipped and why
	$(BIN)/python -m pytest --quiet --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --families $(if $(CI),--faults) $(TESTS)

demo: env ## one whole story through real sockets, for a newcomer
	exec $(BIN)/maild demo

# Its database grows to half a gigabyte of memory, and look-ups miss the caches: large pages help.
simulate: export GLIBC_TUNABLES = glibc.malloc.hugetlb=1
simulate: env ## a made-up year through rules, promises and agents (OPTIONS="--tickets 2000 --days 60")
	exec $(BIN)/maild $(if $(HOUSE),--config $(HOUSE)) simulate $(if $(HOUSE),,--built-in) $(OPTIONS)

lint: env ## format, lint, types and layers
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint ## the same and unit tests, in under two minutes
	$(BIN)/python -m pytest --quiet --numprocesses $(WORKERS) -m "not servers and not slow and not needs and not corpus" $(TESTS)

faults: env ## cause every fault of the catalogue and print the table (FORM=long: 200 kills, 1000 power cuts)
	MAILD_FAULTS=$(FORM) $(BIN)/python -m tests.faults $(ROWS)

bench: env ## the benchmark table (OPTIONS="--rows line imap --mails 1000 --peer-python FILE --picture FILE")
	$(BIN)/python -m tests.bench $(OPTIONS)

soak: env ## load with a fault a minute, the invariants after each (SECONDS=600 for the short form, else 8 h)
	$(BIN)/python -m tests.soak --seconds $(if $(filter file,$(origin SECONDS)),28800,$(SECONDS))

newcomer: ## as root: the two commands of the README in a bare Debian, timed (needs debootstrap)
	$(PYTHON) -m tests.packaging.newcomer $(OPTIONS)

corpus: env ## the score over the corpus of real mails beside the project
	$(BIN)/python -m tests.corpus.table

fuzz: env ## throw broken mails at the reader for SECONDS=600; what breaks it lands in var/fuzz
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

lock: ## maintainers: pin every package anew (needs uv)
	uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --python-version 3.11 \
	  --group dev --extra postgres --extra auth --extra reports pyproject.toml --output-file requirements.lock

servers: ## as root on Debian: the real servers that some tests want
	DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-upgrade --no-install-recommends $(PACKAGES)

clean: ## take away what was built, but not var/, where the state is
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 18
