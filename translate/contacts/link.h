/* Which cards of several address books are the same person, by exact keys:
 * the same UID, or the same e-mail address or phone number and names that can
 * be one person's. Never by name alone: two people of one name stay two.
 * Pure functions; nothing here changes a card. link_show.h shows a group as
 * one card and takes a phone's edit of it apart again.
 *
 * Phone numbers: international (+49 30 123, 0049 30 123) is compared whole. A
 * national one (030 123) becomes international with the user's `country`;
 * without that setting two numbers are the same if their last nine digits
 * are (shorter ones: all digits). Fewer than seven digits are no key. What
 * stands behind "ext", "x", ";", "#" is cut off.
 *
 * E-mail: case and "mailto:" do not count. Addresses of a role (info@,
 * office@) are no key; nor is any key that cards with different names share
 * (a family's landline): it links nobody.
 *
 * Content: cards that say the same in every line (UID, REV and the like
 * aside) are copies, even without address or number, if they say more than a
 * name and one thing more. */
#ifndef TRANSLATE_LINK_H
#define TRANSLATE_LINK_H

#include "base/arena.h"

struct link_rules {
	const char *country; /* calling code, digits: "49"; NULL: not told */
};

enum link_kind {
	LINK_UID,
	LINK_MAIL,
	LINK_MOBILE,
	LINK_PHONE,
	LINK_CONTENT
};

struct link_key {
	enum link_kind kind;
	struct span value; /* normalised */
};

/* A person's name, folded (fold_name). */
struct link_name {
	struct span family[2], given[2]; /* plain, and with umlauts spelled */
	struct span suffix;              /* Jr; folded */
	bool company;                    /* family[] is the firm's name */
};

struct link_card {
	struct link_key *keys;
	size_t n_keys;
	struct link_name name;
	int64_t birthday;  /* days since 1970; LINK_NO_BIRTHDAY, or no year */
	bool never;        /* a list of others, or unreadable: never linked */
	struct span label; /* for people: its name, else address or number */
};
#define LINK_NO_BIRTHDAY INT64_MIN

/* What a card is known by. An unreadable one has no keys. */
void link_read(struct arena *a, const struct link_rules *r, struct span vcard,
	       struct link_card *out);

/* SPAN_NONE: no key (a role's address, too short). */
struct span link_mail(struct arena *a, struct span address);
struct span link_phone(struct arena *a, const struct link_rules *r,
		       struct span number);

enum link_names {
	LINK_DIFFERENT, /* two people */
	LINK_LIKELY,    /* an initial, a short form, a missing part */
	LINK_SAME       /* the same words */
};
enum link_names link_names(const struct link_card *a,
			   const struct link_card *b);

/* Two cards that are not to be linked (the user's list), by index. */
struct link_apart {
	size_t a, b;
};
struct link_group {
	size_t *members;     /* ascending; two or more */
	size_t n;
	struct link_key key; /* one that links two of them */
};
/* Groups of cards, ascending by their first members; a card is in one at
 * most. A group never holds two cards with different names or birthdays, nor
 * two that are to be kept apart. Where keys would join different people
 * (through a third card), likely names do not count there, and if that does
 * not part them nobody of them is linked. The outcome does not depend on the
 * order of the cards, but for who of three goes with whom when two of them
 * are kept apart: the earlier one wins. */
void link_groups(struct arena *a, const struct link_card *v, size_t n,
		 const struct link_apart *apart, size_t n_apart,
		 struct link_group **out, size_t *n_out);

/* "uid", "e-mail", "mobile", "phone", "content". */
const char *link_kind_name(enum link_kind k);

#endif
