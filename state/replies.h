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
	bool may_edit;         /* an Add with the same ClientId and other data
				  changes the item made first: not for mail */
};

struct reply {
	uint64_t n; /* names the row */
	struct reply_cmd cmd;
	uint8_t once[16];      /* names the resource at the source */
	uint64_t token;        /* hash64 of Message-ID or UID; 0: none */
	uint64_t base_version; /* what the phone had; 0: nothing */
	bool orphan, done;
	uint64_t item;
	uint64_t version;      /* or HAS_DIRTY, HAS_NOTHING */
	uint32_t status;
	int64_t when;          /* begun at; seconds since 1970 */
};

enum reply_match {
	REPLY_NONE, /* a new command */
	REPLY_SAME, /* this command: answer it if done, else refresh and go on */
	REPLY_EDIT  /* the user edited an Add before the retry */
};

/* others: digests of all Adds of this request, so that an edit is not taken
 * for one of them. An orphan that matches joins the present key. */
bool reply_find(struct store *s, const struct sync_pos *pos,
		const struct reply_cmd *cmd, const uint64_t *others,
		size_t n_others, struct reply *out, enum reply_match *match,
		struct err *e);
/* The name for a write that can be repeated: depends on the key and the
 * command alone. */
bool reply_once(struct store *s, const struct sync_pos *pos,
		const struct reply_cmd *cmd, uint8_t out[16], struct err *e);
/* Announces a source write. A refresh that meets an unknown item with that
 * token (or, if given, under that name) makes the row done. */
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
