/* Collections as folders: one for each kind of object, one default each. */
#include "backends/dav/dav_private.h"

#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"

#define PROPS                                                                \
	"<d:resourcetype/><d:displayname/><d:current-user-privilege-set/>"   \
	"<d:resource-id/><c:supported-calendar-component-set/>"              \
	"<c:schedule-default-calendar-URL/>"

struct listing {
	struct dav *d;
	struct arena *a;
	bool contacts, single; /* of the home under way */
	const char *at;
	struct folder *v;
	unsigned *score; /* of v[i] as a default; lower is better */
	size_t n, room, score_room;
	struct span default_cal; /* its path */
};

static struct span
last_piece(struct span path)
{
	size_t i;

	while (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	for (i = path.n; i > 0 && path.p[i - 1] != '/'; i--)
		;
	return span_from_at(path, i);
}

static struct span
name_of(struct arena *a, const struct dav_response *r, struct span path)
{
	struct span name = r->name;

	if (name.n == 0)
		name = percent_decode(a, last_piece(path), false);
	if (name.n == 0)
		name = SPAN("DAV");
	return utf8_clean(a, arena_dup(a, name));
}

/* Which one new things go to, where the server does not tell: one that can
 * be written, that has a name servers give to the first one, that holds
 * nothing else; then the first by path. Another collection beside it does
 * not change that. */
static unsigned
score_of(const struct dav_response *r, struct span path, unsigned comps,
	 enum item_kind kind)
{
	static const char *const names[] = {
		"default", "personal", "home", "calendar", "contacts",
		"addressbook", "card", "events", "tasks", "notes", "main"
	};
	struct span piece = last_piece(path);
	bool many = (comps & (comps - 1)) != 0, known = false;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		known |= span_eq_ci(piece, span_of(names[i]));
	return (r->has_privileges && !r->may_write ? 8u : 0u) +
	       (many && (kind == KIND_TASK || kind == KIND_NOTE) ? 4u : 0u) +
	       (known ? 0u : 2u);
}

static void
add_folder(struct listing *l, const struct dav_response *r,
	   enum item_kind kind, const char *comp, unsigned comps)
{
	const char *url = dav_url(l->a, l->at, r->href);
	struct span remote, path;
	struct folder *f;
	size_t i;

	if (url == NULL || l->n >= MAX_FOLDERS)
		return;
	remote = dav_remote(l->d, l->a, url);
	path = dav_path(l->a, url, span_of(url));
	if (comp != NULL)
		remote = span_of(arena_printf(l->a, SPAN_FMT "#%s",
					      SPAN_ARG(remote), comp));
	for (i = 0; i < l->n; i++)
		if (span_eq(l->v[i].remote, remote))
			return; /* in two homes that are one */
	l->v = arena_grow(l->a, l->v, l->n, &l->room, sizeof(*l->v));
	l->score = arena_grow(l->a, l->score, l->n, &l->score_room,
			      sizeof(*l->score));
	l->score[l->n] = score_of(r, path, comps, kind);
	f = &l->v[l->n++];
	*f = (struct folder){ .remote = remote, .kind = kind };
	f->name = name_of(l->a, r, path);
	f->read_only = r->has_privileges && !r->may_write;
	if (r->resource_id.n > 0)
		f->objectid = span_of(arena_printf(
			l->a, SPAN_FMT "#%s", SPAN_ARG(r->resource_id),
			comp != NULL ? comp : ""));
}

/* Address books that Nextcloud makes by itself: all its users, whom somebody
 * once wrote to. They count if somebody names them. */
static bool
is_generated(const struct listing *l, const struct dav_response *r)
{
	struct span piece = last_piece(r->href);

	return !l->single &&
	       (span_starts(piece, SPAN("z-server-generated--")) ||
		span_starts(piece, SPAN("z-app-generated--contactsinter")));
}

static void
add_collection(void *ctx, const struct dav_response *r)
{
	struct listing *l = ctx;
	/* Who does not tell takes events and tasks at least (RFC 4791 5.2.3
	 * means all, but notes are rarely meant). */
	unsigned comps = r->has_comps ? r->comps : DAV_VEVENT | DAV_VTODO;

	if (r->default_cal.n > 0 && l->default_cal.n == 0)
		l->default_cal = dav_path(l->a, l->at,
					  arena_dup(l->a, r->default_cal));
	if (r->types & DAV_HIDDEN || r->status / 100 == 4)
		return;
	if (l->contacts) {
		if (r->types & DAV_ADDRESSBOOK && !is_generated(l, r))
			add_folder(l, r, KIND_CONTACT, NULL, 0);
		return;
	}
	if (!(r->types & DAV_CALENDAR))
		return;
	if (comps & DAV_VEVENT)
		add_folder(l, r, KIND_EVENT, "VEVENT", comps);
	if (comps & DAV_VTODO)
		add_folder(l, r, KIND_TASK, "VTODO", comps);
	if (comps & DAV_VJOURNAL)
		add_folder(l, r, KIND_NOTE, "VJOURNAL", comps);
}

static bool
list_homes(struct listing *l, const struct dav_homes *h, struct err *e)
{
	size_t i;

	for (i = 0; i < h->n; i++) {
		struct dav_multi m = { .each = add_collection, .ctx = l };
		struct dav_reply r;
		struct err mine = { 0 };

		l->at = h->v[i];
		l->single = h->single;
		if (dav_propfind(l->d, h->v[i], h->single ? "0" : "1", PROPS,
				 &m, l->a, &r, &mine))
			continue;
		/* A further home may be somebody else's, who shuts it. */
		if (i > 0 && mine.scope == SCOPE_COLLECTION &&
		    (mine.code == ERR_DENIED || mine.code == ERR_NOT_FOUND)) {
			log_line(LOG_WARN, "dav-home", "error=%s",
				 err_name(mine.code));
			continue;
		}
		return err_set(e, mine.code, mine.scope, "%s", mine.text);
	}
	return true;
}

static bool
goes_before(const struct listing *l, size_t x, size_t y)
{
	if (l->score[x] != l->score[y])
		return l->score[x] < l->score[y];
	return span_cmp(l->v[x].remote, l->v[y].remote) < 0;
}

static void
choose_defaults(struct listing *l)
{
	static const enum folder_type first[KIND_COUNT] = {
		[KIND_CONTACT] = FOLDER_CONTACTS,
		[KIND_EVENT] = FOLDER_CALENDAR,
		[KIND_TASK] = FOLDER_TASKS,
		[KIND_NOTE] = FOLDER_NOTES,
	}, other[KIND_COUNT] = {
		[KIND_CONTACT] = FOLDER_USER_CONTACTS,
		[KIND_EVENT] = FOLDER_USER_CALENDAR,
		[KIND_TASK] = FOLDER_USER_TASKS,
		[KIND_NOTE] = FOLDER_USER_NOTES,
	};
	size_t best[KIND_COUNT], i;
	int k;

	for (k = 0; k < KIND_COUNT; k++)
		best[k] = l->n;
	for (i = 0; i < l->n; i++) {
		struct folder *f = &l->v[i];
		struct span path = f->remote;

		path = span_take_until(&path, '#');
		if (f->kind == KIND_EVENT && l->default_cal.n > 0 &&
		    span_eq(dav_path(l->a, l->d->base, path),
			    span_of(dav_slash(l->a, arena_str(
						       l->a,
						       l->default_cal)))))
			f->default_told = true;
		l->score[i] = f->default_told ? 0 : l->score[i] + 1;
		f->type = other[f->kind];
		if (best[f->kind] == l->n || goes_before(l, i, best[f->kind]))
			best[f->kind] = i;
	}
	for (k = 0; k < KIND_COUNT; k++)
		if (best[k] < l->n)
			l->v[best[k]].type = first[k];
}

bool
dav_list(void *s, struct arena *a, struct folder **v_out, size_t *n_out,
	 struct err *e)
{
	struct dav *d = s;
	struct listing l = { .d = d, .a = a };

	if (!dav_find(d, e))
		return false;
	l.contacts = true;
	if (!list_homes(&l, &d->contacts, e)) {
		dav_lose(d);
		return false;
	}
	l.contacts = false;
	if (!list_homes(&l, &d->calendars, e)) {
		dav_lose(d);
		return false;
	}
	choose_defaults(&l);
	*v_out = l.v;
	*n_out = l.n;
	return true;
}
