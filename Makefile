# easbridge: everything starts here; `make` alone prints this help.
BUILD ?= release
OUT := build/$(BUILD)

.DEFAULT_GOAL := help

PKGS := libwbxml2 libcurl libmicrohttpd gmime-3.0 icu-i18n icu-uc libxml-2.0 inih \
	jansson libsodium gnutls libical libqrencode zlib libpsl gdlib
# Third-party headers as system headers: their warnings are not ours.
PKG_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) 2>/dev/null))
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -letpan -lwbxml2 -llmdb -lresolv -lpthread

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wpointer-arith -Wwrite-strings -Wundef \
	-Wredundant-decls -Wold-style-definition -Walloca -Wdate-time
# What ships is held to more than the tests are; some of it only gcc knows.
WARN_OWN := -Wformat=2 -Wcast-qual
WARN_GCC := -Wnull-dereference -Wlogical-op -Wduplicated-cond \
	-Wduplicated-branches -Wjump-misses-init -Wtrampolines
CFLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_fault := -O1 -DFAULT_POINTS -fstack-protector-strong
# The sanitized build is clang's: its UBSan sees more, and its objects carry
# the coverage that libFuzzer steers by, so that one build serves both.
SANITIZE := address,undefined
CFLAGS_asan := -O1 -DFAULT_POINTS -fsanitize=$(SANITIZE),fuzzer-no-link \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS_asan := -fsanitize=$(SANITIZE)
ifeq ($(BUILD),asan)
# gcc judges the tests; what clang thinks of them is advice.
CC := clang
WARN_TESTS := -Wno-error
else
WARN_OWN += $(WARN_GCC)
endif
CFLAGS := -std=gnu11 -D_GNU_SOURCE -g -fPIE -pthread $(WARN) \
	$(CFLAGS_$(BUILD)) -I. $(PKG_CFLAGS) $(EXTRA_CFLAGS)
LDFLAGS := -pie -Wl,-z,relro,-z,now -rdynamic $(LDFLAGS_$(BUILD))

LIB_SRC := $(filter-out gateway/main.c,$(foreach d,base state \
	translate backends gateway,$(wildcard $(d)/*.c $(d)/*/*.c)))
PHONE_SRC := $(wildcard tests/phone/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(OUT)/%.o)
PHONE_OBJ := $(PHONE_SRC:%.c=$(OUT)/%.o)
LIB := $(OUT)/libeasbridge.a
PHONE := $(OUT)/libeasphone.a
MAIN := $(if $(wildcard gateway/main.c),$(OUT)/easbridge)
TOOLS := $(patsubst %.c,$(OUT)/%,$(wildcard tools/*.c))

UNIT := $(patsubst %.c,$(OUT)/%,$(wildcard tests/unit/test_*.c))
BACKEND := $(patsubst %.c,$(OUT)/%,$(wildcard tests/backend/test_*.c))
PROTOCOL := $(patsubst %.c,$(OUT)/%,$(wildcard tests/protocol/test_*.c))
FAULTS := $(patsubst %.c,$(OUT)/%,$(wildcard tests/fault/test_*.c))
# A daemon is started for each fault point, some 1,500 times: too slow with
# sanitizers, and the wire tests walk the same code there.
WIRE := $(PROTOCOL) $(if $(filter asan,$(BUILD)),,$(FAULTS))
BENCH := $(patsubst %.c,$(OUT)/%,$(wildcard tests/bench/bench_*.c))
DEMO := $(patsubst %.c,$(OUT)/%,$(wildcard tests/demo/*.c))

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | \
		sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: all
all: $(LIB) $(MAIN) $(TOOLS) ## build (BUILD=release, fault or asan)

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(CFLAGS) $(if $(filter tests/%,$<),$(WARN_TESTS),$(WARN_OWN)) -MMD -MP \
		-c $< -o $@

$(OUT)/gateway/config/preset.o: share/providers.conf

translate/wbxml/wbxml_tags.h: translate/wbxml/wbxml_pages.def tools/gen-tags
	tools/gen-tags < $< > $@.new
	mv $@.new $@

$(LIB): $(LIB_OBJ)
	@rm -f $@
	@ar rcs $@ $^
$(PHONE): $(PHONE_OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(OUT)/easbridge: $(OUT)/gateway/main.o $(LIB)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(TOOLS): $(OUT)/%: $(OUT)/%.o $(LIB)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Helpers that several tests of one folder share are named helper_*.c.
UNIT_HELP := $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/unit/helper_*.c \
	tests/backend/helper_*.c))
$(UNIT) $(BACKEND): $(OUT)/%: $(OUT)/%.o $(UNIT_HELP) $(LIB)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcmocka
# They look into the state when all is over; the phone shares nothing.
FAULT_HELP := $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/fault/helper_*.c))
$(FAULTS): $(OUT)/%: $(OUT)/%.o $(FAULT_HELP) $(PHONE) $(LIB)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcmocka
# These damage the state while the daemon is down.
DAMAGE := $(patsubst %.c,$(OUT)/%,$(wildcard tests/protocol/test_verify*.c))
$(DAMAGE): $(OUT)/%: $(OUT)/%.o $(OUT)/tests/protocol/helper_damage.o \
		$(PHONE) $(LIB)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcmocka
$(filter-out $(DAMAGE),$(PROTOCOL)) $(DEMO): $(OUT)/%: $(OUT)/%.o $(PHONE)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcmocka
BENCH_HELP := $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/bench/helper_*.c))
$(BENCH): $(OUT)/%: $(OUT)/%.o $(BENCH_HELP) $(PHONE) $(LIB)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcmocka

.PHONY: install-deps
install-deps: ## install the packages that building and testing need
	tools/install-deps

.PHONY: unit
unit: $(UNIT) ## build and run the unit tests
	@tools/run-tests $(UNIT)

.PHONY: tests
tests: all $(UNIT) $(BACKEND) $(WIRE) $(DEMO) ## build all test programs

# The longest first, or the rest of the machine waits for them at the end.
LONGEST := $(filter $(OUT)/tests/fault/%,$(WIRE))
.PHONY: run-tests
run-tests: tests
	@EASBRIDGE_BIN=$(CURDIR)/$(OUT)/easbridge tools/run-tests \
		$(LONGEST) $(filter-out $(LONGEST),$(WIRE)) $(BACKEND) $(UNIT)

.PHONY: check
check: ## install what is needed, build, run every test
	tools/install-deps
	tools/check

.PHONY: check-trixie
check-trixie: ## make check on Debian 13, in build/trixie (root only)
	tools/trixie check

.PHONY: check-asan
check-asan: ## every test under ASan and UBSan
	$(MAKE) BUILD=asan run-tests

.PHONY: lint
lint: ## layers, and each header on its own
	@tools/check-layers
	@tools/check-docs
	@for h in $$(ls base/*.h state/*.h translate/*.h translate/*/*.h \
		backends/*.h backends/*/*.h gateway/*.h gateway/*/*.h); do \
		$(CC) -std=gnu11 -D_GNU_SOURCE -I. $(PKG_CFLAGS) -Wall -Werror \
			-fsyntax-only -x c $$h -include $$h || exit 1; done

FUZZ := $(patsubst %.c,$(OUT)/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 5
$(FUZZ): $(OUT)/%: $(OUT)/%.o $(LIB)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS)
.PHONY: fuzz-build run-fuzz fuzz-short
fuzz-build: $(FUZZ)
run-fuzz: fuzz-build
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/run-fuzz $(FUZZ)
fuzz-short: ## each fuzzer for FUZZ_SECONDS, grown inputs stay in build/
	$(MAKE) BUILD=asan run-fuzz

# Figures, never a verdict: a benchmark fails on wrong answers only.
.PHONY: bench
bench: ## build and run the benchmarks, print a table of their figures
	$(MAKE) BUILD=release all $(patsubst $(OUT)/%,build/release/%,$(BENCH))
	@tools/run-bench $(patsubst $(OUT)/%,build/release/%,$(BENCH))

.PHONY: demo demo-up demo-down
demo: ## servers, sample data, gateway, and a phone playing against it
	tools/install-deps --demo
	$(MAKE) BUILD=release all $(patsubst $(OUT)/%,build/release/%,$(DEMO))
	tests/demo/demo show
demo-up: ## the same in the background, without the show
	tools/install-deps --demo
	$(MAKE) BUILD=release all
	tests/demo/demo up
demo-down: ## stop what demo-up started
	tests/demo/demo down

prefix ?= /usr/local
sbindir ?= $(prefix)/sbin
datadir ?= $(prefix)/share
unitdir ?= $(prefix)/lib/systemd/system
libdir := $(prefix)/lib
D = $(DESTDIR)
.PHONY: install uninstall
install: ## install below DESTDIR and prefix (BUILD=release)
	$(MAKE) BUILD=release all
	install -D -m 755 build/release/easbridge $(D)$(sbindir)/easbridge
	install -D -m 644 docs/easbridge.8 $(D)$(datadir)/man/man8/easbridge.8
	install -D -m 644 docs/easbridge.conf.5 \
		$(D)$(datadir)/man/man5/easbridge.conf.5
	tools/install-completion build/release/easbridge $(D)$(datadir)
	install -d $(D)$(unitdir) $(D)$(datadir)/doc/easbridge/examples/users.d
	sed 's|@sbindir@|$(sbindir)|' packaging/systemd/easbridge.service \
		> $(D)$(unitdir)/easbridge.service
	chmod 644 $(D)$(unitdir)/easbridge.service
	install -D -m 644 packaging/systemd/sysusers.conf \
		$(D)$(libdir)/sysusers.d/easbridge.conf
	install -D -m 644 packaging/systemd/tmpfiles.conf \
		$(D)$(libdir)/tmpfiles.d/easbridge.conf
	install -m 644 README.md LICENSE $(wildcard docs/*.md) \
		$(D)$(datadir)/doc/easbridge
	install -m 644 $(wildcard packaging/examples/*.conf) \
		$(D)$(datadir)/doc/easbridge/examples
	install -D -m 644 packaging/fail2ban/filter.conf \
		$(D)$(datadir)/doc/easbridge/examples/fail2ban/filter.conf
	install -m 644 packaging/fail2ban/jail.conf \
		$(D)$(datadir)/doc/easbridge/examples/fail2ban
	install -m 644 packaging/examples/users.d/alice.conf \
		$(D)$(datadir)/doc/easbridge/examples/users.d
uninstall: ## remove what install put there; configuration and state stay
	rm -rf $(D)$(sbindir)/easbridge $(D)$(datadir)/man/man8/easbridge.8 \
		$(D)$(unitdir)/easbridge.service \
		$(D)$(libdir)/sysusers.d/easbridge.conf \
		$(D)$(libdir)/tmpfiles.d/easbridge.conf \
		$(D)$(datadir)/man/man5/easbridge.conf.5 \
		$(D)$(datadir)/bash-completion/completions/easbridge \
		$(D)$(datadir)/zsh/vendor-completions/_easbridge \
		$(D)$(datadir)/fish/vendor_completions.d/easbridge.fish \
		$(D)$(datadir)/doc/easbridge

.PHONY: deb check-deb check-container
deb: ## build the Debian package, build/deb/easbridge_*.deb
	tools/install-deps --deb
	tools/make-deb
check-deb: ## build it, install, upgrade and purge it on a small system (root)
	tools/check-deb
check-container: ## build the container images and run both compose files (root)
	tools/check-container

.PHONY: docs
docs: ## write what docs/ says of settings, providers and commands anew
	$(MAKE) BUILD=release all
	tools/gen-docs build/release/easbridge

.PHONY: transcript
transcript: ## write docs/setup-transcript.md anew: a set-up, and five faults
	tools/install-deps
	$(MAKE) BUILD=release all
	tools/setup-transcript build/release/easbridge --write

.PHONY: format clean
format: ## clang-format over all sources
	clang-format -i $$(git ls-files '*.c' '*.h')
clean: ## remove everything that was built
	rm -rf build/release build/fault build/asan build/fuzz build/tmp \
		build/deb build/debian build/container

-include $(wildcard $(OUT)/*/*.d $(OUT)/*/*/*.d)
