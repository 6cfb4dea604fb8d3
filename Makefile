# `make help` says what there is. Every target that needs the Python environment builds it first, from hashed lock files.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help reproduce ui test bench gpu lint format docs lock reference clean .venv

PYTHON ?= python3
SCALE ?= nano
FILTERS ?=
# Files of tests that run side by side; after them, alone, those that look at the whole machine or fill it.
JOBS ?= 2
DEVICE ?= cuda
whole_machine := tests/cluster tests/suite/cluster/lab

bin := .venv/bin
pip := $(bin)/python -m pip --disable-pip-version-check
installed := .venv/installed.stamp
rival_packages := .venv/rivals
rivals_installed := .venv/rivals.stamp
resolver := .venv/resolver
# One thread per process: ranks share the cores, and timings stay comparable.
single_threaded := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z.]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The lock is the kernel's: it is gone with its owner, however that ended. Snakemake's own would outlive a kill.
reproduce: $(installed) ## Train, measure, print every table (SCALE=nano|mini|paper, FILTERS="methods=lsh,int8 seeds=0")
	@mkdir -p results
	@$(single_threaded) flock --nonblock --conflict-exit-code 75 results/.lock \
	  $(bin)/snakemake reproduce --profile profiles/laptop --nolock --config scale=$(SCALE) $(FILTERS) \
	  || { code=$$?; [ $$code != 75 ] || echo "error: another make reproduce is at work in this folder" >&2; exit $$code; }
	@timeout 60 $(bin)/snakemake reproduce --report results/$(SCALE)/snakemake-report.html --profile profiles/laptop --nolock \
	  --config scale=$(SCALE) $(FILTERS) > results/$(SCALE)/logs/snakemake-report.log 2>&1 \
	  || echo "no results/$(SCALE)/snakemake-report.html: see results/$(SCALE)/logs/snakemake-report.log" >&2
	@printf '\n'; cat results/$(SCALE)/tables/convergence.md; printf '\n'; cat results/$(SCALE)/tables/speedup.md

ui: $(installed) ## Open MLflow on the runs
	$(bin)/lshmoe-bench track ui scale=$(SCALE)

test: $(installed) ## Run the test suite (JOBS=1 runs one test at a time)
	$(single_threaded) $(bin)/python -m pytest --benchmark-skip --numprocesses $(JOBS) --dist loadfile $(whole_machine:%=--ignore=%)
	$(single_threaded) $(bin)/python -m pytest --benchmark-skip $(whole_machine)

bench: $(rivals_installed) ## Run the speed benchmarks
	PYTHONPATH=$(rival_packages) $(single_threaded) DS_ACCELERATOR=cpu $(bin)/python -m pytest tests/benchmarks

# Needs torch alone, so it also runs where nothing else can be installed.
gpu: ## Measure one GPU for ten minutes into results/card.jsonl; DEVICE=cpu rehearses it
	$(or $(wildcard $(bin)/python),$(PYTHON)) -m suite.card.run --device $(DEVICE)

lint: $(installed) ## Check style, spelling, types and the direction of imports
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/codespell
	$(bin)/snakefmt --check Snakefile suite/rules sweeps/rules.smk
	$(bin)/mypy
	$(bin)/lint-imports --no-logo

format: $(installed) ## Rewrite the sources in the project's style
	$(bin)/ruff check --fix .
	$(bin)/ruff format .
	$(bin)/snakefmt Snakefile suite/rules sweeps/rules.smk

# Nothing is fetched; mkdocs-material would advertise its successor.
docs: $(installed) ## Build the docs site into site/, its reference pages and its picture anew
	$(bin)/lshmoe-bench docs
	NO_MKDOCS_2_WARNING=1 $(bin)/mkdocs build --quiet

reference: $(installed) ## Copy results/nano into results/reference and refresh the README's table from it
	$(bin)/lshmoe-bench reference

clean: ## Delete the environment, caches and every result but the reference
	rm -rf .venv .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks .import_linter_cache logs site *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find results -mindepth 1 -maxdepth 1 ! -name reference -exec rm -rf {} + 2>/dev/null || true

.venv: $(installed)

$(bin)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Python 3.11 or newer is needed, and '$(PYTHON)' is not: try 'make PYTHON=python3.12'" >&2; exit 2; }
	@echo "== Creating .venv (about 6 GB; some minutes on a first install) =="
	$(PYTHON) -m venv .venv

$(installed): requirements/lock.txt requirements/source.txt | $(bin)/python
	@echo "== 1 of 3: packages of requirements/lock.txt =="
	$(pip) install --require-hashes --no-deps --only-binary :all: -r requirements/lock.txt
	@echo "== 2 of 3: packages published as source; fairseq's extensions compile for about two minutes =="
	$(pip) install --require-hashes --no-deps --no-binary :all: --no-build-isolation -r requirements/source.txt
	@echo "== 3 of 3: this project, editable =="
	$(pip) install --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $@

# Beside the environment, not in it: fairseq imports DeepSpeed where it finds it.
$(rivals_installed): requirements/rivals.txt $(installed)
	rm -rf $(rival_packages)
	$(pip) install --require-hashes --no-deps --no-build-isolation --target $(rival_packages) -r requirements/rivals.txt
	@touch $@

# For maintainers, after a change in pyproject.toml or requirements/source.in.
uv := $(resolver)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
      --custom-compile-command "make lock"
from_source := $(shell sed -nE 's/^([a-z0-9-]+)==.*/--no-emit-package \1/p' requirements/source.in)

lock: | $(bin)/python ## Resolve the lock files anew (maintainers)
	test -x $(resolver)/bin/uv || { $(PYTHON) -m venv $(resolver) && $(resolver)/bin/pip install --quiet uv; }
	$(uv) $(from_source) --extra bench --extra dev --extra docs --extra build --output-file requirements/lock.txt pyproject.toml
	$(uv) --no-deps --output-file requirements/source.txt requirements/source.in
	$(uv) $(from_source) $$(sed -nE 's/^([a-z0-9.-]+)==.*/--no-emit-package \1/p' requirements/lock.txt) --extra rivals --constraint requirements/lock.txt \
	  --output-file requirements/rivals.txt pyproject.toml
