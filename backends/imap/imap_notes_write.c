/* Notes as whole objects: fetched, written anew, removed. */
#include "backends/imap/imap_notes_private.h"

#include <stdlib.h>

#include "base/codec.h"
#include "base/fault.h"

/* ---- fetching --------------------------------------------------------------*/

/* What is newest by what was looked up just now. */
static bool
fetch(struct imap *s, struct object *v, size_t n, struct arena *a,
      struct err *e)
{
	const struct note_rows *r = s->notes;
	struct mail_want *w = arena_array(a, n + 1, sizeof(*w));
	size_t *at = arena_array(a, n + 1, sizeof(*at)), i, m = 0;

	for (i = 0; i < n; i++) {
		const struct note_row *row =
			note_rows_find(r, v[i].remote, NULL);

		v[i].found = row != NULL;
		v[i].data = SPAN_NONE;
		if (row == NULL)
			continue;
		v[i].etag = note_etag(a, r->uidvalidity, row->uid);
		if (row->size > MAX_OBJECT_BYTES)
			continue;
		w[m].uid = row->uid;
		at[m++] = i;
	}
	if (m > 0 && !imap_mail_parts(s, span_of(r->box), r->uidvalidity, w, m,
				      a, e))
		return false;
	for (i = 0; i < m; i++) {
		v[at[i]].found = w[i].found;
		v[at[i]].data = note_replacing(a, w[i].got, SPAN_NONE);
	}
	return true;
}

/* Another client may write a note anew between a look and a fetch: it is not
 * gone for that. */
bool
notes_get(void *session, struct span coll, struct object *v, size_t n,
	  struct arena *a, struct err *e)
{
	struct imap *s = session;
	struct object *got = arena_array(a, n + 1, sizeof(*got));
	size_t i, tries, missing = n;

	for (tries = 0; tries < 2 && missing > 0; tries++) {
		for (i = 0; i < n; i++)
			got[i] = v[i];
		if (!note_rows_look(s, remote_mailbox(coll), e) ||
		    !fetch(s, got, n, a, e))
			return false;
		for (missing = i = 0; i < n; i++)
			missing += !got[i].found;
	}
	for (i = 0; i < n; i++)
		v[i] = got[i];
	return true;
}

/* ---- writing ---------------------------------------------------------------*/

struct writing {
	struct imap *s;
	struct arena *a;
	struct span box, name, message;
	uint32_t uidvalidity, old; /* what is replaced; 0: nothing */
	uint32_t flags;
	struct span keywords;
	uint64_t message_id;
};

/* What the user has put at the old one goes over: flags and keywords. */
static bool
read_old_flags(struct writing *w, struct err *e)
{
	clistiter *i;

	if (!imap_do(w->s, "FETCH", e, "UID FETCH %u (UID FLAGS)", w->old))
		return false;
	for (i = imap_fetched(w->s) ? clist_begin(imap_fetched(w->s)) : NULL;
	     i; i = clist_next(i)) {
		struct fetched f;

		imap_fetched_read(clist_content(i), w->a, &f);
		if (f.uid == w->old && f.has_flags) {
			w->flags |= f.flags & ~MAIL_DELETED;
			w->keywords = f.keywords;
		}
	}
	return true;
}

static bool
make_box(struct imap *s, struct span box, struct arena *a, struct err *e)
{
	const char *quoted = imap_box(a, box, e);
	struct err mine = { 0 };

	if (quoted == NULL)
		return false;
	if (!imap_do(s, "CREATE", &mine, "CREATE %s", quoted) &&
	    mine.code != ERR_EXISTS)
		return err_set(e, mine.code, mine.scope, "%s", mine.text);
	return imap_do(s, "SUBSCRIBE", NULL, "SUBSCRIBE %s", quoted) ||
	       !s->dead || imap_lost(s, e);
}

/* May it be written? The mail it stands for must be the newest still. */
static bool
prepare(struct writing *w, const struct object *io, struct err *e)
{
	const struct note_row *now;
	struct span etag;

	if (!note_rows_look(w->s, w->box, e))
		return false;
	now = note_rows_find(w->s->notes, w->name, NULL);
	if (io->remote.n == 0)
		return now == NULL ? w->s->notes->there ||
					     make_box(w->s, w->box, w->a, e)
				   : err_set(e, ERR_CONFLICT, SCOPE_ITEM,
					     "there is such a note");
	if (now == NULL)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
			       "the note is gone");
	etag = note_etag(w->a, w->s->notes->uidvalidity, now->uid);
	if (io->etag.n > 0 && !span_eq(io->etag, etag))
		return err_set(e, ERR_CONFLICT, SCOPE_ITEM,
			       "the note was written by another");
	w->old = now->uid;
	w->uidvalidity = w->s->notes->uidvalidity;
	w->message = note_replacing(w->a, w->message, etag);
	return read_old_flags(w, e);
}

/* The mail that was appended: by its UID where the server says it. */
static const struct note_row *
find_ours(const struct writing *w, uint32_t uid)
{
	const struct note_row *row = NULL;

	while ((row = note_rows_find(w->s->notes, w->name, row)) != NULL)
		if (uid ? row->uid == uid
			: row->uid != w->old &&
				  row->message_id == w->message_id)
			return row;
	return NULL;
}

/* A version that is neither ours nor older than the one we stand for. */
static bool
has_rival(const struct writing *w, uint32_t ours)
{
	const struct note_row *row = NULL;

	while ((row = note_rows_find(w->s->notes, w->name, row)) != NULL)
		if (row->uid != ours && row->uid > w->old)
			return true;
	return false;
}

/* Looks at what became of it: the second half of a write. */
static bool
settle(struct writing *w, uint32_t uid, struct object *io, struct err *e)
{
	const struct note_row *ours;
	uint32_t uidvalidity;

	if (!note_rows_look(w->s, w->box, e))
		return false;
	ours = find_ours(w, uid);
	if (ours == NULL)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
			       "the note was stored and is not listed yet");
	uid = ours->uid;
	uidvalidity = w->s->notes->uidvalidity;
	if (w->old && uidvalidity != w->uidvalidity)
		w->old = 0; /* that number is another's by now */
	else if (has_rival(w, uid))
		return imap_expunge(w->s, w->box, uidvalidity, &uid, 1, e) &&
		       err_set(e, ERR_CONFLICT, SCOPE_ITEM,
			       "the note was written by another just now");
	if (w->keywords.n > 0 &&
	    !imap_set_flags(w->s, w->box, uidvalidity, &uid, 1, 0, 0,
			    w->keywords, SPAN_NONE, e))
		return false;
	if (w->old &&
	    !imap_expunge(w->s, w->box, uidvalidity, &w->old, 1, e))
		return false;
	io->remote = w->name;
	io->etag = note_etag(w->a, uidvalidity, uid);
	return true;
}

bool
notes_put(void *session, struct span coll, enum item_kind kind,
	  struct span name, struct object *io, struct arena *a, struct err *e)
{
	struct writing w = { .s = session, .a = a, .message = io->data,
			     .flags = MAIL_SEEN };
	struct span id = note_field(io->data, "Message-ID");
	uint32_t uid = 0;

	if (kind != KIND_NOTE || io->data.n > MAX_OBJECT_BYTES)
		return err_set(e, kind != KIND_NOTE ? ERR_UNSUPPORTED
						    : ERR_TOO_BIG,
			       SCOPE_ITEM, "it cannot be kept as a note");
	w.box = remote_mailbox(coll);
	w.name = io->remote.n > 0 ? io->remote : note_name_made(a, name);
	w.message_id = hash64(SPAN_NONE, id);
	return prepare(&w, io, e) &&
	       imap_append(w.s, w.box, w.message, w.flags, 0, &uid, e) &&
	       fault_here("source.note-appended", e) &&
	       settle(&w, uid, io, e);
}

/* ---- removing --------------------------------------------------------------*/

/* All versions: an older one would come back as a note of its own. */
bool
notes_remove(void *session, struct span coll, struct span remote,
	     struct span etag, bool quiet, struct err *e)
{
	struct imap *s = session;
	struct arena *a = arena_new();
	const struct note_row *row, *newest;
	bool ok = note_rows_look(s, remote_mailbox(coll), e);
	uint32_t *uids;
	size_t n = 0;

	(void)quiet;
	newest = ok ? note_rows_find(s->notes, remote, NULL) : NULL;
	if (newest != NULL) {
		uids = arena_array(a, s->notes->n, sizeof(*uids));
		for (row = newest; row != NULL;
		     row = note_rows_find(s->notes, remote, row))
			uids[n++] = row->uid;
		ok = etag.n == 0 ||
		     span_eq(etag, note_etag(a, s->notes->uidvalidity,
					     newest->uid)) ||
		     err_set(e, ERR_CONFLICT, SCOPE_ITEM,
			     "the note was written by another");
		ok = ok && imap_expunge(s, remote_mailbox(coll),
					s->notes->uidvalidity, uids, n, e);
	}
	arena_free(&a);
	return ok;
}
