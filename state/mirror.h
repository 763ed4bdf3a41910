/* What a source has. Only a refresh and the recording of our own writes
 * change it, both under the collection's lock. SYNC-CORE 2, 8. */
#ifndef STATE_MIRROR_H
#define STATE_MIRROR_H

#include "base/item.h"
#include "state/ids.h"
#include "state/store.h"

#define ITEM_READ 1u
#define ITEM_FLAG 2u
#define ITEM_CATEGORIES 4u
#define ITEM_VERB 8u
#define ITEM_ALL 15u
#define ITEM_TEXT 16u /* mail: a draft was written anew */

struct mirror_item {
	uint64_t item;
	struct span remote;    /* decimal UID or href; empty: lost its name */
	struct span etag;      /* empty for mail */
	uint64_t digest;       /* of the text; 0: mail, or not known */
	uint64_t version;      /* hash of what can change; 16 or more. DAV: of
				  the etag, without one of the text */
	uint32_t flags;
	struct span keywords;
	struct span flag_block; /* follow-up dates a phone gave */
	int64_t date;
	uint32_t size;
	uint64_t born, seq;
	uint8_t changed;   /* ITEM_*: what the last change changed */
	uint64_t prev_seq; /* position before it */
	bool gone;
	uint64_t token;
};

struct mirror_result {
	bool changed; /* seq went up */
	uint64_t seq;
	bool held;    /* a suspicious loss was not believed */
};

/* Applies what a driver reported. Losses of more than half of a full list
 * (and more than 8 items) are believed only after 15 minutes: until then
 * `held`, and the cursor stays; another UIDVALIDITY keeps numbers of mails
 * with the same Message-ID and date. A name that comes back after it was gone
 * is a new item.
 *
 * Objects (DAV): the caller leaves out what is of another kind, in a full
 * list too. A put without data whose etag is the known one changes nothing
 * (its other fields are not looked at), so that a full list need carry texts
 * only for the indexes of mirror_differs; with an equal text and date only
 * the etag is taken over. A large list comes in pieces: HARVEST_DELTA with
 * `partial` and data first, the full list, now known, last.
 *
 * More than 1,000 puts take several transactions, each right by itself; after
 * an error those before it stand and the cursor is the old one. */
bool mirror_apply(struct store *s, user_id user, uint32_t coll,
		  const struct harvest *h, int64_t now,
		  struct mirror_result *out, struct err *e);
/* ERR_NOT_FOUND, SCOPE_ITEM, if there never was one; tombstones are found
 * (gone). */
bool mirror_get(struct store *s, user_id user, uint32_t coll, uint64_t item,
		struct arena *a, struct mirror_item *out, struct err *e);
bool mirror_by_remote(struct store *s, user_id user, uint32_t coll,
		      struct span remote, struct arena *a,
		      struct mirror_item *out, struct err *e);

/* A living item with that token (hash of its Message-ID or UID). */
bool mirror_by_token(struct store *s, user_id user, uint32_t coll,
		     uint64_t token, struct arena *a, struct mirror_item *out,
		     bool *found, struct err *e);

/* Living items with that date or a later one, the oldest first; of events the
 * date is the end, of endless ones for ever. INT64_MIN: all that are there. */
bool mirror_since(struct store *s, user_id user, uint32_t coll, int64_t from,
		  struct arena *a, struct mirror_item **v_out, size_t *n_out,
		  struct err *e);

/* The text of a DAV object as of the item's version. *found is false for mail
 * and for objects above MAX_KEPT_OBJECT: ask the source. */
bool mirror_content(struct store *s, user_id user, uint32_t coll,
		    uint64_t item, struct arena *a, struct span *data_out,
		    bool *found, struct err *e);
/* Indexes of the puts that the mirror lacks or has under another etag (or
 * without one): what a refresh has to fetch. */
bool mirror_differs(struct store *s, user_id user, uint32_t coll,
		    const struct harvest *h, struct arena *a,
		    size_t **index_out, size_t *n_out, struct err *e);

/* A write of our own that the source has accepted. */
struct mirror_edit {
	uint32_t mask, flags;   /* flags to set as in `flags` */
	bool set_keywords;
	struct span keywords;   /* all of them, sorted */
	bool set_flag_block;
	struct span flag_block; /* empty: none */
};
bool mirror_edit(struct store *s, user_id user, uint32_t coll, uint64_t item,
		 const struct mirror_edit *edit, uint64_t *version_out,
		 uint64_t *seq_out, struct err *e);
bool mirror_gone(struct store *s, user_id user, uint32_t coll, uint64_t item,
		 uint64_t *seq_out, struct err *e);
/* An item of ours that the source has taken under that name, or (DAV) a new
 * text of ours for it. */
bool mirror_born(struct store *s, user_id user, uint32_t coll,
		 const struct change *c, uint64_t *item_out,
		 uint64_t *version_out, uint64_t *seq_out, struct err *e);

#endif
