# Targets that a person calls. `make help` lists them.

PYTHON ?= python3
# Of the tests, each with a local stack in the end, which takes about 1.5 GB.
PROCESSES ?= 2
DEV := .venvs/dev/bin
UV := .venvs/tools/bin/uv

# The image is Python 3.13 on arm64 Linux with glibc 2.34 (Amazon Linux 2023).
IMAGE_PLATFORM := --python-platform aarch64-manylinux_2_34 --python-version 3.13 --only-binary :all:
GROUPS := runtime lambda-base infra local dev
COMPILE := $(UV) pip compile --quiet --universal --no-header --no-annotate --python-version 3.11

export PYTHONUTF8 := 1
# The command line's package: a distribution of its own, used from the checkout here.
export PYTHONPATH := cli

.DEFAULT_GOAL := help
.PHONY: help demo local test settings soak bench baseline eval screenshots redrive smoke e2e image check format wheels schema openapi lock clean stack-environments test-environments

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: stack-environments ## Deploy to this machine, upload samples/, search them (SAMPLES=N for the first N only)
	@$(DEV)/python -m local demo $(if $(SAMPLES),--samples $(SAMPLES))

local: stack-environments ## The same, and stay up until Ctrl-C
	@$(DEV)/python -m local up $(if $(SAMPLES),--samples $(SAMPLES))

test: check ## Format, lint, types, then all tests
	@$(DEV)/pytest --numprocesses $(PROCESSES) --dist loadgroup --no-loadscope-reorder

soak: test-environments ## Images through the local stack while all around them fails (IMAGES=500 SEED=1)
	@$(DEV)/python -m tests.soak $(if $(IMAGES),--images $(IMAGES)) $(if $(SEED),--seed $(SEED))

settings: test-environments ## The program with settings of all kinds, in any combination (CASES=300)
	@SETTINGS_CASES=$(or $(CASES),300) $(DEV)/pytest -q tests/components/test_any_settings.py

screenshots: test-environments ## The gallery's views, in docs/images/ (needs Chromium)
	@SCREENSHOTS=docs/images $(DEV)/pytest -q tests/e2e/test_gallery_tour.py

redrive: stack-environments ## Move what a stage gave up back to its queue (STACK=dev STAGE=analysis)
	@$(DEV)/python -m collections_cli admin redrive --stack "$(STACK)" --stage "$(STAGE)"

smoke: stack-environments ## Upload, find and delete an image on a deployed stack, or the local one (STACK=dev)
	@$(DEV)/python -m collections_cli admin smoke --stack "$(or $(STACK),local)"

e2e: test-environments ## The tests of a deployed stack: one that the environment names, else a local one of their own
	@$(DEV)/pytest tests/e2e

bench: test-environments ## Speed and memory beside others', in docs/ (best on an idle machine; PARTS="everyday search starts pipeline")
	@$(DEV)/python -m benchmarks $(PARTS)

baseline: test-environments ## Write benchmarks/baseline.json anew, after a change on purpose
	@RENEW_BASELINE=1 $(DEV)/pytest -q -m baseline

eval: test-environments ## How well search finds, in docs/evaluation.md, or for a data set of one's own (DATASET=images.json)
	@$(DEV)/python -m evaluation $(DATASET)

check: test-environments ## Format, lint and types only
	@$(DEV)/ruff format --check --quiet . || { echo "run 'make format'"; exit 1; }
	@$(DEV)/ruff check --quiet .
	@$(DEV)/hadolint runtime/Dockerfile
	@$(DEV)/basedpyright

format: test-environments ## Format and sort imports
	@$(DEV)/ruff format .
	@$(DEV)/ruff check --fix --select I .

image: test-environments ## Build the functions' image with buildah, weigh it, and have it answer
	@$(DEV)/python -m tests.image

wheels: test-environments ## Check that the image's packages have wheels for its platform
	@$(UV) pip install --quiet --dry-run --no-deps --require-hashes --target .local/wheels $(IMAGE_PLATFORM) -r requirements/runtime.txt
	@echo "every package of the image has a wheel for Python 3.13 on arm64"

schema: test-environments ## Write components/schema.json anew, after a change of what components take or give
	@$(DEV)/python -m components.package

openapi: test-environments ## Write docs/openapi.json anew, after a change of what the API takes or gives
	@$(DEV)/python -m local.openapi

lock: ## Compile requirements/ anew from the pyproject files
	@$(PYTHON) -m local.bootstrap tools
	@$(COMPILE) $(GROUPS:%=--group %) cli/pyproject.toml -o requirements/constraints.txt $(LOCK)
	@for group in $(GROUPS); do \
	    $(COMPILE) --generate-hashes --group $$group -c requirements/constraints.txt -o requirements/$$group.txt || exit 1; \
	done
	@$(COMPILE) --generate-hashes cli/pyproject.toml -c requirements/constraints.txt -o requirements/cli.txt
	@$(COMPILE) --generate-hashes --group emulator -o requirements/emulator.txt $(LOCK)

clean: ## Forget the local stack's data (the virtual environments stay)
	@$(PYTHON) -m local.clean

stack-environments:
	@$(PYTHON) -m local.bootstrap stack

test-environments:
	@$(PYTHON) -m local.bootstrap tests
