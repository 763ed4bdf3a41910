/* Who is in a user's address books twice, and making one card of such. For
 * the administrator alone: phones are never shown anything by this, they get
 * the changes it makes at the servers. What is read is what the servers have
 * now, not the mirror. Calls block; on the control thread. */
#ifndef GATEWAY_DUPLICATES_H
#define GATEWAY_DUPLICATES_H

#include "gateway/accounts/account.h"
#include "translate/contacts/link_show.h"

#define DUPLICATES_MAX 50000 /* cards of a user that are looked at */

struct dup_book {
	struct coll coll;
	struct span trouble; /* why it could not be read; empty: it was */
};

struct dup_card {
	size_t book;
	struct span remote, etag;
	struct link_card link;
	unsigned lines; /* how much it says */
};

/* An event that is there twice. */
struct dup_event {
	size_t book;
	struct span remote, uid, name;
	uint64_t content;
};

struct duplicates {
	struct dup_book *books; /* address books, then calendars */
	size_t n_books, n_address_books;
	struct dup_card *cards;
	size_t n_cards;
	struct link_group *groups; /* of cards */
	size_t n_groups;
	struct dup_event *events;
	size_t n_events;
	size_t **same_events; /* runs of indexes, ended by SIZE_MAX */
	bool *same_uid;       /* why: the UID, else the content */
	size_t n_same_events;
};

/* False only if nothing could be listed at all; a book that cannot be read
 * says so in its row. */
bool duplicates_find(struct account *a, const struct link_rules *rules,
		     struct arena *arena, int64_t deadline_ms,
		     struct duplicates *out, struct err *e);

/* ---- merging ----------------------------------------------------------------*/

/* One card of a plan. */
struct merge_card {
	uint32_t coll;
	struct span remote, etag; /* as it was when the plan was made */
	/* filled in */
	struct span source, coll_remote, now, data;
	bool found;
	bool listed; /* phones know the collection */
};

/* The texts of cards as they are now. */
bool duplicates_load(struct account *a, struct merge_card *v, size_t n,
		     struct arena *arena, int64_t deadline_ms, struct err *e);

enum merge_outcome {
	MERGE_DONE,
	MERGE_BEFORE,  /* it was done before: nothing is left to do */
	MERGE_CHANGED, /* a card is not as the plan knew it: nothing done */
	MERGE_KEPT     /* the server did not keep all of the merged card:
			  nothing was deleted */
};
/* v[0] stays. Puts the merged card (If-Match), reads it again, and deletes
 * the others (If-Match) once it holds all they say; then the mirror looks, so
 * that phones hear of one Change and of Deletes. Killed anywhere and run
 * again it ends in the same state. *text: a sentence. */
bool duplicates_merge(struct account *a, const struct link_rules *rules,
		      struct merge_card *v, size_t n, struct arena *arena,
		      int64_t deadline_ms, enum merge_outcome *outcome,
		      const char **text, struct err *e);

/* Appends the cards to STATE/backup/NAME.vcf (0600) and waits until they are
 * on the disk. */
bool duplicates_backup(const char *state, const char *name,
		       const struct merge_card *v, size_t n,
		       struct arena *arena, const char **path_out,
		       struct err *e);

#endif
