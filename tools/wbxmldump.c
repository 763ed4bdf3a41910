/* wbxmldump [--mask]: shows the WBXML document on standard input. */
#include "translate/wbxml/wbxml.h"

#include <stdio.h>
#include <string.h>

static bool
read_all(FILE *in, struct buf *b)
{
	char chunk[64 * 1024];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
		buf_put(b, chunk, n);
	return ferror(in) == 0;
}

int
main(int argc, char **argv)
{
	struct buf in = BUF_INIT(MAX_REQUEST);
	struct arena *a;
	struct span text;
	struct err e = { 0 };
	bool mask = argc == 2 && strcmp(argv[1], "--mask") == 0;
	bool ok;

	if (argc > 2 || (argc == 2 && !mask)) {
		fprintf(stderr, "usage: %s [--mask] <document\n", argv[0]);
		return 2;
	}
	if (!read_all(stdin, &in)) {
		perror("standard input");
		return 1;
	}
	a = arena_new();
	ok = buf_ok(&in, &e) && wbxml_dump(a, buf_view(&in), mask, &text, &e);
	if (ok)
		fwrite(text.p, 1, text.n, stdout);
	else
		fprintf(stderr, "%s\n", e.text);
	arena_free(&a);
	buf_free(&in);
	return ok && fflush(stdout) == 0 ? 0 : 1;
}
