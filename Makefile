# Two commands from a bare machine: `make demo` and `make test`. Each sets up .venv by itself.
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
ARGS ?=

.PHONY: demo test check bench clean

# The stamps hold what was installed; they are made anew when pyproject.toml changes.
ifdef UV
INSTALL = $(UV) pip install --quiet --python $(BIN)/python
MAKE_VENV = $(UV) venv --quiet --allow-existing --python $(PY) $(VENV)
else
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
MAKE_VENV = $(PY) -m venv $(VENV) || { echo "python3 -m venv failed; on Debian: apt-get install python3-venv"; exit 1; }
endif

$(BIN)/python:
	$(MAKE_VENV)

$(VENV)/app.stamp: pyproject.toml | $(BIN)/python
	$(INSTALL) -e ".[app,parquet]"
	touch $@

$(VENV)/test.stamp: pyproject.toml | $(BIN)/python
	$(INSTALL) -e ".[app,parquet,test]"
	touch $@ $(VENV)/app.stamp

demo: $(VENV)/app.stamp
	$(BIN)/asklearn demo $(ARGS)

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
