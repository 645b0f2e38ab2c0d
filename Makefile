# `make demo` and `make test` need Python 3.13, make and a Python package index; all they install lands in this folder.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONPATH := $(CURDIR):$(CURDIR)/layers/core:$(CURDIR)/layers/imaging
export SAM_CLI_TELEMETRY := 0
# As in template.yaml: on small tiles threads of BLAS only wait for each other.
export OPENBLAS_NUM_THREADS := 1

ON_ALL_PROCESSORS := --numprocesses auto

SOURCES := template.yaml functions/docs/openapi.json layers/docs/Makefile \
	$(shell find functions layers -name '*.py' -o -name 'requirements.txt')
PIP := python -m pip install --quiet --disable-pip-version-check --require-hashes
LOCK := uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-header --no-emit-index-url
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
	pytest --durations 20 $(ON_ALL_PROCESSORS)

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
bench: install build  ## Measure speed, memory, cold starts and AWS calls into bench.json
	@python -m tests.bench

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

.PHONY: deploy
deploy: install  ## Build and deploy to an AWS account: make deploy ENV=dev|prod
	sam build --config-env $(call needed,ENV) --build-dir .cache/build/$(call needed,ENV)
	$(call shorten-cold-starts,.cache/build/$(call needed,ENV))
	sam deploy --config-env $(call needed,ENV) --template-file .cache/build/$(call needed,ENV)/template.yaml

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
	cd tests/stack && $(LOCK) --upgrade emulator.in -o emulator.txt
	cd docs/huggingface && $(LOCK) --upgrade huggingface_hub.in -o huggingface_hub.txt
	cd tests/bench/quality && $(LOCK) --upgrade rembg.in -o rembg.txt
	cd layers/core && $(LOCK) --upgrade -c ../../tests/requirements.txt requirements.in -o requirements.txt
	cd layers/imaging && $(LOCK) --upgrade -c ../../tests/requirements.txt requirements.in -o requirements.txt
	cd layers/docs && $(LOCK) --no-deps --upgrade -c ../../tests/requirements.txt requirements.in -o requirements.txt

# ---- set-up ------------------------------------------------------------------------------------------

.PHONY: install
install: .venv/installed .cache/emulator/installed .cache/huggingface_hub/installed .cache/assets/installed

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

.cache/rembg/installed: tests/bench/quality/rembg.txt
	@echo "installing rembg, to compare with …"
	@python3.13 -m venv .cache/rembg
	@.cache/rembg/bin/$(PIP) -r $<
	@touch $@

.cache/assets/installed: tests/stack/assets.txt tests/stack/assets.py | .venv/installed
	@echo "fetching the model and the photos …"
	@python -m tests.stack.assets .cache/assets
	@touch $@

.PHONY: build
build: .aws-sam/built  ## Build functions and layers for this machine

# botocore reads through the folders of all 400 services before it makes a first client; we call four.
# Byte code is built in, because functions cannot write it where layers lie: it halves a cold start's imports.
SERVICES := dynamodb s3 secretsmanager sqs
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
