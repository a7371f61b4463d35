# Every target says what it does and ends with a result line. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

swift_folders := Sources Tests Benchmarks db Package.swift
step = scripts/step.sh $@

# FILTER=OrdersTests runs a part of the tests; ARGS goes to the program behind run, demo, load and bench.
FILTER ?=
ARGS ?=

.PHONY: help setup build run demo load test test-asan fuzz lint format bench bench-relay bench-inventory coverage reset clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

setup: ## Installs what is missing: C libraries, the Postgres server, nats-server
	@scripts/setup.sh

build: setup ## Builds everything, tests too
	@$(step) "building everything" swift build --build-tests

run: setup ## Runs the whole system here, on a private Postgres and nats-server; Ctrl-C stops it
	@scripts/step.sh build "building the program" swift build --product artesanos
	@echo "==> run: starting the servers, the services and the relay; Ctrl-C stops everything"
	@exec .build/debug/artesanos dev $(ARGS)

demo: setup ## Places orders that take each of the flows and shows their journeys
	@scripts/step.sh build "building the program" swift build --product artesanos
	@$(step) "orders on each of the flows" .build/debug/artesanos demo $(ARGS)

load: setup ## Places a hundred orders at once on a system of its own and checks everything afterwards (ARGS="--burst 2000")
	@scripts/step.sh build "building the program with optimisation" swift build -c release --product artesanos
	@$(step) "orders under load" .build/release/artesanos load --private $(ARGS)

test: setup ## Runs all tests, on real servers that they start themselves (FILTER=Name for a part)
	@$(step) "running the tests" scripts/test.sh $(if $(FILTER),--filter '$(FILTER)')

test-asan: setup ## Runs the JetStream client's tests under the address sanitizer
	@$(step) "running JetStreamTests under the address sanitizer" scripts/test_asan.sh

fuzz: setup ## Lets libFuzzer make up Stripe's webhooks for a minute (FUZZ_SECONDS=600 for longer)
	@$(step) "fuzzing what reads Stripe's webhooks" scripts/fuzz.sh

lint: ## Checks the format, the direction of dependencies, the shell scripts and the server configurations
	@$(step) "checking format, dependencies, scripts and configurations" scripts/lint.sh

format: ## Formats all Swift files in place
	@$(step) "formatting" swift format --in-place --parallel --recursive $(swift_folders)

bench: setup ## Measures, beside baselines in the same run; writes bench/latest.json
	@scripts/step.sh build "building the benchmarks with optimisation" swift build -c release --product benchmarks
	@$(step) "measuring" .build/release/benchmarks tx $(ARGS)

bench-relay: setup ## Measures the relay beside the limit that a C program sets (ARGS='--only durable', --quick, --json)
	@scripts/step.sh build "building the benchmarks with optimisation" swift build -c release --product benchmarks
	@scripts/build_limit.sh
	@$(step) "measuring the relay" .build/release/benchmarks relay $(ARGS)

bench-inventory: setup ## Measures reservations and their expiry, beside pgbench (ARGS='--repetitions 1')
	@scripts/step.sh build "building the benchmarks with optimisation" swift build -c release --product benchmarks
	@$(step) "measuring the inventory" .build/release/benchmarks inventory $(ARGS)

coverage: setup ## Runs all tests and says which share of the lines of each target they ran
	@$(step) "running the tests with coverage" scripts/coverage.sh

reset: ## Deletes the data of `make run` (databases, streams); the next run starts anew
	@$(step) "deleting the data of make run" scripts/reset.sh

clean: ## Deletes everything that was built
	@$(step) "deleting what was built" rm -rf .build .build-asan .build-fuzz
