# Thin lines only: what each target does stands in tools/, benchmarks/ and tests/.
# IMAGES, DATA and the like reach the tools through the environment, so that any path is safe.
PYTHON ?= python3
IMAGES ?=
DATA ?=
PORT ?=
GPU ?=
ROUNDS ?=
LIMIT ?=
PEERS ?=
WHAT ?=
SUITES ?=
CASES ?=
ARCH ?=
SIGN ?=
LANGS ?=
export IMAGES DATA PORT GPU ROUNDS LIMIT PEERS WHAT SUITES CASES ARCH SIGN LANGS
# ARGS are for the last target that was named, not for what that needs.
args = $(if $(filter $@,$(lastword $(MAKECMDGOALS))),$(ARGS))
T = .venv/test/bin
BENCH = PYTHONPATH=contract:ocr:tools $(T)/python benchmarks

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## /  make \1\t/p' Makefile | expand -t 20

run: python  ## start both services: make run [IMAGES=folder] [DATA=folder] [PORT=5000]
	@exec $(PYTHON) tools/run.py --images "$$IMAGES" --data "$$DATA" --port "$$PORT"

config: python  ## the settings in force, of both services: make config [IMAGES=…] [DATA=…] [PORT=…]
	@$(PYTHON) tools/run.py --print-config --images "$$IMAGES" --data "$$DATA" --port "$$PORT"

vendor: python  ## fetch what the Docker images are built from (once, with internet)
	@$(PYTHON) tools/vendor.py --gpu "$$GPU" --arch "$$ARCH" --langs "$$LANGS" $(args)

up: vendor  ## build and start both services in Docker
	@docker compose up --build -d $(args)
	@place=. && . ./bundle/machine.sh && echo "The page: $$(page_address)"

down:  ## stop them and remove the containers; data/ stays
	@docker compose down $(args)

bundle: export override OCR_VARIANT =  # the light image, for which `vendor` then fetches
bundle: vendor  ## one file that installs on a machine that has only Docker: make bundle [GPU=1|cuda12] [ARCH=arm64] [SIGN=key] [LANGS="rus ell"]
	@$(PYTHON) tools/bundle.py --gpu "$$GPU" --arch "$$ARCH" --sign "$$SIGN" --langs "$$LANGS" $(args)

password: python  ## the page's password, asked for: make password [FILE=data/web_password]
	@$(PYTHON) flask/web_password.py "$${FILE:-data/web_password}"

models: python  ## provide or repair the models: make models [DATA=folder]
	@$(PYTHON) tools/fetch_models.py --data "$$DATA"

languages: python  ## fetch languages of other scripts, to be named in OCR_LANGUAGES: make languages LANGS="rus ell" [DATA=folder]
	@$(PYTHON) tools/fetch_languages.py --langs "$$LANGS" --data "$$DATA"

test: environments models test-languages chromium fonts document-tools axe pdfjs lint  ## everything that the tests need, then all checks and tests
	@$(T)/pytest --numprocesses=logical --maxprocesses=4 $(args)

docker: python  ## have a Docker engine with Compose and buildx (as root on Debian)
	@$(PYTHON) tools/setup_docker.py

test-docker: environments docker vendor chromium nginx  ## the containers with the real engine, as root
	@$(T)/pytest tests/e2e/docker --timeout=600 --durations=5 $(args)

lint: environments  ## ruff and mypy
	@$(T)/ruff check
	@$(T)/ruff format --check
	@$(T)/mypy

backup:  ## a checked copy of the database: ocr_database.db (make backup [DATA=folder])
	@./ocrctl $${DATA:+--data "$$DATA"} backup --to ocr_database.db $(args)

samples: environments  ## draw samples/ again (needs fonts-noto-cjk and fonts-dejavu-core)
	@$(T)/python tools/render_samples.py

accuracy: environments models  ## words read right beside two peers: make accuracy [SUITES="cases sizes"] [IMAGES=receipts] [CASES="drawn folder"] [LAYOUTS="drawn folder"] [TABLES="drawn folder"] [PEERS=""]
	@$(BENCH)/accuracy.py --images "$$IMAGES" --suites "$$SUITES" --cases "$$CASES" --layouts "$$LAYOUTS" --tables "$$TABLES" \
	$(if $(filter file,$(origin PEERS)),,--peers "$$PEERS") $(args)

calibration: environments models fonts  ## fit the doubt of lines to known text: make calibration [IMAGES=receipts]
	@$(BENCH)/calibration.py --images "$$IMAGES" $(args)

bench: environments models  ## speed, accuracy, memory beside four peers: make bench [IMAGES=folder] [ROUNDS=3] [LIMIT=n] [PEERS=…] [ISA=avx2]
	@$(BENCH)/bench.py $${IMAGES:+--images="$$IMAGES"} $${ROUNDS:+--rounds="$$ROUNDS"} $${LIMIT:+--limit="$$LIMIT"} $${PEERS:+--peers="$$PEERS"} $${ISA:+--isa="$$ISA"}

bench-gpu: environments models  ## text, speed and memory on a GPU beside the CPU: make bench-gpu IMAGES=folder [GPU=cuda12] [ARGS="--device cpu --limit 4 --pages 40"]
	@$(BENCH)/bench_gpu.py --images "$$IMAGES" --gpu "$$GPU" $(args)

scaling: environments models  ## what 2 to 32 cores and several workers bring, by replayed calls: make scaling [IMAGES=folder]
	@$(BENCH)/scaling.py $${IMAGES:+--images "$$IMAGES"} $(args)

exports: environments  ## pages a second and memory of exports: make exports [ARGS="--pages 1000"]
	@$(BENCH)/export_speed.py $(args)

latency: environments models  ## from dropping an image to its row in the database
	@$(BENCH)/latency.py $(args)

returns: environments models  ## from a kill -9 to the next text: make returns [ARGS="--rounds 5"]
	@$(BENCH)/time_to_return.py $(args)

memory: environments models  ## whether memory stays flat over 3,000 images: make memory [ARGS="--images 600"]
	@$(BENCH)/memory_slope.py $(args)

scale: environments models  ## costs at 10,000, 100,000 and 1,000,000 pages beside Datasette, hours: make scale [ARGS="--pages 10000"]
	@$(BENCH)/scale.py $(args)
.PHONY: scale

soak: environments models  ## the long fault runs, hours: make soak [WHAT=kills|powerloss|images|fuzz|load] [ARGS=…]
	@for what in $${WHAT:-kills powerloss images fuzz load}; do \
	PYTHONPATH=contract:ocr:tools:benchmarks:benchmarks/soak $(T)/python benchmarks/soak/$$what.py $(args) || exit; done

previews: environments models  ## what the pictures for the page cost: make previews IMAGES=folder
	@$(BENCH)/preview_cost.py --images "$$IMAGES"

alternatives: environments models  ## misread words whose truth is among the readings that are offered: make alternatives IMAGES=folder
	@$(BENCH)/other_readings.py --images "$$IMAGES" $(args)

tolerance: environments models  ## misread words that search finds all the same: make tolerance IMAGES=folder [ARGS="--words 1000000"]
	@$(BENCH)/tolerance.py --images "$$IMAGES" $(args)

footprint: environments models  ## memory and idle processor time of both services
	@$(BENCH)/footprint.py

shares: environments  ## sizes of the built images and which share of them is ever opened, as root: make shares [ARGS="--tag dev"]
	@$(BENCH)/image_shares.py $(args)

lock: environments  ## compile the requirements.txt files anew (needs uv on the PATH)
	@$(T)/python tools/lock.py

clean:  ## remove environments and caches; data/ stays
	@rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results

environments: python
	@$(PYTHON) tools/setup_env.py

chromium: python
	@$(PYTHON) tools/setup_chromium.py

nginx: python
	@$(PYTHON) tools/setup_nginx.py

test-languages: python
	@$(PYTHON) tools/fetch_languages.py --langs "ara ell rus" --data "$$DATA"

fonts: python
	@$(PYTHON) tools/setup_fonts.py

document-tools: python
	@$(PYTHON) tools/setup_document_tools.py

axe: python
	@$(PYTHON) tools/setup_axe.py

pdfjs: python
	@$(PYTHON) tools/setup_pdfjs.py

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed; choose one with make PYTHON=python3.12")'

.PHONY: alternatives bench-gpu languages test-languages help run config password backup vendor up down docker test-docker models test lint samples accuracy bench calibration latency memory soak previews tolerance footprint shares lock clean environments chromium nginx fonts document-tools axe pdfjs exports python returns scale scaling
