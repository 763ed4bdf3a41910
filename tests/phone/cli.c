#include "tests/phone/cli.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static int
run(struct harness *h, struct bytes *out, const char *before,
    const char *words)
{
	const char *bin = getenv("EASBRIDGE_BIN");
	char piece[4096], *cmd;
	FILE *f;
	size_t n;
	int status;

	cmd = bytes_format("cd '%s' && %s '%s%s%s' %s 2>&1", h->dir, before,
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

int
cli_run(struct harness *h, struct bytes *out, const char *fmt, ...)
{
	char words[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	return run(h, out, "", words);
}

int
cli_browse(struct harness *h, struct bytes *out, const char *mode,
	   const char *fmt, ...)
{
	char words[4096], *before;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	before = bytes_format("'%s/tests/servers/browser.py' %s", h->root,
			      mode);
	rc = run(h, out, before, words);
	free(before);
	return rc;
}

int
cli_type(struct harness *h, struct bytes *out, const char *answers,
	 const char *fmt, ...)
{
	char words[4096], *before;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	before = bytes_format("'%s/tests/servers/typist.py' %s --", h->root,
			      answers);
	rc = run(h, out, before, words);
	free(before);
	return rc;
}

int
provider_do(struct harness *h, const char *json, const char *count)
{
	char *cmd = bytes_format("curl -sS --max-time 20 -d '%s' %s/control",
				 json, h->oauth);
	FILE *f = popen(cmd, "r");
	char text[1024] = "", *at;
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	char *key = bytes_format("\"%s\": ", count);
	int found = -1;

	text[n] = '\0';
	if (!f || pclose(f) != 0 || !strchr(text, '}') ||
	    strstr(text, "unknown"))
		phone_failf("the provider says: %s", text);
	at = strstr(text, key);
	if (at)
		found = atoi(at + strlen(key));
	free(key);
	free(cmd);
	return found;
}

void
text_has(const struct bytes *text, const char *what)
{
	if (!text->p || !memmem(text->p, text->n, what, strlen(what)))
		phone_failf("no \"%s\" in:\n%s", what, text->p ? text->p : "");
}

void
text_has_not(const struct bytes *text, const char *what)
{
	if (text->p && memmem(text->p, text->n, what, strlen(what)))
		phone_failf("\"%s\" in:\n%s", what, text->p);
}

char *
shell_read(const char *cmd)
{
	struct bytes b = { 0 };
	char room[4096];
	FILE *f = popen(cmd, "r");
	size_t n;

	bytes_put(&b, "", 0);
	while (f && (n = fread(room, 1, sizeof(room), f)) > 0)
		bytes_put(&b, room, n);
	if (f)
		pclose(f);
	return b.p;
}

void
harness_reload(struct harness *h)
{
	int before = harness_log_count(h, " reload "), i;

	kill(h->pid, SIGHUP);
	for (i = 0; i < 500; i++) {
		if (harness_log_count(h, " reload ") > before)
			return;
		harness_sleep(10);
	}
	phone_failf("no reload in 5 s");
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
