/* What a phone's commands came to, so that a repeated request is answered
 * and not done again. SYNC-CORE 6.1, 6.2. The caller holds the device's lock
 * on the collection throughout. Rows go when the phone confirms the answer
 * that reported them; Adds that were done but never reported become orphans
 * and are kept for 30 days. */
#ifndef STATE_REPLIES_H
#define STATE_REPLIES_H

#include "state/ledger.h"

enum reply_kind { REPLY_ADD, REPLY_CHANGE, REPLY_DELETE };

/* A command as the phone sent it. */
struct reply_cmd {
	enum reply_kind kind;
	struct span client_id; /* Add */
	uint64_t item;         /* Change, Delete */
	uint64_t digest;       /* hash64 of the data */
	uint32_t replaces;     /* Change of a draft: the UID it had. A new mail
				  with the row's token gets its number */
	bool may_edit;         /* an Add with the same ClientId and other data
				  changes the item made first: not for mail */
};

struct reply {
	uint64_t n; /* names the row */
	struct reply_cmd cmd;
	uint8_t once[16];      /* names the resource at the source */
	uint64_t token;        /* hash64 of Message-ID or UID; 0: none */
	uint64_t base_version; /* what the phone had; of an Add: the collection
				  it is written to, which a view has many of */
	bool orphan, done;
	uint64_t item;
	uint64_t version;      /* or HAS_DIRTY, HAS_NOTHING. Of an Add whose
				  item the phone has by its key, sync_window
				  believes no version */
	uint32_t status;
	int64_t when;          /* begun at; seconds since 1970 */
};

enum reply_match {
	REPLY_NONE, /* a new command */
	REPLY_SAME, /* this command: answer it if done, else refresh and go on */
	REPLY_EDIT  /* the user edited an Add before the retry: change its item
		       if done; still begun after a refresh: it was never
		       written, drop the row and begin anew */
};

/* What else is in this request: digests of all its Adds, so that an edit is
 * not taken for one of them, and the rows that its commands so far were
 * answered from, so that two equal Adds become two items. */
struct reply_others {
	const uint64_t *digests, *told;
	size_t n_digests, n_told;
};

/* The row of this command; *out is left alone for REPLY_NONE. An orphan that
 * matches joins the present key. */
bool reply_find(struct store *s, const struct sync_pos *pos,
		const struct reply_cmd *cmd, const struct reply_others *others,
		struct reply *out, enum reply_match *match, struct err *e);
/* The name for a write that can be repeated: depends on the key and the
 * command alone. */
bool reply_once(struct store *s, const struct sync_pos *pos,
		const struct reply_cmd *cmd, uint8_t out[16], struct err *e);
/* Announces a source write. A refresh that meets an unknown item with that
 * token (or, if given, under that name) makes the row done. Changes in place
 * have no token. */
bool reply_begin(struct store *s, const struct sync_pos *pos,
		 const struct reply_cmd *cmd, uint64_t token,
		 struct span remote, uint64_t base_version, int64_t now,
		 struct reply *out, struct err *e);
/* REPLY_EDIT: the row takes the new digest beside the old one, so that a
 * crash during the edit is seen as our own write. */
bool reply_edit(struct store *s, const struct sync_pos *pos, uint64_t n,
		uint64_t digest, struct err *e);
bool reply_done(struct store *s, const struct sync_pos *pos, uint64_t n,
		uint64_t item, uint64_t version, uint32_t status,
		struct err *e);
/* Has this device written that version of the item under this key? Then its
 * next change of it is no conflict. */
bool reply_wrote(struct store *s, const struct sync_pos *pos, uint64_t item,
		 uint64_t version, bool *wrote, struct err *e);
bool reply_drop(struct store *s, const struct sync_pos *pos, uint64_t n,
		struct err *e);

#endif
