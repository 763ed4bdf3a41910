#include "gateway/items/quiet_news.h"

#include "base/clock.h"
#include "gateway/accounts/sessions.h"
#include "gateway/items/mail_content.h"
#include "gateway/items/mail_ref.h"
#include "gateway/push/refresh.h"
#include "gateway/push/quiet.h"
#include "state/ledger.h"
#include "state/views.h"
#include "translate/mail/headers.h"

#define NEWS_MAX 500
#define LOOK_MAX 100 /* the newest; what lies below waits with the rest */

/* News of one folder, or of one member of a view. */
struct news {
	struct request *r;
	struct account *a;
	const struct coll *named; /* as the phone calls it */
	const struct coll *c;     /* where they are */
	const struct win_change *v;
	size_t n_v;
	const struct quiet_conf *over[MAX_QUIET];
	size_t n_over;
	uint32_t uids[LOOK_MAX];
	size_t n;
	uint64_t born; /* of the newest */
};

/* ---- what was seen already -----------------------------------------------------*/

/* Positions are those of the folder that the phone names: a member is told
 * apart by which that is. */
static uint32_t
seen_key(const struct news *x)
{
	return x->named == x->c ? x->c->id : x->named->id * 31 + x->c->id;
}

/* Under the account's lock. */
static struct quiet_seen *
seen_row(struct news *x)
{
	const size_t room = sizeof(x->a->quiet) / sizeof(x->a->quiet[0]);
	struct quiet_seen *v = x->a->quiet, *free_row;
	uint32_t key = seen_key(x);
	size_t i;

	for (i = 0; i < room; i++)
		if (v[i].device == x->r->device_id && v[i].coll == key)
			return &v[i];
	free_row = &v[x->a->n_quiet++ % room];
	*free_row = (struct quiet_seen){ x->r->device_id, key, 0 };
	return free_row;
}

static uint64_t
seen_until(struct news *x)
{
	uint64_t born;

	pthread_mutex_lock(&x->a->lock);
	born = seen_row(x)->born;
	pthread_mutex_unlock(&x->a->lock);
	return born;
}

static void
note_seen(struct news *x)
{
	pthread_mutex_lock(&x->a->lock);
	seen_row(x)->born = x->born;
	pthread_mutex_unlock(&x->a->lock);
}

/* ---- senders -------------------------------------------------------------------*/

/* Each section that holds must let the sender through. */
static bool
gets_through(const struct news *x, struct span header)
{
	struct addresses from = header_addresses(
		x->r->arena, header_raw(header, "From", 0));
	size_t i;

	if (from.n == 0 || from.v[0].addr.n == 0)
		return false;
	for (i = 0; i < x->n_over; i++)
		if (!quiet_lets(x->over[i], from.v[0].addr))
			return false;
	return true;
}

/* 0: it is not in this folder, or no mail. */
static uint32_t
uid_of(const struct news *x, const struct mirror_item *it)
{
	struct mirror_item there;
	struct err e = { 0 };
	uint64_t item;
	uint32_t coll;

	if (x->named == x->c)
		return mail_uid(it);
	if (!view_origin(it, &coll, &item) || coll != x->c->id ||
	    !mirror_get(x->r->gw->store, x->r->user_id, coll, item,
			x->r->arena, &there, &e))
		return 0;
	return mail_uid(&there);
}

static void
collect(struct news *x)
{
	uint64_t seen = seen_until(x);
	size_t i;

	for (i = x->n_v; i > 0 && x->n < LOOK_MAX; i--) {
		const struct mirror_item *it = &x->v[i - 1].item;
		uint32_t uid;

		if (x->v[i - 1].op != WIN_ADD || it->born <= seen)
			continue;
		uid = uid_of(x, it);
		if (uid == 0)
			continue;
		x->uids[x->n++] = uid;
		if (it->born > x->born)
			x->born = it->born;
	}
}

static bool
ask(struct news *x, struct mail_info *info, struct err *e)
{
	struct source *s = account_checkout(x->a, x->c->source,
					    x->r->deadline_ms, e);
	bool ok = s != NULL &&
		  source_mail_info(s, x->c->remote, x->c->uidvalidity,
				   x->uids, x->n, x->r->arena, info, e);

	account_checkin(x->a, &s, !ok && account_broken(e));
	return ok;
}

/* A mail from somebody who may ring at night. */
static bool
has_exception(struct news *x)
{
	struct mail_info *info;
	struct err e = { 0 };
	size_t i;

	collect(x);
	if (x->n == 0)
		return false;
	info = arena_array(x->r->arena, x->n, sizeof(*info));
	if (!ask(x, info, &e))
		return false;
	for (i = 0; i < x->n; i++)
		if (info[i].found && gets_through(x, info[i].header))
			return true;
	note_seen(x);
	return false;
}

/* ---- folders -------------------------------------------------------------------*/

static bool
senders_matter(const struct news *x)
{
	size_t i;

	for (i = 0; i < x->n_over; i++)
		if (x->over[i]->senders.n == 0)
			return false;
	return x->c->kind == KIND_EMAIL;
}

static bool
folder_holds(struct news *x)
{
	struct err e = { 0 };

	x->n_over = quiet_over(x->r->user, x->c, clock_wall(), x->over);
	if (x->n_over == 0)
		return false;
	if (!senders_matter(x))
		return true;
	if (x->v == NULL) {
		struct dev_coll dc = { x->r->user_id, x->r->device_id,
				       x->c->id };
		struct win_change *v;

		if (!sync_news(x->r->gw->store, dc, NEWS_MAX, x->r->arena, &v,
			       &x->n_v, &e))
			return true;
		x->v = v;
	}
	return !has_exception(x);
}

static bool
is_first_of(const struct win_change *v, size_t i, uint32_t coll)
{
	uint64_t item;
	uint32_t other;

	while (i-- > 0)
		if (view_origin(&v[i].item, &other, &item) && other == coll)
			return false;
	return true;
}

/* A view is held as far as the members are that its news come from. */
static bool
view_holds(struct request *r, struct account *a, const struct coll *view)
{
	struct dev_coll dc = { r->user_id, r->device_id, view->id };
	struct news whole = { .r = r, .a = a, .named = view, .c = view };
	struct err e = { 0 };
	struct win_change *v;
	uint64_t item;
	size_t n, i;
	uint32_t coll;

	if (!refresh_feed(a, view, &e) ||
	    !sync_news(r->gw->store, dc, NEWS_MAX, r->arena, &v, &n, &e) ||
	    n == 0)
		return quiet_over(r->user, view, clock_wall(), whole.over) > 0;
	for (i = 0; i < n; i++) {
		struct err none = { 0 };
		struct news x = { .r = r, .a = a, .named = view, .v = v,
				  .n_v = n };
		struct coll member;

		if (!view_origin(&v[i].item, &coll, &item) ||
		    !is_first_of(v, i, coll) ||
		    !colls_get(r->gw->store, r->user_id, coll, r->arena,
			       &member, &none))
			continue;
		x.c = &member;
		if (!folder_holds(&x))
			return false;
	}
	return true;
}

bool
quiet_holds(struct request *r, const struct coll *c)
{
	struct news x = { .r = r, .named = c, .c = c };

	if (r->user->n_quiet == 0)
		return false;
	x.a = request_account(r);
	return coll_is_view(c) ? view_holds(r, x.a, c) : folder_holds(&x);
}
