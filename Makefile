# make demo       the whole way on real data: trains, logs to MLflow, writes the report, prints the verdict
# make finding    boosted trees against the perceptron on the embedded tables, until it is settled or 45 minutes are over
# make test       ruff, mypy, doctests and tests
# make test-everything   also the checks of scikit-learn with every network, which make test makes with two of them
# make docs       the documentation as a site: site/index.html
# make dashboard  MLflow on 127.0.0.1:$(PORT) with the studies in it
# TORCH_INDEX=https://download.pytorch.org/whl/cpu make demo   takes torch from another index (here the CPU build)

PYTHON ?= python3
PORT ?= 5000
WORKERS ?= 2
TORCH_INDEX ?=
VENV := .venv
PY := $(VENV)/bin/python
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: demo finding test test-everything lint types docs dashboard wheel clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	$(PY) -m benchmarks run benchmarks/studies/starter.toml --workers $(WORKERS) --no-mlflow
	$(PY) -m reports build starter
	@$(PY) -m benchmarks log starter

finding: $(VENV)/installed
	$(PY) -m benchmarks settle benchmarks/studies/finding_short.toml gbt mlp --minutes 45 --workers $(WORKERS)
	$(PY) -m reports build finding_short
	@$(PY) -m benchmarks log finding_short

# one thread a process: two workers whose threads fight take many times as long
test: export OMP_NUM_THREADS := 1
test: $(VENV)/installed lint types
	$(PY) -m pytest -q -n $(WORKERS) --dist worksteal --durations 12 $(EVERYTHING)

test-everything: EVERYTHING := --everything
test-everything: test

lint: $(VENV)/installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(VENV)/installed
	$(PY) -m mypy

docs: export NO_MKDOCS_2_WARNING := 1
docs: $(VENV)/installed
	$(PY) -m mkdocs build --strict --quiet
	@echo 'site/index.html'

dashboard: $(VENV)/installed
	$(PY) -m benchmarks dashboard --port $(PORT)

wheel: $(VENV)/installed
	$(PY) -m pip wheel . --no-deps -w dist -q

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is required, got " + sys.version.split()[0] + ": set PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) dist build site *.egg-info
