# What a person types: `make demo`, `make test`. Everything is set up in $(VENV), from this project's own files.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
OLDEST ?= .venv-oldest
# The tests that hang on the release of Keras.
RELEASES = tests/differential/test_coverage.py tests/differential/test_training_objects.py tests/compiler/test_contract.py \
	tests/runtime/test_build.py tests/runtime/test_learned_sizes.py tests/runtime/test_examples.py tests/spec/test_installed.py \
	tests/differential/test_convolution.py tests/differential/test_core.py tests/differential/test_normalization.py \
	tests/differential/test_recurrent.py tests/differential/test_attention.py tests/differential/test_preprocessing.py \
	tests/differential/test_ops_shapes.py tests/differential/test_ops_ordering.py tests/differential/test_ops_contractions.py
ROOMS = ci cli compiler runtime schemas spec

.PHONY: demo test test-long test-huge test-oldest oracle lint types check-links setup setup-test bench survival schema inventory clean

demo: setup
	$(BIN)/keraspec check examples/digits.keraspec.toml
	$(BIN)/keraspec train examples/digits.keraspec.toml

test: setup-test lint types
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not long and not huge"

# What takes minutes: whole applications, networks built both ways, runs that are killed; LONG=tests/survival for some of it.
test-long: setup-test
	$(BIN)/python -m pytest -n 2 --dist load -m long $(LONG)

# The largest networks, one after the other; half an hour and ten gigabytes.
test-huge: setup-test
	$(BIN)/python -m pytest -m huge

# Training is killed at KILLS random points, and goes on; the disk fills, checkpoints break, REPEAT times over.
KILLS ?= 100
REPEAT ?= 10
survival: setup-test
	KERASPEC_KILLS=$(KILLS) KERASPEC_REPEAT=$(REPEAT) $(BIN)/python -m pytest -n 2 --dist loadfile tests/survival

# The oldest Keras and TensorFlow that pyproject.toml allows, in an environment of their own: what hangs on the release.
test-oldest: $(OLDEST)/.installed-oldest
	$(OLDEST)/bin/python -c 'import keras, tensorflow; print("Keras", keras.__version__, "on TensorFlow", tensorflow.__version__)'
	KERASPEC_CASES=12 $(OLDEST)/bin/python -m pytest -n 2 --dist loadfile $(RELEASES)

# The catalogue against Keras, 200,000 random cases; OPTIONS="--seed 7 --only 'layers.*'" for others.
oracle: setup-test
	$(BIN)/python tests/differential/soak.py $(OPTIONS)

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

# What each release of Keras has, read from the releases themselves; then the schema, which says since when.
inventory: setup-test
	KERAS_BACKEND=jax $(BIN)/python tools/inventory.py schemas/keras-3.json
	$(MAKE) schema

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

$(OLDEST)/.installed-oldest: pyproject.toml
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[tensorflow,test]" "keras==3.12.*" "tensorflow==2.20.*"
	@touch $@

$(VENV)/.installed: $(VENV)/.venv pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[tensorflow]"
	@touch $@

$(VENV)/.installed-test: $(VENV)/.venv pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[tensorflow,test,lint]"
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) $(OLDEST) .links build dist *.egg-info
