# Needs Python >= 3.11 and make. Everything else is installed into .venv on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test test-more test-ranges quick bench bench-limits check docs pictures format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "singer-iterable needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY) ## Run the main job: sandbox -> PostgreSQL -> SQL -> sandbox, and show what moved
	$(BIN)/python -m demo

test: $(READY) ## Run the tests
	$(BIN)/python -m pytest --numprocesses logical -m 'not more' -p tools.quick.timing

test-more: $(READY) ## Run the tests that take long: whole runs, kills, Meltano, installing the package, a browser
	$(BIN)/python -m pytest --numprocesses logical -m more

test-ranges: $(READY) ## Run the tests with the oldest and the newest version of every dependency, or those of TESTS
	$(BIN)/python -m tools.ranges $(TESTS)

quick: $(READY) ## Check, and run the tests of what differs from BASE (main, or the last commit), in a minute
	$(BIN)/python -m tools.quick

bench: $(READY) ## Measure the speed: side by side with the SDK's usual way and the floor
	$(BIN)/python -m benchmarks $(BENCH)

bench-limits: $(READY) ## Measure how much of the limits tap and target use; takes a quarter of an hour
	$(BIN)/python -m benchmarks.limits $(BENCH)

check: $(READY) ## Lint, check the format, the types, the layers and the definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools --check

docs: $(READY) ## Write what is made from the code
	$(BIN)/python -m tools

pictures: $(READY) ## Take the pictures in docs; needs Chromium
	$(BIN)/python -m tools.pictures

format: $(READY) ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove .venv and all that runs left behind
	rm -rf $(VENV) .ranges .demo .meltano .mypy_cache .ruff_cache .pytest_cache .durations.json .hypothesis dist
