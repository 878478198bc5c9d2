PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := .venv-demo

# The tests start some hundred commands: without the compiled files beside the sources each would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

LOCKED := --quiet --universal --generate-hashes --no-annotate --no-header

.PHONY: help demo test lint unit covered said trial golden bench build lock clean

help:
	@echo "make demo    show the whole job on made-up data against a local SatisMeter"
	@echo "make test    lint, types, the import contract and the tests (7 to 15 minutes on two cores); COVERED=1 counts lines"
	@echo "make trial   the long trials: crashes, hostile servers, big files"
	@echo "make golden  write the golden files and docs/reference.md anew; read the diff before you commit it"
	@echo "make bench   the importer beside what people use instead; QUICK=1 for a small run"
	@echo "make lock    the locks with their hashes, of pyproject.toml and constraints.txt; needs uv"
	@echo "make build   the wheel and the sdist, into dist/"

$(READY): pyproject.toml requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The program alone, without what developers need; nothing is compiled that the demo doesn't import.
$(DEMO)/.ready: requirements.lock
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	touch $@

demo: $(DEMO)/.ready
	$(DEMO)/bin/python -m importer demo

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin importer
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 importer
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

# Four at a time on two cores: tests wait for servers, disks and child processes, too. A file's tests stay together, with what
# they share (a browser, a database); tests/conftest.py says which go first.
TESTS := $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not trial" -rs

unit: $(READY) said
	$(TESTS)

# The same tests, with a count of the lines that they ran, which takes a third more processor time. Whoever is marked `process` starts
# commands that aren't counted: most of their lines run in others, too, and each start would take its time to be counted.
covered: $(READY) said
	rm -rf build/coverage
	$(TESTS) --cov --cov-report=term

said:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| echo "No Chromium here: the report and the wizard are not looked at in a browser (BROWSER_TESTS=required makes that an error)."
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
		|| echo "No PostgreSQL here: the shared ledger is not tested (Debian: apt-get install postgresql; POSTGRES_TESTS=required makes that an error)."

test: lint $(if $(COVERED),covered,unit)

trial: $(READY)
	$(BIN)/pytest -m trial -s

golden: $(READY)
	$(BIN)/python -m tests.golden
	$(BIN)/python -m tests.reference

bench: $(READY)
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

build: $(READY)
	$(BIN)/python -m build --outdir dist .

lock:
	uv pip compile pyproject.toml -c constraints.txt $(LOCKED) -o requirements.lock
	uv pip compile pyproject.toml --extra dev -c constraints.txt $(LOCKED) -o requirements-dev.lock

clean:
	rm -rf $(VENV) $(DEMO) dist build .mypy_cache .ruff_cache .hypothesis .import_linter_cache
