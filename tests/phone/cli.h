/* The program's other commands, as an administrator types them. */
#ifndef TESTS_PHONE_CLI_H
#define TESTS_PHONE_CLI_H

#include "tests/phone/harness.h"

/* Runs easbridge with these arguments (shell words) in the harness' folder;
 * everything it prints, to both outputs, goes to out. Its exit code. */
int cli_run(struct harness *h, struct bytes *out, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with a person at the browser (tests/servers/browser.py: mode). */
int cli_browse(struct harness *h, struct bytes *out, const char *mode,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same at a terminal, where answers are typed (tests/servers/typist.py:
 * shell words). */
int cli_type(struct harness *h, struct bytes *out, const char *answers,
	     const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Orders for tests/servers/authserver.py, as JSON; what it has counted under
 * that name until now ("": nothing). */
int provider_do(struct harness *h, const char *json, const char *count);
/* Fails the test unless what stands in text, or with it. */
void text_has(const struct bytes *text, const char *what);
void text_has_not(const struct bytes *text, const char *what);
/* What a shell command prints, "" for nothing; caller frees. */
char *shell_read(const char *cmd);
/* SIGHUP to the daemon, and waits until it was followed. */
void harness_reload(struct harness *h);
/* A file of the harness' folder. */
void cli_write(struct harness *h, const char *name, const char *text);

#endif
