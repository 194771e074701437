# Every target works on a fresh clone: they all need .venv, and `setup` makes it.
PYTHON ?= python3
BIN := .venv/bin
DEVICES ?= 3

# What is compiled once is not compiled again by every process of a test run, and by every start of `muster`.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench package lock clean

help:
	@echo "make setup    .venv with the muster command"
	@echo "make run      Muster on this machine, with $(DEVICES) simulated devices (Ctrl-C stops it)"
	@echo "make test     all tests but the benchmark"
	@echo "make check    formatting, lint, types, import contracts, CloudFormation"
	@echo "make bench    the budgets, measured"
	@echo "make package  build/: the zip and the template for AWS"

setup: .venv/ready

.venv/ready: requirements.txt requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) here: install Python 3.11 or newer, or say make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11: install a newer one, or say make PYTHON=…" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the pinned requirements into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.txt -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup
	$(BIN)/muster dev --demo $(DEVICES)

# Three on two cores: at any time some of them wait for an engine.
test: setup
	$(BIN)/python -m pytest -m "not bench" --numprocesses 3 --dist loadfile

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/unit/infra

bench: setup
	$(BIN)/python -m pytest -m bench -s tests/bench

package: setup
	$(BIN)/muster package

# Pins move only here; what ships never holds what does not.
lock: setup
	@mkdir -p build
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
		--group dev pyproject.toml --output-file build/all.txt $(UPGRADE)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
		--generate-hashes --constraint build/all.txt pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
		--generate-hashes --constraint build/all.txt --group dev pyproject.toml --output-file requirements-dev.txt \
		$$(sed -n 's/^\([a-z0-9.-]*\)==.*/--no-emit-package \1/p' requirements.txt)

clean:
	rm -rf build .venv
