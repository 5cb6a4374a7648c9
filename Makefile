# Everything lives in .venv: nothing is installed outside it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
PHOTOS ?=
PRECISION ?= fp32
ARCHITECTURE ?=
STACK ?= lookalike
PREVIOUS ?=
# Only where it is given: overrides on the command line replace those of samconfig.toml, they don't add to them.
OVERRIDES := $(if $(ARCHITECTURE), --parameter-overrides Architecture=$(ARCHITECTURE))

.PHONY: help setup demo console local model bench check style types fast-tests test mutants soak browser-test container-test build deploy delete lint format lock clean

help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "make %-14s %s\n", $$1, $$2}'

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

console: $(INSTALLED) ## a web page on a local stack: see what it sees, put it right (PHOTOS=DIR: your own)
	$(BIN)/lookalike console --local --open $(if $(PHOTOS),--photos "$(PHOTOS)")

local: $(INSTALLED) ## the whole stack on this machine, until Ctrl-C
	$(BIN)/lookalike local

model: $(INSTALLED) ## export CLIP to .model (PRECISION=int8: a quarter of the bytes)
	$(BIN)/lookalike export-model --source clip-ViT-B-32 --precision $(PRECISION) --out .model

bench: $(INSTALLED) ## speed and memory, next to what people would use instead (a quarter of an hour)
	$(BIN)/lookalike bench

# Types and tests take about as long as each other: side by side.
check: $(INSTALLED) style ## what to run while working: style, formatting, types, fast tests
	@$(MAKE) --no-print-directory --jobs=2 types fast-tests

style: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(BIN)/mypy

fast-tests: $(INSTALLED)
	$(BIN)/pytest tests/unit -m "not slow"

# Several processes share the cores: numpy's and torch's threads would wait for each other, up to a hundred times as long.
fast-tests test mutants: export OPENBLAS_NUM_THREADS = 1
fast-tests test mutants: export OMP_NUM_THREADS = 1

# Whole files side by side: the tests of one share what is slow to make. Three on two cores, for tests often wait; no
# more, for each process starts an emulated AWS with functions of its own.
test: $(INSTALLED) ## all tests that need no containers
	$(BIN)/pytest --numprocesses 3 --dist loadfile

# Anew each time: what mutmut remembers of a mutant does not follow changed tests.
mutants: $(INSTALLED) ## plant small faults in the pure parts, and count those that the tests notice (two hours)
	rm -rf .mutants
	mkdir .mutants
	ln -s ../layers/lookalike ../layers/lookalike_tools ../tests ../pyproject.toml .mutants/
	cd .mutants && ../$(BIN)/mutmut run
	cd .mutants && ../$(BIN)/mutmut results --all true | ../$(BIN)/python ../tests/mutants/mutation_score.py

soak: $(INSTALLED) ## 20,000 steps of all that may happen to a type; a type of 20,000 images; 1,000 photos in the inbox
	$(BIN)/pytest --hypothesis-profile soak tests/integration/histories/test_interleavings.py tests/integration/functions/rebuilding/test_size.py \
		tests/integration/functions/recognizing/test_inbox_load.py

browser-test: $(INSTALLED) ## the console in Chromium, over a local stack (needs Debian's chromium, or another)
	$(BIN)/pytest tests/browser

container-test: $(INSTALLED) ## the functions' images, built and run as Lambda would (needs Docker or Podman)
	$(BIN)/pytest tests/container

build: ## the functions' images, with CLIP in them, after `make model` (needs the SAM CLI and Docker; ARCHITECTURE=arm64)
	@command -v sam >/dev/null || { echo "make build needs the AWS SAM CLI: pip install aws-sam-cli" >&2; exit 1; }
	@test -f .model/encoder.json || { echo "There is no model in .model: export CLIP with 'make model'" >&2; exit 1; }
	rm -rf .previous
	$(if $(PREVIOUS),cp -r "$(PREVIOUS)" .previous)
	sam build$(OVERRIDES)

deploy: build ## to your AWS account (samconfig.toml says how; `sam deploy --guided` asks; ARCHITECTURE=arm64; PREVIOUS=DIR: the model before)
	sam deploy$(OVERRIDES)

delete: $(INSTALLED) ## delete the stack (STACK=lookalike) with all that can be made again; photos stay
	$(BIN)/lookalike delete --stack "$(STACK)"

lint: $(INSTALLED) style types ## style, formatting, types, template
	$(BIN)/cfn-lint template.yaml

format: $(INSTALLED) ## mend style and formatting
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: ## pin what pyproject.toml asks for (needs uv)
	uv pip compile pyproject.toml --quiet --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-package torch --no-annotate --no-header --output-file requirements-dev.txt
	uv pip compile pyproject.toml --quiet --constraint requirements-dev.txt --python-platform linux --python-version 3.13 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header --output-file requirements.txt

clean: ## remove all that was made
	rm -rf $(VENV) .model .previous .model-stand-in .demo .bench .cache .mutants .calibration .review .aws-sam .pytest_cache .mypy_cache .ruff_cache .hypothesis
