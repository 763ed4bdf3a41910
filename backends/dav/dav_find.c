/* Where contacts and calendars are (RFC 6764, 4791 6.2.1, 6352 7.1.1): the
 * address itself, .well-known on its host, DNS, the principal, its homes.
 *
 * That a service is not there is believed only when the server says so by
 * its status (404, no DAV). Half an answer or a busy server is an error:
 * else a bad minute would look as if all calendars had been deleted. */
#include "backends/dav/dav_private.h"

#include <string.h>

#include "base/clock.h"

#define PROPS                                                                \
	"<d:current-user-principal/><d:resourcetype/>"                       \
	"<c:calendar-home-set/><r:addressbook-home-set/>"                    \
	"<c:schedule-outbox-URL/><c:calendar-user-address-set/>"

struct finder {
	struct dav *d;
	struct arena *a; /* d->found */
	bool contacts;   /* the service that is looked for */
	bool both;       /* both begin at one address */
	const char *itself; /* an address that answers as DAV */
	struct err soft; /* why nothing was found */
};

struct copy {
	struct arena *a;
	struct dav_response r;
	bool set;
};

static void
dup_all(struct arena *a, struct span *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		v[i] = arena_dup(a, v[i]);
}

/* Keeps the first response: there is one to Depth 0. */
static void
keep_first(void *ctx, const struct dav_response *r)
{
	struct copy *c = ctx;

	if (c->set)
		return;
	c->set = true;
	c->r = *r;
	c->r.principal = arena_dup(c->a, r->principal);
	c->r.outbox = arena_dup(c->a, r->outbox);
	c->r.address = arena_dup(c->a, r->address);
	dup_all(c->a, c->r.contacts, r->n_contacts);
	dup_all(c->a, c->r.calendars, r->n_calendars);
}

/* Proxies that end TLS make some servers write http: of themselves. */
static const char *
place(struct arena *a, const char *from, struct span href)
{
	const char *url = dav_url(a, from, href), *mine, *its;

	if (url == NULL || !dav_is_https(from) || dav_is_https(url))
		return url;
	mine = dav_origin_of(a, from);
	its = dav_origin_of(a, url);
	if (strncmp(mine + 8, its + 7, strcspn(its + 7, ":")) != 0)
		return url;
	return arena_printf(a, "%s%s", mine, url + strlen(its));
}

static void
add_home(struct dav_homes *h, struct arena *a, const char *url)
{
	size_t i;

	if (url == NULL || h->n == MAX_HOMES)
		return;
	url = dav_slash(a, url);
	for (i = 0; i < h->n; i++)
		if (strcmp(h->v[i], url) == 0)
			return;
	h->v[h->n++] = url;
}

static struct dav_homes *
wanted(struct finder *f)
{
	return f->contacts ? &f->d->contacts : &f->d->calendars;
}

static void
take(struct finder *f, const struct dav_response *r, const char *from)
{
	size_t i;

	if (f->contacts || f->both)
		for (i = 0; i < r->n_contacts; i++)
			add_home(&f->d->contacts, f->a,
				 place(f->a, from, r->contacts[i]));
	if (!f->contacts || f->both)
		for (i = 0; i < r->n_calendars; i++)
			add_home(&f->d->calendars, f->a,
				 place(f->a, from, r->calendars[i]));
	if (r->outbox.n > 0 && f->d->outbox == NULL)
		f->d->outbox = place(f->a, from, r->outbox);
	if (r->address.n > 0 && f->d->address.n == 0)
		f->d->address = r->address;
}

/* 1 answered, 0 not DAV, -1 error. */
static int
ask(struct finder *f, const char *url, const char **at, struct copy *c,
    struct err *e)
{
	struct dav_multi m = { .each = keep_first, .ctx = c };
	struct dav_reply r = { .status = 0 };
	struct err mine = { 0 };

	*c = (struct copy){ .a = f->a };
	if (!dav_propfind(f->d, url, "0", PROPS, &m, f->a, &r, &mine)) {
		bool told = r.status != 0 && r.status != 207 &&
			    r.status != 401 && r.status != 429 &&
			    r.status / 100 != 5;
		bool foreign = mine.code == ERR_PEER &&
			       mine.scope == SCOPE_ACCOUNT;

		if (!told && !foreign && r.status != 501) {
			err_set(e, mine.code, mine.scope, "%s", mine.text);
			return -1;
		}
		if (f->soft.code == ERR_NONE || foreign)
			f->soft = mine;
		return 0;
	}
	*at = r.url;
	return c->set && c->r.status / 100 != 4;
}

/* A server may show a stranger something at the root: insist on Basic. */
static int
ask_as_user(struct finder *f, const char *url, const char **at,
	    struct copy *c, struct err *e)
{
	int got = ask(f, url, at, c, e);
	size_t i;

	if (got != 1 || !c->r.unauthenticated)
		return got;
	for (i = 0; i < f->d->n_origins; i++)
		f->d->origins[i].auth = CURLAUTH_BASIC;
	return ask(f, url, at, c, e);
}

/* Is there a collection of the service right below? */
struct below {
	unsigned type;
	bool found;
};

static void
see_below(void *ctx, const struct dav_response *r)
{
	struct below *b = ctx;

	if (r->types & b->type && !(r->types & DAV_HIDDEN))
		b->found = true;
}

static bool
is_bare(const char *url)
{
	const char *path = strchr(strstr(url, "://") + 3, '/');

	return path == NULL || path[1] == '\0';
}

/* 1 yes, 0 no, -1 error. */
static int
is_home(struct finder *f, const char *url, struct err *e)
{
	struct below b = { .type = f->contacts ? DAV_ADDRESSBOOK
					       : DAV_CALENDAR };
	struct dav_multi m = { .each = see_below, .ctx = &b };
	struct dav_reply r;
	struct err mine = { 0 };

	if (dav_propfind(f->d, url, "1", "<d:resourcetype/>", &m, f->a, &r,
			 &mine))
		return b.found;
	if (mine.code != ERR_UNAVAILABLE && mine.scope != SCOPE_ACCOUNT)
		return 0;
	err_set(e, mine.code, mine.scope, "%s", mine.text);
	return -1;
}

/* A home that is named for this service alone: another one than the
 * principal's may be meant. */
static int
named_home(struct finder *f, const struct dav_response *r, const char *at,
	   bool named, struct err *e)
{
	if (!named || f->both || is_bare(at) || !(r->types & DAV_COLLECTION) ||
	    r->types & DAV_PRINCIPAL)
		return 0;
	return is_home(f, at, e);
}

/* 1 homes found, 0 not here, -1 error. */
static int
look_at(struct finder *f, const char *url, bool named, struct err *e)
{
	unsigned type = f->contacts ? DAV_ADDRESSBOOK : DAV_CALENDAR;
	const char *at = NULL, *there, *principal = NULL;
	struct dav_homes *h = wanted(f);
	struct copy c;
	int got = ask_as_user(f, url, &at, &c, e);

	if (got != 1)
		return got;
	if (c.r.types & type && !(c.r.types & DAV_HIDDEN)) {
		add_home(h, f->a, at);
		h->single = true;
		return 1;
	}
	got = named_home(f, &c.r, at, named, e);
	if (got == 1)
		add_home(h, f->a, at);
	if (got != 0)
		return got;
	take(f, &c.r, at);
	if (c.r.principal.n > 0)
		principal = place(f->a, at, c.r.principal);
	if (principal != NULL && (h->n == 0 || f->d->outbox == NULL)) {
		got = ask(f, principal, &there, &c, e);
		if (got < 0)
			return -1;
		if (got == 1)
			take(f, &c.r, there);
	}
	if (h->n == 0 && named && f->itself == NULL)
		f->itself = at;
	return h->n > 0;
}

static const char *
dns_name(struct finder *f, const char *start)
{
	const char *host = strstr(start, "://") + 3;
	struct span name = span_from(host, strcspn(host, ":/"));

	return is_bare(start) ? dav_srv(f->a, arena_str(f->a, name),
					f->contacts)
			      : NULL;
}

/* True: looked everywhere; homes may have been found or not. */
static bool
find_service(struct finder *f, const char *start, struct err *e)
{
	struct dav_homes *h = wanted(f);
	const char *more[3];
	int i, got = look_at(f, start, true, e);

	more[0] = dav_url(f->a, start, f->contacts
					      ? SPAN("/.well-known/carddav")
					      : SPAN("/.well-known/caldav"));
	more[1] = is_bare(start) ? NULL : dav_url(f->a, start, SPAN("/"));
	more[2] = NULL;
	for (i = 0; i < 3 && got == 0; i++) {
		if (i == 2)
			more[2] = dns_name(f, start);
		if (more[i] != NULL)
			got = look_at(f, more[i], false, e);
	}
	if (got == 0 && f->itself != NULL) {
		got = is_home(f, f->itself, e);
		if (got == 1)
			add_home(h, f->a, f->itself);
	}
	return got >= 0;
}

static bool
missing(struct finder *f, const char *start, struct err *e)
{
	if (f->soft.code == ERR_PEER && f->soft.scope == SCOPE_ACCOUNT)
		return err_set(e, ERR_PEER, SCOPE_ACCOUNT, "%s",
			       f->soft.text);
	return err_set(e, ERR_NOT_FOUND, SCOPE_ACCOUNT,
		       "no %s found at %.100s",
		       f->contacts ? "address books" : "calendars", start);
}

static bool
find_all(struct dav *d, struct err *e)
{
	const struct source_conf *c = &d->conf;
	struct err first = { 0 };
	int pass;

	for (pass = 0; pass < 2; pass++) {
		const char *own = pass == 0 ? c->contacts_url
					    : c->calendars_url;
		const char *start = own != NULL ? own : c->url;
		struct finder f = { .d = d, .a = d->found,
				    .contacts = pass == 0,
				    .both = c->contacts_url == NULL &&
					    c->calendars_url == NULL };

		if (start == NULL || wanted(&f)->n > 0)
			continue;
		if (!find_service(&f, start, e))
			return false;
		if (wanted(&f)->n > 0)
			continue;
		/* From `url` on either service may be missing. */
		if (own != NULL)
			return missing(&f, start, e);
		missing(&f, start, &first);
	}
	if (d->contacts.n + d->calendars.n > 0)
		return true;
	return err_set(e, first.code, first.scope, "%s", first.text);
}

void
dav_lose(struct dav *d)
{
	d->contacts = d->calendars = (struct dav_homes){ .n = 0 };
	d->outbox = NULL;
	d->address = SPAN_NONE;
	d->asked_schedules = d->schedules = false;
	d->found_ms = 0;
	arena_free(&d->found);
}

bool
dav_find(struct dav *d, struct err *e)
{
	int64_t now = clock_mono_ms();

	if (d->found_ms != 0 && now - d->found_ms < DAV_HOMES_MS)
		return true;
	dav_lose(d);
	d->found = arena_new();
	if (!find_all(d, e)) {
		dav_lose(d);
		return false;
	}
	d->found_ms = now;
	return true;
}
