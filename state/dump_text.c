/* The state of one user in words, for support: how much and how far, never
 * what. */
#include "state/dump.h"

#include <stdio.h>

#include "base/clock.h"
#include "state/devices.h"
#include "state/ledger_private.h"
#include "state/resync.h"
#include "state/verify.h"

struct text {
	struct store *s;
	user_id user;
	bool unmasked;
	struct arena *a;
	struct buf *out;
	struct coll *colls;
	size_t n_colls;
	struct device *devices;
	size_t n_devices;
};

static const char *const kinds[KIND_COUNT] = {
	[KIND_EMAIL] = "mail",	   [KIND_CONTACT] = "contacts",
	[KIND_EVENT] = "calendar", [KIND_TASK] = "tasks",
	[KIND_NOTE] = "notes",
};

/* Names tell of people: their length is enough to tell them apart. */
static const char *
name_of(const struct text *x, struct span name)
{
	if (x->unmasked)
		return arena_printf(x->a, "\"" SPAN_FMT "\"", SPAN_ARG(name));
	return arena_printf(x->a, "(%zu letters)", name.n);
}

/* ---- folders -------------------------------------------------------------------*/

struct counting {
	user_id user;
	uint32_t coll;
	size_t alive, gone;
	struct dev_coll dc;
	struct sync_row row;
	size_t rows, owed, offers;
	bool known;
};

static bool
items_fn(struct txn *t, void *ctx, struct err *e)
{
	struct counting *c = ctx;
	struct key from = item_prefix(c->user, T_ITEM, c->coll);
	struct key to = key_after(&from);
	struct span k, v;
	struct scan s;

	c->alive = c->gone = 0;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct cursor n = cursor_of(span_from_at(k, from.n));
		struct mirror_item it;
		bool found;

		if (!item_read(t, c->user, c->coll, take_u64(&n), &it, &found,
			       e))
			break;
		c->gone += found && it.gone;
		c->alive += found && !it.gone;
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

static bool
put_coll(struct text *x, const struct coll *c, struct err *e)
{
	struct counting n = { .user = x->user, .coll = c->id };

	if (!store_read(x->s, items_fn, &n, e))
		return false;
	buf_printf(x->out, "  folder %u %s %s: %zu items, %zu gone, log %llu",
		   c->id, kinds[c->kind], name_of(x, c->name), n.alive,
		   n.gone, (unsigned long long)c->seq);
	if (c->generation > 0)
		buf_printf(x->out, ", UIDVALIDITY changed %u times",
			   c->generation);
	buf_printf(x->out, "%s%s%s\n",
		   c->cursor.n == 0 ? ", not listed completely" : "",
		   c->attached ? "" : ", not at its source any more",
		   c->hold_since != 0 ? ", a loss is held back" : "");
	return true;
}

/* ---- phones --------------------------------------------------------------------*/

static bool
ledger_fn(struct txn *t, void *ctx, struct err *e)
{
	struct counting *c = ctx;
	struct ledger l = { .a = txn_arena(t) };
	struct offer_row *v;
	size_t i;

	c->rows = c->owed = 0;
	if (!sync_row_read(t, c->dc, &c->row, &c->known, e) ||
	    !offer_list(t, c->dc, &v, &c->offers, e) ||
	    !rows_read(t, c->dc, 0, &l, e))
		return false;
	for (i = 0; i < l.n; i++) {
		c->rows += !l.rows[i].dropped;
		c->owed += !l.rows[i].dropped && l.rows[i].owed;
	}
	return true;
}

static const char *
date_of(struct text *x, int64_t t)
{
	if (t == INT64_MIN)
		return "all";
	if (t >= INT64_MAX / 2)
		return "nothing";
	return clock_dashed(x->a, t);
}

static bool
put_ledger(struct text *x, device_id device, uint32_t coll, struct err *e)
{
	struct counting c = { .dc = { x->user, device, coll } };
	struct differs unused;
	struct ledger_count n;

	if (!store_read(x->s, ledger_fn, &c, e) ||
	    !verify_ledger(x->s, c.dc, false, x->a, &unused, &n, e))
		return false;
	buf_printf(x->out, "    folder %u: ", coll);
	if (ledger_restarts(&c.row)) {
		buf_printf(x->out, "is to start over\n");
		return true;
	}
	buf_printf(x->out, "has %zu of %zu, key %llu-%llu, read %llu of the "
		   "log, from %s on, wants %s, %zu rows, %zu owed, %zu "
		   "answers open\n", n.has, n.should,
		   (unsigned long long)c.row.epoch,
		   (unsigned long long)c.row.number,
		   (unsigned long long)c.row.S, date_of(x, c.row.lo_date),
		   date_of(x, c.row.want), c.rows, c.owed, c.offers);
	return true;
}

static bool
put_device(struct text *x, const struct device *d, struct err *e)
{
	uint32_t *v;
	size_t n, i;

	buf_printf(x->out, "  phone " SPAN_FMT " (" SPAN_FMT ", protocol "
		   "%u.%u), last seen %s\n", SPAN_ARG(d->id),
		   SPAN_ARG(d->type), (unsigned)d->version / 10,
		   (unsigned)d->version % 10,
		   clock_dashed(x->a, d->last_seen));
	if (!resync_colls(x->s, x->user, device_of(d->id), x->a, &v, &n, e))
		return false;
	for (i = 0; i < n; i++) {
		struct err mine = { 0 };

		if (!put_ledger(x, device_of(d->id), v[i], &mine))
			buf_printf(x->out, "    folder %u: %s\n", v[i],
				   mine.text);
	}
	return true;
}

/* ---- the whole -----------------------------------------------------------------*/

static bool
load(struct text *x, struct err *e)
{
	return colls_list_all(x->s, x->user, x->a, &x->colls, &x->n_colls, e) &&
	       device_list(x->s, x->user, x->a, &x->devices, &x->n_devices,
			   e);
}

static bool
put_tables(struct text *x, struct err *e)
{
	struct dump_line *v;
	size_t n, i;

	if (!dump_user(x->s, x->user, x->a, &v, &n, e))
		return false;
	for (i = 0; i < n; i++)
		buf_printf(x->out, "  %-8s %8zu rows %10zu bytes\n",
			   v[i].table, v[i].rows, v[i].bytes);
	return true;
}

bool
dump_text(struct store *s, user_id user, bool unmasked, struct buf *out,
	  struct err *e)
{
	struct text x = { .s = s, .user = user, .unmasked = unmasked,
			  .a = arena_new(), .out = out };
	bool ok = load(&x, e) && put_tables(&x, e);
	size_t i;

	for (i = 0; ok && i < x.n_colls; i++)
		ok = put_coll(&x, &x.colls[i], e);
	for (i = 0; ok && i < x.n_devices; i++)
		ok = put_device(&x, &x.devices[i], e);
	arena_free(&x.a);
	return ok;
}

/* ---- the judgement -------------------------------------------------------------*/

static void
put_differs(struct text *x, const char *where, const struct differs *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		buf_printf(x->out, "  %s: item %llu %s\n", where,
			   (unsigned long long)d->v[i].item,
			   differ_text(d->v[i].kind));
}

static bool
judge_phones(struct text *x, uint32_t coll, size_t *all, struct err *e)
{
	struct ledger_count unused;
	struct differs d;
	size_t i;

	for (i = 0; i < x->n_devices; i++) {
		struct dev_coll dc = { x->user, device_of(x->devices[i].id),
				       coll };

		if (!verify_ledger(x->s, dc, false, x->a, &d, &unused, e))
			return false;
		*all += d.all;
		put_differs(x, arena_printf(x->a, "folder %u, phone "
					    SPAN_FMT, coll,
					    SPAN_ARG(x->devices[i].id)), &d);
	}
	return true;
}

static bool
judge_coll(struct text *x, uint32_t coll, size_t *all, struct err *e)
{
	struct differs d;

	if (!verify_rows(x->s, x->user, coll, false, x->a, &d, e))
		return false;
	*all += d.all;
	put_differs(x, arena_printf(x->a, "folder %u", coll), &d);
	return judge_phones(x, coll, all, e);
}

bool
dump_judge(struct store *s, user_id user, struct buf *out, size_t *n_out,
	   struct err *e)
{
	struct text x = { .s = s, .user = user, .a = arena_new(),
			  .out = out };
	struct span *v = NULL;
	size_t n = 0, i;
	bool ok = load(&x, e) && dump_check(s, user, x.a, &v, &n, e);

	for (i = 0; ok && i < n; i++)
		buf_printf(out, "  " SPAN_FMT "\n", SPAN_ARG(v[i]));
	for (i = 0; ok && i < x.n_colls; i++)
		ok = judge_coll(&x, x.colls[i].id, &n, e);
	*n_out = n;
	arena_free(&x.a);
	return ok;
}
