/* What a DAV server and a DNS server say: multistatus, error bodies, hrefs,
 * SRV and TXT records. */
#include <stdlib.h>

#include "backends/dav/dav_private.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
on_response(void *ctx, const struct dav_response *r)
{
	struct arena *a = ctx;
	struct span path = dav_path(a, "https://dav.example.org/base/",
				    r->href);

	/* One spelling stays one. */
	if (path.n > 0 && span_starts(r->href, SPAN("/")) &&
	    !span_eq(dav_path(a, "https://dav.example.org/", path), path))
		abort();
	dav_url(a, "https://dav.example.org/base/", r->href);
	utf8_crlf(a, r->data);
	dav_escape(a, r->name);
}

static void
read_as_multistatus(struct span s, struct arena *a)
{
	struct dav_multi m = { .each = on_response, .ctx = a, .a = a };
	struct dav_xml *x = dav_xml_open(dav_multi_child, &m);
	size_t half = s.n / 2;

	dav_xml_feed(x, s.p, half);
	dav_xml_feed(x, s.p + half, s.n - half);
	dav_xml_done(x, NS_DAV, "multistatus");
	dav_xml_free(&x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct dav_reply r = { .status = 403, .body = span_from(data, size) };
	struct err e = { 0 };

	read_as_multistatus(r.body, a);
	dav_refused(&r, NULL, true, "PUT", &e);
	dav_srv_read(a, data, size, "/");
	dav_srv_path(a, data, size);
	arena_free(&a);
	return 0;
}
