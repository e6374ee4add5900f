# Every target does all the set-up it needs; only python3 (3.11 or later), make and a package registry are assumed.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help run serve demo test lint lock
help:  ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 8

run: $(INSTALLED)  ## Start the site at http://127.0.0.1:8000 (ARIA_PORT chooses another port)
	@exec $(BIN)/python manage.py up

serve: $(INSTALLED)  ## The same for production: workers for HTTP, WebSockets on the next port
	@exec $(BIN)/python manage.py serve

demo: $(INSTALLED)  ## The same on a data folder of its own, filled with demo data
	@ARIA_DATA_DIR=$${ARIA_DATA_DIR:-.aria-demo} $(BIN)/python manage.py demo --if-empty
	@ARIA_DATA_DIR=$${ARIA_DATA_DIR:-.aria-demo} exec $(BIN)/python manage.py up

test: $(INSTALLED)  ## Run all tests, a process a core (arguments for pytest in ARGS; -n 0 for one process)
	$(BIN)/python -m pytest -n logical --dist loadfile $(ARGS)

lint: $(INSTALLED)  ## Check style, types, layers, templates, migrations and deployment settings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python -m skills check
	git ls-files --cached --others --exclude-standard -- 'templates/*.html' | xargs $(BIN)/djade --target-version 5.2 --check
	$(BIN)/mypy aria_site apps skills
	$(BIN)/python -W ignore manage.py makemigrations --check --dry-run
	ARIA_HTTPS=1 $(BIN)/python manage.py check --deploy --fail-level WARNING

lock: $(INSTALLED)  ## Pin every package anew in requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock

$(INSTALLED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name it with: make PYTHON=python3.12 ...")'
	@echo "Setting up .venv (once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@
