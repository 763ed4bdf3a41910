/* The user's address books as the directory that phones search (Search GAL,
 * Find, ResolveRecipients): all cards of all books, in memory while they are
 * asked for, made from the mirror and as new as that. */
#ifndef GATEWAY_DIRECTORY_H
#define GATEWAY_DIRECTORY_H

#include "gateway/http/request.h"
#include "translate/contacts/contact_entry.h"

struct directory;
struct directory *directory_new(void);
void directory_free(struct directory **d);

/* The books as they are now; valid until the request ends. */
struct dir_view;

struct dir_entry {
	uint32_t coll;
	uint64_t item, version;
	struct contact_entry card; /* lists without a name of their own, and
				      other groups, are left out */
	/* What is looked at in a search, see directory_match.c. */
	struct span text;
	uint32_t end[4];
};

struct dir_hit {
	const struct dir_entry *entry;
	struct span mail; /* the address that was asked for, else the first;
			     empty: the card has none */
	unsigned rank;    /* less is better */
};

/* Books that were never listed are fetched now, others looked at if that is
 * half a minute ago; whichever cannot be asked keeps what is known. NULL only
 * if there are books and nothing is known of any: with the error of one. */
struct dir_view *directory_open(struct request *r, struct err *e);

/* Entries where each word of the query begins a word of the name, company,
 * title, department or office, begins an address or a part of it, or stands in
 * a number; upper case, accents and width count for nothing. Best first: exact
 * words before beginnings, names before addresses before the rest. One entry
 * for equal cards of several books. need_mail: only who has an address. */
void directory_find(struct dir_view *v, struct span query, bool need_mail,
		    struct dir_hit **hits_out, size_t *n_out);
/* Entries with exactly that address. */
void directory_by_mail(struct dir_view *v, struct span address,
		       struct dir_hit **hits_out, size_t *n_out);
/* Entries with exactly that name, ones with an address alone. */
void directory_by_name(struct dir_view *v, struct span name,
		       struct dir_hit **hits_out, size_t *n_out);
/* By display name, as an address list is (MS-ASCMD_R426). */
void directory_sort(struct dir_hit *v, size_t n);

/* The photo of an entry; empty and PICTURE_NONE too if it is gone by now. */
enum contact_picture directory_picture(struct dir_view *v,
				       const struct dir_hit *hit, size_t max,
				       bool scale, struct span *bytes);

#endif
