# Two commands from a bare machine: `make demo` and `make test`. Each sets up .venv by itself.
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# uv is used where it runs (a version manager's shim may be there without it), pip everywhere else.
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv)
ifdef UV
MAKE_VENV = $(UV) venv --quiet --allow-existing --python $(PY) $(VENV)
INSTALL = $(UV) pip install --quiet --python $(BIN)/python
else
MAKE_VENV = $(PY) -m venv $(VENV) || { echo "$(PY) -m venv failed; on Debian: apt-get install python3-venv"; exit 1; }
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

.PHONY: demo test slow check docs bench clean

demo: $(VENV)/app.stamp
	@$(BIN)/asklearn demo $(ARGS)

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest $(ARGS)

slow: $(VENV)/test.stamp
	$(BIN)/python -m pytest -m slow $(ARGS)

check: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/test.stamp
	$(BIN)/python -m docs.generate

bench: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "asklearn needs Python 3.11 or newer; $(PY) is $$($(PY) --version 2>&1). Name another: make PY=python3.12"; exit 1; }
	@$(MAKE_VENV)

# The stamps say what was installed; they are made anew when pyproject.toml changes.
$(VENV)/app.stamp: pyproject.toml | $(BIN)/python
	@echo "Installing asklearn into $(VENV) (once, a minute or so) ..."
	@$(INSTALL) -e ".[app,parquet]"
	@touch $@

$(VENV)/test.stamp: pyproject.toml | $(BIN)/python
	@echo "Installing asklearn and its tests into $(VENV) (once, a minute or so) ..."
	@$(INSTALL) -e ".[app,parquet,test]"
	@touch $@ $(VENV)/app.stamp
