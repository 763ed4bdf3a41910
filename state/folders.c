/* FolderSync keys: the same two generations as Sync, each with the whole
 * list that was told. Trees are small, so no watermark is needed. */
#include "state/folders.h"

#include "base/limits.h"
#include "state/ledger_private.h"

#define LIST_BYTES (1u << 20)

/* Row of state 0: the base; of others: offers. */
struct list_row {
	uint64_t epoch, number, next; /* next: base row only */
	uint64_t cause;
	uint32_t result;
	struct folder_list list;
};

struct folders_ctx {
	user_id user;
	device_id device;
	struct span key;
	struct arena *a;
	enum key_verdict verdict;
	struct folder_list *told;
	const struct folder_list *list;
	uint64_t cause;
	uint32_t result;
	bool found;
	char *key_out;
};

static struct key
folders_key(const struct folders_ctx *f, uint64_t state)
{
	struct key k = key_begin(f->user, T_FOLDERS);

	key_u64(&k, f->device);
	key_u64(&k, state);
	return k;
}

static bool
list_unpack(struct arena *a, struct span row, struct list_row *r)
{
	struct cursor c = cursor_of(row);
	size_t i, n;

	r->epoch = take_u64(&c);
	r->number = take_u64(&c);
	r->next = take_u64(&c);
	r->cause = take_u64(&c);
	r->result = take_u32(&c);
	n = take_u32(&c);
	if (n > row.n / 16)
		return false;
	r->list.v = arena_array(a, n + 1, sizeof(*r->list.v));
	for (i = 0; i < n; i++) {
		r->list.v[i].coll = take_u32(&c);
		r->list.v[i].parent = take_u32(&c);
		r->list.v[i].type = take_u32(&c);
		r->list.v[i].name = arena_dup(a, take_str(&c));
	}
	r->list.n = n;
	return cursor_done(&c);
}

static bool
row_get(struct txn *t, const struct folders_ctx *f, uint64_t state,
	struct arena *a, struct list_row *out, bool *found, struct err *e)
{
	struct key k = folders_key(f, state);
	struct span row;

	*out = (struct list_row){ 0 };
	if (!txn_get(t, &k, &row, found, e))
		return false;
	return !*found || list_unpack(a, row, out) ||
	       err_set(e, ERR_BUG, SCOPE_ACCOUNT, "bad folders row");
}

static bool
row_put(struct txn *t, const struct folders_ctx *f, uint64_t state,
	const struct list_row *r, struct err *e)
{
	struct key k = folders_key(f, state);
	struct buf b = BUF_INIT(LIST_BYTES);
	size_t i;
	bool ok;

	row_u64(&b, r->epoch);
	row_u64(&b, r->number);
	row_u64(&b, r->next);
	row_u64(&b, r->cause);
	row_u32(&b, r->result);
	row_u32(&b, (uint32_t)r->list.n);
	for (i = 0; i < r->list.n; i++) {
		row_u32(&b, r->list.v[i].coll);
		row_u32(&b, r->list.v[i].parent);
		row_u32(&b, r->list.v[i].type);
		row_str(&b, r->list.v[i].name);
	}
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

static bool
has_coll(const struct folder_list *l, uint32_t coll)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].coll == coll)
			return true;
	return false;
}

/* The phone has shown the offer's key: it is the base. Ledgers of folders
 * that the phone has dropped go with it. */
static bool
confirm(struct txn *t, struct folders_ctx *f, const struct list_row *base,
	struct list_row *offer, struct err *e)
{
	struct key all = key_begin(f->user, T_FOLDERS);
	size_t i;

	key_u64(&all, f->device);
	if (!txn_del_prefix(t, &all, e))
		return false;
	for (i = 0; i < base->list.n; i++) {
		struct dev_coll dc = { f->user, f->device,
				       base->list.v[i].coll };

		if (!has_coll(&offer->list, dc.coll) &&
		    !ledger_forget(t, dc, e))
			return false;
	}
	offer->next = base->next > offer->number ? base->next : offer->number;
	return row_put(t, f, 0, offer, e);
}

static bool
judge_fn(struct txn *t, void *ctx, struct err *e)
{
	struct folders_ctx *f = ctx;
	struct list_row base, offer;
	uint64_t epoch, number;
	bool found;

	f->verdict = KEY_UNKNOWN;
	*f->told = (struct folder_list){ 0 };
	if (span_eq(f->key, SPAN("0"))) {
		f->verdict = KEY_FIRST;
		return true;
	}
	if (!key_read(f->key, txn_incarnation(t), &epoch, &number) ||
	    LEDGER_STATE(epoch, number) == 0)
		return true;
	if (!row_get(t, f, 0, f->a, &base, &found, e))
		return false;
	if (found && base.epoch == epoch && base.number == number) {
		f->verdict = KEY_BASE;
		*f->told = base.list;
		return true;
	}
	if (!row_get(t, f, LEDGER_STATE(epoch, number), f->a, &offer, &found,
		     e))
		return false;
	if (!found)
		return true;
	f->verdict = KEY_CONFIRMS;
	*f->told = offer.list;
	return confirm(t, f, &base, &offer, e);
}

bool
folders_judge(struct store *s, user_id user, device_id device,
	      struct span key, struct arena *a, enum key_verdict *verdict_out,
	      struct folder_list *told_out, struct err *e)
{
	struct folders_ctx f = { .user = user, .device = device, .key = key,
				 .a = a, .told = told_out };

	if (!store_write(s, judge_fn, &f, e))
		return false;
	*verdict_out = f.verdict;
	return true;
}

/* The oldest offers go when there are too many. */
static bool
trim(struct txn *t, struct folders_ctx *f, struct err *e)
{
	struct key from = folders_key(f, 1), to = key_begin(f->user, T_FOLDERS);
	struct key oldest = { .n = 0 };
	struct span k, v;
	struct scan s;
	size_t n = 0, i;

	key_u64(&to, f->device);
	to = key_after(&to);
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e))
		if (n++ == 0)
			for (i = 0; i < k.n; i++)
				key_u8(&oldest, (uint8_t)k.p[i]);
	scan_end(&s);
	return n < MAX_OPEN_OFFERS || txn_del(t, &oldest, e);
}

static bool
offer_fn(struct txn *t, void *ctx, struct err *e)
{
	struct folders_ctx *f = ctx;
	struct list_row base, offer = { 0 };
	bool found;

	if (!row_get(t, f, 0, txn_arena(t), &base, &found, e) ||
	    !trim(t, f, e))
		return false;
	if (base.epoch == 0 && !txn_next_epoch(t, &base.epoch, e))
		return false;
	offer.epoch = base.epoch;
	offer.number = ++base.next;
	offer.cause = f->cause;
	offer.result = f->result;
	offer.list = *f->list;
	key_format(txn_incarnation(t), offer.epoch, offer.number, f->key_out);
	return row_put(t, f, 0, &base, e) &&
	       row_put(t, f, LEDGER_STATE(offer.epoch, offer.number), &offer,
		       e);
}

bool
folders_offer(struct store *s, user_id user, device_id device,
	      const struct folder_list *list, uint64_t cause, uint32_t result,
	      char key_out[64], struct err *e)
{
	struct folders_ctx f = { .user = user, .device = device,
				 .list = list, .cause = cause,
				 .result = result, .key_out = key_out };

	return store_write(s, offer_fn, &f, e);
}

static bool
cause_fn(struct txn *t, void *ctx, struct err *e)
{
	struct folders_ctx *f = ctx;
	struct key from = folders_key(f, 1), to = key_begin(f->user, T_FOLDERS);
	struct span k, v;
	struct scan s;

	f->found = false;
	key_u64(&to, f->device);
	to = key_after(&to);
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct list_row r;

		if (list_unpack(txn_arena(t), v, &r) && r.cause == f->cause) {
			f->found = true;
			f->result = r.result;
		}
	}
	scan_end(&s);
	return true;
}

bool
folders_find_cause(struct store *s, user_id user, device_id device,
		   uint64_t cause, bool *found, uint32_t *result_out,
		   struct err *e)
{
	struct folders_ctx f = { .user = user, .device = device,
				 .cause = cause };

	if (!store_read(s, cause_fn, &f, e))
		return false;
	*found = f.found;
	*result_out = f.result;
	return true;
}

static bool
told_fn(struct txn *t, void *ctx, struct err *e)
{
	struct folders_ctx *f = ctx;
	struct key from = folders_key(f, 0), to = key_begin(f->user, T_FOLDERS);
	struct list_row r;
	struct span k, v;
	struct scan s;

	key_u64(&to, f->device);
	to = key_after(&to);
	if (!scan_begin(t, &from, &to, true, &s, e))
		return false;
	f->found = scan_next(&s, &k, &v, e) && list_unpack(f->a, v, &r);
	scan_end(&s);
	if (f->found)
		*f->told = r.list;
	return e->code == ERR_NONE;
}

bool
folders_told(struct store *s, user_id user, device_id device, struct arena *a,
	     bool *known, struct folder_list *out, struct err *e)
{
	struct folders_ctx f = { .user = user, .device = device, .a = a,
				 .told = out };

	if (!store_read(s, told_fn, &f, e))
		return false;
	*known = f.found;
	return true;
}
