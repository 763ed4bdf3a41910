/* Transactions, for the files of state/ alone. Writes are closures: they may
 * run more than once (a neighbour in the group failed), touch nothing but
 * the transaction, its arena and their context, which they reset first. */
#ifndef STATE_STORE_PRIVATE_H
#define STATE_STORE_PRIVATE_H

#include "base/arena.h"
#include "base/pack.h"
#include "state/ids.h"
#include "state/store.h"

/* The second part of each key; the first is the user. Never renumber. */
enum table {
	T_META = 1,
	T_DEVICE,
	T_COLL,
	T_ITEM,   /* coll, item */
	T_REMOTE, /* coll, hash of remote -> item */
	T_LOG,    /* coll, position -> item */
	T_DATE,   /* coll, date, item */
	T_TOKEN,  /* coll, token, item */
	T_SYNC,   /* device, coll */
	T_EXCEPT, /* device, coll, state, item */
	T_OFFER,  /* device, coll, state */
	T_OPTIONS,
	T_FOLDERS, /* device, state */
	T_MOVED,   /* device, coll, item */
	T_SENT,    /* device, hash of ClientId */
	T_REPLY,   /* device, coll, n */
	T_BEGUN,   /* coll, token, hash of the row's key -> that key */
	T_COPY,    /* hash of Message-ID */
	T_CONTENT, /* coll, item -> the object's text (DAV) */
	T_ANSWER,  /* device, hash of a MeetingResponse -> what was answered */
	T_DUE,     /* number of the act -> a scheduling mail to be sent */
	T_HOLD = 40, /* device, coll: a phone that ran away */
	T_LINK = 41, /* view, coll, item -> whom it is shown with */
	T_APART = 42 /* coll, item, coll, item: never shown as one */
};

struct txn;
typedef bool (*txn_fn)(struct txn *t, void *ctx, struct err *e);

bool store_read(struct store *s, txn_fn fn, void *ctx, struct err *e);
bool store_write(struct store *s, txn_fn fn, void *ctx, struct err *e);

uint64_t txn_start_number(struct txn *t); /* of this process */
uint32_t txn_incarnation(struct txn *t);
/* Next number of the installation's one epoch counter; in a write. */
bool txn_next_epoch(struct txn *t, uint64_t *out, struct err *e);
/* The same for commands, of which there are more than 32 bits hold. */
bool txn_next_reply(struct txn *t, uint64_t *out, struct err *e);

/* 32 random bytes of the installation. */
struct span txn_secret(struct txn *t);

struct arena *txn_arena(struct txn *t);
struct key key_begin(user_id user, enum table table);
/* Values are copied into the transaction's arena. */
bool txn_get(struct txn *t, const struct key *k, struct span *out,
	     bool *found, struct err *e);
bool txn_put(struct txn *t, const struct key *k, struct span val,
	     struct err *e);
bool txn_del(struct txn *t, const struct key *k, struct err *e);

/* Rows with from <= key < to in byte order, or backwards. Nothing may be
 * written to the range while it runs. */
struct scan {
	struct txn *t;
	void *cursor;
	struct span from, to;
	bool backwards, started;
};
/* The bounds must live as long as the scan. */
bool scan_begin(struct txn *t, const struct key *from, const struct key *to,
		bool backwards, struct scan *out, struct err *e);
/* False at the end or on an error (then e is set). */
bool scan_next(struct scan *s, struct span *key, struct span *val,
	       struct err *e);
void scan_end(struct scan *s);
/* The first key behind all that begin with k. */
struct key key_after(const struct key *k);
bool txn_del_prefix(struct txn *t, const struct key *prefix, struct err *e);

/* Brings a store of an older format up to date; inside store_open. */
bool store_migrate(struct txn *t, uint64_t from, struct err *e);

#endif
