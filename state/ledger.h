/* What one phone has of one collection, under which key. SYNC-CORE 3, 4, 6,
 * 7. Mail folders are implicit: a watermark, a floor and exception rows. All
 * other collections are explicit: one row for each item the phone has. */
#ifndef STATE_LEDGER_H
#define STATE_LEDGER_H

#include "state/mirror.h"

enum key_verdict {
	KEY_FIRST,    /* "0" */
	KEY_BASE,     /* the key we know the phone has: a repeat or news */
	KEY_CONFIRMS, /* an open offer: it is the base from now on */
	KEY_UNKNOWN   /* Status 3; nothing was changed */
};

/* Where a request stands, valid until the next sync_judge of the same
 * device and collection. */
struct sync_pos {
	struct dev_coll dc;
	enum key_verdict verdict;
	uint64_t epoch, number; /* of the base */
};

/* Judges the key and, for an open offer, makes it the base. */
bool sync_judge(struct store *s, struct dev_coll dc, struct span key,
		struct sync_pos *out, struct err *e);
/* For KEY_FIRST: the new key; the old state stays until it is shown. */
bool sync_first(struct store *s, struct dev_coll dc, char key_out[64],
		struct err *e);

enum win_op { WIN_ADD, WIN_CHANGE, WIN_DELETE, WIN_SOFT_DELETE };

struct win_change {
	enum win_op op;
	struct mirror_item item;
	uint64_t had; /* the version the phone has; < 16: none we can name */
	uint8_t which; /* WIN_CHANGE: ITEM_* that differ from what it has */
};

/* Own commands of this request: the phone has that version now (0: it has
 * nothing; HAS_DIRTY: something else than the source). Of an Add whose item
 * the phone has by its key already (it was told between two tries) every
 * version counts as HAS_DIRTY. */
#define HAS_NOTHING 0u
#define HAS_DIRTY 1u
#define HAS_OLD 2u
#define HAS_MAYBE 3u
struct effect {
	uint64_t item;
	uint64_t has;
};

struct window {
	struct win_change *v;
	size_t n;
	bool more;
	uint64_t next;
	char key[64]; /* the key that sync_offer will put on disk */
	struct window_after *after; /* the ledger once the phone has it */
	/* Set by the caller before sync_offer: numbers of the reply rows that
	 * this answer reports (state/replies.h). */
	const uint64_t *told;
	size_t n_told;
};

/* The next changes, at most `limit`, for mails not older than want. Reads
 * only. Deleted and narrowed first, then news, then the backfill from the
 * newest on. To tell only the first n of them, ask again with limit n: that
 * state is exact too. */
bool sync_window(struct store *s, const struct sync_pos *pos,
		 const struct effect *effects, size_t n_effects, int64_t want,
		 unsigned limit, struct arena *a, struct window *out,
		 struct err *e);
/* What the phone has of an item, judged by its key: a version, or HAS_*. */
bool sync_has(struct store *s, const struct sync_pos *pos, uint64_t item,
	      uint64_t *has_out, struct err *e);
/* v[i] could not be told now: the ledger keeps what it said before, and the
 * item is owed. */
void window_owe(struct window *w, size_t i);
/* What was fetched for v[i] is another version than the mirror's: that is
 * what the phone has then, and the item is judged again next time. */
void window_fetched_version(struct window *w, size_t i, uint64_t version);

/* Writes the ledger behind w->key; on disk when it returns true. The caller
 * holds the device's lock from sync_judge on, so that the key is still
 * free. */
bool sync_offer(struct store *s, const struct sync_pos *pos,
		const struct window *w, int64_t want, struct err *e);
/* Nothing to say: the base moves on under its old key. */
bool sync_quiet(struct store *s, const struct sync_pos *pos,
		const struct window *w, int64_t want, struct err *e);

/* The same test for Ping and GetItemEstimate, from the last answer on, with
 * the filter of the last Sync. *known is false if there is no ledger. */
bool sync_pending(struct store *s, struct dev_coll dc, unsigned limit,
		  bool *known, unsigned *count_out, struct err *e);
/* What those changes are. */
bool sync_news(struct store *s, struct dev_coll dc, unsigned limit,
	       struct arena *a, struct win_change **v_out, size_t *n_out,
	       struct err *e);
bool sync_count(struct store *s, struct dev_coll dc, int64_t want,
		unsigned limit, unsigned *count_out, struct err *e);
/* Would sync_judge accept it? */
bool sync_key_known(struct store *s, struct dev_coll dc, struct span key,
		    bool *known, struct err *e);
/* The answer with that key did not reach the phone as far as we know: Ping
 * judges from the state before it. The phone may still show the key. */
bool sync_mark_passed(struct store *s, struct dev_coll dc, struct span key,
		      struct err *e);
/* Drops ledger, offers, reply rows and Options. */
bool sync_forget(struct store *s, struct dev_coll dc, struct err *e);

/* Sticky Options, opaque. */
bool sync_options_get(struct store *s, struct dev_coll dc, struct arena *a,
		      struct span *out, struct err *e);
bool sync_options_put(struct store *s, struct dev_coll dc, struct span raw,
		      struct err *e);

#endif
