/* A hostile server behind a logged-in session: libetpan gets what
 * imap_stream.c lets through. */
#include <libetpan/libetpan.h>

#include "backends/imap/imap_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

/* libetpan leaks a few bytes on some of its error paths. */
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap s = { .caps = ~0u };
	struct arena *a = arena_new();
	clistiter *i;
	clist *list;
	unsigned tag;

	s.c = conn_of_bytes(span_from(data, size));
	s.text.max = s.copyuid.max = 65536;
	stream_open(&s);
	for (tag = 1; tag < 5 && !s.dead; tag++) {
		if (!imap_wait(&s, tag, NULL))
			continue;
		list = imap_fetched(&s);
		for (i = list ? clist_begin(list) : NULL; i;
		     i = clist_next(i)) {
			struct fetched f;

			imap_fetched_read(clist_content(i), a, &f);
			if (f.structure)
				imap_structure(a, f.structure);
			imap_body_take(a, f.body);
		}
	}
	stream_close(&s);
	conn_close(&s.c);
	buf_free(&s.text);
	buf_free(&s.copyuid);
	arena_free(&a);
	return 0;
}
