# make build | quick | test | lint | check | check-peers | demo | walk | chaos | flaky | histories | bench | fuzz | docs.
# CI runs "make check" and "make check-peers".

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
export CGO_ENABLED := 0
export PINTLE_SANDBOX := $(CURDIR)/bin/pintle-sandbox
export PATH := $(CURDIR)/bin/tools:$(PATH)

GO ?= go
# The version is stamped from git where git may be asked.
VCS := $(shell git rev-parse --is-inside-work-tree >/dev/null 2>&1 && echo true || echo false)
STRIP := -ldflags '-s -w'
# Without what makes a man page, which bin/pintle does not: it compiles a
# Markdown parser's expressions at every start.
TAGS := -tags urfave_cli_no_docs

GOLANGCI_VERSION := v2.15.0
HELM_VERSION := v4.3.1
HELM3_VERSION := v3.22.0

.PHONY: build
build: bin/pintle bin/pintle-sandbox ## bin/pintle and bin/pintle-sandbox

.PHONY: bin/pintle
bin/pintle:
	@$(GO) build -buildvcs=$(VCS) $(TAGS) $(STRIP) -o $@ ./cmd/pintle

# The cluster is a program of its own, built once: minutes cold, seconds after.
# Kubernetes takes its own version from the linker.
KUBERNETES := $(shell awk '$$1 == "k8s.io/kubernetes" {print $$2}' sandbox/go.mod)
KUBERNETES_PARTS := $(subst ., ,$(KUBERNETES:v%=%))
SANDBOX_LDFLAGS := -s -w $(foreach pkg,k8s.io/component-base/version k8s.io/client-go/pkg/version, \
	-X $(pkg).gitVersion=$(KUBERNETES) -X $(pkg).gitMajor=$(word 1,$(KUBERNETES_PARTS)) -X $(pkg).gitMinor=$(word 2,$(KUBERNETES_PARTS)))
SANDBOX_SOURCES := $(shell find sandbox -name '*.go' -not -name '*_test.go') sandbox/go.mod sandbox/go.sum
bin/pintle-sandbox: $(SANDBOX_SOURCES)
	@echo "building the sandbox, a whole Kubernetes control plane: some minutes the first time, once"
	@mkdir -p bin
	@cd sandbox && $(GO) mod download
	@cd sandbox && $(GO) build -v -buildvcs=false -ldflags '$(SANDBOX_LDFLAGS)' -o ../bin/.pintle-sandbox . 2>&1 \
		| awk '/^go: |^#|\.go:[0-9]/ {print; next} ++n % 100 == 0 {print "  " n " packages compiled"; fflush()}'
	@mv bin/.pintle-sandbox $@
	@echo "built $@"

# What go test -json prints, as a line a package, what failed tests printed, and the skipped tests counted by reason.
SUMMARY := $(GO) run ./test/summary

# Left out is what needs a cluster as a whole.
.PHONY: quick
quick: ## gofmt, vet, and all tests that need no cluster: about a minute
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	@$(GO) vet ./...
	@env -u KUBECONFIG -u PINTLE_SANDBOX_REGISTRY $(GO) test -count=1 -p 3 -vet=off -ldflags='-s -w' -json ./versioning ./cmd \
		$$($(GO) list ./... | grep -vE '/test/(walk|chaos|parity|bench|workbench)$$') | $(SUMMARY)

# On the cluster tests wait more than they compute: PARALLEL of a package run side by side.
PARALLEL ?= 8
# Rounds of the random suites: more than in make quick, fewer than with -long.
ROUNDS := PINTLE_HISTORIES=30 PINTLE_CLONES=4 PINTLE_HOSTILE=20
.PHONY: test
test: build ## all tests, the ones on a real cluster included
	@$(ROUNDS) bin/pintle sandbox run -- $(GO) test -timeout 25m -parallel $(PARALLEL) -json ./... | $(SUMMARY)
	@cd sandbox && $(GO) test -timeout 25m -ldflags '$(SANDBOX_LDFLAGS)' ./...

.PHONY: peers
peers: bin/tools/helm bin/tools/helm3 ## the programs of other projects that tests compare with

.PHONY: check-peers
check-peers: build peers ## the tests that compare with Helm 4 and Helm 3
	@bin/pintle sandbox run -- $(GO) test -timeout 25m -parallel $(PARALLEL) -run Helm -json ./... | $(SUMMARY)

WALK ?= 20
WALK_SEED ?= $(shell date +%s)
.PHONY: walk
walk: build peers ## WALK sequences of operations, by Helm 4, Helm 3 and us at random, from WALK_SEED on
	@PINTLE_WALK=$(WALK) PINTLE_WALK_SEED=$(WALK_SEED) bin/pintle sandbox run -- $(GO) test -count=1 -timeout 8h -v ./test/walk -long

CHAOS_N ?= 200
CHAOS_SEED ?= $(shell date +%s)
.PHONY: chaos
chaos: build peers ## CHAOS_N operations ended by SIGKILL or SIGTERM at random requests, from CHAOS_SEED on; the next run must set all right
	@PINTLE_CHAOS=$(CHAOS_N) PINTLE_CHAOS_SEED=$(CHAOS_SEED) bin/pintle sandbox run -- $(GO) test -count=1 -timeout 2h -parallel 16 -v -run '^TestChaosLikeHelm$$' ./test/chaos -long

.PHONY: hostile
hostile: ## every hostile chart, each in a process of its own whose time and memory are bounded
	@$(GO) test -count=1 -timeout 1h -v ./test/hostile -long

N ?= 20
PKG ?= ./deployer
.PHONY: flaky
flaky: build peers ## the tests that match RUN, of PKG (./deployer), N (20) times on a cluster: how many fail, and what they print
	@GO='$(GO)' bin/pintle sandbox run -- .ci/flaky '$(RUN)' '$(N)' '$(PKG)'

HISTORIES ?= 10000
HISTORIES_SEED ?= 1
.PHONY: histories
histories: ## HISTORIES random histories of teams, made by git from HISTORIES_SEED on: versions are legal, unique and rise
	@PINTLE_HISTORIES=$(HISTORIES) PINTLE_SEED=$(HISTORIES_SEED) $(GO) test -count=1 -timeout 2h -v -run '^TestTeams$$' ./versioning

.PHONY: lint
lint: bin/tools/golangci-lint ## static checks; holds the floors of the house
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -d $$(git ls-files '*.go'); exit 1; }
	@golangci-lint run --allow-parallel-runners ./...
	@cd sandbox && golangci-lint run --allow-parallel-runners --config ../.golangci.yml ./...

.PHONY: check
check: deps build lint drift test ## everything CI runs

.PHONY: demo
demo: build ## the main job in three acts, on a cluster of its own
	@bin/pintle sandbox run -- examples/shop/demo.sh

# Near its soft limit the cluster's garbage collector takes a third of its CPU, on the same cores: it gets room.
.PHONY: bench
bench: build bin/tools/helm ## benchmarks, as ratios
	@GOGC=400 GOMEMLIMIT=6GiB bin/pintle sandbox run -- env -u GOGC -u GOMEMLIMIT $(GO) test -run '^$$' -bench . -benchmem -timeout 90m ./...

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (30s), one after the other
	@GO='$(GO)' .ci/fuzz $(or $(FUZZTIME),30s)

.PHONY: docs
docs: ## regenerate docs/cli.md, the man page, shell completion and the JSON schema
	@$(GO) run ./cmd/docs

.PHONY: drift
drift: docs
	@git diff --exit-code -- README.md docs pipeline/config || { echo "generated files are out of date: run \"make docs\" and commit"; exit 1; }

.PHONY: deps
deps: ## what tests use beyond Go, git and make (Debian; skipped without root)
	@.ci/deps

.PHONY: clean
clean: ## what the build made
	@rm -rf bin build

bin/tools/golangci-lint:
	@echo "building golangci-lint $(GOLANGCI_VERSION): some minutes, once"
	@GOBIN=$(CURDIR)/bin/tools $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

# Helm is the oracle that tests compare with, never a dependency.
bin/tools/helm:
	@echo "building helm $(HELM_VERSION), which tests compare with: a minute or two, once"
	@GOBIN=$(CURDIR)/bin/tools $(GO) install helm.sh/helm/v4/cmd/helm@$(HELM_VERSION)

bin/tools/helm3:
	@echo "building helm $(HELM3_VERSION), whose releases tests share: a minute or two, once"
	@GOBIN=$(CURDIR)/bin/tools/.helm3 $(GO) install helm.sh/helm/v3/cmd/helm@$(HELM3_VERSION)
	@mv bin/tools/.helm3/helm $@ && rmdir bin/tools/.helm3
