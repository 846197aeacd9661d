# Short names for the usual steps; `make help` lists them. CMake does the work.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help packages configure program build test demo dev format check tidy clean

JOBS ?=
CLANG_FORMAT ?= clang-format-14
CLANG_TIDY ?= clang-tidy-14
sources = $(shell git ls-files '*.h' '*.cc')
ninja_jobs = $(if $(JOBS),-j $(JOBS))

help:  ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | while IFS=$$'\t' read -r name what; do \
	  printf 'make %-9s %s\n' "$$name" "$$what"; done
	@echo 'JOBS=n limits parallel compilers; EPALM_GOLDENS=dir:dir adds golden cases to `make test`.'

packages:  ## installs the Debian packages of packages.txt that are missing
	@tools/install_packages.sh packages.txt

configure: packages
	@cmake --preset release -Wno-dev --log-level=WARNING

program: configure  ## builds the program alone: build/epalm
	@cmake --build build $(ninja_jobs) --target epalm

build: configure  ## builds the release preset: the program, the tests and the examples
	@cmake --build build $(ninja_jobs)

test: build  ## builds, then runs every test
	@ctest --test-dir build --output-on-failure

demo: program  ## builds the program, then shows a frozen language model learning to see
	@./build/epalm demo

dev: packages  ## builds with warnings as errors and ASan + UBSan, then runs every test
	@cmake --preset dev -Wno-dev --log-level=WARNING
	@cmake --build build-dev $(ninja_jobs)
	@ctest --test-dir build-dev --output-on-failure

format: packages  ## formats all tracked sources in place
	@$(CLANG_FORMAT) -i $(sources)

check: packages  ## fails on unformatted sources and on includes that point up
	@$(CLANG_FORMAT) --dry-run --Werror $(sources)
	@cmake -DROOT=$(CURDIR) -P tests/include_check.cmake

tidy: build  ## clang-tidy over all sources, or FILES="a.cc b.cc"
	@tools/tidy.sh build "$(CLANG_TIDY)" $(if $(FILES),$(FILES),$(filter epalm/%.cc cli/%.cc,$(sources)))

clean:  ## removes build/ and build-dev/
	@rm -rf build build-dev
