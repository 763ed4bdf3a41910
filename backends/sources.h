/* The generic part in front of the driver: deadline, fault points, log.
 *
 * A session belongs to one worker thread at a time and every call may block
 * until its deadline. On failure outputs are untouched; at SCOPE_ACCOUNT the
 * session is to be closed. Results live in the caller's arena. Mailbox names
 * are UTF-8. Calls that take a uidvalidity fail with ERR_STALE if the
 * mailbox has another one by now; 0 accepts any. */
#ifndef BACKENDS_SOURCES_H
#define BACKENDS_SOURCES_H

#include "backends/backend.h"

struct source;

/* A mailbox seen as notes: its name with this behind it is the remote of a
 * collection of KIND_NOTE. Its items are whole mails, as objects are: named by
 * X-Universally-Unique-Identifier, which a note keeps when it is written anew,
 * with "uidvalidity.uid" as ETag (backends/imap/imap_notes.h). */
#define NOTES_MARK "\001notes"
bool remote_is_notes(struct span remote);
/* The mailbox behind a remote, of notes or not. */
struct span remote_mailbox(struct span remote);

/* ERR_DENIED/SCOPE_ACCOUNT: the server refused the credentials;
 * ERR_UNAVAILABLE: it could not be asked. Later calls say ERR_DENIED only of
 * what the phone typed (login_judge). */
struct source *source_open(const struct source_conf *conf,
			   const struct login *login, int64_t deadline_ms,
			   struct err *e);
void source_close(struct source **s);
/* Did a call fail because the server refuses the credentials by now? */
bool source_refused(const struct source *s);
void source_deadline(struct source *s, int64_t deadline_ms);
/* The process ends: from that moment on, for good and for all sessions, no
 * call waits for a DAV server. One that is cut off fails as if its answer had
 * been lost (ERR_UNAVAILABLE, SCOPE_ACCOUNT): whether a write arrived the next
 * look tells. Mail servers have their own deadlines. */
void sources_stop(int64_t mono_ms);
/* A NOOP: false if the session died while nobody used it. */
bool source_alive(struct source *s, struct err *e);

/* All mailboxes, parents first, special use found. Unless conf->notes is "",
 * the mailbox of notes comes once more, last, as a folder of KIND_NOTE, also
 * where it does not exist yet: the first put makes it. The caller takes one of
 * the two. */
bool source_list(struct source *s, struct arena *a, struct folder **v_out,
		 size_t *n_out, struct err *e);

/* What changed since the cursor; an empty cursor: everything. A first
 * listing of more than 2,000 mails comes newest first, in pieces: while
 * harvest.partial is set, out->cursor says where to go on: hand it back in
 * the next call (it may be stored; it never means "complete"). The last
 * piece is HARVEST_ALIVE. Another UIDVALIDITY gives HARVEST_FULL, or pieces
 * again, with the new uidvalidity. Mails with \Deleted are gone. */
bool source_changes(struct source *s, struct span remote, struct span cursor,
		    struct arena *a, struct harvest *out, struct err *e);

/* All that is there, in the cheapest form (UIDs with flags, hrefs with ETags):
 * to be compared, not to be applied, since it lacks dates, sizes and tokens.
 * Of calendars some servers list objects of any kind. No cursor (mail). */
bool source_inventory(struct source *s, struct span remote, struct arena *a,
		      struct harvest *out, struct err *e);

/* Does that mailbox hold notes? */
bool source_notes_use(struct source *s, struct span mailbox,
		      enum notes_use *out, struct err *e);

/* STATUS of n mailboxes in one round. */
bool source_status_round(struct source *s, const struct span *remotes,
			 size_t n, struct arena *a,
			 struct folder_status *out, struct err *e);

bool source_mail_info(struct source *s, struct span remote,
		      uint32_t uidvalidity, const uint32_t *uids, size_t n,
		      struct arena *a, struct mail_info *out, struct err *e);
/* Equal sections and ranges of many mails travel in one command. */
bool source_mail_parts(struct source *s, struct span remote,
		       uint32_t uidvalidity, struct mail_want *w, size_t n,
		       struct arena *a, struct err *e);

/* Sets the bits of mask as in flags; add and remove are keywords, blank
 * separated, or empty. */
bool source_set_flags(struct source *s, struct span remote,
		      uint32_t uidvalidity, const uint32_t *uids, size_t n,
		      uint32_t mask, uint32_t flags, struct span add,
		      struct span remove, struct err *e);
/* Removes for good. */
bool source_expunge(struct source *s, struct span remote,
		    uint32_t uidvalidity, const uint32_t *uids, size_t n,
		    struct err *e);
/* *new_uid is 0 if the server does not say. ERR_NOT_FOUND: no such mail. */
bool source_move(struct source *s, struct span from, uint32_t uidvalidity,
		 uint32_t uid, struct span to, uint32_t *new_uid,
		 struct err *e);
bool source_append(struct source *s, struct span remote, struct span message,
		   uint32_t flags, int64_t date, uint32_t *uid_out,
		   struct err *e);
/* Contacts, events, tasks, notes (DAV; notes of mailboxes): whole objects. `coll` is the
 * collection's remote name as source_list gave it.
 * A calendar is listed once for each kind it holds, its remote ending in
 * "#VEVENT", "#VTODO", "#VJOURNAL"; `changes` reports etags alone, and
 * (but for a first listing) of objects of any kind: who fetches them looks.
 *
 * Fetches the objects named by v[].remote; fills etag, data and found. What
 * is larger than MAX_OBJECT_BYTES comes with found and no data. */
bool source_get(struct source *s, struct span coll, struct object *v,
		size_t n, struct arena *a, struct err *e);
/* All objects of a collection of which nothing is known yet, each with etag
 * and text as it arrives; valid during the call of `take`, which returns
 * false when the rest is not wanted. A shortcut without a promise: what is
 * missing, and the cursor, come by source_changes and source_get; fails where
 * a server does not like it. */
typedef bool object_fn(void *ctx, const struct object *o);
bool source_pour(struct source *s, struct span coll, object_fn *take,
		 void *ctx, struct err *e);
/* Writes one object. With io->remote empty it is made under
 * `name` (ASCII, without extension; If-None-Match: *), else written over
 * (If-Match io->etag; an empty etag is unconditional). On success io holds
 * remote and etag, and data if the server is known to have changed it.
 * ERR_CONFLICT/SCOPE_ITEM: it exists, or has another etag by now;
 * ERR_NOT_FOUND: it is gone; ERR_INVALID: the server will never take it;
 * ERR_DENIED/SCOPE_COLLECTION: the user may not write there. */
bool source_put(struct source *s, struct span coll, enum item_kind kind,
		struct span name, struct object *io, struct arena *a,
		struct err *e);
/* The remote that a new object of that name gets, unless the server has its
 * own mind: what to look for after a put whose answer was lost. */
struct span object_path(struct arena *a, struct span coll,
			enum item_kind kind, struct span name);
/* Deletes it; an empty etag is unconditional. Gone already is success;
 * ERR_CONFLICT: it has another etag by now. */
bool source_remove(struct source *s, struct span coll, struct span remote,
		   struct span etag, struct err *e);
/* The same; a scheduling server is asked not to tell the organizer that the
 * user does not come (Schedule-Reply: F, RFC 6638 8.1). */
bool source_remove_quiet(struct source *s, struct span coll,
			 struct span remote, struct span etag,
			 struct err *e);
/* A new collection for that kind in the user's home, at `place` (ASCII
 * letters and digits, a piece of a path). ERR_EXISTS: there is one. */
bool source_create_coll(struct source *s, enum item_kind kind,
			struct span place, struct span name, struct arena *a,
			struct span *remote_out, struct err *e);
bool source_rename_coll(struct source *s, struct span coll, struct span name,
			struct err *e);
/* ERR_DENIED: a calendar that holds objects of other kinds too. */
bool source_delete_coll(struct source *s, struct span coll, struct err *e);
/* When the user is busy, over all calendars that count (schedule-outbox, RFC
 * 6638, else free-busy-query, RFC 4791 7.10): one VCALENDAR with one
 * VFREEBUSY. ERR_UNSUPPORTED where the server has neither. */
bool source_free_busy(struct source *s, int64_t from, int64_t to,
		      struct arena *a, struct span *ics_out, struct err *e);

/* The same of another person, by mail address: only a scheduling server
 * knows. ERR_UNSUPPORTED: there is none; ERR_NOT_FOUND/SCOPE_ITEM: it does
 * not know him. */
bool source_free_busy_of(struct source *s, struct span who, int64_t from,
			 int64_t to, struct arena *a, struct span *ics_out,
			 struct err *e);
/* Does the server send invitations and replies by itself when a meeting is
 * written (RFC 6638)? Told by calendar-auto-schedule and a schedule-outbox
 * together: some servers have one of them and do nothing. */
bool source_schedules(struct source *s, bool *out, struct err *e);

/* Newest first. */
bool source_search(struct source *s, struct span remote,
		   const struct search_want *want, struct arena *a,
		   uint32_t **uids_out, size_t *n_out, struct err *e);

bool source_create_folder(struct source *s, struct span parent,
			  struct span name, struct arena *a,
			  struct span *remote_out, struct err *e);
bool source_rename_folder(struct source *s, struct span remote,
			  struct span parent, struct span name,
			  struct arena *a, struct span *remote_out,
			  struct err *e);
bool source_delete_folder(struct source *s, struct span remote,
			  struct err *e);

#endif
