/* A card as an entry of a directory: what people are looked for by, and what
 * an address list shows of them (MS-ASCMD 2.2.3.139.3, the GAL namespace). */
#ifndef TRANSLATE_CONTACT_ENTRY_H
#define TRANSLATE_CONTACT_ENTRY_H

#include "base/arena.h"

/* All in the caller's arena; empty: the card has none. */
struct contact_entry {
	struct span name; /* empty only for an empty card */
	struct span first, last, nick, title, company, department, office;
	struct span yomi[3]; /* how names and company are spoken */
	struct span phone, home, mobile; /* as the slots show them */
	struct span *mail;   /* all addresses, the preferred one first */
	size_t n_mail;
	struct span *number; /* all numbers but those of fax machines */
	size_t n_number;
	bool group;          /* a list of others */
};
/* False if there is no vCard. */
bool contact_entry(struct arena *a, struct span vcard,
		   struct contact_entry *out);

enum contact_picture { PICTURE_NONE, PICTURE_TAKEN, PICTURE_TOO_BIG };
/* The photo: as it stands in the card if that is a JPEG or PNG of at most max
 * bytes, else, with `scale`, a small copy (photo.h: that takes time). One that
 * is only linked to counts as none. */
enum contact_picture contact_picture(struct arena *a, struct span vcard,
				     size_t max, bool scale,
				     struct span *bytes);

#endif
