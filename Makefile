# What a person types: `make demo`, `make test`. Everything is set up in $(VENV), from this project's own files.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
ROOMS = cli compiler runtime schemas spec

.PHONY: demo test lint types check-links setup setup-test bench schema clean

demo: setup
	$(BIN)/keraspec check examples/digits.keraspec.toml
	$(BIN)/keraspec train examples/digits.keraspec.toml

test: setup-test lint types
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) -s .links
	PYTHONPATH=.links $(BIN)/lint-imports --no-cache

types: setup-test
	$(MAKE) -s .links
	MYPYPATH=.links $(BIN)/mypy -p keraspec

# A folder in which the rooms stand as one package, for analysers that do not ask the installed project.
.links: .FORCE
	@rm -rf .links && mkdir -p .links/keraspec
	@ln -s $(CURDIR)/api/* .links/keraspec/
	@for room in $(ROOMS); do ln -s $(CURDIR)/$$room .links/keraspec/$$room; done

.FORCE:

schema: setup-test
	$(BIN)/python -m keraspec.compiler.catalogue.schema schemas/keraspec-1.json

bench: setup-test
	$(BIN)/python benchmarks/run.py

setup: $(VENV)/.installed
setup-test: $(VENV)/.installed-test

$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "keraspec needs Python 3.11 or later; say which with: make PYTHON=python3.12 demo"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.venv pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[tensorflow]"
	@touch $@

$(VENV)/.installed-test: $(VENV)/.venv pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[tensorflow,test,lint]"
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .links build dist *.egg-info
