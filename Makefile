# SPDX-License-Identifier: GPL-2.0-or-later
# `make demo` and `make test` are enough on a fresh Debian; the others are parts of them.

PYTHON := /usr/bin/python3
# LinuxCNC's Python modules belong to Debian's own python3, so the environment is made from that one.
VENV := .venv
STAMP := $(VENV)/.installed
PYTEST := $(VENV)/bin/python -m pytest
PREFIX := /usr/local
COMPLETIONS := $(PREFIX)/share/bash-completion/completions
# What the program is made of.
SOURCES := setup.py pyproject.toml README.md LICENSE hal_mpg config udev man completions
# What the Debian package is made of.
DEB_SOURCES := $(SOURCES) debian tests tools docs firmware bench Makefile CHANGELOG.md CONTRIBUTING.md SECURITY.md
DEB := build/deb

.PHONY: help demo test test-fast test-hal test-instructions test-ports test-avr test-umockdev test-linuxcnc test-gui test-kernel faults lesions \
    fuzz mutation lint bench schema pictures install install-program uninstall deb test-release test-debian clean

help:
	@echo 'make demo       try hal_mpg on a simulated machine, with a virtual pendant'
	@echo 'make test       run all tests, on a real LinuxCNC and a real kernel, too'
	@echo 'make test-fast  run the tests that need neither, in less than a minute'
	@echo 'make lint       check the code with ruff and mypy, and that all tests are found'
	@echo 'make faults     break everything, measure what follows, and write docs/faults.md'
	@echo 'make lesions    take every wire, code and rule away, one by one and in pairs, and write docs/lesions.md'
	@echo 'make fuzz       feed nonsense to profiles, decoders and the state machine, millions of times'
	@echo 'make mutation   change the core line by line, and see that a test notices; an hour'
	@echo 'make pictures   make the pictures of the README from the programs, and the pages of the pendants'
	@echo 'make bench      measure, beside LinuxCNC'"'"'s own hal_input, and write docs/benchmarks.md'
	@echo 'make deb        make the Debian package, in dist'
	@echo 'make test-debian   install, use, upgrade and remove that in a clean Debian 12 and 13 (as root); ten minutes'
	@echo 'make test-release  all tests at their full length, with those; hours'
	@echo 'make install    install for this machine (as root): program, rules, manual page'

demo:
	@tools/install-missing demo
	@PYTHONPATH='$(CURDIR)' $(PYTHON) -m hal_mpg demo

test: $(STAMP)
	@tools/install-missing test kernel gui bench deb
	$(MAKE) lint
	HAL_MPG_ORACLE_SEQUENCES=2400 $(PYTEST) tests

test-fast: $(STAMP)
	$(PYTEST) -q -n $$(nproc) --dist loadfile tests/core tests/hal tests/fuzz

test-hal test-instructions test-ports test-avr test-umockdev test-linuxcnc test-gui test-kernel: test-%: $(STAMP)
	@tools/install-missing test $(if $(filter kernel,$*),kernel bench) $(if $(filter gui,$*),gui)
	$(PYTEST) tests/$*

faults: $(STAMP)
	@tools/install-missing test kernel
	HAL_MPG_FAULTS=docs/faults HAL_MPG_REQUIRE=1 HAL_MPG_PRESSURE_S=600 $(PYTEST) $(wildcard tests/*/test_faults*.py)
	$(VENV)/bin/python -m tests.faults.page

# Tens of minutes; what is there already is not played again.
lesions: $(STAMP)
	@tools/install-missing test
	$(VENV)/bin/python -m tests.lesions

# For example: make fuzz FUZZ='--seed 7 --minutes 60'
fuzz: $(STAMP)
	$(VENV)/bin/python -m tests.fuzz $(FUZZ)

mutation: $(STAMP)
	$(VENV)/bin/python -m pip install --quiet --editable '.[mutation]'
	$(VENV)/bin/python -m tests.mutation $(MUTATION)

# The schema of profiles and the pictures in the README are made; tests compare them with what is made now.
schema: $(STAMP)
	$(VENV)/bin/python tools/profile_schema.py
	$(VENV)/bin/python tools/panel_words.py

pictures: $(STAMP)
	@tools/install-missing test
	@tools/install-missing gui
	$(VENV)/bin/python -m tests.umockdev.pictures
	$(VENV)/bin/python -m tests.gui.pictures
	$(VENV)/bin/python -m tests.gui.virtual
	$(VENV)/bin/python tools/pendant_pages.py
	$(VENV)/bin/python tools/estop_circuit.py

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	@# The beds are run one by one at the desk, and all in one in CI: there, too, they have to get on together.
	@found=$$($(PYTEST) --quiet --collect-only tests 2>&1) || { echo "$$found"; exit 1; }

# Half an hour, on a machine that does nothing else. For example: make bench BENCH='latency start'
bench: $(STAMP)
	@tools/install-missing test kernel bench
	$(VENV)/bin/python -m bench $(BENCH)

$(STAMP): setup.py pyproject.toml
	@tools/install-missing base
	$(PYTHON) -m venv --system-site-packages $(VENV)
	$(VENV)/bin/python -m pip install --quiet --editable '.[test,lint]'
	@touch $@

install: install-program
	install -d $(PREFIX)/share/man/man1 $(COMPLETIONS) /etc/security/limits.d
	install -m 644 man/hal_mpg.1 $(PREFIX)/share/man/man1/
	install -m 644 completions/hal_mpg $(COMPLETIONS)/
	install -m 644 config/limits-hal-mpg.conf /etc/security/limits.d/hal-mpg.conf
	-$(PREFIX)/bin/hal_mpg install-udev
	@echo 'Installed. Sample configurations: $(PREFIX)/lib/hal_mpg/share/hal_mpg/config'

# The program alone, anywhere: make install-program PREFIX=/tmp/hal_mpg
install-program:
	@tools/install-missing install
	$(PYTHON) -m venv --system-site-packages $(PREFIX)/lib/hal_mpg
	@# From a copy, for setuptools leaves files of root's behind; and without the network.
	copy=$$(mktemp -d) && cp -r $(SOURCES) $$copy && \
	    $(PREFIX)/lib/hal_mpg/bin/python -m pip install --quiet --no-build-isolation --no-index --upgrade \
	    $$copy && rm -rf $$copy
	install -d $(PREFIX)/bin
	rm -f $(PREFIX)/bin/hal_mpg
	packages=$$($(PREFIX)/lib/hal_mpg/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') && \
	    sed "s|@PYTHON@|$(PYTHON)|; s|@ENVIRONMENT@|$(PREFIX)/lib/hal_mpg|; s|@PACKAGES@|$$packages|" \
	    tools/launcher.py >$(PREFIX)/bin/hal_mpg
	chmod 755 $(PREFIX)/bin/hal_mpg

uninstall:
	-$(PREFIX)/bin/hal_mpg uninstall-udev
	rm -rf $(PREFIX)/lib/hal_mpg
	rm -f $(PREFIX)/bin/hal_mpg $(PREFIX)/share/man/man1/hal_mpg.1 $(COMPLETIONS)/hal_mpg \
	    /etc/security/limits.d/hal-mpg.conf

# In a copy, so that the tree stays clean. Without the package's own run of the tests: `make test` is that.
deb:
	@tools/install-missing deb
	rm -rf $(DEB)
	mkdir -p $(DEB)/source dist
	tar --create --exclude=__pycache__ --exclude="sim.var*" $(DEB_SOURCES) | tar --extract --directory $(DEB)/source
	cd $(DEB)/source && DEB_BUILD_OPTIONS="nocheck $(DEB_BUILD_OPTIONS)" DEB_BUILD_PROFILES=nocheck \
	    dpkg-buildpackage --build=binary --no-sign >../log 2>&1 || { tail -30 ../log; exit 1; }
	cp $(DEB)/*.deb dist/
	@ls -l dist/*.deb

# Everything at its full length, and the package in clean Debians (kept in build/release); hours.
test-release: $(STAMP)
	@tools/install-missing test kernel gui bench deb release
	$(MAKE) lint
	HAL_MPG_RELEASE=1 HAL_MPG_ORACLE_SEQUENCES=2400 $(PYTEST) tests

# The package alone, in clean Debians: ten minutes. For example: make test-debian RELEASE='-k trixie'
test-debian: $(STAMP)
	@tools/install-missing deb release
	HAL_MPG_RELEASE=1 $(PYTEST) tests/package $(RELEASE)

clean:
	rm -rf $(VENV) build dist hal_mpg.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
