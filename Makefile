# Everything lives in .venv: nothing is installed outside it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
PHOTOS ?=

.PHONY: help setup demo local model test soak lint format lock clean

help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

setup: $(INSTALLED) ## make .venv with everything in it

# Torch comes apart from the lock file: which build (CPU, CUDA) is for the machine to say.
$(INSTALLED): pyproject.toml requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

demo: $(INSTALLED) ## from nothing to recognised photos (PHOTOS=DIR: your own, a folder for each type)
	$(BIN)/lookalike demo $(if $(PHOTOS),--photos "$(PHOTOS)")

local: $(INSTALLED) ## the whole stack on this machine, until Ctrl-C
	$(BIN)/lookalike local

model: $(INSTALLED) ## export CLIP to .model
	$(BIN)/lookalike export-model --source clip-ViT-B-32 --precision fp32 --out .model

test: $(INSTALLED) ## all tests
	$(BIN)/pytest

soak: $(INSTALLED) ## 20,000 steps of everything that may happen to a type, about 3 minutes
	$(BIN)/pytest --hypothesis-profile soak tests/integration/test_interleavings.py

lint: $(INSTALLED) ## style, formatting, types, template
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml

format: $(INSTALLED) ## mend style and formatting
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: ## pin what pyproject.toml asks for (needs uv)
	uv pip compile pyproject.toml --quiet --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-package torch --no-annotate --no-header --output-file requirements-dev.txt

clean: ## remove all that was made
	rm -rf $(VENV) .model .model-stand-in .demo .aws-sam .pytest_cache .mypy_cache .ruff_cache .hypothesis
