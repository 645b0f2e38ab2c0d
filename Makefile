# `make demo` and `make test` need Python 3.13, make and a Python package index; all they install lands in this folder.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONPATH := $(CURDIR):$(CURDIR)/layers/core:$(CURDIR)/layers/imaging:$(CURDIR)/layers/command_line
export SAM_CLI_TELEMETRY := 0
# Images of CI often set it; then each of hundreds of processes would compile all modules anew.
export PYTHONDONTWRITEBYTECODE :=
# As in template.yaml: on small tiles threads of BLAS only wait for each other.
export OPENBLAS_NUM_THREADS := 1

ON_ALL_PROCESSORS := --numprocesses auto
# One more than there are processors: who has a stack waits for it half of the time.
WITH_STACKS := --numprocesses $$(( $$(getconf _NPROCESSORS_ONLN) + 1 ))

SOURCES := template.yaml functions/docs/openapi.json layers/docs/Makefile \
	$(shell find functions layers -path layers/command_line -prune -o '(' -name '*.py' -o -name requirements.txt ')' -print) \
	$(shell find functions/publish_page -type f -not -name '*.py*')
PIP := python -m pip install --quiet --disable-pip-version-check --require-hashes
LOCK := uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-header --no-emit-index-url
# Newest within what package.json says; without the addresses of a registry.
NPM_LOCK := npm update --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund
# The emulator runs the functions on this machine, so they are built for its processor.
HOST_ARCHITECTURE := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x86_64)

.PHONY: help
help:  ## Show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: install build  ## Cut out three photos in four tiers through the whole stack on this machine
	@python -m tests.stack.demo

.PHONY: check
check: install  ## Format, lint, types and unit tests: for every save
	ruff format .
	ruff check --fix .
	mypy
	pytest tests/unit -m "not large" $(ON_ALL_PROCESSORS)

.PHONY: test
test: install build  ## Lint, type check, and all tests
	ruff check .
	ruff format --check .
	mypy
	sam validate --lint
	pytest --durations 20 $(WITH_STACKS)

.PHONY: browse
browse: install build  ## Run the browser's tests slowly, with pictures in out/browser/: make browse [TEST=…]
	BROWSE=1 pytest tests/browser -p no:randomly --numprocesses 0 $(if $(call is_given,TEST),-k '$(TEST)')

.PHONY: walk-through
walk-through: install build  ## Take the pictures of docs/page.md anew, and the page's at three widths into out/browser/screens/
	@python -m tests.browser.walk_through

.PHONY: up
up: install build  ## Leave the whole stack running on this machine
	@python -m tests.stack.up up

.PHONY: down
down:  ## Stop what `make up` started
	@python -m tests.stack.up down

.PHONY: logs
logs: install  ## Show what the functions of `make up` logged lately: make logs [FUNCTION=…]
	@python -m tests.stack.logs $(if $(call is_given,FUNCTION),'$(FUNCTION)')

.PHONY: bench
bench: install build  ## Measure speed, memory, load, cold starts and AWS calls into bench.json: make bench [PARTS="load …"]
	@python -m tests.bench $(if $(call is_given,PARTS),$(PARTS))

.PHONY: chaos
chaos: install build  ## Let everything fail that can, around 300 images, and see that it adds up: make chaos [SEED="1 2 …"]
	@python -m tests.chaos $(if $(call is_given,SEED),$(SEED))

.PHONY: dashboard
dashboard: install build .cache/matplotlib/installed  ## Draw the dashboard's widgets, after minutes of load and trouble, into out/dashboard.png
	@python -m tests.stack.dashboard

.PHONY: bench-quality
bench-quality: install .cache/rembg/installed  ## Measure the tiers' quality beside rembg's, or a model's: make bench-quality DATA=folder of photos and mattes [MODEL=…] [LIMIT=…]
	@python -m tests.bench.quality $(call needed,DATA) $(if $(call is_given,MODEL),--model '$(MODEL)') \
		$(if $(call is_given,LIMIT),--limit '$(LIMIT)') \
		$(if $(call is_given,DOLLARS_PER_IMAGE),--dollars-per-image '$(DOLLARS_PER_IMAGE)')

.PHONY: fuzz
fuzz: install build  ## Thousands of arbitrary requests against the whole stack: make fuzz [EXAMPLES=…] for each route
	@python -m tests.fuzz $(if $(call is_given,EXAMPLES),'$(EXAMPLES)',500)

# Only what stands on make's own command line counts: every shell exports USER, and many a one ENV.
is_given = $(filter command,$(firstword $(origin $1)))
needed = $(if $(is_given),'$($1)',$(error make $@ needs $1=…))
STACK_NAME = $(if $(call is_given,STACK),$(STACK),background-remover$(if $(call is_given,ENV),-$(ENV)))
is_deployed = $(or $(call is_given,STACK),$(call is_given,ENV))
OPERATE = $(if $(is_deployed),,source .cache/stack/environment &&) \
	python -m background_remover.operations --stack '$(STACK_NAME)'

# Without what make tells its own make: a rollback calls that of another commit.
RELEASE = env -u MAKEFLAGS -u MAKELEVEL python -m background_remover.releases

.PHONY: deploy
deploy: install  ## Build what is committed and deploy it to an AWS account: make deploy ENV=dev|prod
	@$(RELEASE) deploy $(call needed,ENV)

.PHONY: rollback
rollback: install  ## Deploy again what was deployed before: make rollback ENV=dev|prod [TO=commit]
	@$(RELEASE) rollback $(call needed,ENV) $(if $(call is_given,TO),--to '$(TO)')

.PHONY: package
package:
	sam build --config-env $(call needed,ENV) --build-dir .cache/build/$(call needed,ENV)
	$(call shorten-cold-starts,.cache/build/$(call needed,ENV))

.PHONY: endpoint
endpoint: .cache/huggingface_hub/installed  ## Make a Hugging Face endpoint for RMBG-1.4: HF_TOKEN=… make endpoint [NAME=…] [NAMESPACE=…] [HARDWARE=…] [YES=1]
	@.cache/huggingface_hub/bin/python docs/huggingface/create_endpoint.py \
		$(if $(call is_given,NAME),--name '$(NAME)') $(if $(call is_given,NAMESPACE),--namespace '$(NAMESPACE)') \
		$(if $(call is_given,HARDWARE),--hardware '$(HARDWARE)') $(if $(call is_given,YES),--yes)

.PHONY: verify
verify: install operated-stack  ## Send one photo through each configured model: make verify [ENV=dev|prod] [STACK=…] [SECONDS=…]
	@$(OPERATE) verify $(if $(call is_given,SECONDS),--seconds '$(SECONDS)')

.PHONY: grant
grant: install operated-stack  ## Give a user credits: make grant USER=… CREDITS=… [REFERENCE=…] [STACK=…]
	@$(OPERATE) grant --user $(call needed,USER) --credits $(call needed,CREDITS) \
		$(if $(call is_given,REFERENCE),--reference '$(REFERENCE)')

.PHONY: pay
pay: install operated-stack  ## Send the event of a payment: make pay USER=… CREDITS=…|PLAN=… [PAYMENT=…] [STACK=…]
	@$(OPERATE) pay --user $(call needed,USER) $(if $(call is_given,PLAN),--plan '$(PLAN)',--credits $(call needed,CREDITS)) \
		$(if $(call is_given,PAYMENT),--payment '$(PAYMENT)')

.PHONY: refund
refund: install operated-stack  ## Send the event of a refund: make refund USER=… PAYMENT=… [STACK=…]
	@$(OPERATE) refund --user $(call needed,USER) --payment $(call needed,PAYMENT)

.PHONY: redrive-billing
redrive-billing: install operated-stack  ## Send the billing events in the dead-letter queue once more: [STACK=…]
	@$(OPERATE) redrive-billing

.PHONY: api-key
api-key: install operated-stack  ## Make an API key for a user: make api-key USER=… [STACK=…]
	@$(OPERATE) create-api-key --user $(call needed,USER)

.PHONY: revoke
revoke: install operated-stack  ## Make an API key worthless: make revoke KEY=… [STACK=…]
	@$(OPERATE) revoke-api-key --key $(call needed,KEY)

.PHONY: operated-stack
operated-stack:
	@$(if $(is_deployed),,test -e .cache/stack/environment || { echo "Say ENV=… or STACK=…, or start the local one: make up"; exit 1; })

.PHONY: audit-dependencies
audit-dependencies: .cache/pip_audit/installed  ## Ask whether anything that is pinned has an advisory
	@python -m tests.audit_dependencies

.PHONY: openapi
openapi: install  ## Write functions/docs/openapi.json anew, from the routes and models that it describes
	python -m background_remover.openapi >functions/docs/openapi.json

.PHONY: format
format: install  ## Put the code in its format
	ruff check --fix .
	ruff format .

.PHONY: lock
lock: install  ## Pin the newest versions that go together
	python -m pip install --quiet uv
	cd tests && $(LOCK) --upgrade requirements.in -o requirements.txt
	cd tests && $(LOCK) --upgrade pip_audit.in -o pip_audit.txt
	cd tests/stack && $(LOCK) --upgrade emulator.in -o emulator.txt
	cd docs/huggingface && $(LOCK) --upgrade huggingface_hub.in -o huggingface_hub.txt
	cd tests/stack/dashboard && $(LOCK) --upgrade matplotlib.in -o matplotlib.txt
	cd tests/bench/quality && $(LOCK) --upgrade rembg.in -o rembg.txt
	cd tests/removebg && $(LOCK) --upgrade clients.in -o clients.txt && $(NPM_LOCK)
	cd layers/core && $(LOCK) --upgrade -c ../../tests/requirements.txt requirements.in -o requirements.txt
	cd layers/imaging && $(LOCK) --upgrade -c ../../tests/requirements.txt requirements.in -o requirements.txt
	cd tests/browser && $(NPM_LOCK)
	cd functions/publish_page && $(NPM_LOCK)
	cd layers/docs && $(LOCK) --no-deps --upgrade -c ../../tests/requirements.txt requirements.in -o requirements.txt

# ---- set-up ------------------------------------------------------------------------------------------

.PHONY: install
install: .venv/installed .cache/emulator/installed .cache/huggingface_hub/installed .cache/assets/installed .cache/browser/installed .cache/removebg/installed

.venv/installed: tests/requirements.txt
	@echo "installing into .venv (about a minute) …"
	@python3.13 -m venv .venv
	@$(PIP) -r $<
	@touch $@

.cache/emulator/installed: tests/stack/emulator.txt
	@echo "installing the AWS emulator …"
	@python3.13 -m venv .cache/emulator
	@.cache/emulator/bin/$(PIP) -r $<
	@touch $@

.cache/huggingface_hub/installed: docs/huggingface/huggingface_hub.txt
	@echo "installing Hugging Face's client …"
	@python3.13 -m venv .cache/huggingface_hub
	@.cache/huggingface_hub/bin/$(PIP) -r $<
	@touch $@

.cache/pip_audit/installed: tests/pip_audit.txt | .venv/installed
	@echo "installing pip-audit …"
	@python3.13 -m venv .cache/pip_audit
	@.cache/pip_audit/bin/$(PIP) -r $<
	@touch $@

.cache/rembg/installed: tests/bench/quality/rembg.txt
	@echo "installing rembg, to compare with …"
	@python3.13 -m venv .cache/rembg
	@.cache/rembg/bin/$(PIP) -r $<
	@touch $@

.cache/matplotlib/installed: tests/stack/dashboard/matplotlib.txt
	@echo "installing matplotlib, to draw the dashboard …"
	@python3.13 -m venv .cache/matplotlib
	@.cache/matplotlib/bin/$(PIP) -r $<
	@touch $@

.cache/assets/installed: tests/stack/assets.txt tests/stack/assets.py | .venv/installed
	@echo "fetching the model and the photos …"
	@python -m tests.stack.assets .cache/assets
	@touch $@

.cache/browser/installed: tests/browser/package-lock.json tests/browser/install.py | .venv/installed
	@echo "fetching Chromium …"
	@python -m tests.browser.install .cache/browser
	@touch $@

.cache/removebg/installed: tests/removebg/clients.txt tests/removebg/package-lock.json | .venv/installed
	@echo "installing clients of remove.bg …"
	@python3.13 -m venv .cache/removebg
	@.cache/removebg/bin/$(PIP) -r $<
	@cp tests/removebg/package.json tests/removebg/package-lock.json .cache/removebg
	@cd .cache/removebg && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
	@touch $@

.PHONY: build
build: .aws-sam/built  ## Build functions and layers for this machine

# botocore reads through the folders of all 400 services before it makes a first client; we call these.
# Byte code is built in, because functions cannot write it where layers lie: it halves a cold start's imports.
SERVICES := codedeploy dynamodb lambda s3 secretsmanager sqs
define shorten-cold-starts
	find $1/CoreLayer/python/botocore/data -mindepth 1 -maxdepth 1 -type d $(SERVICES:%=-not -name %) -exec rm -r {} +
	python -m compileall -q --invalidation-mode unchecked-hash $1
endef

# Somebody's own `sam build`, perhaps for another processor, makes the template newer than the stamp.
.aws-sam/built: $(SOURCES) samconfig.toml $(wildcard .aws-sam/build/template.yaml) | .venv/installed
	@echo "building functions and layers …"
	@sam build --parameter-overrides Architecture=$(HOST_ARCHITECTURE) >.aws-sam.log 2>&1 || { cat .aws-sam.log; exit 1; }
	@$(call shorten-cold-starts,.aws-sam/build)
	@rm -f .aws-sam.log
	@touch $@
