# The recipes that people and CI share.  `make run` on a fresh Debian 12 machine starts a whole hall.

PY := .venv/bin/python
DEMO_STATE ?= var/demo

.PHONY: docs screenshots run setup setup-test test test-long check bench format lock clean

run: setup
	@exec $(PY) -m queue_server.demo --config config/demo --state $(DEMO_STATE)

setup:
	@bash scripts/setup.sh

setup-test:
	@bash scripts/setup.sh --test

test: setup-test check
	$(PY) -m pytest -m "not long"

test-long: setup-test
	$(PY) -m pytest

check: setup-test
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache >/dev/null || .venv/bin/lint-imports --no-cache
	.venv/bin/codespell
	$(PY) scripts/generate_docs.py --check

bench: setup-test
	$(PY) -m tests.bench

format: setup
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

lock:
	$(PY) -m pip install --quiet uv
	.venv/bin/uv pip compile pyproject.toml --all-extras --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --no-header --quiet -o requirements.lock

docs: setup
	$(PY) scripts/generate_docs.py

screenshots: setup-test
	$(PY) scripts/screenshots.py

clean:
	rm -rf .venv node_modules var queue_server/web/static/vendor kiosk/assets/fonts/*.ttf
