/* Objects and collections: fetch, write, remove. */
#include "backends/dav_private.h"

#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/limits.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
#define XML_TYPE "application/xml; charset=utf-8"

/* ---- fetching -------------------------------------------------------------------*/

static struct span
multiget_body(struct arena *a, const struct object *v, size_t n, bool calendar)
{
	struct buf b = BUF_INIT(4u << 20);
	struct span out;
	size_t i;

	buf_printf(&b, HEAD "<m:%s-multiget xmlns:d=\"DAV:\" "
		   "xmlns:m=\"urn:ietf:params:xml:ns:%s\"><d:prop>"
		   "<d:getetag/><m:%s-data/></d:prop>",
		   calendar ? "calendar" : "addressbook",
		   calendar ? "caldav" : "carddav",
		   calendar ? "calendar" : "address");
	for (i = 0; i < n; i++) {
		buf_str(&b, "<d:href>");
		buf_span(&b, dav_escape(a, v[i].remote));
		buf_str(&b, "</d:href>");
	}
	buf_printf(&b, "</m:%s-multiget>",
		   calendar ? "calendar" : "addressbook");
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

static void
take_object(struct object *o, struct span etag, struct span data)
{
	o->found = true;
	o->etag = etag;
	o->data = data.n <= MAX_OBJECT_BYTES ? data : SPAN_NONE;
}

/* Answers come in the order asked, mostly. */
static struct object *
object_of(struct object *v, size_t n, size_t hint, struct span href,
	  struct arena *a)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (span_eq(v[(hint + i) % n].remote, href))
			return &v[(hint + i) % n];
	for (i = 0; i < n; i++)
		if (dav_same_path(a, v[i].remote, href))
			return &v[i];
	return NULL;
}

static bool
get_one(struct dav *d, const char *coll, struct object *o, struct arena *a,
	struct err *e)
{
	struct dav_ask ask = { .method = "GET",
			       .url = dav_url(a, coll, o->remote) };
	struct dav_reply r;

	if (ask.url == NULL)
		return true;
	if (!dav_call(d, &ask, a, &r, e))
		return false;
	if (r.status == 200)
		take_object(o, r.etag, r.body);
	else if (r.status != 404 && r.status != 410)
		return dav_refused(&r, "GET", e);
	return true;
}

static bool
get_batch(struct dav *d, const char *coll, bool calendar, struct object *v,
	  size_t n, struct arena *a, struct err *e)
{
	struct dav_ask ask = { .method = "REPORT", .url = coll, .depth = "1",
			       .type = XML_TYPE,
			       .body = multiget_body(a, v, n, calendar) };
	struct dav_reply r;
	struct dav_multi m = { .n = 0 };
	struct object *o;
	size_t i;

	if (!dav_call(d, &ask, a, &r, e))
		return false;
	if (r.status == 207 && !dav_multistatus(a, &r, &m, e))
		return false;
	for (i = 0; i < m.n; i++) {
		o = object_of(v, n, i, m.v[i].href, a);
		if (o != NULL && m.v[i].data.n > 0)
			take_object(o, m.v[i].etag, m.v[i].data);
		else if (o != NULL && m.v[i].status == 404)
			o->etag = SPAN("-"); /* known to be gone */
	}
	/* Who refuses multiget, or leaves something out, is asked singly. */
	for (i = 0; i < n; i++) {
		if (v[i].found)
			continue;
		if (span_eq(v[i].etag, SPAN("-")))
			v[i].etag = SPAN_NONE;
		else if (!get_one(d, coll, &v[i], a, e))
			return false;
	}
	return true;
}

bool
dav_get(void *s, struct span coll, struct object *v, size_t n,
	struct arena *a, struct err *e)
{
	struct dav *d = s;
	struct span comp;
	const char *url = dav_coll_url(d, a, coll, &comp);
	size_t i, k;

	for (i = 0; i < n; i++) {
		v[i].found = false;
		v[i].etag = v[i].data = SPAN_NONE;
	}
	for (i = 0; i < n; i += DAV_BATCH) {
		k = n - i < DAV_BATCH ? n - i : DAV_BATCH;
		if (!get_batch(d, url, comp.n > 0, v + i, k, a, e))
			return false;
	}
	return true;
}

/* ---- writing --------------------------------------------------------------------*/

static struct span
path_of(const char *url)
{
	const char *p = strstr(url, "://");

	p = p != NULL ? strchr(p + 3, '/') : NULL;
	return span_of(p != NULL ? p : url);
}

static bool
put_refused(const struct dav_reply *r, struct err *e)
{
	bool exists = r->status == 412;
	struct err mine = { 0 };

	if (exists)
		return err_set(e, ERR_CONFLICT, SCOPE_ITEM,
			       "the object changed meanwhile");
	dav_refused(r, "PUT", &mine);
	/* A precondition of RFC 4791/6352 in the body names the object's
	 * fault; a bare 403 the collection's. */
	if (r->status == 403 && r->body.n > 0 &&
	    (memmem(r->body.p, r->body.n, "valid-", 6) != NULL ||
	     memmem(r->body.p, r->body.n, "supported-", 10) != NULL))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "the DAV server does not take this object");
	if (r->status == 409)
		return err_set(e, ERR_CONFLICT, SCOPE_ITEM,
			       "the DAV server has such an object already");
	return err_set(e, mine.code,
		       r->status == 403 ? SCOPE_COLLECTION : SCOPE_ITEM,
		       "%s", mine.text);
}

/* No ETag in the answer: what does the server have now? */
static bool
read_back(struct dav *d, const char *url, struct object *io, struct arena *a,
	  struct err *e)
{
	struct object now = { .remote = path_of(url) };

	if (!get_one(d, url, &now, a, e))
		return false;
	if (!now.found)
		return err_set(e, ERR_CONFLICT, SCOPE_ITEM,
			       "the object vanished after it was written");
	io->etag = now.etag;
	if (!span_eq(now.data, io->data))
		io->data = now.data;
	return true;
}

bool
dav_put(void *s, struct span coll, enum item_kind kind, struct span name,
	struct object *io, struct arena *a, struct err *e)
{
	struct dav *d = s;
	const char *url = dav_coll_url(d, a, coll, NULL), *target;
	bool fresh = io->remote.n == 0, contact = kind == KIND_CONTACT;
	struct dav_ask ask = { .method = "PUT", .body = io->data };
	struct dav_reply r;

	if (fresh)
		target = dav_url(a, url,
				 span_of(arena_printf(
					 a, SPAN_FMT "%s", SPAN_ARG(name),
					 contact ? ".vcf" : ".ics")));
	else
		target = dav_url(a, url, io->remote);
	if (target == NULL)
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "no such name");
	ask.url = target;
	ask.type = contact ? "text/vcard; charset=utf-8"
			   : "text/calendar; charset=utf-8";
	if (fresh)
		ask.condition = "If-None-Match: *";
	else if (io->etag.n > 0)
		ask.condition = arena_printf(a, "If-Match: " SPAN_FMT,
					     SPAN_ARG(io->etag));
	if (!dav_call(d, &ask, a, &r, e))
		return false;
	if (r.status == 404 && !fresh)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
			       "the object is gone");
	if (r.status / 100 != 2)
		return put_refused(&r, e);
	if (r.location.n > 0 && dav_url(a, target, r.location) != NULL)
		target = dav_url(a, target, r.location);
	if (fresh)
		io->remote = path_of(target);
	io->etag = r.etag;
	return r.etag.n > 0 || read_back(d, target, io, a, e);
}

bool
dav_remove(void *s, struct span coll, struct span remote, struct span etag,
	   struct err *e)
{
	struct dav *d = s;
	struct arena *a = arena_new();
	const char *url = dav_coll_url(d, a, coll, NULL);
	struct dav_ask ask = { .method = "DELETE",
			       .url = dav_url(a, url, remote) };
	struct dav_reply r;
	bool ok;

	if (etag.n > 0)
		ask.condition = arena_printf(a, "If-Match: " SPAN_FMT,
					     SPAN_ARG(etag));
	ok = dav_call(d, &ask, a, &r, e);
	if (ok && r.status == 412)
		ok = err_set(e, ERR_CONFLICT, SCOPE_ITEM,
			     "the object changed meanwhile");
	else if (ok && r.status / 100 != 2 && r.status != 404 &&
		 r.status != 410)
		ok = dav_refused(&r, "DELETE", e);
	arena_free(&a);
	return ok;
}

/* ---- collections ------------------------------------------------------------------*/

/* Beside a collection of the same kind that is there already. */
static const char *
home_for(struct dav *d, enum item_kind kind, struct arena *a, struct err *e)
{
	struct folder *v;
	size_t n, i;

	if (!dav_list(d, a, &v, &n, e))
		return NULL;
	for (i = 0; i < n; i++)
		if ((v[i].kind == KIND_CONTACT) == (kind == KIND_CONTACT))
			return dav_url(a,
				       dav_coll_url(d, a, v[i].remote, NULL),
				       SPAN("../"));
	err_set(e, ERR_UNSUPPORTED, SCOPE_COLLECTION,
		"no place for a new collection is known");
	return NULL;
}

bool
dav_create_coll(void *s, enum item_kind kind, struct span name,
		struct arena *a, struct span *remote_out, struct err *e)
{
	static const char *const comps[KIND_COUNT] = {
		[KIND_EVENT] = "VEVENT", [KIND_TASK] = "VTODO",
		[KIND_NOTE] = "VJOURNAL",
	};
	struct dav *d = s;
	struct dav_ask ask = { .type = XML_TYPE };
	struct span shown = dav_escape(a, name);
	const char *home = home_for(d, kind, a, e);
	uint64_t h = hash64(SPAN("collection"), name);
	struct dav_reply r;

	if (home == NULL)
		return false;
	ask.url = arena_printf(a, "%s%s%016llx/", home,
			       home[strlen(home) - 1] == '/' ? "" : "/",
			       (unsigned long long)h);
	if (kind == KIND_CONTACT) {
		ask.method = "MKCOL";
		ask.body = span_of(arena_printf(
			a, HEAD "<d:mkcol xmlns:d=\"DAV:\" "
			   "xmlns:r=\"urn:ietf:params:xml:ns:carddav\">"
			   "<d:set><d:prop><d:resourcetype><d:collection/>"
			   "<r:addressbook/></d:resourcetype><d:displayname>"
			   SPAN_FMT "</d:displayname></d:prop></d:set>"
			   "</d:mkcol>", SPAN_ARG(shown)));
	} else {
		ask.method = "MKCALENDAR";
		ask.body = span_of(arena_printf(
			a, HEAD "<c:mkcalendar xmlns:d=\"DAV:\" "
			   "xmlns:c=\"urn:ietf:params:xml:ns:caldav\">"
			   "<d:set><d:prop><d:displayname>" SPAN_FMT
			   "</d:displayname>"
			   "<c:supported-calendar-component-set>"
			   "<c:comp name=\"%s\"/>"
			   "</c:supported-calendar-component-set></d:prop>"
			   "</d:set></c:mkcalendar>",
			SPAN_ARG(shown), comps[kind]));
	}
	if (!dav_call(d, &ask, a, &r, e))
		return false;
	if (r.status == 405)
		return err_set(e, ERR_EXISTS, SCOPE_COLLECTION,
			       "there is such a collection");
	if (r.status / 100 != 2)
		return dav_refused(&r, "make a collection", e);
	*remote_out = dav_remote(d, a, ask.url);
	if (kind != KIND_CONTACT)
		*remote_out = span_of(arena_printf(a, SPAN_FMT "#%s",
						   SPAN_ARG(*remote_out),
						   comps[kind]));
	return true;
}

bool
dav_rename_coll(void *s, struct span coll, struct span name, struct err *e)
{
	struct dav *d = s;
	struct arena *a = arena_new();
	struct dav_ask ask = { .method = "PROPPATCH", .type = XML_TYPE,
			       .url = dav_coll_url(d, a, coll, NULL) };
	struct dav_reply r;
	bool ok;

	ask.body = span_of(arena_printf(
		a, HEAD "<d:propertyupdate xmlns:d=\"DAV:\"><d:set><d:prop>"
		   "<d:displayname>" SPAN_FMT "</d:displayname></d:prop>"
		   "</d:set></d:propertyupdate>",
		SPAN_ARG(dav_escape(a, name))));
	ok = dav_call(d, &ask, a, &r, e) &&
	     (r.status / 100 == 2 || dav_refused(&r, "rename", e));
	arena_free(&a);
	return ok;
}

bool
dav_delete_coll(void *s, struct span coll, struct err *e)
{
	struct dav *d = s;
	struct arena *a = arena_new();
	struct dav_ask ask = { .method = "DELETE",
			       .url = dav_coll_url(d, a, coll, NULL) };
	struct dav_reply r;
	bool ok = dav_call(d, &ask, a, &r, e) &&
		  (r.status / 100 == 2 || r.status == 404 ||
		   dav_refused(&r, "delete", e));

	arena_free(&a);
	return ok;
}
