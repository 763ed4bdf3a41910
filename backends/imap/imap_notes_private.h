/* Between the files that make up imap_notes.h. */
#ifndef BACKENDS_IMAP_NOTES_PRIVATE_H
#define BACKENDS_IMAP_NOTES_PRIVATE_H

#include "backends/imap/imap_notes.h"
#include "backends/imap/imap_private.h"
#include "base/limits.h"

/* One mail of the mailbox. */
struct note_row {
	uint32_t uid, size;
	uint64_t message_id;  /* hash; 0: none */
	struct span name;
	struct span replaces; /* an ETag; empty: none */
	bool newest;          /* of that name */
};

/* What a session knows of the mailbox it looked at last. Headers are fetched
 * once: mails do not change. */
struct note_rows {
	struct arena *a;
	char *box; /* UTF-8 */
	uint32_t uidvalidity;
	struct note_row *v; /* ascending by UID */
	size_t n, room;
	bool there; /* false: no such mailbox, and no rows */
};

/* Looks: what is in s->notes afterwards is what is there now, but for mails
 * that are marked \Deleted. The mailbox is selected, if it is there. */
bool note_rows_look(struct imap *s, struct span box, struct err *e);
/* Selects the mailbox, unless there is none. */
bool note_rows_missing(struct imap *s, struct span box, bool *missing,
		       struct err *e);
/* The newest mail of that name; NULL: none. Those of one name follow each
 * other by UID: `before` (NULL: from the newest) goes on to older ones. */
const struct note_row *note_rows_find(const struct note_rows *r,
				      struct span name,
				      const struct note_row *before);
struct span note_etag(struct arena *a, uint32_t uidvalidity, uint32_t uid);
bool note_etag_read(struct span etag, uint32_t *uidvalidity, uint32_t *uid);

/* The calls of the driver for a remote with NOTES_MARK. */
bool notes_offer(struct imap *s, struct arena *a, struct folder **v,
		 size_t *n, struct err *e);
bool notes_changes(struct imap *s, struct span remote, struct span cursor,
		   struct arena *a, struct harvest *out, struct err *e);
bool notes_inventory(struct imap *s, struct span remote, struct arena *a,
		     struct harvest *out, struct err *e);
bool notes_use(void *s, struct span mailbox, enum notes_use *out,
	       struct err *e);
bool notes_get(void *s, struct span coll, struct object *v, size_t n,
	       struct arena *a, struct err *e);
bool notes_put(void *s, struct span coll, enum item_kind kind,
	       struct span name, struct object *io, struct arena *a,
	       struct err *e);
bool notes_remove(void *s, struct span coll, struct span remote,
		  struct span etag, bool quiet, struct err *e);

#endif
