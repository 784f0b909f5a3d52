# The README's commands. Each target makes the virtual environment and fetches what it needs; two cores are enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
UNITS := tests/unit tests/parity
# Its pinned dependencies are many and would meet ours: it lives apart.
CHECKOV_VENV ?= .venv-checkov
CHECKOV := $(CHECKOV_VENV)/bin/checkov
AUDIT_VENV ?= .venv-audit
AUDIT := $(AUDIT_VENV)/bin/pip-audit
LOCKS := docker/requirements.txt docker/requirements-build.txt
# The newest of everything, without a word about the machine that made them.
LOCKING := --quiet --upgrade --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.DEFAULT_GOAL := help
.PHONY: help demo test unit coverage matrix containers kubernetes images torture bench lint lint-images locks audit format golden readme clean

help:
	@sed -n 's/^## //p' Makefile

## make demo     three ZooKeeper servers and three Kafka brokers on this machine, probed, used and stopped;
##               make demo KRAFT=1: three nodes of the newest Kafka, without ZooKeeper; KEEP=1: until Ctrl-C; TLS=1: by
##               TLS alone, with certificates that openssl makes
demo: DEMO := demo$(if $(KRAFT),-kraft)
demo:
	@$(CHECK_PYTHON)
	@$(PYTHON) -m tests.server check $(DEMO) $(if $(TLS),--tls)
	@$(MAKE) --no-print-directory servers-$(DEMO)
	@$(BIN)/python -m tests.demo $(if $(KRAFT),kraft) $(if $(TLS),tls) $(if $(KEEP),keep)

## make test     everything but the full matrix of versions: unit tests, real servers of the core versions, and containers
##               where podman or docker runs as root
test: $(INSTALLED) servers-core
	@$(BIN)/python -m pytest -n 2 $(UNITS)
	@$(BIN)/python -m pytest -m "not matrix" tests/server
	@$(BIN)/python -m pytest -m "not matrix" tests/image
	@$(BIN)/python -m pytest -m "not matrix" tests/fresh
	@$(BIN)/python -m tests.torture --short

## make unit     the tests that start no server, in half a minute; make coverage counts their branches
unit: $(INSTALLED)
	@$(BIN)/python -m pytest -n 2 $(UNITS)

coverage: $(INSTALLED)
	@$(BIN)/python -m pytest -n 2 $(UNITS) --cov --cov-report=term

## make matrix   every version of ZooKeeper and Kafka
matrix: $(INSTALLED) servers-matrix
	@$(BIN)/python -m pytest -m "server" tests/server

## make containers  the images, on podman as root, and the front page on fresh machines: all that make test runs of them,
##               and more
containers: $(INSTALLED) servers-core
	@$(BIN)/python -m pytest tests/image tests/fresh

## make kubernetes  the manifests on a real Kubernetes: the cluster that KUBECONFIG names, or else one of five nodes that
##               is built, made here and taken down again (as root, with Go); KUBERNETES=1.34 for another version,
##               SHORT=1 for the short form
kubernetes: $(INSTALLED)
	@$(if $(KUBECONFIG),$(BIN)/python -m pytest,$(BIN)/python -m tests.kubernetes run $(if $(KUBERNETES),--minor=$(KUBERNETES)) --) \
	  $(if $(SHORT),-m short) tests/kubernetes

## make images   the images that the manifests name, in the local store, from Apache's archives; where these cannot be
##               reached, images of other names for a trial on this machine, and "Error 75"
images: $(INSTALLED)
	@$(BIN)/python -m tests.image images

## make bench    the figures of tests/README.md, measured side by side on this machine
bench: $(INSTALLED) servers-demo servers-demo-kraft
	@$(BIN)/python -m tests.bench

## make torture  long campaigns: generators killed at random moments, two at once; servers cut off
torture: $(INSTALLED)
	@$(BIN)/python -m tests.torture

## make lint     ruff, mypy, the import contracts and hadolint
lint: $(INSTALLED)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint docker/*/Dockerfile

## make lint-images  checkov, in a virtual environment of its own
lint-images: $(CHECKOV)
	$(CHECKOV) --config-file docker/checkov.yaml --directory docker

## make locks    pin and hash anew what the images take from Python's package index
locks: $(AUDIT)
	CUSTOM_COMPILE_COMMAND="make locks" $(AUDIT_VENV)/bin/pip-compile $(LOCKING) --output-file=docker/requirements.txt pyproject.toml
	CUSTOM_COMPILE_COMMAND="make locks" $(AUDIT_VENV)/bin/pip-compile $(LOCKING) --output-file=docker/requirements-build.txt \
	  --only-build-deps --build-deps-for=wheel pyproject.toml

## make audit    ask the index's service of vulnerabilities about them; what it cannot tell of is an error, too
audit: $(AUDIT)
	$(AUDIT) --strict --disable-pip --require-hashes $(foreach lock,$(LOCKS),--requirement=$(lock))

format: $(INSTALLED)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

readme: $(INSTALLED)
	$(BIN)/python -m tests.pages

golden: $(INSTALLED)
	$(BIN)/python -m pytest -q tests/unit --update-golden

clean:
	rm -rf $(VENV) $(CHECKOV_VENV) $(AUDIT_VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

# Real servers come through Maven; without it the tests that need them are skipped, loudly.
.PHONY: servers-%
servers-%: $(INSTALLED)
	@$(BIN)/python -m tests.server fetch $* $(if $(filter demo%,$*),,|| test -z "$$CI")

define CHECK_PYTHON
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
  echo "install first: Python 3.11 or newer: apt-get install python3-venv, or make PYTHON=/path/to/python3" >&2; exit 69; }; \
$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
  echo "install first: Python's venv module: apt-get install python3-venv" >&2; exit 69; }
endef

$(INSTALLED): pyproject.toml
	@$(CHECK_PYTHON)
	@echo "making $(VENV), once: these commands, and from Python's package index what tests and linters need; a minute or two" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --editable . --group test --group lint
	@touch $@

$(CHECKOV):
	@echo "making $(CHECKOV_VENV)" >&2
	@$(PYTHON) -m venv $(CHECKOV_VENV)
	@$(CHECKOV_VENV)/bin/python -m pip install --quiet checkov==3.3.30

$(AUDIT):
	@echo "making $(AUDIT_VENV)" >&2
	@$(PYTHON) -m venv $(AUDIT_VENV)
	@$(AUDIT_VENV)/bin/python -m pip install --quiet pip-audit==2.10.1 pip-tools==7.6.2
