# Each target sets up what it needs, once: .ci/setup fills .venv and leaves a stamp.  `make setup` installs system packages
# and may ask for sudo; so do targets that need a package that is still missing.  `make check` never does.
.DEFAULT_GOAL := help
.PHONY: help demo demo-hub run setup check coverage test test-systemd test-arm64 test-homeassistant test-nodered test-cluster lint lock bench soak fuzz models card sample reference picture pictures install uninstall clean

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
UNIT := tests/unit tests/repo -m 'not broker and not sound and not faults and not corpora' -n auto
# Expensive fixtures are those of a file: one worker runs all of it, and files with trainings, which are first, start first.
BY_FILE := --dist loadfile --no-loadscope-reorder
RUFF = $(BIN)/ruff check && $(BIN)/ruff format --check
LINT = $(RUFF) && $(BIN)/mypy
# mypy keeps one core busy for a minute: it runs beside the tests, and what it says comes after them.
define BESIDE_MYPY
$(RUFF)
@$(BIN)/mypy >.venv/mypy.txt 2>&1 & mypy=$$!; $(1); tests=$$?; wait $$mypy; mypy=$$?; cat .venv/mypy.txt; exit $$((tests | mypy))
endef
SIZE ?= small
RECIPE ?=
EPOCHS ?=
SEED ?= 3
SAMPLE_SEED ?= 1
SOAK_HOURS ?= 168
FUZZ_CASES ?= 10000
CONVERT := $(BIN)/python -m convert

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.set-up-demo ## a sample conversation through the whole pipeline; needs no microphone and no broker
	@$(BIN)/edged demo

demo-hub: .venv/.set-up-demo ## the same beside a simulated camera and transcripts: the mood of a room, and an agent that acts
	@$(BIN)/edged demo --hub

run: .venv/.set-up-run ## the microphone and the broker of config.yaml; shows what is published, until Ctrl-C
	@$(BIN)/edged watch --config config.yaml & trap "kill $$! 2>/dev/null" EXIT; $(BIN)/edged run --config config.yaml

setup: .venv/.set-up-test ## Python packages and system packages for everything below; asks for sudo for the latter

check: .venv/.set-up-check ## ruff, mypy and the unit tests: under 90 seconds on two cores, no sudo, no network once set up
	$(call BESIDE_MYPY,$(PYTEST) $(UNIT))

coverage: .venv/.set-up-check ## which lines the unit tests reach; below Python 3.14 measuring doubles their time
	$(PYTEST) $(UNIT) --cov

test: .venv/.set-up-test ## everything that needs no root: also a real broker, a real capture device, real faults, training
	$(call BESIDE_MYPY,$(PYTEST) tests/convert tests/web tests/unit tests/repo tests/broker tests/system -n 4 $(BY_FILE))
	$(PYTEST) tests/faults tests/sound -n 4 $(BY_FILE) # apart: what runs in real time and what uses every core

test-systemd: .venv/.set-up-systemd ## the service under a real systemd, in a container of Debian 12; needs root
	$(PYTEST) -m systemd tests/system

test-arm64: .venv/.set-up-arm64 ## installation, check and a replay on Arm, emulated; needs root
	$(PYTEST) -m arm64 tests/system

test-homeassistant: .venv/.set-up-homeassistant ## entities, events and recovery with a real Home Assistant; needs Python 3.13.2
	$(PYTEST) -m homeassistant tests/system

test-nodered: .venv/.set-up-nodered ## the Node-RED flow of docs/integrations in a real Node-RED, which npm brings
	$(PYTEST) -m nodered tests/system

test-cluster: .venv/.set-up-cluster ## trainings over a Ray cluster of two nodes on this machine; a killed worker loses no result
	$(PYTEST) -m cluster tests/convert

lint: .venv/.set-up-check ## ruff and mypy --strict only
	$(LINT)

lock: .venv/.set-up-check ## pin the newest versions that pyproject.toml allows in .ci/constraints.txt
	$(BIN)/uv pip compile --quiet --universal --all-extras --no-header --no-annotate --upgrade --python-version 3.11 \
		pyproject.toml --output-file .ci/constraints.txt

bench: .venv/.set-up-bench ## measure against the goals and other packages, write docs/benchmarks.md (ONLY=front-end: see --list)
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

soak: .venv/.set-up-test ## a week of sound at maximum speed (SOAK_HOURS=168): memory, files and threads, status 1 if they grow
	@$(BIN)/python -m tests.tools.soak $(SOAK_HOURS)

fuzz: .venv/.set-up-fuzz ## damaged configs, recordings, bundles, outbox files, commands (FUZZ_CASES=10000 of each): no traceback
	EDGED_FUZZ_CASES=$(FUZZ_CASES) $(PYTEST) --hypothesis-show-statistics tests/faults/test_fuzz.py \
		tests/faults/test_fuzz_commands.py tests/faults/test_fuzz_models.py tests/unit/outbox/test_database.py
	$(BIN)/python -m tests.tools.guided $(FUZZ_CASES)

models: .venv/.set-up-convert ## train, evaluate and bundle the models of a size (SIZE=small or large, or RECIPE=research, SEED=3; EPOCHS=1: a trial)
	$(CONVERT) all $(if $(RECIPE),--recipe $(RECIPE),--size $(SIZE)) --seed $(SEED) $(if $(EPOCHS),--epochs $(EPOCHS))

card: .venv/.set-up-convert ## the rows of both cards that take several trainings: seeds of the first head, corpora fold by fold (hours)
	for size in small large; do $(CONVERT) evaluate --bundle edged/models/$$size --seeds --write || exit; done
	for corpus in "cremad --trunks" "emodb --trunks" "ravdess --heads"; do \
		$(CONVERT) protocol $$corpus --seed $(SEED) --bundle edged/models/small || exit; done
	for corpus in cremad emodb ravdess; do \
		$(CONVERT) protocol $$corpus --size large --seed $(SEED) --bundle edged/models/large || exit; done

sample: .venv/.set-up-test ## search for the demo's conversation again, with flite and espeak-ng (SAMPLE_SEED=1): after a new bundle
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m convert.demo --ship --seed $(SAMPLE_SEED)

reference: .venv/.set-up-test ## write docs/mqtt.md, docs/config.md and the shells' completion scripts from the source
	@$(BIN)/python -m tests.tools.reference
	@$(BIN)/python -m tests.tools.completions

picture: .venv/.set-up-demo ## record the demo's terminal as docs/demo.svg, the picture in the README
	@$(BIN)/python -m tests.tools.demo_picture

pictures: .venv/.set-up-test ## the pictures of the pages in docs, from a made-up call and the sample conversation
	@$(BIN)/python -m tests.tools.web_pictures

install: ## as root: install the program, its user and its service, and start it (PREFIX=/opt/edged)
	@PREFIX=$(PREFIX) systemd/install.sh install

uninstall: ## as root: removes all of it except /etc/edged and the state directory
	@PREFIX=$(PREFIX) systemd/install.sh uninstall

clean: ## remove .venv and all caches
	rm -rf .venv .venv-homeassistant build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.set-up-%: pyproject.toml .ci/setup .ci/constraints.txt
	@.ci/setup $*
