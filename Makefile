# What a person types. Each target installs what is missing on Debian 12, builds and runs.
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
VITRUM = build/release/bin/vitrum

.PHONY: all demo test docs calibrate bench format lint asan tsan fuzz install package clean setup release

all: release

setup:
	@tools/setup.sh

release: setup
	@cmake --preset release -Wno-dev --log-level=WARNING
	@cmake --build build/release -j $(JOBS) --target vitrum

demo: release
	@$(VITRUM) demo --output demo --overwrite

build/dev/build.ninja: setup
	@cmake --preset dev -Wno-dev --log-level=WARNING

test: build/dev/build.ninja
	@cmake --build build/dev -j $(JOBS)
	@ctest --test-dir build/dev -j $(JOBS) --output-on-failure -LE calibration

docs: setup
	@cmake --preset release -Wno-dev --log-level=WARNING
	@cmake --build build/release -j $(JOBS) --target vitrum vitrum_python
	@PYTHONPATH=$(CURDIR)/build/release/python /usr/bin/python3 tools/notebooks.py build/release/notebooks docs/notebooks/*.ipynb
	@/usr/bin/python3 tools/build_site.py build/release

calibrate: build/dev/build.ninja
	@cmake --build build/dev -j $(JOBS)
	@ctest --test-dir build/dev --verbose -L calibration

bench: setup
	@cmake --preset release -Wno-dev --log-level=WARNING
	@cmake --build build/release -j $(JOBS) --target benches vitrum
	@tools/bench.sh build/release/bin

lint: setup
	@python3 tools/lint/run.py

format: setup
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-14 -i

asan tsan: setup
	@cmake --preset $@ -Wno-dev --log-level=WARNING
	@cmake --build build/$@ -j $(JOBS)
	@ctest --test-dir build/$@ -j $(JOBS) --output-on-failure -L 'unit|golden'

fuzz: setup
	@tools/fuzz.sh

install: release
	@cmake --build build/release --target web manual
	@cmake --install build/release --prefix $(PREFIX) --component program

package: setup
	@cmake --preset package -Wno-dev --log-level=WARNING
	@cmake --build build/package -j $(JOBS)
	@cd build/package && cpack

clean:
	@rm -rf build
