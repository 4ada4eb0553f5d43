# Plain python3, pip and make are all that a machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo check test browser slow clean

setup: $(READY)

# The lock leaves out only what torch's GPU builds bring along. setuptools is in it, for the build.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(READY)

demo: setup
	$(BIN)/unroll run imdb_offline temperature
	@echo "Look at the reports named above, and at the runs with: $(BIN)/unroll ui"

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup
	$(BIN)/pytest -m "not slow and not browser"

# Skipped, with the reason, where there is no chromium.
browser: setup
	$(BIN)/pytest -m browser

slow: setup
	$(BIN)/pytest -m slow

clean:
	rm -rf $(VENV) outputs build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
