#include "tests/phone/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

int
cli_run(struct harness *h, struct bytes *out, const char *fmt, ...)
{
	const char *bin = getenv("EASBRIDGE_BIN");
	char words[4096], piece[4096], *cmd;
	va_list ap;
	FILE *f;
	size_t n;
	int status;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	cmd = bytes_format("cd '%s' && '%s%s%s' %s 2>&1", h->dir,
			   bin && *bin == '/' ? "" : h->root,
			   bin && *bin == '/' ? "" : "/",
			   bin ? bin : "build/fault/easbridge", words);
	f = popen(cmd, "r");
	free(cmd);
	out->n = 0;
	bytes_put(out, "", 0);
	if (!f) {
		phone_failf("cannot run: %s", words);
		return -1;
	}
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		bytes_put(out, piece, n);
	status = pclose(f);
	if (!WIFEXITED(status))
		phone_failf("%s died: %s", words, out->p);
	return WEXITSTATUS(status);
}

void
text_has(const struct bytes *text, const char *what)
{
	if (!strstr(text->p, what))
		phone_failf("no \"%s\" in:\n%s", what, text->p);
}

void
text_has_not(const struct bytes *text, const char *what)
{
	if (strstr(text->p, what))
		phone_failf("\"%s\" in:\n%s", what, text->p);
}

void
cli_write(struct harness *h, const char *name, const char *text)
{
	char *path = bytes_format("%s/%s", h->dir, name);
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		phone_failf("cannot write %s", path);
	free(path);
}
