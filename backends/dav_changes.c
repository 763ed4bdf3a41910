/* What changed in a collection. Cursors:
 *   "s TOKEN"  the sync-token (RFC 6578): only changes are listed
 *   "c CTAG"   no sync-token: everything is listed when the CTag differs
 *   "n"        neither: everything is listed each time
 * The token is taken before a full listing: what changes meanwhile comes
 * again. */
#include "backends/dav_private.h"

#include <string.h>

#define XMLNS                                                                \
	"xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\" "        \
	"xmlns:s=\"http://calendarserver.org/ns/\""
#define HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
#define XML_TYPE "application/xml; charset=utf-8"

static const char ask_state[] =
	HEAD "<d:propfind " XMLNS "><d:prop><d:sync-token/><s:getctag/>"
	     "<d:resourcetype/></d:prop></d:propfind>";
static const char ask_etags[] =
	HEAD "<d:propfind " XMLNS "><d:prop><d:getetag/><d:resourcetype/>"
	     "</d:prop></d:propfind>";

/* The cursor as of now; empty if the collection is gone. */
static bool
state_of(struct dav *d, const char *url, struct arena *a, struct span *out,
	 struct err *e)
{
	struct dav_ask ask = { .method = "PROPFIND", .url = url, .depth = "0",
			       .type = XML_TYPE, .body = span_of(ask_state) };
	struct dav_reply r;
	struct dav_multi m;

	if (!dav_call(d, &ask, a, &r, e) || !dav_multistatus(a, &r, &m, e))
		return false;
	if (m.n == 0)
		return err_set(e, ERR_PEER, SCOPE_COLLECTION,
			       "the DAV server says nothing of the "
			       "collection");
	if (m.v[0].token.n > 0)
		*out = span_of(arena_printf(a, "s " SPAN_FMT,
					    SPAN_ARG(m.v[0].token)));
	else if (m.v[0].ctag.n > 0)
		*out = span_of(arena_printf(a, "c " SPAN_FMT,
					    SPAN_ARG(m.v[0].ctag)));
	else
		*out = SPAN("n");
	return true;
}

/* Objects of an answer: with an ETag, and no collections. */
static void
take_puts(const struct dav_multi *m, struct arena *a, struct harvest *out)
{
	size_t i;

	out->puts = arena_array(a, m->n + 1, sizeof(*out->puts));
	out->gone = arena_array(a, m->n + 1, sizeof(*out->gone));
	for (i = 0; i < m->n; i++) {
		const struct dav_response *r = &m->v[i];

		if (r->status == 404 || r->status == 410)
			out->gone[out->n_gone++] = r->href;
		else if (r->etag.n > 0 && !(r->types & DAV_COLLECTION))
			out->puts[out->n_puts++] = (struct change){
				.remote = r->href, .etag = r->etag
			};
	}
}

/* ---- everything ------------------------------------------------------------------*/

static bool
list_all(struct dav *d, const char *url, struct span comp, struct arena *a,
	 struct harvest *out, struct err *e)
{
	struct dav_ask ask = { .url = url, .depth = "1", .type = XML_TYPE };
	struct dav_reply r;
	struct dav_multi m;

	if (comp.n > 0) {
		ask.method = "REPORT";
		ask.body = span_of(arena_printf(
			a, HEAD "<c:calendar-query " XMLNS "><d:prop>"
			   "<d:getetag/></d:prop><c:filter>"
			   "<c:comp-filter name=\"VCALENDAR\">"
			   "<c:comp-filter name=\"" SPAN_FMT "\"/>"
			   "</c:comp-filter></c:filter></c:calendar-query>",
			SPAN_ARG(comp)));
	} else {
		ask.method = "PROPFIND";
		ask.body = span_of(ask_etags);
	}
	if (!state_of(d, url, a, &out->cursor, e) ||
	    !dav_call(d, &ask, a, &r, e) || !dav_multistatus(a, &r, &m, e))
		return false;
	take_puts(&m, a, out);
	out->scope = HARVEST_FULL;
	out->n_gone = 0;
	return true;
}

/* ---- what changed ------------------------------------------------------------------*/

/* 507 on the collection itself: the rest comes with the next token. */
static bool
is_cut(const struct dav_multi *m, const char *url, struct arena *a)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->v[i].status == 507 &&
		    dav_same_path(a, m->v[i].href, span_of(url)))
			return true;
	return false;
}

/* 1 done, 0 the token is not accepted, -1 error. */
static int
list_since(struct dav *d, const char *url, struct span token, struct arena *a,
	   struct harvest *out, struct err *e)
{
	struct dav_ask ask = { .method = "REPORT", .url = url,
			       .type = XML_TYPE };
	struct dav_reply r;
	struct dav_multi m;
	struct err mine = { 0 };

	ask.body = span_of(arena_printf(
		a, HEAD "<d:sync-collection " XMLNS "><d:sync-token>" SPAN_FMT
		   "</d:sync-token><d:sync-level>1</d:sync-level><d:prop>"
		   "<d:getetag/><d:resourcetype/></d:prop>"
		   "</d:sync-collection>",
		SPAN_ARG(dav_escape(a, token))));
	if (!dav_call(d, &ask, a, &r, &mine)) {
		/* Xandikos answers an old token with 500. */
		if (mine.scope == SCOPE_COLLECTION)
			return 0;
		*e = mine;
		return -1;
	}
	if (r.status == 404) {
		dav_refused(&r, "sync-collection", e);
		return -1;
	}
	if (r.status != 207)
		return 0;
	if (!dav_multistatus(a, &r, &m, e))
		return -1;
	if (m.token.n == 0)
		return 0;
	take_puts(&m, a, out);
	out->scope = HARVEST_DELTA;
	out->partial = is_cut(&m, url, a) && !span_eq(m.token, token);
	out->cursor =
		span_of(arena_printf(a, "s " SPAN_FMT, SPAN_ARG(m.token)));
	return 1;
}

bool
dav_changes(void *s, struct span remote, struct span cursor, struct arena *a,
	    struct harvest *out, struct err *e)
{
	struct dav *d = s;
	struct harvest h = { .scope = HARVEST_DELTA };
	struct span comp, rest = cursor, kind, now;
	const char *url = dav_coll_url(d, a, remote, &comp);
	int done = 0;

	kind = span_take_until(&rest, ' ');
	if (span_eq(kind, SPAN("s")))
		done = list_since(d, url, rest, a, &h, e);
	if (span_eq(kind, SPAN("c"))) {
		if (!state_of(d, url, a, &now, e))
			return false;
		done = span_eq(now, cursor);
		h.cursor = cursor;
	}
	if (done < 0)
		return false;
	if (done == 0) {
		h = (struct harvest){ .scope = HARVEST_FULL };
		if (!list_all(d, url, comp, a, &h, e))
			return false;
	}
	*out = h;
	return true;
}

bool
dav_status_round(void *s, const struct span *remotes, size_t n,
		 struct arena *a, struct folder_status *out, struct err *e)
{
	struct dav *d = s;
	const char *last = NULL, *url;
	struct span token = SPAN_NONE;
	bool there = false;
	size_t i;

	for (i = 0; i < n; i++) {
		url = dav_coll_url(d, a, remotes[i], NULL);
		if (last == NULL || strcmp(last, url) != 0) {
			struct err mine = { 0 };

			there = state_of(d, url, a, &token, &mine);
			if (!there && mine.scope == SCOPE_ACCOUNT) {
				*e = mine;
				return false;
			}
			last = url;
		}
		out[i] = (struct folder_status){ .found = there,
						 .token = token };
	}
	return true;
}
