# Two commands for a newcomer: `make demo` and `make test`. Each does all of its own set-up.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.installed

.PHONY: demo test long pictures check clean

demo: $(STAMP)
	$(BIN)/onelot demo

test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pytest -n $(or $(WORKERS),2) --dist worksteal
	$(BIN)/pytest -n $(or $(WORKERS),2) --dist worksteal -m 'browser and not long'

long: $(STAMP)
	$(BIN)/pytest -m long

# The pictures of docs/screens.md, made by the test that takes one patient the whole way by hand.
pictures: $(STAMP)
	ONELOT_PICTURES=docs/pictures $(BIN)/pytest -m browser tests/browser/test_by_hand.py

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "onelot needs Python 3.11 or later; set PYTHON="; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)

clean:
	rm -rf $(VENV)
