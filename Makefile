# `make demo` and `make test` need Python 3.13, make and a Python package index; everything lands in this folder.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON := .venv/bin/python
SAM := SAM_CLI_TELEMETRY=0 .venv/bin/sam
export PATH := $(CURDIR)/.venv/bin:$(PATH)

LOCK := uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-header --no-emit-index-url

.PHONY: help
help:  ## What there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: lock
lock: .venv/installed  ## Pin the newest versions that go together
	$(PYTHON) -m pip install --quiet uv
	cd tests && $(LOCK) --upgrade requirements.in -o requirements.txt
	cd layers/core && $(LOCK) -c ../../tests/requirements.txt requirements.in -o requirements.txt
	cd layers/imaging && $(LOCK) -c ../../tests/requirements.txt requirements.in -o requirements.txt
