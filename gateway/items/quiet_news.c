#include "gateway/items/quiet_news.h"

#include "base/clock.h"
#include "gateway/accounts/sessions.h"
#include "gateway/items/mail_content.h"
#include "gateway/items/mail_ref.h"
#include "gateway/push/quiet.h"
#include "state/ledger.h"
#include "translate/mail/headers.h"

#define NEWS_MAX 500
#define LOOK_MAX 100 /* the newest; what lies below waits with the rest */

struct news {
	struct request *r;
	struct account *a;
	const struct coll *c;
	const struct quiet_conf *over[MAX_QUIET];
	size_t n_over;
	uint32_t uids[LOOK_MAX];
	size_t n;
	uint64_t born; /* of the newest */
};

/* ---- what was seen already -----------------------------------------------------*/

/* Under the account's lock. */
static struct quiet_seen *
seen_row(struct news *x)
{
	const size_t room = sizeof(x->a->quiet) / sizeof(x->a->quiet[0]);
	struct quiet_seen *v = x->a->quiet, *free_row;
	size_t i;

	for (i = 0; i < room; i++)
		if (v[i].device == x->r->device_id && v[i].coll == x->c->id)
			return &v[i];
	free_row = &v[x->a->n_quiet++ % room];
	*free_row = (struct quiet_seen){ x->r->device_id, x->c->id, 0 };
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

static bool
collect(struct news *x, struct err *e)
{
	struct dev_coll dc = { x->r->user_id, x->r->device_id, x->c->id };
	uint64_t seen = seen_until(x);
	struct win_change *v;
	size_t n, i;

	if (!sync_news(x->r->gw->store, dc, NEWS_MAX, x->r->arena, &v, &n,
		       e))
		return false;
	for (i = n; i > 0 && x->n < LOOK_MAX; i--) {
		const struct mirror_item *it = &v[i - 1].item;
		uint32_t uid = mail_uid(it);

		if (v[i - 1].op != WIN_ADD || it->born <= seen || uid == 0)
			continue;
		x->uids[x->n++] = uid;
		if (it->born > x->born)
			x->born = it->born;
	}
	return true;
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

	if (!collect(x, &e) || x->n == 0)
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

bool
quiet_holds(struct request *r, const struct coll *c)
{
	struct news x = { .r = r, .c = c };
	size_t i;

	if (r->user->n_quiet == 0)
		return false;
	x.n_over = quiet_over(r->user, c, clock_wall(), x.over);
	for (i = 0; i < x.n_over; i++)
		if (x.over[i]->senders.n == 0 || c->kind != KIND_EMAIL)
			return true;
	if (x.n_over == 0)
		return false;
	x.a = request_account(r);
	return !has_exception(&x);
}
