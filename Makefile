# Two commands for a newcomer: `make serve` and `make test`.
# Debian's Python where it is whole: it is built with optimisation, which a build of one's own may lack.
PYTHON ?= $(shell /usr/bin/python3.11 -c 'import ensurepip; print("/usr/bin/python3.11")' 2>/dev/null || echo python3.11)
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000

.PHONY: serve test check lock clean

# Installed once per state of the lock files; --require-hashes refuses whatever is not the locked file itself.
$(VENV)/serve.stamp: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/test.stamp: $(VENV)/serve.stamp requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	touch $@

serve: $(VENV)/serve.stamp
	$(BIN)/register migrate
	$(BIN)/register serve --host $(HOST) --port $(PORT) --demo

test: $(VENV)/test.stamp
	.ci/system-packages
	$(MAKE) check
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: $(VENV)/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Exact versions with hashes and without addresses of any index; uv or pip-tools writes them.
lock:
	uv pip compile pyproject.toml --extra build --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra test --constraint requirements.lock --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header --quiet -o requirements-test.lock

clean:
	rm -rf $(VENV) var
