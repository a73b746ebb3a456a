# Quietline. `make` alone tells what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STATE := .state
KERNEL := $(wildcard src/quietline/kernel/src/*.[ch])
THEME := src/quietline/web/site/theme
THEME_SOURCES := $(wildcard $(THEME)/package*.json $(THEME)/*.mjs $(THEME)/*.sh $(THEME)/*.txt $(THEME)/scss/*.scss $(THEME)/scss/*/*.scss $(THEME)/assets/*)
# the type checker loads Django's settings; nothing is connected to
TYPING_SETTINGS := QUIETLINE_MODE=demonstration QUIETLINE_HOME=$(STATE) QUIETLINE_DATABASE_URL=postgresql://localhost/none \
	QUIETLINE_BASE_URL=http://localhost QUIETLINE_SECRET_KEY=only-for-the-type-checker-only-for-the-type-checker
CATALOGUES := $(wildcard src/quietline/web/*/locale/zh_Hans/LC_MESSAGES/django.po)

.DEFAULT_GOAL := help
.PHONY: help setup up reset sample test test-fast lint format docs messages plans law-cells wheel bench fuzz lock clean

help: ## show this
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STATE)/setup $(STATE)/theme $(STATE)/catalogues ## put everything into .venv, so that .venv/bin/quietline runs
	@echo "Ready: $(BIN)/quietline --help"

up: setup ## run Quietline with a demonstration country, at http://127.0.0.1:8000, until Ctrl-C
	@exec $(BIN)/quietline up

reset: ## forget the demonstration country; the next 'make up' makes it anew
	@home="$${QUIETLINE_HOME:-quietline-home}"; if test -d "$$home"; then $(BIN)/quietline up --forget; else echo "There is nothing to forget in $$home."; fi

sample: setup ## build a sample register and wash a sample list before your eyes
	@$(BIN)/python -m quietline.cli.sample sample

test: setup lint ## all checks and all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile tests

test-fast: setup ## the tests that take no more than a second each
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" tests

lint: setup ## style, types, direction of imports, unused dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(TYPING_SETTINGS) $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src

format: setup ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## write the reference pages anew from the code
	$(BIN)/python docs/generate.py

messages: setup ## gather what is to be translated into the catalogues
	$(BIN)/python -m quietline.web.catalogues

plans: setup ## compile the numbering plans anew (after a new phonenumbers release)
	$(BIN)/python -m quietline.numbering.compile_plans

law-cells: setup ## write the decision cells of the rulebooks anew (after a change of a rule; look at the diff)
	$(BIN)/python tests/law/cells/write.py

wheel: setup ## build the wheel, with pages, styles and languages in it, into build/dist
	$(BIN)/python -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir build/dist .

bench: setup $(STATE)/bench ## measure against peers, in one run on this machine (see benchmarks/README.md)
	$(BIN)/python benchmarks/run.py

fuzz: setup ## feed damaged lists and registers to a kernel built with address checks, for a minute
	$(BIN)/python tests/fuzz/run.py --seconds 60

lock: setup ## resolve the dependencies anew
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q pyproject.toml --all-extras --group dev --universal --generate-hashes --no-header --no-emit-index-url -o requirements/dev.txt
	$(BIN)/uv pip compile -q pyproject.toml --group bench --universal --generate-hashes --no-header --no-emit-index-url -c requirements/dev.txt -o requirements/bench.txt

clean: ## remove what the targets above made
	rm -rf $(VENV) $(STATE) build sample src/quietline.egg-info src/quietline/kernel/*.so $(THEME)/node_modules src/quietline/web/site/static src/quietline/web/papers/fonts

$(STATE)/venv: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Quietline needs Python 3.11 or newer; say PYTHON=... to name one."; exit 1; }
	@$(PYTHON) -c 'import pathlib, sys, sysconfig; sys.exit(not pathlib.Path(sysconfig.get_paths()["include"], "Python.h").exists())' || { echo "Python's headers are missing (Debian: apt-get install python3-dev)."; exit 1; }
	@command -v $${CC:-cc} >/dev/null || { echo "A C compiler is missing (Debian: apt-get install gcc)."; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@mkdir -p $(STATE) && touch $@

$(STATE)/setup: $(STATE)/venv pyproject.toml $(KERNEL)
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e '.[all]'
	@touch $@

$(STATE)/bench: requirements/bench.txt $(STATE)/venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

$(STATE)/theme: $(THEME_SOURCES)
	@sh $(THEME)/build.sh
	@mkdir -p $(STATE) && touch $@

$(STATE)/catalogues: $(CATALOGUES) $(STATE)/venv
	@for po in $(CATALOGUES); do $(BIN)/pybabel -q compile -i $$po -o $${po%.po}.mo || exit 1; done
	@touch $@
