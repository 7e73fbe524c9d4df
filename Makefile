# What one does with baove, one target each: `make` lists them.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

run: .venv/built ## the main job: this machine's agent, the hub and its page, on http://127.0.0.1:8080 (data in ./var)
	$(BIN)/baove up --data var

demo: .venv/built ## the same with a made-up school (data in ./var/demo)
	$(BIN)/baove demo --data var/demo

test: lint ## check the code, then run all tests
	@.ci/debian prometheus chromium postgresql fonts-dejavu-core libatomic1 wine64
	@.ci/windows-python
	$(BIN)/pytest -n 2 -rs --color=auto

test-windows: .venv/dev .venv/built ## of the tests only those on a Windows API: Wine's, with a Windows CPython
	@.ci/debian wine64
	@.ci/windows-python
	$(BIN)/pytest -rs --color=auto tests/wine

lint: .venv/dev .venv/built ## check format, style, types and who imports whom
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## put the code into its one form
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: .venv/built ## write the generated pages of docs/ anew
	$(BIN)/python -m docs.generate

words: .venv/dev ## take new sentences of the code into the Vietnamese catalogues
	$(BIN)/python -m tests.words

bench: .venv/dev .venv/built ## measure against the peers, on this machine, in one run
	@.ci/debian prometheus-node-exporter fusioninventory-agent facter
	$(BIN)/python -m tests.bench $(ARGS)

lock: .venv/dev ## choose the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile $(LOCK) --extra hub --group build --output-file requirements.lock
	$(BIN)/uv pip compile $(LOCK) --extra hub --group dev --constraint requirements.lock --output-file requirements-dev.lock
LOCK := pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

clean: ## remove everything that make made, but not ./var
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The environment. It is made anew, whole, when the lock file changes, when the folder moved, when Python is another one,
# and when it was left half made. What only tests and checks need comes on top of it.
MADE_FOR := $(CURDIR) $(shell $(PYTHON) --version 2>&1)
ifneq ($(shell cat .venv/made 2>/dev/null),$(MADE_FOR))
.PHONY: .venv/run
endif

.venv/run: requirements.lock
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11)' 2>/dev/null || { echo "baove needs Python 3.11 or newer"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/debian python3-venv
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ && echo '$(MADE_FOR)' > .venv/made

.venv/dev: .venv/run requirements-dev.lock
	@rm .venv/made
	$(BIN)/pip install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@ && echo '$(MADE_FOR)' > .venv/made

# The catalogues and the compiled rules.
.venv/built: .venv/run hatch_build.py $(shell find */locale rules -name '*.po' -o -name '*.yaml' 2>/dev/null)
	$(BIN)/python hatch_build.py
	@touch $@

.PHONY: help run demo test test-windows lint format docs words bench lock clean
