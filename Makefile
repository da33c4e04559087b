# `make demo` and `make test` are all a newcomer needs; both install into .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: help install demo bench test lint types clean

help:
	@echo "make demo    install, make a short clip, encode and decode it with each mask and solver"
	@echo "make bench   a small version of every experiment, on clips made by formula, into build/bench"
	@echo "make test    install and run the tests"
	@echo "make lint    check format and lint;  make types    check types strictly"

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@echo "installing into $(VENV) (torch is large: the first time takes a few minutes)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(INSTALLED)
	$(BIN)/dpcodec bench demo

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
	$(BENCH) boundaries --out $(RESULTS)
	$(BENCH) entropy --out $(RESULTS)
	$(BENCH) docs $(RESULTS) --out $(RESULTS)/benchmarks.md --force
	$(BENCH) report --seconds 3 --results $(RESULTS) --output $(RESULTS)/report.html --force

test: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses auto

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(INSTALLED)
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .hypothesis
