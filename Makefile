# make demo   set up, and grade the reference solution through the whole smoke test
# make test   set up, and run lint, types and all tests
# make bench  measure the speed of the grader, as ratios in one run

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin

.PHONY: demo test bench clean
.DELETE_ON_ERROR:

demo: $(READY)
	$(BIN)/grade challenge5 --solution

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

bench: $(READY)
	$(BIN)/python -m tests.measure.bench
	$(BIN)/python -m tests.measure.encoding_bench

clean:
	rm -rf $(VENV) .grade

# Done once, and again when what it depends on has changed. The constraints hold the exact versions that are tested.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "fine-dropout needs Python 3.11 or later. Name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Installing into $(VENV). PyTorch is large: this takes a minute or more."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)
