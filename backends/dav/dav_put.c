/* Writing and removing objects, always under a condition where the caller
 * has an ETag. */
#include "backends/dav/dav.h"
#include "backends/dav/dav_private.h"

#include <string.h>

#include "base/codec.h"
#include "base/log.h"
#include "base/utf8.h"

/* ---- what is there now -------------------------------------------------------*/

struct etag_now {
	struct arena *a;
	struct span etag;
	int status;
};

static void
take_etag(void *ctx, const struct dav_response *r)
{
	struct etag_now *n = ctx;

	if (n->etag.n == 0)
		n->etag = arena_dup(n->a, r->etag);
	if (r->status != 0)
		n->status = r->status;
}

/* 1 there, 0 gone, -1 error. */
static int
etag_of(struct dav *d, const char *url, struct arena *a, struct span *out,
	struct err *e)
{
	struct etag_now now = { .a = a };
	struct dav_multi m = { .each = take_etag, .ctx = &now };
	struct dav_reply r = { .status = 0 };
	struct err mine = { 0 };

	if (dav_propfind(d, url, "0", "<d:getetag/>", &m, a, &r, &mine)) {
		*out = now.etag;
		return now.status != 404 && now.status != 410;
	}
	if (mine.code == ERR_NOT_FOUND)
		return 0;
	err_set(e, mine.code, mine.scope, "%s", mine.text);
	return -1;
}

static bool
is_weak(struct span etag)
{
	return span_starts(etag, SPAN("W/"));
}

/* ---- a conditional request -----------------------------------------------------*/

static bool
is_412(const struct dav_reply *r, const struct dav_multi *m)
{
	return r->status == 412 || (r->status == 207 && m->worst == 412);
}

/* Sends `ask` with If-Match. A weak ETag never matches by the book (RFC 9110
 * 13.1.1): where the server still has that very one, it is sent without a
 * condition. *gone: 412, because there is nothing. */
static bool
send_if_match(struct dav *d, struct dav_ask *ask, struct span etag,
	      struct arena *a, struct dav_reply *r, bool *gone,
	      struct err *e)
{
	struct span now = SPAN_NONE;
	int there;

	*gone = false;
	if (etag.n > 0)
		ask->condition = arena_printf(a, "If-Match: " SPAN_FMT,
					      SPAN_ARG(etag));
	if (!dav_call(d, ask, a, r, e))
		return false;
	if (etag.n == 0 || !is_412(r, ask->multi))
		return true;
	there = etag_of(d, ask->url, a, &now, e);
	if (there < 0)
		return false;
	*gone = there == 0;
	if (!is_weak(etag) || !is_weak(now) || !span_eq(now, etag))
		return true;
	ask->condition = NULL;
	ask->multi->worst = 0;
	return dav_call(d, ask, a, r, e);
}

/* ---- writing -----------------------------------------------------------------*/

static bool
put_done(const struct dav_reply *r, const struct dav_multi *m)
{
	return r->status == 207 ? m->worst / 100 == 2 : r->status / 100 == 2;
}

struct privileges {
	bool told, may;
};

static void
take_privileges(void *ctx, const struct dav_response *r)
{
	struct privileges *p = ctx;

	p->told |= r->has_privileges;
	p->may |= r->may_write;
}

/* A bare 403 means the collection, unless the server says that it may be
 * written: then it is the object it dislikes (iCloud). */
static bool
put_denied(struct dav *d, const char *coll, const struct dav_reply *r,
	   struct arena *a, struct err *e)
{
	struct privileges p = { .told = false };
	struct dav_multi m = { .each = take_privileges, .ctx = &p };
	struct dav_reply pr;

	if (dav_propfind(d, coll, "0", "<d:current-user-privilege-set/>", &m,
			 a, &pr, NULL) &&
	    p.told && p.may)
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "the DAV server does not take this object");
	return dav_refused(r, NULL, true, "PUT", e);
}

static bool
put_refused(struct dav *d, const char *coll, const struct dav_reply *r,
	    const struct dav_multi *m, struct arena *a, struct err *e)
{
	struct err mine = { 0 };

	dav_refused(r, m, true, "PUT", &mine);
	if (r->status == 403 && mine.code == ERR_DENIED &&
	    !dav_condition(r, m, "need-privileges"))
		return put_denied(d, coll, r, a, e);
	/* RFC 4918 9.7.1: 409 is a missing collection, if it names no
	 * condition. */
	if (r->status == 409 && !dav_condition(r, m, "no-uid-conflict")) {
		struct span etag;

		if (etag_of(d, coll, a, &etag, NULL) == 0)
			return err_set(e, ERR_NOT_FOUND, SCOPE_COLLECTION,
				       "the collection is gone");
	}
	return err_set(e, mine.code, mine.scope, "%s", mine.text);
}

static bool
same_content(struct arena *a, struct span one, struct span two)
{
	return span_eq(span_trim(utf8_crlf(a, one)),
		       span_trim(utf8_crlf(a, two)));
}

/* No strong ETag in the answer: the server may have kept something else. */
static bool
read_back(struct dav *d, const char *coll, bool calendar, struct object *io,
	  struct arena *a, struct err *e)
{
	struct object now = { .remote = io->remote };

	if (!dav_get_one(d, coll, calendar, &now, a, e))
		return false;
	if (!now.found)
		return err_set(e, ERR_CONFLICT, SCOPE_ITEM,
			       "the object vanished after it was written");
	io->etag = now.etag;
	if (now.data.n > 0 && !same_content(a, now.data, io->data))
		io->data = now.data;
	return true;
}

static const char *
extension(enum item_kind kind)
{
	return kind == KIND_CONTACT ? ".vcf" : ".ics";
}

struct span
dav_object_path(struct arena *a, struct span coll, enum item_kind kind,
		struct span name)
{
	struct span rest = coll, path = span_take_until(&rest, '#');

	path = dav_path(a, "http://localhost/", path);
	return span_of(arena_printf(a, SPAN_FMT SPAN_FMT "%s", SPAN_ARG(path),
				    SPAN_ARG(percent_encode(a, name)),
				    extension(kind)));
}

static const char *
target_of(struct arena *a, const char *coll, enum item_kind kind,
	  struct span name, const struct object *io)
{
	if (io->remote.n > 0)
		return dav_object_url(a, coll, io->remote);
	return arena_printf(a, "%s" SPAN_FMT "%s", dav_slash(a, coll),
			    SPAN_ARG(percent_encode(a, name)),
			    extension(kind));
}

static bool
send_put(struct dav *d, struct dav_ask *ask, const struct object *io,
	 struct arena *a, struct dav_reply *r, struct err *e)
{
	bool gone = false;

	if (io->remote.n == 0) {
		ask->condition = "If-None-Match: *";
		return dav_call(d, ask, a, r, e) &&
		       ((r->status != 404 && r->status != 410) ||
			dav_refused(r, NULL, false, "PUT", e));
	}
	if (!send_if_match(d, ask, io->etag, a, r, &gone, e))
		return false;
	if (gone || r->status == 404 || r->status == 410)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
			       "the object is gone");
	return true;
}

bool
dav_put(void *s, struct span coll, enum item_kind kind, struct span name,
	struct object *io, struct arena *a, struct err *e)
{
	struct dav *d = s;
	const char *url = dav_coll_url(d, a, coll, NULL, e), *place;
	bool contact = kind == KIND_CONTACT;
	struct dav_multi m = { .a = a };
	struct dav_ask ask = { .method = "PUT", .multi = &m };
	struct object out = *io;
	struct dav_reply r;

	if (url == NULL)
		return false;
	if (io->data.n == 0 || (io->remote.n == 0 && name.n == 0))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "an object without content or name");
	ask.body = io->data;
	ask.url = target_of(a, url, kind, name, io);
	ask.type = contact ? "text/vcard; charset=utf-8"
			   : "text/calendar; charset=utf-8";
	if (!send_put(d, &ask, io, a, &r, e))
		return false;
	if (!put_done(&r, &m))
		return put_refused(d, url, &r, &m, a, e);
	place = r.url;
	/* Google keeps a new object under a name of its own. */
	if (io->remote.n == 0 && r.location.n > 0 &&
	    dav_url(a, place, r.location) != NULL)
		place = dav_url(a, place, r.location);
	if (io->remote.n == 0)
		out.remote = dav_path(a, place, span_of(place));
	out.etag = r.etag;
	if ((r.etag.n == 0 || is_weak(r.etag)) &&
	    !read_back(d, url, !contact, &out, a, e))
		return false;
	*io = out;
	return true;
}

/* ---- removing ----------------------------------------------------------------*/

bool
dav_remove(void *s, struct span coll, struct span remote, struct span etag,
	   bool quiet, struct err *e)
{
	struct dav *d = s;
	struct arena *a = arena_new();
	const char *url = dav_coll_url(d, a, coll, NULL, e);
	struct dav_multi m = { .a = a };
	struct dav_ask ask = { .method = "DELETE", .multi = &m };
	struct dav_reply r;
	bool gone = false, ok = url != NULL && remote.n > 0;

	if (quiet)
		ask.more[0] = "Schedule-Reply: F";
	if (ok) {
		ask.url = dav_object_url(a, url, remote);
		ok = send_if_match(d, &ask, etag, a, &r, &gone, e);
	}
	if (ok && !gone && !put_done(&r, &m) && r.status != 404 &&
	    r.status != 410 && !(r.status == 207 && m.worst == 404))
		ok = dav_refused(&r, &m, true, "DELETE", e);
	arena_free(&a);
	return ok;
}
