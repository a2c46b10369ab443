# Everything happens in .venv, with the versions of constraints.txt. `make help` lists what there is.

PYTHON ?= python3
BIN := .venv/bin
CITY ?= New York
PORT ?= 8765
# A dot for each package; what goes wrong comes by standard error, and pip's status is the command's.
PIP = @{ PYTHONUNBUFFERED=1 $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt $(1); \
  echo "status $$?"; } | awk '/^Collecting / {printf "."; fflush()} /^status / {status = $$2} END {print ""; exit status}'

comma := ,

.PHONY: help run demo chat test e2e chaos check format bench picture page-pictures rooms cities lock clean
.DEFAULT_GOAL := help

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.installed ## Start the server on 127.0.0.1:8765 (PORT=8765)
	@exec $(BIN)/hereabouts serve --port "$(PORT)"

# Only what was asked for is passed on: a port of one's own has to be free, the usual one gives way to the next.
# Some shells have a HOST in the environment, which is nobody's wish.
ASKED = $(filter command environment,$(firstword $(origin $(1))))
demo: .venv/.installed ## A server and bots who talk, in ten seconds (CITY="Tokyo" CELL=… BOTS=200 LAN=1 HOST=… PORT=…)
	@exec $(BIN)/hereabouts demo $(if $(CELL),--cell "$(CELL)",--city "$(CITY)") $(if $(BOTS),--bots "$(BOTS)") \
	  $(if $(LAN),--lan) $(if $(filter command,$(firstword $(origin HOST))),--host "$(HOST)") \
	  $(if $(call ASKED,PORT),--port "$(PORT)")

chat: .venv/.installed ## Chat from this terminal (CITY="New York" PORT=8765)
	@exec $(BIN)/hereabouts chat --city "$(CITY)" --url "ws://127.0.0.1:$(PORT)/ws"

test: .venv/.tested ## Install and run all tests; in a browser only where there is a Chromium, a bad line in e2e alone
	@# Each test by its name: minutes of dots alone say nothing of where they are. A file's tests stay together.
	@# On a bad line one is to be in within 20 s of the clock, of which 18 pass where nothing else runs.
	$(BIN)/python -m pytest --verbose --numprocesses auto --dist loadfile --no-loadscope-reorder \
	  --ignore tests/e2e/test_bad_lines.py $(PYTEST_ARGS)

e2e: .venv/.tested ## Run the tests in a browser; needs a Chromium
	@# A bad line has a time to be entered by, and is tried alone. A browser on a machine that does other things may be late
	@# for what a person would wait for: what fails is tried twice more, and said to have been.
	E2E_WANTED=1 $(BIN)/python -m pytest --reruns 2 tests/e2e/test_bad_lines.py
	E2E_WANTED=1 $(BIN)/python -m pytest --reruns 2 --numprocesses auto --maxprocesses 4 --dist loadfile \
	  --no-loadscope-reorder --ignore tests/e2e/test_bad_lines.py tests/e2e

chaos: .venv/.tested ## Kill and stop nodes and Redis by chance while many talk (CHAOS="--minutes 30 --redis sentinel --seed 7")
	$(BIN)/python -m tests.chaos $(CHAOS)

check: .venv/.checked ## Look at format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/.checked ## Put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.tested ## Measure, in about a minute: fan-out, memory, seating
	$(BIN)/python -m bench.fanout
	$(BIN)/python -m bench.idle --connections 2000
	$(BIN)/python -m bench.seating

picture: .venv/.tested ## Make docs/terminal.svg anew
	$(BIN)/python docs/make_picture.py

page-pictures: .venv/.tested ## Make docs/page-*.webp anew; needs a Chromium
	$(BIN)/python -m docs.make_page_pictures

rooms: .venv/.tested ## Measure the rules of seating, minutes, and write docs/ROOMS.md's tables anew (DATA="--data …")
	$(BIN)/python -m bench.rooms_page $(DATA)

cities: .venv/.tested ## Make client_demo/cities.json and the page's names of cities anew
	$(BIN)/python -m client_demo.make_cities
	$(BIN)/python -m client_demo.make_city_names

lock: .venv/.checked ## Write the versions that are installed into constraints.txt
	$(BIN)/python -m pip freeze --exclude-editable --exclude hereabouts > constraints.txt

clean: ## Remove what was made here
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@echo "Making .venv …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Hereabouts needs Python 3.11 or newer; name one with: make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "This Python cannot make environments; on Debian: apt install python3-venv"; exit 1; }

.venv/.installed: .venv/bin/python setup.cfg constraints.txt
	@printf 'Installing, half a minute or so …'
	$(call PIP,--editable .)
	@touch $@

.venv/.tested: .venv/.installed
	@printf 'Installing what tests need …'
	$(call PIP,--editable '.[test]')
	@touch $@

.venv/.checked: .venv/.tested
	@printf 'Installing what checks need …'
	$(call PIP,--editable '.[test$(comma)dev]')
	@touch $@
