/* Does everything agree: the source with the mirror, the mirror's rows with
 * each other, and what each phone has with what it should have. In order
 * nothing does so but by damage, by a fault of ours, or by a source that did
 * not tell of a change; what is merely still to be sent is no difference.
 *
 * A repair never starts a phone over: it makes rows of the ledger owed, so
 * that the next Sync tells exactly those items. The caller of a repair holds
 * the collection's lock and the device lock of every phone that has a ledger
 * of it. */
#ifndef STATE_VERIFY_H
#define STATE_VERIFY_H

#include "base/arena.h"
#include "state/ledger.h"

enum differ_kind {
	/* the mirror against the source */
	DIFFER_UNSEEN,  /* the source has it, the mirror lacks it */
	DIFFER_GHOST,   /* the mirror has it, the source does not */
	DIFFER_STALE,   /* the mirror has another version */
	/* rows of the mirror */
	DIFFER_LOST,    /* indexes tell of an item that is not there */
	DIFFER_ROWS,    /* an item's indexes or version are wrong */
	DIFFER_LOG,     /* the log is longer than the collection says */
	/* a phone against the mirror */
	DIFFER_LACKS,   /* not on the phone, and would not be sent */
	DIFFER_OLD,     /* an older version, likewise */
	DIFFER_SURPLUS, /* on the phone, and would not be removed */
	DIFFER_PHANTOM, /* on the phone, and nobody knows it */
	DIFFER_AHEAD    /* it has seen more of the log than there is */
};

struct differ {
	enum differ_kind kind;
	uint64_t item;      /* 0: DIFFER_UNSEEN, DIFFER_AHEAD */
	struct span remote; /* empty if unknown; in the arena given */
};

#define DIFFERS_KEPT 1000
struct differs {
	struct differ *v; /* the first DIFFERS_KEPT */
	size_t n, room;
	size_t all;       /* how many there are */
	size_t items;     /* living items of the mirror that were looked at */
};

/* A word for people: "is missing in the mirror". */
const char *differ_text(enum differ_kind kind);

/* What source_inventory said against the mirror. ERR_STALE: the mailbox has
 * another UIDVALIDITY than the mirror. */
bool verify_mirror(struct store *s, user_id user, uint32_t coll,
		   const struct harvest *inventory, struct arena *a,
		   struct differs *out, struct err *e);
/* Orders a full listing: the next refresh brings the mirror to what the
 * source holds. A power cut before that leaves the order standing. */
bool verify_relist(struct store *s, user_id user, uint32_t coll,
		   struct err *e);

/* The rows of a collection's mirror against each other. A repair writes the
 * indexes anew; phones that had an item whose row is lost keep knowing that,
 * so that a listing that brings it back (it is ordered) does not send it
 * again as new. */
bool verify_rows(struct store *s, user_id user, uint32_t coll, bool repair,
		 struct arena *a, struct differs *out, struct err *e);

/* A view against the mirrors of its members, in place of verify_mirror; a
 * repair sets it right at once. The mirror of a view has rows like any
 * other. */
bool view_check(struct store *s, user_id user, uint32_t view,
		const uint32_t *members, size_t n, bool repair,
		struct arena *a, struct differs *out, struct err *e);

struct ledger_count {
	bool known;          /* the phone synchronises this collection */
	size_t should, has;  /* items within its filter; of those it has,
				going by the newest answer */
};
/* What one phone has of a collection against the mirror. */
bool verify_ledger(struct store *s, struct dev_coll dc, bool repair,
		   struct arena *a, struct differs *out,
		   struct ledger_count *count, struct err *e);

#endif
