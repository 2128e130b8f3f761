# `make` lists the targets. Everything runs in the checkout's own environment, .venv.
# The lock holds all there is: pip resolves nothing, and cannot come to another release of what two packages ask for.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
IMAGE ?= backout
BASE ?= python:3.11-slim-bookworm

# The first Python that runs and is new enough; a version manager's stub may exist and not run.
PYTHON ?= $(shell for python in python3.11 python3.12 python3; do \
	$$python -c 'raise SystemExit(__import__("sys").version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

# Demo and tests have a Prefect of their own: what the user's shell says about Prefect is not for them.
ALONE := env $(foreach name,$(filter PREFECT_%,$(.VARIABLES)),-u $(name))

# Tests that share a server stay together (tests/conftest.py says which). Most of the time they wait for one.
PROCESSES ?= 3
AT_ONCE := --numprocesses $(PROCESSES) --dist loadscope --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help install demo serve test test-all check bench schema image lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

install: $(STAMP) ## make .venv from the lock file

$(STAMP): pyproject.toml requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "Backout needs Python 3.11 or newer: install it, or say make PYTHON=/its/path" >&2; exit 1; }
	@if command -v uv >/dev/null; then \
		uv venv --quiet --allow-existing --python "$(PYTHON)" $(VENV) \
		&& uv pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.lock \
		&& uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
		"$(PYTHON)" -m venv $(VENV) \
		&& $(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements-dev.lock \
		&& $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@

demo: $(STAMP) ## a bad release is found and taken back, on this machine, in under 3 minutes
	$(ALONE) $(BIN)/backout demo

serve: $(STAMP) ## run Prefect's server, the deployments and the worker
	$(BIN)/backout serve

test: $(STAMP) ## all tests whose engine is there, some files at a time (PROCESSES=3)
	$(ALONE) $(BIN)/python -m pytest $(AT_ONCE)

test-all: $(STAMP) ## the same, with every kill point on every platform
	$(ALONE) $(BIN)/python -m pytest $(AT_ONCE) --full-matrix

check: $(STAMP) ## what a change must pass before its tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## measure: all, or one with NAME=switch
	@for file in $(or $(NAME:%=benchmarks/%.py),$(shell grep -l '^if __name__ ==' benchmarks/*.py)); do \
		echo "$$file" && $(ALONE) $(BIN)/python "$$file" || exit 1; done

schema: $(STAMP) ## write what is made from code: reference, JSON schema and outcomes in docs, prefect.yaml
	$(BIN)/python -m deployments.reference docs
	$(BIN)/python -m deployments.stock_file prefect.yaml

image: $(STAMP) ## build the worker and server image, on BASE
	.ci/wheelhouse $(BIN)/python build/wheelhouse
	docker build --build-arg BASE=$(BASE) --tag $(IMAGE) .

# Two locks: the checkout's is for any Python and system, the image's for the one it has (bookworm's 3.11.2 and newer),
# without markers, since pip would evaluate those for the Python that downloads.
LOCK = uv pip compile --quiet --generate-hashes --no-annotate --custom-compile-command "make lock" pyproject.toml

lock: ## resolve the versions again (needs uv)
	$(LOCK) --upgrade --universal --python-version 3.11 --extra dev --output-file requirements-dev.lock
	$(LOCK) --upgrade --python-platform linux --python-version 3.11.2 --constraint requirements-dev.lock \
		--output-file requirements.lock

clean: ## remove what make has made
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
