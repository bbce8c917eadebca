# `make run` and `make test` need Python 3.11 and PyPI, nothing else; the rest is for those who change the project.
PYTHON ?= python3
ARGS ?=

py := .venv/bin/python
setup = @$(PYTHON) scripts/setup.py

.PHONY: help run test check lint types imports templates django api bench test-processes test-slow test-browser test-chain contracts deploy-lint deploy-try soak sbom audit-dependencies vendor messages lock format picture tour page-weight clean

help: ## these lines
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 22

run: ## the whole network on this machine; Ctrl-C stops it, the data stay
	$(setup) embedded
	@exec $(py) -m inframind.supervisor

test: ## the suite on servers of its own, within five minutes (ARGS="tests/ledger -k post" for a part)
	$(setup) dev
	@$(py) -m pytest -n logical --maxprocesses 4 --dist worksteal $(ARGS)

test-processes: ## the starts and ends of the site's processes that `make test` leaves out: killed, refused, configured otherwise
	$(setup) dev
	@$(py) -m pytest -n logical --maxprocesses 4 --dist worksteal -m processes $(ARGS)

test-slow: ## what `make test` leaves out for its five minutes, and random actions in greater number (HYPOTHESIS_PROFILE=thorough for a night)
	$(setup) dev
	@HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-full} $(py) -m pytest -n logical --maxprocesses 4 --dist worksteal -m "(slow or random) and not processes" $(ARGS)

check: lint types imports templates django api ## style, types, import contracts, templates, settings, migrations, the API's document

lint:
	$(setup) dev
	$(py) -m ruff check .
	$(py) -m ruff format --check .

types:
	$(setup) dev
	$(py) -m mypy

imports:
	$(setup) dev
	.venv/bin/lint-imports

templates:
	$(setup) dev
	$(py) -m djlint --lint --quiet templates

# The database of the test servers: `make run` may be up, and has nothing to do with this.
django: export INFRAMIND_DATA_DIR = .data/test
django:
	$(setup) dev
	$(py) manage.py check --fail-level WARNING
	$(py) manage.py makemigrations --check --dry-run

# The document is valid for two validators, a generated client reads every answer, and answers are of their schema.
api:
	$(setup) dev
	$(py) -m pytest -q $(addprefix tests/inframind/test_, schema.py answer_validation.py generated_client.py api_reference.py)

bench: ## figures against floors measured in the same run (bench/README.md)
	$(setup) dev
	@$(py) -m pytest bench -m bench -s $(ARGS)

test-browser: ## walks through the site in the system's Chromium (apt install chromium)
	$(setup) e2e
	@$(py) -m pytest tests/browser -m browser $(ARGS)

test-chain: ## the contracts at full length, with 10,000 random steps, and on anvil where npm is there, which the submitter meets too
	$(setup) dev
	@$(py) scripts/test_chain.py $(ARGS)

contracts: ## compiles chain/contracts/*.vy again
	$(setup) dev
	$(py) -m chain.contracts.build

deploy-lint: ## checks the files of deploy/ with their own tools, those that are installed (see deploy/lint)
	$(setup) dev
	@deploy/lint

deploy-try: ## installs, kills, backs up, restores and upgrades a network with Debian's servers (as root, see deploy/try)
	$(setup) dev
	@deploy/try $(ARGS)

sbom: ## writes sbom.json, a CycloneDX list of the packages of production
	$(setup) dev
	@PYTHONWARNINGS=ignore .venv/bin/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements/production.txt \
	  --pyproject pyproject.toml --output-reproducible --of JSON -o sbom.json
	@echo "sbom.json: $$($(py) -c 'import json; print(len(json.load(open("sbom.json"))["components"]))') components"

audit-dependencies: ## asks for known vulnerabilities of the packages of production (needs PyPI's advisories)
	$(setup) dev
	@$(py) scripts/audit_dependencies.py

soak: ## 500 simulated epochs with faults against the plain model (ARGS="--seed 9", ARGS="--replay FILE")
	$(setup) dev
	@$(py) -m pytest tests/simulation -q -k random_life --epochs 500 $(ARGS)

vendor: ## fetches the front-end files of static/ again (needs npm)
	scripts/vendor.sh

lock: ## pins the requirements again after a change of pyproject.toml (ARGS=--upgrade renews all)
	$(setup) dev
	scripts/lock.sh $(ARGS)

format: ## formats the code
	$(setup) dev
	$(py) -m ruff check --fix .
	$(py) -m ruff format .

messages: ## collects the words of pages for translation (apt install gettext), and compiles them
	$(setup) dev
	$(py) manage.py makemessages -a --no-wrap --add-location file -i .venv -i staticfiles -i tests -i bench
	$(py) manage.py compilemessages -i .venv

picture: ## takes docs/leaderboard.png anew from a demo network (apt install chromium)
	$(setup) e2e
	$(py) scripts/picture.py

tour: ## takes the pictures of docs/tour.md anew (ARGS=http://… for a site that is up)
	$(setup) e2e
	$(py) scripts/tour.py $(ARGS)

page-weight: ## measures size and paint time of every page on a slow phone (ARGS=http://… for a site that is up)
	$(setup) e2e
	$(py) scripts/page_weight.py $(ARGS)

clean: ## removes what `make` made: .venv and caches, never the data of `make run`
	rm -rf .venv .setup.lock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .benchmarks build dist
