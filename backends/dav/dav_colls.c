/* Making, renaming and removing collections. */
#include "backends/dav/dav_private.h"

#include <string.h>


static const char *const comps[KIND_COUNT] = {
	[KIND_EVENT] = "VEVENT",
	[KIND_TASK] = "VTODO",
	[KIND_NOTE] = "VJOURNAL",
};

/* ---- making -------------------------------------------------------------------*/

static struct span
mkcol_body(struct arena *a, enum item_kind kind, struct span name, bool mkcol)
{
	const char *set = "";
	struct span shown = dav_escape(a, name);

	if (kind != KIND_CONTACT)
		set = arena_printf(a, "<c:supported-calendar-component-set>"
				      "<c:comp name=\"%s\"/>"
				      "</c:supported-calendar-component-set>",
				   comps[kind]);
	if (!mkcol)
		return span_of(arena_printf(
			a, DAV_HEAD "<c:mkcalendar " DAV_XMLNS "><d:set>"
			   "<d:prop><d:displayname>" SPAN_FMT
			   "</d:displayname>%s</d:prop></d:set>"
			   "</c:mkcalendar>", SPAN_ARG(shown), set));
	return span_of(arena_printf(
		a, DAV_HEAD "<d:mkcol " DAV_XMLNS "><d:set><d:prop>"
		   "<d:resourcetype><d:collection/><%s/></d:resourcetype>"
		   "<d:displayname>" SPAN_FMT "</d:displayname>%s</d:prop>"
		   "</d:set></d:mkcol>",
		kind == KIND_CONTACT ? "r:addressbook" : "c:calendar",
		SPAN_ARG(shown), set));
}

static bool
ask_for(struct dav *d, const char *url, enum item_kind kind, struct span name,
	bool mkcol, struct arena *a, struct dav_reply *r, struct err *e)
{
	struct dav_ask ask = { .method = mkcol ? "MKCOL" : "MKCALENDAR",
			       .url = url, .type = DAV_XML_TYPE,
			       .body = mkcol_body(a, kind, name, mkcol) };

	return dav_call(d, &ask, a, r, e);
}

/* A server with one home for one of the services has the other's there too. */
static const char *
home_for(struct dav *d, enum item_kind kind, struct err *e)
{
	const struct dav_homes *h;

	if (!dav_find(d, e))
		return NULL;
	h = kind == KIND_CONTACT ? &d->contacts : &d->calendars;
	if (h->n > 0 && !h->single)
		return h->v[0];
	err_set(e, ERR_UNSUPPORTED, SCOPE_COLLECTION,
		"the DAV server has no place for a new collection");
	return NULL;
}

/* Why was it refused: because it is there? Servers say 405, 403 or 409. */
static bool
is_there(struct dav *d, const char *url, struct arena *a)
{
	struct dav_multi m = { .a = a };
	struct dav_reply r;
	struct err none = { 0 };

	return dav_propfind(d, url, "0", "<d:resourcetype/>", &m, a, &r,
			    &none);
}

bool
dav_create_coll(void *s, enum item_kind kind, struct span place,
		struct span name, struct arena *a, struct span *remote_out,
		struct err *e)
{
	struct dav *d = s;
	const char *home = home_for(d, kind, e), *url;
	struct dav_reply r;
	struct span remote;

	if (home == NULL)
		return false;
	if (kind == KIND_EMAIL || name.n == 0 || place.n == 0)
		return err_set(e, ERR_INVALID, SCOPE_COLLECTION,
			       "no name or kind for a collection");
	url = arena_printf(a, "%s" SPAN_FMT "/", home, SPAN_ARG(place));
	if (!ask_for(d, url, kind, name, kind == KIND_CONTACT, a, &r, e))
		return false;
	/* Servers of the time before RFC 4791 or after RFC 5689. */
	if ((r.status == 405 || r.status == 501) && kind != KIND_CONTACT &&
	    !ask_for(d, url, kind, name, true, a, &r, e))
		return false;
	if (r.status / 100 == 4 && is_there(d, url, a))
		return err_set(e, ERR_EXISTS, SCOPE_COLLECTION,
			       "there is a collection at %s", url);
	if (r.status / 100 != 2)
		return dav_refused(&r, NULL, false, "a new collection", e);
	remote = dav_remote(d, a, dav_url(a, r.url, span_of(r.url)));
	if (kind != KIND_CONTACT)
		remote = span_of(arena_printf(a, SPAN_FMT "#%s",
					      SPAN_ARG(remote), comps[kind]));
	*remote_out = remote;
	return true;
}

/* ---- renaming, removing --------------------------------------------------------*/

bool
dav_rename_coll(void *s, struct span coll, struct span name, struct err *e)
{
	struct dav *d = s;
	struct arena *a = arena_new();
	struct dav_multi m = { .a = a };
	struct dav_ask ask = { .method = "PROPPATCH", .type = DAV_XML_TYPE,
			       .multi = &m };
	struct dav_reply r;
	bool ok;

	ask.url = dav_coll_url(d, a, coll, NULL, e);
	ask.body = span_of(arena_printf(
		a, DAV_HEAD "<d:propertyupdate " DAV_XMLNS "><d:set><d:prop>"
		   "<d:displayname>" SPAN_FMT "</d:displayname></d:prop>"
		   "</d:set></d:propertyupdate>",
		SPAN_ARG(dav_escape(a, name))));
	ok = ask.url != NULL && dav_call(d, &ask, a, &r, e);
	/* A 207 says for the property whether it was done. */
	if (ok && (r.status / 100 != 2 || m.worst >= 300))
		ok = dav_refused(&r, &m, false, "PROPPATCH", e);
	arena_free(&a);
	return ok;
}

struct kinds {
	unsigned comps;
	bool told;
};

static void
take_kinds(void *ctx, const struct dav_response *r)
{
	struct kinds *k = ctx;

	k->comps = r->comps;
	k->told = r->has_comps;
}

/* What a calendar holds besides is not the phone's to delete with it. */
static bool
holds_more(struct dav *d, const char *url, struct span comp, struct arena *a,
	   bool *out, struct err *e)
{
	struct kinds k = { .told = false };
	struct dav_multi m = { .each = take_kinds, .ctx = &k };
	struct dav_reply r;
	unsigned i;

	*out = false;
	if (comp.n == 0)
		return true;
	if (!dav_propfind(d, url, "0",
			  "<c:supported-calendar-component-set/>", &m, a, &r,
			  e))
		return false;
	for (i = 0; i < 3 && !*out; i++) {
		static const struct {
			const char *name;
			unsigned bit;
		} all[] = { { "VEVENT", DAV_VEVENT },
			    { "VTODO", DAV_VTODO },
			    { "VJOURNAL", DAV_VJOURNAL } };

		if (!span_eq(comp, span_of(all[i].name)) &&
		    (!k.told || k.comps & all[i].bit) &&
		    !dav_holds(d, url, all[i].name, out, e))
			return false;
	}
	return true;
}

static bool
delete_it(struct dav *d, const char *url, struct arena *a, struct err *e)
{
	struct dav_multi m = { .a = a };
	struct dav_ask ask = { .method = "DELETE", .url = url, .multi = &m };
	struct dav_reply r;

	if (!dav_call(d, &ask, a, &r, e))
		return false;
	if (r.status == 404 || r.status == 410)
		return true;
	return (r.status / 100 == 2 && m.worst < 300) ||
	       dav_refused(&r, &m, false, "DELETE", e);
}

bool
dav_delete_coll(void *s, struct span coll, struct err *e)
{
	struct dav *d = s;
	struct arena *a = arena_new();
	struct span comp;
	const char *url = dav_coll_url(d, a, coll, &comp, e);
	struct err mine = { 0 };
	bool more = false, ok = url != NULL;

	if (ok && !holds_more(d, url, comp, a, &more, &mine))
		ok = mine.code == ERR_NOT_FOUND || /* gone is done */
		     err_set(e, mine.code, mine.scope, "%s", mine.text);
	if (ok && more)
		ok = err_set(e, ERR_DENIED, SCOPE_COLLECTION,
			     "the calendar holds objects of other kinds too");
	ok = ok && delete_it(d, url, a, e);
	arena_free(&a);
	return ok;
}
