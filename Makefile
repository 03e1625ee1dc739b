SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: setup demo serve test check bench catalogues help

PORT ?= 8000
HOST ?= 127.0.0.1
RUN := .venv/bin

setup: ## build the environment from the lock file
	@tools/setup

demo: setup ## a living desk of a fictional company (PORT=8000)
	@exec $(RUN)/madoguchi demo --port $(PORT)

serve: setup ## the desk on the configured database (HOST, PORT)
	@exec $(RUN)/madoguchi serve --host $(HOST) --port $(PORT)

test: setup ## the whole suite, on SQLite and on PostgreSQL
	@tools/debian-packages
	@tools/suite

check: setup ## format, lint, types, floors, catalogue, migrations, could it start
	@tools/check

bench: setup ## all benches
	@exec $(RUN)/madoguchi bench

catalogues: setup ## bring the Japanese catalogue up to date with the code
	@$(RUN)/python tools/catalogues.py

help: ## this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name text; do \
		printf '  make %-11s %s\n' "$$name" "$$text"; done
