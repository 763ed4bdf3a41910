/* Between the files of directory.h. */
#ifndef GATEWAY_DIRECTORY_PRIVATE_H
#define GATEWAY_DIRECTORY_PRIVATE_H

#include "gateway/accounts/account.h"
#include "gateway/directory/directory.h"

/* ---- directory_books.c: one address book in memory -----------------------*/

struct book {
	user_id user;
	uint32_t coll;
	uint64_t seq;    /* of the mirror when it was read */
	uint64_t cursor; /* hash of it: a mirror that was begun anew */
	bool complete;   /* no card is missing that could not be fetched */
	struct arena *arena;
	struct dir_entry *v; /* ascending by item */
	size_t n;
	/* Of the directory, under its lock. */
	unsigned refs; /* the shelf's own is one */
	int64_t used_ms;
	struct book *next;
};

/* The book as of coll->seq, from the shelf or read anew; what could not be
 * fetched until the deadline is left out. NULL only on errors of the store. */
struct book *book_get(struct account *a, const struct coll *c,
		      int64_t deadline_ms, struct err *e);
void book_put(struct directory *d, struct book *b);
/* May this collection be looked at again (and notes that it is)? */
bool book_may_look(struct directory *d, user_id user, uint32_t coll,
		   bool urgent);

/* ---- directory_match.c -----------------------------------------------------*/

/* Fills in text and end. */
void entry_words(struct arena *a, struct dir_entry *entry);

struct dir_query;
/* NULL if nothing is asked for. */
struct dir_query *dir_query_make(struct arena *a, struct span text);
/* False, or rank and address of the hit. */
bool dir_query_matches(const struct dir_query *q, const struct dir_entry *entry,
		   struct dir_hit *out);
/* Words of the display name: what entries are sorted by. */
struct span entry_name_words(const struct dir_entry *entry);

#endif
