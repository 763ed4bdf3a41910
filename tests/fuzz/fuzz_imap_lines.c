/* The line reader and the scanners of the bell and the session. */
#include "backends/imap/imap_conn.h"
#include "backends/imap/imap_names.h"
#include "backends/imap/imap_scan.h"
#include "backends/sources.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conn *c = conn_of_bytes(span_from(data, size));
	struct arena *a = arena_new();
	struct span line, box, id, name, args;
	struct folder_status st = { 0 };
	uint32_t *v;
	size_t n;

	while (conn_line(c, 65536, true, &line) > 0) {
		if (scan_status(line, a, &box, &st, &id))
			name_decode(a, box);
		scan_code(line, &name, &args);
		scan_set(line, a, 10000, &v, &n);
		name_encode(a, name_decode(a, line));
		cursor_differs(line, &st);
	}
	arena_free(&a);
	conn_close(&c);
	return 0;
}
