/* check-config, help-config, trace, version. */
#include "gateway/cli/cli.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "gateway/config/config.h"
#include "gateway/http/version.h"
#include "translate/wbxml/wbxml.h"

static void
print(struct buf *b, FILE *to)
{
	fwrite(b->p, 1, b->n, to);
	buf_free(b);
}

static void
keep_mistake(void *ctx, const char *file, unsigned line, const char *text)
{
	json_array_append_new(ctx, json_pack("{sssIss}", "file", file, "line",
					     (json_int_t)line, "text", text));
}

/* A list of mistakes; line 0: about the file. */
static int
check_config_json(const struct cli *c)
{
	json_t *list = json_array();
	struct config_report rep = { .say = keep_mistake, .ctx = list };
	struct config *conf = config_load(c->file, &rep);

	json_dumpf(list, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(list);
	config_put(&conf);
	return rep.errors > 0 ? 1 : 0;
}

int
cli_check_config(const struct cli *c)
{
	struct buf b = BUF_INIT(1024 * 1024);
	unsigned errors;

	if (c->json)
		return check_config_json(c);
	errors = config_check(c->file, &b);

	print(&b, errors > 0 ? stderr : stdout);
	return errors > 0 ? 1 : 0;
}

int
cli_help_config(const struct cli *c)
{
	struct buf b = BUF_INIT(1024 * 1024);

	(void)c;
	config_help(&b);
	print(&b, stdout);
	return 0;
}

/* Dumps of ours are masked text and begin with the time; anything else is
 * taken for WBXML, which begins with its version. */
static int
print_doc(struct arena *a, const char *path, struct span doc, bool mask)
{
	struct err e = { .code = ERR_NONE };
	struct span text;

	if (doc.n > 0 && doc.p[0] >= '0' && doc.p[0] <= '9') {
		fwrite(doc.p, 1, doc.n, stdout);
		return 0;
	}
	if (!wbxml_dump(a, doc, mask, &text, &e)) {
		fprintf(stderr, "%s: %s\n", path, e.text);
		return 1;
	}
	fwrite(text.p, 1, text.n, stdout);
	return 0;
}

static int
print_file(const char *path, bool mask)
{
	struct buf b = BUF_INIT(MAX_ANSWER);
	struct err e = { .code = ERR_NONE };
	FILE *f = fopen(path, "re");
	struct arena *a;
	char piece[65536];
	size_t n;
	int rc = 1;

	if (f == NULL) {
		perror(path);
		return 1;
	}
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(&b, piece, n);
	a = arena_new();
	if (ferror(f))
		perror(path);
	else if (!buf_ok(&b, &e))
		fprintf(stderr, "%s: %s\n", path, e.text);
	else
		rc = print_doc(a, path, buf_view(&b), mask);
	fclose(f);
	arena_free(&a);
	buf_free(&b);
	return rc;
}

static int
visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int
cli_trace(const struct cli *c)
{
	const char *path = c->argv[0];
	bool live = strchr(path, '/') == NULL && access(path, F_OK) != 0;
	bool mask = !c->unmasked;
	struct dirent **list;
	struct stat st;
	char name[4096];
	int n, i, rc = 0;

	if (live || c->argc > 1)
		return cli_trace_live(c);
	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return print_file(path, mask);
	n = scandir(path, &list, visible, alphasort);
	if (n < 0) {
		perror(path);
		return 1;
	}
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
		printf("== %s\n", list[i]->d_name);
		rc |= print_file(name, mask);
		free(list[i]);
	}
	free(list);
	return rc;
}

int
cli_version(const struct cli *c)
{
	(void)c;
	puts("easbridge " EASBRIDGE_VERSION);
	return 0;
}
