# `make demo` shows an order's life, `make test` runs the whole suite. Both start from a fresh clone.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := .venv/bin
# The tests run in as many processes as there are cores, up to four, each with a database of its own. PARALLEL= for one.
PARALLEL ?= -n auto --maxprocesses 4 --dist loadfile
DEMO := EMBEDDED=true DATABASE_URL= CELERY_BROKER_URL= SECRET_KEY= DEBUG= OUTBOUND_ALLOW= PUBLIC_URL= SECURE_COOKIES= \
	TRUSTED_PROXY= VAR_DIR=$(CURDIR)/var/demo
PRODUCTION_LIKE := EMBEDDED=false DEBUG= SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))') \
	DATABASE_URL=postgres://opensom@127.0.0.1/opensom CELERY_BROKER_URL=redis://127.0.0.1:6379/0 \
	ALLOWED_HOSTS=som.example.com SECURE_COOKIES= PUBLIC_URL=https://som.example.com
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --quiet --custom-compile-command "make lock"

.PHONY: test check demo run worker sweeper lock bench clean
.DEFAULT_GOAL := test

test: .venv/dev
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(PRODUCTION_LIKE) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py openapi --check
	$(BIN)/python manage.py configuration --check
	$(BIN)/python manage.py conformance --check

demo: .venv/run
	@$(DEMO) $(BIN)/python manage.py demo $(if $(ONCE),--once) $(if $(KEEP),--keep)

run: .venv/run
	@$(BIN)/python manage.py up

worker: .venv/run
	@$(BIN)/python manage.py worker

sweeper: .venv/run
	@$(BIN)/python manage.py sweeper

bench: .venv/dev
	$(BIN)/python -m $(or $(ARGS),benchmarks)

lock: .venv/dev
	$(LOCK) $(ARGS) requirements.in -o requirements.txt
	$(LOCK) $(ARGS) requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment, made once and brought up to date when the locks change.
.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "OpenSOM needs Python 3.11 or newer with venv (Debian: apt install python3-venv); none is on the PATH." >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run: requirements.txt | .venv/bin/python
	@echo "installing requirements.txt ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/run
	@echo "installing requirements-dev.txt ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
