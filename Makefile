# Escuta. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test test-crash test-soak test-cluster check go-test frontend-test e2e lint generate verify fmt bench clean FORCE

RELEASE ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.release=$(RELEASE)
# Two packages at a time: each brings engines of its own, and a small machine has two cores.
GOTEST := go test -race -p 2 -timeout 20m

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## the whole desk with a demo week on this machine: installs what is missing, prints address and log-ins
	@scripts/install-missing run
	@$(MAKE) --no-print-directory build
	@scripts/run

build: frontend/dist/index.html ## bin/escuta, with the front end inside
	go build -ldflags '$(LDFLAGS)' -o bin/escuta ./cmd/escuta

test: ## everything: style, Go with the race detector, front end, generated files, browser
	@scripts/install-missing test
	@$(MAKE) --no-print-directory lint verify
	@$(MAKE) --no-print-directory go-test frontend-test
	@$(MAKE) --no-print-directory e2e

# The program itself is built with the race detector here; a report of it fails the test.
test-crash: ## five minutes of kill -9 at everything under load; ESCUTA_CRASH_SECONDS says how many, ESCUTA_CRASH_SEED repeats
	go build -race -o bin/escuta-race ./cmd/escuta
	ESCUTA_BIN=$(CURDIR)/bin/escuta-race ESCUTA_CRASH_SECONDS=$${ESCUTA_CRASH_SECONDS:-300} \
	  go test -race -count 1 -timeout 6h -v -run TestWhatWasAccepted ./internal/app

test-soak: ## 20,000 mails, forms, calls and answers under kill -9 at everything; ESCUTA_SOAK_ITEMS says how many, ESCUTA_SOAK_SEED repeats
	go build -race -o bin/escuta-race ./cmd/escuta
	ESCUTA_BIN=$(CURDIR)/bin/escuta-race ESCUTA_SOAK_ITEMS=$${ESCUTA_SOAK_ITEMS:-20000} \
	  go test -race -count 1 -timeout 24h -v -run TestEverythingStandsOnce ./internal/app

test-cluster: ## three nodes restarted, killed, frozen and cut off under load; ESCUTA_CLUSTER_SECONDS says for how long
	go build -race -o bin/escuta-race ./cmd/escuta
	ESCUTA_BIN=$(CURDIR)/bin/escuta-race ESCUTA_CLUSTER_SECONDS=$${ESCUTA_CLUSTER_SECONDS:-300} ESCUTA_CRASH_SECONDS=$${ESCUTA_CLUSTER_SECONDS:-300} \
	  go run ./internal/postgres/pgtest/withengine go test -race -count 1 -timeout 6h -parallel 1 -v \
	  -run 'TestTwoNodes|TestThreeNodes|TestANodeThatWasFrozen|TestClaimsAndAnswers|TestBadWays|TestTwoServers|TestABulkEnds|TestEachDeadline|AcrossNodes' ./internal/app

go-test: frontend/dist/index.html
	go run ./internal/postgres/pgtest/withengine $(GOTEST) ./...

frontend-test: frontend/node_modules/.installed
	cd frontend && npm test

e2e: build ## the story in real browsers, against bin/escuta
	ESCUTA_BIN=$(CURDIR)/bin/escuta scripts/e2e

lint: frontend/node_modules/.installed ## gofmt, vet, staticcheck, Biome, TypeScript
	@unformatted=$$(git ls-files -z '*.go' | xargs -0 gofmt -l); \
	  if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool -modfile=tools/go.mod staticcheck ./...
	cd frontend && npm run lint

generate: frontend/node_modules/.installed ## openapi.json and the TypeScript client made of it
	go run ./cmd/escuta openapi > frontend/src/api/openapi.json.new
	mv frontend/src/api/openapi.json.new frontend/src/api/openapi.json
	cd frontend && npm run --silent generate

verify: frontend/node_modules/.installed ## fail when a generated file is not current
	@scripts/verify

fmt: frontend/node_modules/.installed ## format everything
	git ls-files -z '*.go' | xargs -0 gofmt -w
	cd frontend && npm run format

bench: build ## measure against the machine's own limits; bench/out/latest.json
	go run ./bench

clean: ## remove what was built; data stays
	rm -rf bin frontend/node_modules
	find frontend/dist -mindepth 1 ! -name .gitkeep -delete

# npm ci is slow, so it runs again only when the lock file is newer than the last time.
frontend/node_modules/.installed: frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund
	@touch $@

FRONTEND_SOURCES := $(shell git ls-files -co --exclude-standard frontend | grep -v '^frontend/dist/' 2>/dev/null)
frontend/dist/index.html: frontend/node_modules/.installed $(FRONTEND_SOURCES)
	cd frontend && npm run build
	@touch frontend/dist/.gitkeep $@
