/* A ledger in memory: watermark, floor, exception rows. SYNC-CORE 3. */
#ifndef STATE_LEDGER_PRIVATE_H
#define STATE_LEDGER_PRIVATE_H

#include "state/ledger.h"
#include "state/mirror_private.h"
#include "state/numbers_private.h"

struct except {
	uint64_t item, has;
	bool owed;
	bool dropped; /* back to what the default says */
};

struct ledger {
	uint64_t S;       /* watermark: log position */
	int64_t lo_date;  /* floor: what is older was not delivered yet */
	uint64_t lo_item;
	bool explicit; /* no row: the phone does not have it (DAV) */
	struct except *rows;
	size_t n, room;
	struct numbers index; /* of rows */
	struct arena *a;
};

#define LEDGER_STATE(epoch, number) ((epoch) << 32 | (number))

/* NULL if there is none, or it was dropped. */
struct except *ledger_row(const struct ledger *l, uint64_t item);
void ledger_set(struct ledger *l, uint64_t item, uint64_t has, bool owed);
uint64_t ledger_has(const struct ledger *l, const struct mirror_item *it,
		    bool by_default);

/* The sync row: which key is the base, what is next. epoch 0: no base. */
struct sync_row {
	uint64_t epoch, number; /* of the base key */
	uint64_t S, lo_item;
	int64_t lo_date, want;
	uint64_t next;          /* last number given out in this epoch */
	uint64_t last;          /* state of the newest answer; 0: the base */
	uint64_t reset;         /* state of the open reset offer, or 0 */
	bool owed;              /* some row of the base is owed */
};

/* The phone is to start over and does not know it yet (resync.c). */
static inline bool
ledger_restarts(const struct sync_row *r)
{
	return r->epoch == 0 && r->last == 0 && r->reset == 0 && r->owed;
}

struct key ledger_key(struct dev_coll dc, enum table table);
bool sync_row_read(struct txn *t, struct dev_coll dc, struct sync_row *out,
		   bool *found, struct err *e);
bool sync_row_write(struct txn *t, struct dev_coll dc,
		    const struct sync_row *r, struct err *e);

struct offer_row {
	bool reset, passed, owed;
	uint64_t state, S, lo_item;
	int64_t lo_date;
	struct span told; /* reply rows it reported, packed u64 */
};
bool offer_read(struct txn *t, struct dev_coll dc, uint64_t state,
		struct offer_row *out, bool *found, struct err *e);
bool offer_write(struct txn *t, struct dev_coll dc, const struct offer_row *o,
		 struct err *e);
/* States of all open offers, oldest first. */
bool offer_list(struct txn *t, struct dev_coll dc, struct offer_row **v_out,
		size_t *n_out, struct err *e);

/* Exception rows of a state; 0 is the base. Offers of explicit collections
 * hold only what differs from the base; rows_read puts it on top. */
bool rows_read(struct txn *t, struct dev_coll dc, uint64_t state,
	       struct ledger *l, struct err *e);
/* What the state says now, of which `base` is what the base says on disk. */
bool rows_write(struct txn *t, struct dev_coll dc, uint64_t state,
		const struct ledger *l, const struct ledger *base,
		struct err *e);
bool rows_drop(struct txn *t, struct dev_coll dc, uint64_t state,
	       struct err *e);
/* The offer's rows become the base's. */
bool rows_confirm(struct txn *t, struct dev_coll dc,
		  const struct offer_row *offer, bool explicit, struct err *e);
bool except_put(struct txn *t, struct dev_coll dc, uint64_t state,
		const struct except *r, struct err *e);
bool except_get(struct txn *t, struct dev_coll dc, uint64_t state,
		uint64_t item, struct except *out, bool *found,
		struct err *e);
bool ledger_owes(const struct ledger *l);

/* Rows of commands that the confirmed offer reported go; Adds that nobody
 * reported become orphans. replies_ledger.c. */
bool replies_confirm(struct txn *t, struct dev_coll dc,
		     const struct offer_row *offer, struct err *e);

/* What the Adds that came with this key have come to: their items. */
bool replies_added(struct txn *t, const struct sync_pos *pos,
		   uint64_t **items_out, size_t *n_out, struct err *e);

/* The window itself, inside a read; window.c. */
bool window_run(struct txn *t, struct dev_coll dc, struct ledger *l,
		int64_t want, unsigned limit, struct arena *a,
		struct window *out, struct err *e);

struct window_after {
	struct ledger l;
	const struct ledger *before; /* the base and the request's effects */
	const struct ledger *base;   /* as on disk */
	bool was_owed; /* the base owed something when it was read */
	bool idle; /* nothing had to be looked at: rows were not even read */
};

/* Nothing can be pending: the log has been read to its end, the floor is
 * where it belongs, nothing is owed. */
bool ledger_is_idle(const struct coll *c, uint64_t S, int64_t lo_date,
		    uint64_t lo_item, bool owed, int64_t want);

void key_format(uint32_t incarnation, uint64_t epoch, uint64_t number,
		char out[64]);
bool key_read(struct span key, uint32_t incarnation, uint64_t *epoch,
	      uint64_t *number);

#endif
