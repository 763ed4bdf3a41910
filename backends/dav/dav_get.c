/* Objects as the server has them.
 *
 * XML makes LF of every line end (XML 1.0, 2.11): what came in a multiget
 * gets its CRLF back, as RFC 5545 and 6350 want it. What came by GET is left
 * as it is. */
#include "backends/dav/dav_private.h"

#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

struct dav_version {
	struct dav_version *next;
	const char *url;
	unsigned vcard; /* 4: cards are asked for as 4.0; 3: left to it */
};

/* ---- the version of vCard ----------------------------------------------------*/

static void
take_version(void *ctx, const struct dav_response *r)
{
	*(unsigned *)ctx = r->vcard;
}

/* Servers convert to 3.0 for who does not ask for 4.0 (sabre, Cyrus). The
 * version that a server names first is the one it keeps. */
static unsigned
version_of(struct dav *d, const char *url, struct arena *a)
{
	struct dav_version *v;
	unsigned vcard = 3;
	struct dav_multi m = { .each = take_version, .ctx = &vcard };
	struct dav_reply r;

	for (v = d->versions; v != NULL; v = v->next)
		if (strcmp(v->url, url) == 0)
			return v->vcard;
	if (!dav_propfind(d, url, "0", "<r:supported-address-data/>", &m, a,
			  &r, NULL))
		return 3;
	v = arena_alloc(d->own, sizeof(*v));
	*v = (struct dav_version){ .next = d->versions,
				   .url = arena_str(d->own, span_of(url)),
				   .vcard = vcard };
	d->versions = v;
	return vcard;
}

static const char *
accepts(struct dav *d, const char *coll, bool calendar, struct arena *a)
{
	if (calendar)
		return "text/calendar";
	return version_of(d, coll, a) == 4 ? "text/vcard; version=4.0"
					   : "text/vcard";
}

const char *
dav_address_data(struct dav *d, const char *url, struct arena *a)
{
	return version_of(d, url, a) == 4
		       ? "<r:address-data content-type=\"text/vcard\" "
			 "version=\"4.0\"/>"
		       : "<r:address-data/>";
}

/* ---- one -------------------------------------------------------------------*/

bool
dav_get_one(struct dav *d, const char *coll, bool calendar, struct object *o,
	    struct arena *a, struct err *e)
{
	struct dav_ask ask = { .method = "GET",
			       .url = dav_object_url(a, coll, o->remote),
			       .accept = accepts(d, coll, calendar, a),
			       .most = MAX_OBJECT_BYTES };
	struct dav_reply r;

	if (!dav_call(d, &ask, a, &r, e))
		return false;
	if (r.status == 404 || r.status == 410)
		return true;
	/* One that the server will not show must not hold up the others: it
	 * is there, without content. */
	if (r.status == 403 || r.status == 406 || r.status == 415) {
		o->found = true;
		return true;
	}
	if (r.status != 200)
		return dav_refused(&r, NULL, true, "GET", e);
	if (r.type.n > 0 && span_starts_ci(r.type, SPAN("text/html")))
		return err_set(e, ERR_PEER, SCOPE_COLLECTION,
			       "the DAV server gives a web page for an "
			       "object");
	o->found = true;
	o->etag = r.etag;
	o->data = r.cut ? SPAN_NONE : r.body;
	return true;
}

/* ---- many ------------------------------------------------------------------*/

struct batch {
	struct arena *a;
	const char *coll;
	struct object *v;
	struct span *paths; /* of v[], in one spelling */
	bool *gone;
	size_t n, hint;
};

/* data: the property of cards; NULL: of calendars. */
static struct span
multiget_body(struct arena *a, const struct object *v, size_t n,
	      const char *data)
{
	struct buf b = BUF_INIT(4u << 20);
	const char *root = data == NULL ? "c:calendar" : "r:addressbook";
	struct span out;
	size_t i;

	buf_printf(&b, DAV_HEAD "<%s-multiget " DAV_XMLNS "><d:prop>"
		   "<d:getetag/>%s</d:prop>", root,
		   data == NULL ? "<c:calendar-data/>" : data);
	for (i = 0; i < n; i++) {
		buf_str(&b, "<d:href>");
		buf_span(&b, dav_escape(a, v[i].remote));
		buf_str(&b, "</d:href>");
	}
	buf_printf(&b, "</%s-multiget>", root);
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

/* Answers come in the order asked, mostly. */
static size_t
index_of(struct batch *b, struct span path)
{
	size_t i, k;

	for (i = 0; i < b->n; i++) {
		k = (b->hint + i) % b->n;
		if (span_eq(b->paths[k], path)) {
			b->hint = k + 1;
			return k;
		}
	}
	return b->n;
}

static void
take_object(void *ctx, const struct dav_response *r)
{
	struct batch *b = ctx;
	struct arena *tmp = arena_new();
	size_t i = index_of(b, dav_path(tmp, b->coll, r->href));
	struct object *o = i < b->n ? &b->v[i] : NULL;

	arena_free(&tmp);
	if (o == NULL)
		return; /* iCloud tells of the collection too */
	if (r->status == 404 || r->status == 410)
		b->gone[i] = true;
	if (r->data.n == 0 && !r->data_cut)
		return;
	o->found = true;
	o->etag = arena_dup(b->a, r->etag);
	o->data = SPAN_NONE;
	if (r->data_cut || r->data.n > MAX_OBJECT_BYTES)
		return;
	o->data = utf8_crlf(b->a, arena_dup(b->a, r->data));
}

/* False: an error that singles would meet as well. */
static bool
multiget(struct dav *d, const char *coll, bool calendar, struct batch *b,
	 struct arena *a, struct err *e)
{
	struct dav_multi m = { .each = take_object, .ctx = b, .a = a };
	struct dav_ask ask = { .method = "REPORT", .url = coll, .depth = "1",
			       .type = DAV_XML_TYPE, .multi = &m };
	struct dav_reply r;
	struct err mine = { 0 };

	ask.body = multiget_body(a, b->v, b->n,
				 calendar ? NULL
					  : dav_address_data(d, coll, a));
	if (dav_call(d, &ask, a, &r, &mine))
		return true;
	/* Too long, broken, or a server that stumbles over one of them. */
	return mine.scope != SCOPE_ACCOUNT ||
	       err_set(e, mine.code, mine.scope, "%s", mine.text);
}

static bool
get_batch(struct dav *d, const char *coll, bool calendar, struct object *v,
	  size_t n, struct arena *a, struct err *e)
{
	struct batch b = { .a = a, .coll = coll, .v = v, .n = n };
	size_t i;

	b.gone = arena_array(a, n, sizeof(*b.gone));
	b.paths = arena_array(a, n, sizeof(*b.paths));
	for (i = 0; i < n; i++)
		b.paths[i] = dav_path(a, coll, v[i].remote);
	if (n > 1 && !multiget(d, coll, calendar, &b, a, e))
		return false;
	/* Who refuses multiget, or leaves something out, is asked singly. */
	for (i = 0; i < n; i++)
		if (!v[i].found && !b.gone[i] &&
		    !dav_get_one(d, coll, calendar, &v[i], a, e))
			return false;
	return true;
}

bool
dav_get(void *s, struct span coll, struct object *v, size_t n,
	struct arena *a, struct err *e)
{
	struct dav *d = s;
	struct span comp;
	const char *url = dav_coll_url(d, a, coll, &comp, e);
	struct object *got = arena_array(a, n + 1, sizeof(*got));
	size_t i, k;

	if (url == NULL)
		return false;
	for (i = 0; i < n; i++)
		got[i].remote = v[i].remote;
	for (i = 0; i < n; i += DAV_BATCH) {
		k = n - i < DAV_BATCH ? n - i : DAV_BATCH;
		if (!get_batch(d, url, comp.n > 0, got + i, k, a, e))
			return false;
	}
	if (n > 0)
		memcpy(v, got, n * sizeof(*v));
	return true;
}
