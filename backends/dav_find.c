/* Where contacts and calendars are (RFC 6764, 4791, 6352): the address
 * itself, .well-known, the principal, its homes, and what lies in them. */
#include "backends/dav_private.h"

#include <string.h>

#define PROPS_OF_START                                                       \
	"<d:current-user-principal/><d:resourcetype/>"                       \
	"<c:calendar-home-set/><r:addressbook-home-set/>"
#define PROPS_OF_COLL                                                        \
	"<d:resourcetype/><d:displayname/><d:current-user-privilege-set/>"   \
	"<c:supported-calendar-component-set/>"

static const char propfind[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>"
	"<d:propfind xmlns:d=\"DAV:\" "
	"xmlns:c=\"urn:ietf:params:xml:ns:caldav\" "
	"xmlns:r=\"urn:ietf:params:xml:ns:carddav\" "
	"xmlns:s=\"http://calendarserver.org/ns/\"><d:prop>%s</d:prop>"
	"</d:propfind>";

static bool
ask_props(struct dav *d, const char *url, const char *depth,
	  const char *props, struct arena *a, struct dav_reply *r,
	  struct err *e)
{
	char *body = arena_printf(a, propfind, props);
	struct dav_ask ask = { .method = "PROPFIND", .url = url,
			       .depth = depth,
			       .type = "application/xml; charset=utf-8",
			       .body = span_of(body) };

	return dav_call(d, &ask, a, r, e);
}

/* Homes of one service. */
struct homes {
	bool contacts;
	const char *v[MAX_HOMES];
	size_t n;
};

static void
add_home(struct homes *h, const char *url)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (strcmp(h->v[i], url) == 0)
			return;
	if (url != NULL && h->n < MAX_HOMES)
		h->v[h->n++] = url;
}

/* Takes homes from an answer about `url`; the principal, if it names one. */
static const char *
take_homes(struct homes *h, const struct dav_reply *r,
	   const struct dav_multi *m, struct arena *a)
{
	const struct dav_response *v = m->n > 0 ? &m->v[0] : NULL;
	size_t i;

	if (v == NULL)
		return NULL;
	for (i = 0; i < v->n_homes; i++)
		if ((i < v->n_contacts_homes) == h->contacts)
			add_home(h, dav_url(a, r->url, v->homes[i]));
	return v->principal.n > 0 ? dav_url(a, r->url, v->principal) : NULL;
}

/* 1 homes found, 0 not there, -1 error. */
static int
look_at(struct dav *d, const char *url, struct homes *h, struct arena *a,
	const char **itself, struct err *e)
{
	const char *principal;
	struct dav_reply r;
	struct dav_multi m;

	if (!ask_props(d, url, "0", PROPS_OF_START, a, &r, e))
		return -1;
	if (r.status != 207)
		return 0;
	if (!dav_multistatus(a, &r, &m, e))
		return -1;
	principal = take_homes(h, &r, &m, a);
	if (h->n == 0 && principal != NULL) {
		struct dav_reply pr;

		if (!ask_props(d, principal, "0", PROPS_OF_START, a, &pr, e))
			return -1;
		if (pr.status == 207 && dav_multistatus(a, &pr, &m, e))
			take_homes(h, &pr, &m, a);
		err_clear(e);
	}
	if (m.n > 0 && *itself == NULL)
		*itself = r.url;
	return h->n > 0;
}

/* The address itself, then .well-known on its host. An address that has no
 * homes but answers is taken for one: a home, or a single collection. */
static bool
find_homes(struct dav *d, const char *url, struct homes *h, struct arena *a,
	   struct err *e)
{
	const char *itself = NULL, *well_known;
	int found = look_at(d, url, h, a, &itself, e);

	if (found == 0) {
		well_known = dav_url(a, url,
				     h->contacts ? SPAN("/.well-known/carddav")
						 : SPAN("/.well-known/caldav"));
		found = look_at(d, well_known, h, a, &itself, e);
	}
	if (found == 0 && itself != NULL) {
		add_home(h, itself);
		found = 1;
	}
	if (found == 0)
		err_set(e, ERR_NOT_FOUND, SCOPE_ACCOUNT,
			"no %s found at %.100s",
			h->contacts ? "address books" : "calendars", url);
	return found > 0;
}

/* ---- collections --------------------------------------------------------------*/

struct listing {
	struct dav *d;
	struct arena *a;
	struct folder *v;
	size_t n, room;
};

/* The last piece of its path, for collections without a name. */
static struct span
piece_name(struct arena *a, struct span href)
{
	struct span s = href;
	char *plain;
	int n;
	size_t i;

	while (s.n > 1 && s.p[s.n - 1] == '/')
		s.n--;
	for (i = s.n; i > 0 && s.p[i - 1] != '/'; i--)
		;
	plain = curl_easy_unescape(NULL, arena_str(a, span_from_at(s, i)), 0,
				   &n);
	s = arena_dup(a, span_from(plain, (size_t)n));
	curl_free(plain);
	return s;
}

static void
add_folder(struct listing *l, const struct dav_response *r, const char *url,
	   enum item_kind kind, const char *comp)
{
	static const enum folder_type types[KIND_COUNT] = {
		[KIND_CONTACT] = FOLDER_USER_CONTACTS,
		[KIND_EVENT] = FOLDER_USER_CALENDAR,
		[KIND_TASK] = FOLDER_USER_TASKS,
		[KIND_NOTE] = FOLDER_USER_NOTES,
	};
	struct span remote = dav_remote(l->d, l->a, url);
	struct folder *f;
	size_t i;

	if (comp != NULL)
		remote = span_of(arena_printf(l->a, SPAN_FMT "#%s",
					      SPAN_ARG(remote), comp));
	for (i = 0; i < l->n; i++)
		if (span_eq(l->v[i].remote, remote))
			return; /* in two homes that are one */
	l->v = arena_grow(l->a, l->v, l->n, &l->room, sizeof(*l->v));
	f = &l->v[l->n++];
	*f = (struct folder){ .remote = remote, .kind = kind,
			      .type = types[kind] };
	f->name = r->name.n > 0 ? r->name : piece_name(l->a, r->href);
	f->read_only = r->has_privileges && !r->may_write;
}

static void
add_collection(struct listing *l, const struct dav_response *r,
	       const char *home, bool contacts)
{
	const char *url = dav_url(l->a, home, r->href);
	unsigned comps = r->has_comps ? r->comps : DAV_VEVENT;

	if (url == NULL || !(r->types & DAV_COLLECTION))
		return;
	if (contacts) {
		if (r->types & DAV_ADDRESSBOOK)
			add_folder(l, r, url, KIND_CONTACT, NULL);
		return;
	}
	if (!(r->types & DAV_CALENDAR))
		return;
	if (comps & DAV_VEVENT)
		add_folder(l, r, url, KIND_EVENT, "VEVENT");
	if (comps & DAV_VTODO)
		add_folder(l, r, url, KIND_TASK, "VTODO");
	if (comps & DAV_VJOURNAL)
		add_folder(l, r, url, KIND_NOTE, "VJOURNAL");
}

static bool
list_home(struct listing *l, const char *home, bool contacts, struct err *e)
{
	struct dav_reply r;
	struct dav_multi m;
	size_t i;

	if (!ask_props(l->d, home, "1", PROPS_OF_COLL, l->a, &r, e) ||
	    !dav_multistatus(l->a, &r, &m, e))
		return false;
	for (i = 0; i < m.n; i++)
		add_collection(l, &m.v[i], r.url, contacts);
	return true;
}

/* The user name in an address, escaped. */
static const char *
expand(struct dav *d, struct arena *a, const char *url)
{
	const char *at = strstr(url, "{login}");
	char *name;
	const char *out;

	if (at == NULL)
		return url;
	name = curl_easy_escape(NULL, d->login.user, 0);
	out = arena_printf(a, "%.*s%s%s", (int)(at - url), url, name, at + 7);
	curl_free(name);
	return out;
}

static bool
list_service(struct listing *l, const char *url, bool contacts, struct err *e)
{
	struct homes h = { .contacts = contacts };
	size_t i;

	if (!find_homes(l->d, expand(l->d, l->a, url), &h, l->a, e))
		return false;
	for (i = 0; i < h.n; i++)
		if (!list_home(l, h.v[i], contacts, e))
			return false;
	return true;
}

bool
dav_list(void *s, struct arena *a, struct folder **v_out, size_t *n_out,
	 struct err *e)
{
	struct dav *d = s;
	const struct source_conf *c = d->conf;
	struct listing l = { .d = d, .a = a };
	struct err first = { 0 };
	bool found = false;
	int pass;

	/* From `url` on either service may be missing, but not both. */
	for (pass = 0; pass < 2; pass++) {
		const char *own = pass == 0 ? c->contacts_url
					    : c->calendars_url;
		struct err mine = { 0 };

		if (own == NULL && c->url == NULL)
			continue;
		if (list_service(&l, own != NULL ? own : c->url, pass == 0,
				 &mine)) {
			found = true;
			continue;
		}
		if (own != NULL || mine.code != ERR_NOT_FOUND) {
			*e = mine;
			return false;
		}
		first = mine;
	}
	if (!found) {
		*e = first;
		return false;
	}
	*v_out = l.v;
	*n_out = l.n;
	return true;
}
