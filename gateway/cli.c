/* check-config, help-config, trace, version. */
#include "gateway/cli.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "gateway/config.h"
#include "translate/wbxml.h"

#ifndef EASBRIDGE_VERSION
#define EASBRIDGE_VERSION "0.1"
#endif

static void
print(struct buf *b, FILE *to)
{
	fwrite(b->p, 1, b->n, to);
	buf_free(b);
}

int
cli_check_config(const char *file)
{
	struct buf b = BUF_INIT(1024 * 1024);
	unsigned errors = config_check(file, &b);

	print(&b, errors > 0 ? stderr : stdout);
	return errors > 0 ? 1 : 0;
}

int
cli_help_config(void)
{
	struct buf b = BUF_INIT(1024 * 1024);

	config_help(&b);
	print(&b, stdout);
	return 0;
}

/* A dump of ours is text already; anything else is taken for WBXML. */
static int
print_file(const char *path)
{
	struct arena *a = arena_new();
	struct err e = { .code = ERR_NONE };
	char *p = arena_alloc(a, MAX_ANSWER);
	struct span doc, text;
	FILE *f = fopen(path, "re");
	int rc = 0;

	if (f == NULL) {
		perror(path);
		arena_free(&a);
		return 1;
	}
	doc = span_from(p, fread(p, 1, MAX_ANSWER, f));
	fclose(f);
	if (doc.n == 0 || doc.p[0] != 0x03) {
		fwrite(doc.p, 1, doc.n, stdout);
	} else if (wbxml_dump(a, doc, false, &text, &e)) {
		fwrite(text.p, 1, text.n, stdout);
	} else {
		fprintf(stderr, "%s: %s\n", path, e.text);
		rc = 1;
	}
	arena_free(&a);
	return rc;
}

static int
visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int
cli_trace(const char *path)
{
	struct dirent **list;
	struct stat st;
	char name[4096];
	int n, i, rc = 0;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return print_file(path);
	n = scandir(path, &list, visible, alphasort);
	if (n < 0) {
		perror(path);
		return 1;
	}
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
		printf("== %s\n", list[i]->d_name);
		rc |= print_file(name);
		free(list[i]);
	}
	free(list);
	return rc;
}

int
cli_version(void)
{
	puts("easbridge " EASBRIDGE_VERSION);
	return 0;
}

int
cli_usage(int code)
{
	fputs("easbridge serve [-c FILE]         run the gateway\n"
	      "easbridge check-config [-c FILE]  look for mistakes\n"
	      "easbridge help-config             all settings, as a file to "
	      "start from\n"
	      "easbridge trace FILE|FOLDER       print WBXML files, or what "
	      "STATE/trace/DEVICE holds\n"
	      "easbridge version\n", code == 0 ? stdout : stderr);
	return code;
}
