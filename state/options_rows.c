/* The sticky Options of a phone and collection. */
#include "state/ledger_private.h"

struct options_ctx {
	struct dev_coll dc;
	struct arena *a;
	struct span raw;
};

static bool
options_get_fn(struct txn *t, void *ctx, struct err *e)
{
	struct options_ctx *o = ctx;
	struct key k = ledger_key(o->dc, T_OPTIONS);
	struct span row;
	bool found;

	if (!txn_get(t, &k, &row, &found, e))
		return false;
	o->raw = found ? arena_dup(o->a, row) : SPAN_NONE;
	return true;
}

bool
sync_options_get(struct store *s, struct dev_coll dc, struct arena *a,
		 struct span *out, struct err *e)
{
	struct options_ctx o = { .dc = dc, .a = a };

	if (!store_read(s, options_get_fn, &o, e))
		return false;
	*out = o.raw;
	return true;
}

static bool
options_put_fn(struct txn *t, void *ctx, struct err *e)
{
	struct options_ctx *o = ctx;
	struct key k = ledger_key(o->dc, T_OPTIONS);

	return txn_put(t, &k, o->raw, e);
}

bool
sync_options_put(struct store *s, struct dev_coll dc, struct span raw,
		 struct err *e)
{
	struct options_ctx o = { .dc = dc, .raw = raw };

	return store_write(s, options_put_fn, &o, e);
}
