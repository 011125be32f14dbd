# make run      install what is missing, build, start the TWS simulator and Resync; Ctrl-C stops both
# make test     install what is missing, build, run every test
# make check    what CI runs: format, rules, build, tests, thread sanitizer
# make bench    the benchmarks of every group, or of ONLY=group (http, mirror, pools, sockets)
# make build    release build of both programs
# make format   format every Swift file in place
# make settings write settings/settings.toml and docs/settings.md from the schema

SWIFT_BUILD = swift build --explicit-target-dependency-import-check error

.PHONY: run test check bench build format settings

run:
	@deploy/install-packages build run
	@$(MAKE) --no-print-directory build
	@deploy/run-development

build:
	@deploy/install-packages build
	@echo "Building release; the first time takes several minutes."
	$(SWIFT_BUILD) -c release

test:
	@deploy/install-packages build test
	@.ci/test

check:
	@deploy/install-packages build test
	@.ci/check

bench:
	@deploy/install-packages build bench
	@Tests/Benchmarks/run $(ONLY)

format:
	swift format --in-place --parallel --configuration .swift-format $$(git ls-files '*.swift')

settings:
	$(SWIFT_BUILD) --product resync
	.build/debug/resync settings document toml > settings/settings.toml
	.build/debug/resync settings document markdown > docs/settings.md
