# The two commands that matter are `make demo` and `make test`; `make help` lists the rest.
#
# Everything that is installed goes to .venv and web/node_modules. What is already there and up to date is left
# alone: .venv/stamps holds a file for each finished step.

# Where the demo listens, and the folder for all that it writes: make demo HOST=0.0.0.0 PORT=9000 DATA=/srv/demo
HOST = 127.0.0.1
PORT = 8000
DATA = var/demo
# off: the demo sells no plans, as an installation without a key of Stripe's
BILLING = on
# More arguments for pytest or the benchmark: make test ARGS="-k board"
ARGS =
# Test processes: 0 runs the tests in one, as a debugger wants it. One more than two cores, since each often waits: for a
# browser, a server that starts, a clock.
JOBS = 3
# The Python that makes the virtual environment; without it the first new enough one is taken.
PYTHON =

VENV = .venv
RUN = $(VENV)/bin/python
STAMPS = $(VENV)/stamps
CATALOGUES = $(wildcard web/translations/*/LC_MESSAGES/*.po)
# An environment that is gone, broken or moved here from elsewhere makes every step of it due again.
STALE := $(shell test "$$(cat $(STAMPS)/place 2>/dev/null)" = "$(CURDIR)" && $(RUN) -c "import pip" 2>/dev/null || echo FORCE)

SHELL = /bin/sh
# Where this is set, as in many containers, each of the processes that tests and demo start would compile the whole
# product again: three seconds of a core each. Git ignores what Python keeps, and `make clean` removes it.
unexport PYTHONDONTWRITEBYTECODE
# The steps install into the same folders, one after the other also under `make -j`.
.NOTPARALLEL:
.DEFAULT_GOAL = help
.PHONY: help demo test behind bench lint format translations lock audit clean FORCE

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: ready ## Start the product with a lively demo workspace (HOST= PORT= DATA= BILLING=off)
	@exec $(RUN) -m saas_crm.cli demo --host "$(HOST)" --port "$(PORT)" --data "$(DATA)" $(if $(filter off,$(BILLING)),--no-billing)

test: ready $(STAMPS)/dev ## Run all tests: unit, database, API and browser (ARGS= JOBS=)
	@CHROMIUM_PATH="$$($(RUN) tests/browser/chromium.py)" && export CHROMIUM_PATH && \
	exec $(RUN) -m pytest -n $(JOBS) --dist loadfile $(ARGS)

# In all workspaces: what is saved first, the life of a request, every address by everybody. In every other one: a hunt.
behind: ready $(STAMPS)/dev ## Run some tests with workspaces that are a release behind, as while one is rolled out
	@TEST_BEHIND=acme,other,spares $(RUN) -m pytest -n 2 --dist loadfile \
		tests/guard/test_endpoints.py tests/web/test_first_saves.py tests/edge/test_lifecycle.py
	@TEST_BEHIND=other $(RUN) -m pytest -n 2 --dist loadfile tests/leaks/test_reads.py tests/leaks/test_writes.py -k mixed

bench: ready $(STAMPS)/dev ## Measure speed, and compare with the targets (ARGS=)
	@exec $(RUN) -m infra.bench $(ARGS)

lint: ready $(STAMPS)/dev ## Check style, types, who imports whom, templates, translations, migrations
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports --no-logo
	$(VENV)/bin/djlint web/templates --lint --quiet
	$(RUN) infra/tools/translations.py check
	$(RUN) -m saas_crm.cli db check

format: $(STAMPS)/dev ## Write the code in the one style
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

translations: $(STAMPS)/dev ## Take new sentences into the catalogues, and compile them
	$(RUN) infra/tools/translations.py update
	$(RUN) infra/tools/translations.py compile

lock: $(STAMPS)/place ## Pin the Python packages that pyproject.toml asks for (ARGS=--upgrade)
	$(RUN) -m pip install --quiet --upgrade uv
	$(RUN) infra/tools/lock_packages.py $(ARGS)

audit: $(STAMPS)/place ## Ask the public lists of known faults about the pinned packages (needs the internet)
	@test -d $(VENV)/audit || $(RUN) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/python -m pip install --quiet --upgrade pip-audit
	$(VENV)/audit/bin/python -m pip_audit --strict --require-hashes --disable-pip -r requirements.lock
	$(RUN) infra/tools/install_npm_packages.py audit --omit=dev

clean: ## Remove all that was installed and made, but not data
	rm -rf $(VENV) web/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find web -name '*.mo' -exec rm -f {} +

.PHONY: ready
ready: $(STAMPS)/runtime $(STAMPS)/project $(STAMPS)/npm $(STAMPS)/stripe $(STAMPS)/translations

$(STAMPS)/place: $(STALE)
	@sh infra/tools/make_venv.sh $(VENV) $(PYTHON)

$(STAMPS)/runtime: requirements.lock $(STALE) | $(STAMPS)/place
	@$(RUN) infra/tools/install_packages.py requirements.lock
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STALE) | $(STAMPS)/runtime
	@$(RUN) infra/tools/install_packages.py requirements-dev.lock
	@touch $@

$(STAMPS)/project: pyproject.toml infra/tools/link_project.py $(STALE) | $(STAMPS)/place
	@$(RUN) infra/tools/link_project.py
	@touch $@

$(STAMPS)/stripe: tests/stripe/description.lock infra/tools/fetch_stripe_description.py $(STALE) $(if $(wildcard $(VENV)/stripe/description.json),,FORCE) | $(STAMPS)/place
	@$(RUN) infra/tools/fetch_stripe_description.py
	@touch $@

# Web packages and compiled catalogues lie outside the environment, and may be gone without it.
$(STAMPS)/npm: web/package.json web/package-lock.json $(STALE) $(if $(wildcard web/node_modules),,FORCE) | $(STAMPS)/runtime
	@$(RUN) infra/tools/install_npm_packages.py
	@touch $@

$(STAMPS)/translations: $(CATALOGUES) $(STALE) $(if $(filter-out $(wildcard $(CATALOGUES:.po=.mo)),$(CATALOGUES:.po=.mo)),FORCE) | $(STAMPS)/runtime
	@$(RUN) infra/tools/translations.py compile
	@touch $@

FORCE:
