# `make demo` and `make test` are all a newcomer needs; both install into .venv first.
PYTHON ?= python3
# Tests run side by side: more threads in each would only be in the way of the others.
export OPENBLAS_NUM_THREADS ?= 1
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help install demo bench docs test test-base test-oldest test-plain determinism sanitize fuzz fuzz-coverage bombs \
    lint types web web-speed npm clean

help:
	@echo "make demo    install, make a short clip, encode and decode it with each mask and solver"
	@echo "make bench   a small version of every experiment, on clips made by formula, into build/bench"
	@echo "make docs    the site, strictly, into build/site: open build/site/index.html"
	@echo "make test    install and run the tests"
	@echo "make test-base    the tests without torch, in .venv-base, and what that install weighs"
	@echo "make test-oldest  the oldest versions that pyproject.toml allows, in .venv-oldest"
	@echo "make test-plain   a few tests with no OPENBLAS_* variable set, and without the compiled loops"
	@echo "make determinism  the frozen files under other kernels, versions of numpy, word sizes, byte orders"
	@echo "make sanitize     the compiled loops under gcc's sanitizers: tests, frozen files, changed files"
	@echo "make fuzz MINUTES=5   changed files of every kind into every reader; faults go into build/fuzz"
	@echo "make bombs   what small files that ask for much cost"
	@echo "make fuzz-coverage    what these reach of dpcodec/container and dpcodec/coding"
	@echo "make web     types and tests of the decoder in JavaScript (needs node);  make web-speed  how fast it is"
	@echo "make npm     that decoder as a package for npm, into build/npm"
	@echo "make lint    check format and lint;  make types    check types strictly"

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt hatch_build.py $(wildcard dpcodec/compiled/source/*)
	@echo "installing into $(VENV) (torch is large: the first time takes a few minutes)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(INSTALLED)
	$(BIN)/dpcodec bench demo --out build/demo

BENCH := $(BIN)/dpcodec bench
RESULTS := build/bench

bench: $(INSTALLED)
	$(BENCH) demo --out $(RESULTS)
	$(BENCH) paper --drops 0.3,0.6,0.9 --seconds 2 --iterations 20 --out $(RESULTS)
	$(BENCH) columns --gaps 2,4 --seconds 2 --out $(RESULTS)
	$(BENCH) rate --out $(RESULTS)
	$(BENCH) peers --bitrates 16,48 --seconds 3 --out $(RESULTS)
	$(BENCH) loss --losses 0,10,30 --parts-lost 0,2 --draws 1 --seconds 10 --out $(RESULTS)
	$(BENCH) speed --lengths 5,20 --cores 1 --networks multiresunet-small --out $(RESULTS)
	$(BENCH) entropy --out $(RESULTS)
	$(BENCH) docs $(RESULTS) --out $(RESULTS)/benchmarks.md --force
	$(BENCH) report --seconds 3 --results $(RESULTS) --output $(RESULTS)/report.html --force

DOCS_INSTALLED := $(VENV)/.installed-docs

$(DOCS_INSTALLED): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[docs]'
	@touch $@

docs: $(DOCS_INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

test: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses auto

# What needs no torch, where there is none. Weighed before the tests' own packages come in.
BASE := .venv-base
BASE_TESTS := tests/test_architecture.py tests/cli/test_command.py tests/cli/test_eval.py tests/unit/audio \
    tests/unit/codec/test_codec.py tests/unit/codec/test_whole_way.py tests/unit/inpainting/test_choose.py \
    tests/unit/modes

$(BASE)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear $(BASE)
	$(BASE)/bin/python -m pip install --quiet --constraint constraints.txt --editable .
	.ci/weigh $(BASE)
	$(BASE)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

test-base: $(BASE)/.installed
	! $(BASE)/bin/python -c 'import torch' 2>/dev/null
	$(BASE)/bin/python -m pytest --numprocesses auto $(BASE_TESTS)

# numpy 1.26 has no wheels for a Python newer than 3.12.
OLDEST := .venv-oldest
OLDEST_PYTHON ?= $(shell command -v python3.11 || command -v python3.10 || echo $(PYTHON))
OLDEST_TESTS := tests/unit/coding tests/unit/container tests/unit/audio tests/unit/transform \
    tests/conformance/test_integers.py tests/unit/inpainting/test_least_squares.py tests/unit/inpainting/test_bounded.py

$(OLDEST)/.installed: pyproject.toml constraints-oldest.txt
	$(OLDEST_PYTHON) -m venv --clear $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --constraint constraints-oldest.txt --editable '.[test]'
	@touch $@

test-oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/python -m pytest --numprocesses auto $(OLDEST_TESTS)

# OpenBLAS picks its kernels by the processor unless told; symbols must not depend on them.
PLAIN_TESTS := tests/conformance/test_integers.py tests/unit/coding/test_mdct_channel.py \
    tests/unit/inpainting/test_least_squares.py

test-plain: $(INSTALLED)
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE DPCODEC_COMPILED=0 $(BIN)/python -m pytest --numprocesses auto $(PLAIN_TESTS)

# A few minutes; machines that cannot be had here are left out, and named.
determinism: $(INSTALLED)
	.ci/determinism $(BIN)/python

sanitize: $(INSTALLED)
	.ci/sanitize $(BIN)/python

# The same seed and numbers give the same inputs everywhere. FUZZ may hold more options, as --guided where
# atheris is installed.
MINUTES ?= 5
SEED ?= 1
FUZZ_INPUTS ?= 1000

fuzz: $(INSTALLED)
	cd tests && ../$(BIN)/python -m fuzz.run --minutes $(MINUTES) --seed $(SEED) $(FUZZ)

bombs: $(INSTALLED)
	cd tests && ../$(BIN)/python -m fuzz.bombs

fuzz-coverage: $(INSTALLED)
	cd tests && ../$(BIN)/python -m fuzz.covered $(FUZZ_INPUTS)

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(INSTALLED)
	$(BIN)/mypy

# The decoder in JavaScript. Only its checks need anything from npm.
WEB_TOOLS := tests/web/node_modules/.installed

$(WEB_TOOLS): tests/web/package.json
	cd tests/web && npm install --silent --no-package-lock --no-audit --no-fund
	@touch $@

web: $(WEB_TOOLS) npm
	tests/web/node_modules/.bin/tsc --project tests/web
	node --test tests/web/

web-speed: $(INSTALLED)
	$(BIN)/python tests/web/speed.py $(FILE)

npm: $(INSTALLED)
	rm -rf build/npm
	$(BIN)/python -m dpcodec.web build/npm

clean:
	rm -rf $(VENV) $(BASE) $(OLDEST) build dist tests/web/node_modules .mypy_cache .ruff_cache .hypothesis
