/* One collection: a look without locks first, since nearly always all is
 * well. What that finds is looked at again under the locks, where a change
 * on its way cannot be taken for a difference, and repaired there. */
#include "gateway/operate/verify_private.h"

#include "base/clock.h"
#include "gateway/push/refresh.h"
#include "gateway/accounts/sessions.h"
#include "gateway/push/park.h"
#include "gateway/accounts/views.h"
#include "gateway/push/objects_fetch.h"
#include "state/devices.h"
#include "state/verify.h"

#define RUN_MS 120000 /* a listing of 100,000 mails takes a minute */
#define LOCK_MS 60000

struct compare {
	struct account *a;
	struct arena *arena;
	struct source *s;
	struct coll c;
	device_id device;
	struct device *devices;
	size_t n_devices, locked;
	const struct verify_say *say;
	struct differs mirror, rows;
};

/* ---- words ---------------------------------------------------------------------*/

static const char *
folder_name(const struct compare *x)
{
	return arena_str(x->arena, x->c.name);
}

/* "UID 4711", the last part of an href, or a number. */
static const char *
item_name_of(const struct compare *x, const struct differ *d)
{
	struct span r = d->remote, last = r;
	size_t i;

	if (r.n == 0)
		return d->item == 0 ? ""
				    : arena_printf(x->arena, "item %llu",
						   (unsigned long long)
							   d->item);
	if (x->c.kind == KIND_EMAIL)
		return arena_printf(x->arena, "UID " SPAN_FMT, SPAN_ARG(r));
	for (i = 0; i + 1 < r.n; i++)
		if (r.p[i] == '/')
			last = span_from_at(r, i + 1);
	return arena_str(x->arena, last);
}

static void
say_all(const struct compare *x, const struct differs *d, const char *device)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		x->say->fn(x->say->ctx, folder_name(x), device,
			   item_name_of(x, &d->v[i]),
			   differ_text(d->v[i].kind));
	if (d->all > d->n)
		x->say->fn(x->say->ctx, folder_name(x), device,
			   arena_printf(x->arena, "%zu more",
					d->all - d->n), "");
}

/* ---- looking -------------------------------------------------------------------*/

/* A view has no source: it is held against its members. */
static bool
look_at_view(struct compare *x, bool repair, struct err *e)
{
	struct store *store = x->a->gw->store;
	uint32_t *members;
	struct coll *v;
	size_t n;

	if (!colls_list(store, x->a->user, x->arena, &v, &n, e))
		return false;
	members = arena_array(x->arena, n + 1, sizeof(*members));
	n = view_members(v, n, &x->c, members);
	return views_feed(x->a->gw, x->a->user, &x->c, e) &&
	       view_check(store, x->a->user, x->c.id, members, n, repair,
			  x->arena, &x->mirror, e);
}

/* `exact`: what the source lists of other kinds is left out, which takes
 * fetching the objects that the mirror lacks. */
static bool
look(struct compare *x, bool exact, struct err *e)
{
	struct store *store = x->a->gw->store;
	struct harvest h = { 0 };
	bool more = false;

	if (coll_is_view(&x->c))
		return look_at_view(x, false, e) &&
		       verify_rows(store, x->a->user, x->c.id, false,
				   x->arena, &x->rows, e);
	return colls_get(store, x->a->user, x->c.id, x->arena, &x->c, e) &&
	       source_inventory(x->s, x->c.remote, x->arena, &h, e) &&
	       (!exact || x->c.kind == KIND_EMAIL ||
		objects_fetch(x->a, x->s, &x->c, x->arena, &h,
			      clock_mono_ms() + RUN_MS, &more, e)) &&
	       (!(more || h.partial) ||
		err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
			"it cannot be listed in one piece")) &&
	       verify_mirror(store, x->a->user, x->c.id, &h, x->arena,
			     &x->mirror, e) &&
	       verify_rows(store, x->a->user, x->c.id, false, x->arena,
			   &x->rows, e);
}

/* All phones, or the one asked for; *all counts the differences. */
static bool
look_at_phones(struct compare *x, bool repair, bool tell, size_t *all,
	       struct err *e)
{
	size_t i;

	*all = 0;
	for (i = 0; i < x->n_devices; i++) {
		struct dev_coll dc = { x->a->user,
				       device_of(x->devices[i].id),
				       x->c.id };
		struct ledger_count n;
		struct differs d;

		if (x->device != 0 && dc.device != x->device)
			continue;
		if (!verify_ledger(x->a->gw->store, dc, repair, x->arena, &d,
				   &n, e))
			return false;
		*all += d.all;
		if (tell)
			say_all(x, &d, arena_str(x->arena,
						 x->devices[i].id));
	}
	return true;
}

/* ---- under the locks -----------------------------------------------------------*/

/* In the order in which a Sync takes them: phones, then the collection. */
static bool
lock_all(struct compare *x, struct err *e)
{
	int64_t until = clock_mono_ms() + LOCK_MS;

	for (x->locked = 0; x->locked < x->n_devices; x->locked++)
		if (!dev_lock(x->a, device_of(x->devices[x->locked].id),
			      x->c.id, until, e))
			return false;
	return coll_lock(x->a, x->c.id, until, e);
}

static void
unlock_phones(struct compare *x)
{
	while (x->locked > 0) {
		x->locked--;
		dev_unlock(x->a, device_of(x->devices[x->locked].id),
			   x->c.id);
	}
}

/* The order matters: lost rows first, while the log still tells who had
 * them; then the source's truth; then what the phones have of that. */
static bool
repair_all(struct compare *x, size_t *phones, struct err *e)
{
	struct store *store = x->a->gw->store;
	struct differs d;

	if (x->rows.all > 0 &&
	    !verify_rows(store, x->a->user, x->c.id, true, x->arena, &d, e))
		return false;
	if (coll_is_view(&x->c))
		return look_at_view(x, true, e) &&
		       look_at_phones(x, true, true, phones, e);
	if (x->mirror.all + x->rows.all > 0 &&
	    (!verify_relist(store, x->a->user, x->c.id, e) ||
	     !refresh_locked(x->a, x->s, x->c.id, clock_mono_ms() + RUN_MS,
			     e)))
		return false;
	return look_at_phones(x, true, true, phones, e);
}

static bool
locked_look(struct compare *x, bool repair, struct verify_sum *sum,
	    struct err *e)
{
	size_t phones = 0, left = 0;
	bool ok;

	ok = (coll_is_view(&x->c) ||
	      refresh_locked(x->a, x->s, x->c.id, clock_mono_ms() + RUN_MS,
			     e)) &&
	     look(x, true, e);
	if (!ok)
		return false;
	say_all(x, &x->mirror, "");
	say_all(x, &x->rows, "");
	sum->differences = sum->left = x->mirror.all + x->rows.all;
	if (!repair) {
		ok = look_at_phones(x, false, true, &phones, e);
		sum->differences += phones;
		sum->left += phones;
		return ok;
	}
	ok = repair_all(x, &phones, e);
	sum->differences += phones;
	sum->left += phones;
	if (!ok || sum->differences == 0)
		return ok;
	ok = look(x, true, e) && look_at_phones(x, false, false, &left, e);
	if (ok)
		sum->left = x->mirror.all + x->rows.all + left;
	return ok;
}

static bool
look_again(struct compare *x, bool repair, struct verify_sum *sum,
	   struct err *e)
{
	bool ok = lock_all(x, e);

	if (!ok) {
		unlock_phones(x);
		return false;
	}
	ok = locked_look(x, repair, sum, e);
	coll_unlock(x->a, x->c.id);
	unlock_phones(x);
	/* Also after a failure, and after a look alone, which writes down
	 * what it had to fetch of a long list. */
	park_post(x->a->gw, x->a->user, x->c.id, 0);
	return ok;
}

/* ---- the whole -----------------------------------------------------------------*/

static bool
compare(struct compare *x, bool repair, struct verify_sum *sum,
	struct err *e)
{
	size_t phones = 0;

	if (!device_list(x->a->gw->store, x->a->user, x->arena, &x->devices,
			 &x->n_devices, e) ||
	    !refresh_coll(x->a, x->c.id, clock_mono_ms() + RUN_MS, e))
		return false;
	if (!coll_is_view(&x->c))
		x->s = account_checkout(x->a, x->c.source,
					clock_mono_ms() + RUN_MS, e);
	if ((x->s == NULL && !coll_is_view(&x->c)) || !look(x, false, e) ||
	    !look_at_phones(x, false, false, &phones, e))
		return false;
	sum->items = x->mirror.items;
	return x->mirror.all + x->rows.all + phones == 0 ||
	       look_again(x, repair, sum, e);
}

void
verify_coll(struct account *a, uint32_t coll, device_id device, bool repair,
	    const struct verify_say *say, struct verify_sum *out)
{
	struct compare x = { .a = a, .arena = arena_new(), .device = device,
			     .say = say };
	struct err e = { 0 };

	*out = (struct verify_sum){ 0 };
	out->failed = !colls_get(a->gw->store, a->user, coll, x.arena, &x.c,
				 &e) ||
		      !compare(&x, repair, out, &e);
	account_checkin(a, &x.s, out->failed && account_broken(&e));
	if (out->failed)
		say->fn(say->ctx, folder_name(&x), "", "",
			arena_printf(x.arena, "could not be compared: %s",
				     e.text));
	arena_free(&x.arena);
}
