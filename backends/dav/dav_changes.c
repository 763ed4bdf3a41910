/* What changed in a collection. Cursors: backends/dav/dav.h. */
#include "backends/dav/dav_private.h"

#include <stdlib.h>
#include <string.h>

#define STATE "<d:sync-token/><s:getctag/><d:resourcetype/>"
#define ETAGS "<d:getetag/><d:resourcetype/>"

/* ---- the state of a collection ---------------------------------------------*/

struct state {
	struct arena *a;
	struct span text; /* a cursor */
};

static void
take_state(void *ctx, const struct dav_response *r)
{
	struct state *s = ctx;
	char kind = r->token.n > 0 ? 's' : 'c';
	struct span what = r->token.n > 0 ? r->token : r->ctag;

	if (s->text.n > 0)
		return;
	s->text = what.n > 0 ? span_of(arena_printf(s->a, "%c " SPAN_FMT,
						    kind, SPAN_ARG(what)))
			     : SPAN("n");
}

static bool
state_of(struct dav *d, const char *url, struct arena *a, struct span *out,
	 struct err *e)
{
	struct state s = { .a = a };
	struct dav_multi m = { .each = take_state, .ctx = &s };
	struct dav_reply r;

	if (!dav_propfind(d, url, "0", STATE, &m, a, &r, e))
		return false;
	if (m.worst == 410 || (m.worst == 404 && span_eq(s.text, SPAN("n"))))
		return dav_refused(&r, &m, false, "PROPFIND", e);
	*out = s.text;
	return true;
}

/* ---- what an answer lists --------------------------------------------------*/

struct taking {
	struct arena *a;
	const char *url;
	struct span self; /* the collection's path */
	bool delta, cut;
	struct harvest *out;
	size_t room, gone_room;
	size_t *order, order_room; /* gone[i] came before puts[order[i]] */
};

static struct span
without_slash(struct span s)
{
	while (s.n > 1 && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

static void
take_gone(struct taking *t, struct span path)
{
	struct harvest *h = t->out;

	h->gone = arena_grow(t->a, h->gone, h->n_gone, &t->gone_room,
			     sizeof(*h->gone));
	t->order = arena_grow(t->a, t->order, h->n_gone, &t->order_room,
			      sizeof(*t->order));
	t->order[h->n_gone] = h->n_puts;
	h->gone[h->n_gone++] = path;
}

static void
take_response(void *ctx, const struct dav_response *r)
{
	struct taking *t = ctx;
	struct harvest *h = t->out;
	struct span path = dav_path(t->a, t->url, r->href);

	if (span_eq(without_slash(path), t->self)) {
		t->cut |= r->status == 507;
		return;
	}
	if (path.n == 0 || path.p[path.n - 1] == '/' ||
	    r->types & DAV_COLLECTION)
		return;
	path = arena_dup(t->a, path);
	/* Some tell of a deletion by a property that is not found. */
	if (r->status == 404 || r->status == 410 ||
	    (r->status == 0 && r->etag.n == 0 && r->worst == 404)) {
		if (t->delta)
			take_gone(t, path);
		return;
	}
	if (r->status != 0 && r->status / 100 != 2)
		return;
	h->puts = arena_grow(t->a, h->puts, h->n_puts, &t->room,
			     sizeof(*h->puts));
	h->puts[h->n_puts++] = (struct change){
		.remote = path, .etag = arena_dup(t->a, r->etag)
	};
}

static int
cmp_change(const void *x, const void *y)
{
	return span_cmp(((const struct change *)x)->remote,
			((const struct change *)y)->remote);
}

/* A name that died and lives again in one answer: the later word counts. */
static void
settle(struct taking *t)
{
	struct harvest *h = t->out;
	struct change *sorted, key, *hit;
	size_t i, n = 0;

	if (h->n_gone == 0 || h->n_puts == 0)
		return;
	sorted = arena_array(t->a, h->n_puts, sizeof(*sorted));
	for (i = 0; i < h->n_puts; i++) {
		sorted[i] = h->puts[i];
		sorted[i].size = (uint32_t)i;
	}
	qsort(sorted, h->n_puts, sizeof(*sorted), cmp_change);
	for (i = 0; i < h->n_gone; i++) {
		key.remote = h->gone[i];
		hit = bsearch(&key, sorted, h->n_puts, sizeof(key),
			      cmp_change);
		if (hit == NULL)
			h->gone[n++] = h->gone[i];
		else if (hit->size < t->order[i]) {
			h->gone[n++] = h->gone[i];
			h->puts[hit->size].remote = SPAN_NONE;
		}
	}
	h->n_gone = n;
	for (i = n = 0; i < h->n_puts; i++)
		if (h->puts[i].remote.n > 0)
			h->puts[n++] = h->puts[i];
	h->n_puts = n;
}

static struct taking
begin(struct arena *a, const char *url, struct harvest *out, bool delta)
{
	struct taking t = { .a = a, .url = url, .out = out, .delta = delta };

	t.self = without_slash(dav_path(a, url, span_of(url)));
	return t;
}

/* ---- everything ------------------------------------------------------------*/

static struct span
query_body(struct arena *a, struct span comp)
{
	return span_of(arena_printf(
		a, DAV_HEAD "<c:calendar-query " DAV_XMLNS "><d:prop>"
		   "<d:getetag/></d:prop><c:filter>"
		   "<c:comp-filter name=\"VCALENDAR\">"
		   "<c:comp-filter name=\"" SPAN_FMT "\"/>"
		   "</c:comp-filter></c:filter></c:calendar-query>",
		SPAN_ARG(dav_escape(a, comp))));
}

/* 1 listed, 0 refused or cut short, -1 error. */
static int
query_comp(struct dav *d, const char *url, struct span comp, struct arena *a,
	   struct harvest *out, struct err *e)
{
	struct taking t = begin(a, url, out, false);
	struct dav_multi m = { .each = take_response, .ctx = &t, .a = a };
	struct dav_ask ask = { .method = "REPORT", .url = url, .depth = "1",
			       .type = DAV_XML_TYPE, .multi = &m };
	struct dav_reply r = { .status = 0 };
	struct err mine = { 0 };

	ask.body = query_body(a, comp);
	if (dav_call(d, &ask, a, &r, &mine)) {
		if (r.status == 207 && m.worst != 507)
			return 1;
		out->n_puts = 0;
		return 0;
	}
	out->n_puts = 0;
	if (r.status == 500 || r.status == 501)
		return 0;
	err_set(e, mine.code, mine.scope, "%s", mine.text);
	return -1;
}

static bool
list_etags(struct dav *d, const char *url, struct arena *a,
	   struct harvest *out, struct err *e)
{
	struct taking t = begin(a, url, out, false);
	struct dav_multi m = { .each = take_response, .ctx = &t };
	struct dav_reply r;

	if (!dav_propfind(d, url, "1", ETAGS, &m, a, &r, e))
		return false;
	/* In-place: of 404 for the collection alone nothing follows. */
	if (m.n == 1 && out->n_puts == 0 && m.worst == 404)
		return dav_refused(&r, &m, false, "PROPFIND", e);
	return true;
}

bool
dav_holds(struct dav *d, const char *url, const char *comp, bool *out,
	  struct err *e)
{
	struct arena *a = arena_new();
	struct harvest h = { .scope = HARVEST_FULL };
	int done = query_comp(d, url, span_of(comp), a, &h, e);

	*out = done == 0 || h.n_puts > 0; /* who does not tell may */
	arena_free(&a);
	return done >= 0;
}

/* ---- what changed ----------------------------------------------------------*/

/* Tokens that are seconds (SOGo) lose what changes in the second they were
 * made in: such a one is asked for with one second of overlap. What comes
 * again has an equal ETag. */
static struct span
overlapping(struct arena *a, struct span token)
{
	uint64_t seconds = 0;

	if (token.n != 10 || !span_u64(token, &seconds))
		return token;
	return span_of(arena_printf(a, "%llu",
				    (unsigned long long)seconds - 1));
}

/* 1 done, 0 the token is not accepted, -1 error. An empty token: all there
 * is. */
static int
list_since(struct dav *d, const char *url, struct span token, struct arena *a,
	   struct harvest *out, struct err *e)
{
	struct taking t = begin(a, url, out, true);
	struct dav_multi m = { .each = take_response, .ctx = &t, .a = a };
	struct dav_ask ask = { .method = "REPORT", .url = url, .depth = "0",
			       .type = DAV_XML_TYPE, .multi = &m };
	struct dav_reply r = { .status = 0 };
	struct err mine = { 0 };

	*out = (struct harvest){ .scope = HARVEST_DELTA };
	ask.body = span_of(arena_printf(
		a, DAV_HEAD "<d:sync-collection " DAV_XMLNS "><d:sync-token>"
		   SPAN_FMT "</d:sync-token><d:sync-level>1</d:sync-level>"
		   "<d:prop>" ETAGS "</d:prop></d:sync-collection>",
		SPAN_ARG(dav_escape(a, overlapping(a, token)))));
	if (!dav_call(d, &ask, a, &r, &mine)) {
		/* Xandikos answers an old token with 500. */
		if (r.status == 500)
			return 0;
		err_set(e, mine.code, mine.scope, "%s", mine.text);
		return -1;
	}
	/* 403, 409, 410, 412 and others: the full listing finds out whether
	 * it was the token or the collection. A page that leads nowhere is
	 * no page. */
	if (r.status != 207 || m.token.n == 0 ||
	    (t.cut && span_eq(m.token, token)))
		return 0;
	settle(&t);
	if (token.n == 0) { /* pages would bury what is on the next one */
		if (t.cut)
			return 0;
		out->scope = HARVEST_FULL;
		out->n_gone = 0;
	}
	out->partial = t.cut;
	out->cursor =
		span_of(arena_printf(a, "s " SPAN_FMT, SPAN_ARG(m.token)));
	return 1;
}

/* A server that has tokens lists an address book as what changed since none:
 * one request, and Radicale needs a tenth of the time of a PROPFIND for it. Of
 * a calendar that would be objects of all kinds. Else the cursor is taken
 * first: what changes meanwhile comes again. try_tokens: the server is not
 * known to have none. */
static bool
list_all(struct dav *d, const char *url, struct span comp, bool try_tokens,
	 struct arena *a, struct harvest *out, struct err *e)
{
	struct span cursor = SPAN_NONE;
	struct err mine = { 0 };
	int done = 0;

	if (comp.n == 0 && try_tokens)
		done = list_since(d, url, SPAN_NONE, a, out, &mine);
	if (done > 0)
		return true;
	if (done < 0 && mine.scope == SCOPE_ACCOUNT)
		return err_set(e, mine.code, mine.scope, "%s", mine.text);
	done = 0;
	if (!state_of(d, url, a, &cursor, e))
		return false;
	*out = (struct harvest){ .scope = HARVEST_FULL, .cursor = cursor };
	if (comp.n > 0)
		done = query_comp(d, url, comp, a, out, e);
	return done > 0 || (done == 0 && list_etags(d, url, a, out, e));
}

bool
dav_changes(void *s, struct span remote, struct span cursor, struct arena *a,
	    struct harvest *out, struct err *e)
{
	struct dav *d = s;
	struct harvest h = { .scope = HARVEST_DELTA };
	struct span comp, rest = cursor, kind, now;
	const char *url = dav_coll_url(d, a, remote, &comp, e);
	int done = 0;

	if (url == NULL)
		return false;
	kind = span_take_until(&rest, ' ');
	if (span_eq(kind, SPAN("s")))
		done = list_since(d, url, rest, a, &h, e);
	if (span_eq(kind, SPAN("c"))) {
		if (!state_of(d, url, a, &now, e))
			return false;
		done = span_eq(now, cursor);
		h.cursor = cursor;
	}
	if (done < 0 || (done == 0 && !list_all(d, url, comp,
				    !span_eq(kind, SPAN("c")) &&
					    !span_eq(kind, SPAN("n")),
				    a, &h, e)))
		return false;
	*out = h;
	return true;
}

/* ETags are all that a full listing asks for anyway. */
bool
dav_inventory(void *s, struct span remote, struct arena *a,
	      struct harvest *out, struct err *e)
{
	return dav_changes(s, remote, SPAN_NONE, a, out, e);
}

/* ---- a look at many --------------------------------------------------------*/

struct round {
	struct arena *a;
	const char *at;
	const char **urls; /* of the remotes */
	struct folder_status *out;
	size_t n;
};

static void
take_round(void *ctx, const struct dav_response *r)
{
	struct round *x = ctx;
	const char *url = dav_url(x->a, x->at, r->href);
	struct state s = { .a = x->a };
	size_t i;

	if (url == NULL || r->status / 100 == 4)
		return;
	url = dav_slash(x->a, url);
	for (i = 0; i < x->n; i++) {
		if (x->urls[i] == NULL || x->out[i].found ||
		    strcmp(x->urls[i], url) != 0)
			continue;
		if (s.text.n == 0)
			take_state(&s, r);
		x->out[i].found = true;
		x->out[i].token = s.text;
	}
}

static const char *
parent_of(struct arena *a, const char *url)
{
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		n--;
	while (n > 0 && url[n - 1] != '/')
		n--;
	return arena_str(a, span_from(url, n));
}

/* One look at the home tells of all that lie in it. False: at once, only an
 * error that ends the session. */
static bool
ask_parent(struct dav *d, struct round *x, size_t first, struct err *e)
{
	const char *home = parent_of(x->a, x->urls[first]);
	struct dav_multi m = { .each = take_round, .ctx = x };
	struct dav_reply r;
	struct err mine = { 0 };
	size_t i, others = 0;

	for (i = first + 1; i < x->n; i++)
		others += x->urls[i] != NULL && !x->out[i].found &&
			  strcmp(x->urls[i], x->urls[first]) != 0 &&
			  strcmp(parent_of(x->a, x->urls[i]), home) == 0;
	if (others == 0 || !dav_trusts(d, home))
		return true;
	x->at = home;
	if (dav_propfind(d, home, "1", STATE, &m, x->a, &r, &mine) ||
	    mine.scope != SCOPE_ACCOUNT)
		return true;
	return err_set(e, mine.code, mine.scope, "%s", mine.text);
}

static bool
ask_alone(struct dav *d, struct round *x, size_t i, struct err *e)
{
	struct span token = SPAN_NONE;
	struct err mine = { 0 };
	size_t k;

	if (!state_of(d, x->urls[i], x->a, &token, &mine))
		return mine.scope != SCOPE_ACCOUNT ||
		       err_set(e, mine.code, mine.scope, "%s", mine.text);
	for (k = i; k < x->n; k++)
		if (x->urls[k] != NULL && !x->out[k].found &&
		    strcmp(x->urls[k], x->urls[i]) == 0)
			x->out[k] = (struct folder_status){ .found = true,
							    .token = token };
	return true;
}

bool
dav_status_round(void *s, const struct span *remotes, size_t n,
		 struct arena *a, struct folder_status *out, struct err *e)
{
	struct dav *d = s;
	struct round x = { .a = a, .n = n };
	size_t i, k;

	x.urls = arena_array(a, n + 1, sizeof(*x.urls));
	x.out = arena_array(a, n + 1, sizeof(*x.out));
	for (i = 0; i < n; i++)
		x.urls[i] = dav_coll_url(d, a, remotes[i], NULL, NULL);
	for (i = 0; i < n; i++) {
		bool again = false;

		if (x.urls[i] == NULL || x.out[i].found)
			continue;
		/* Each home and each collection is asked once. */
		for (k = 0; k < i; k++)
			again |= x.urls[k] != NULL &&
				 strcmp(x.urls[k], x.urls[i]) == 0;
		if (again)
			continue;
		if (!ask_parent(d, &x, i, e) ||
		    (!x.out[i].found && !ask_alone(d, &x, i, e)))
			return false;
	}
	if (n > 0)
		memcpy(out, x.out, n * sizeof(*out));
	return true;
}
