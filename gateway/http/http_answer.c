/* Responses: headers, gzip. */
#include "gateway/http/http_private.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define GZIP_FROM 1024 /* below, the frame eats the gain */

static bool
offers_gzip(const char *accept)
{
	struct span rest = span_of(accept), item, name;

	while (rest.n > 0) {
		item = span_take_until(&rest, ',');
		name = span_trim(span_take_until(&item, ';'));
		if (span_eq_ci(name, SPAN("gzip")))
			return !span_eq(span_trim(item), SPAN("q=0"));
	}
	return false;
}

/* Attachments and multipart answers are mostly packed already. */
static bool
worth_it(const struct http_header *headers, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct span v = span_of(headers[i].value);

		if (strcmp(headers[i].name, "Content-Type") == 0)
			return span_starts(v, SPAN("text/")) ||
			       span_starts(v, SPAN("application/json")) ||
			       span_eq(v, SPAN("application/"
					       "vnd.ms-sync.wbxml"));
	}
	return false;
}

/* Replaces *p by its gzip form; false leaves all as it was. */
static bool
gzip(char **p, size_t *n)
{
	z_stream z = { 0 };
	size_t room;
	char *out;
	int rc;

	if (*n > UINT32_MAX || deflateInit2(&z, 5, Z_DEFLATED, 15 + 16, 8,
					    Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	room = deflateBound(&z, *n);
	out = xmalloc(room);
	z.next_in = (Bytef *)*p;
	z.avail_in = (uInt)*n;
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)room;
	rc = deflate(&z, Z_FINISH);
	room = z.total_out;
	deflateEnd(&z);
	if (rc != Z_STREAM_END || room >= *n) {
		free(out);
		return false;
	}
	free(*p);
	*p = out;
	*n = room;
	return true;
}

struct MHD_Response *
http_response(const struct conn *c, int status,
	      const struct http_header *headers, size_t n, struct buf *body)
{
	struct MHD_Response *r;
	bool packed = false;
	size_t len = 0, i;
	char *p = NULL;

	if (body != NULL && body->n > 0)
		p = buf_take(body, &len);
	if (len > GZIP_FROM && worth_it(headers, n) &&
	    c->x.in[IN_ENCODING] != NULL && offers_gzip(c->x.in[IN_ENCODING]))
		packed = gzip(&p, &len);
	r = MHD_create_response_from_buffer(len, p, p != NULL ?
					    MHD_RESPMEM_MUST_FREE :
					    MHD_RESPMEM_PERSISTENT);
	if (r == NULL)
		return NULL;
	for (i = 0; i < n; i++)
		MHD_add_response_header(r, headers[i].name,
					headers[i].value);
	if (packed)
		MHD_add_response_header(r, "Content-Encoding", "gzip");
	if (status == 503)
		MHD_add_response_header(r, "Retry-After", "30");
	if (status == 401)
		MHD_add_response_header(r, "WWW-Authenticate",
					"Basic realm=\"ActiveSync\"");
	return r;
}
