/* The mailbox of notes: which it is, and what changed in it. */
#include "backends/imap/imap_notes_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"

#define NO_BOX "v0" /* the cursor while there is no such mailbox */
#define SAMPLE 50u  /* mails that tell what a mailbox is used for */

/* ---- which -----------------------------------------------------------------*/

/* Where people and their devices keep it: at the top, or below INBOX where
 * the server wants all there. */
static bool
is_in_place(const struct imap *s, const struct folder *f)
{
	const char *p = s->prefix ? s->prefix : "";

	return f->parent.n == 0 ||
	       (span_eq_ci(f->parent, SPAN("INBOX")) &&
		span_starts_ci(span_of(p), SPAN("INBOX")));
}

static const struct folder *
find_box(const struct imap *s, const struct folder *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i].type != FOLDER_USER_MAIL || v[i].no_select)
			continue;
		if (s->notes_box != NULL
			    ? span_eq(v[i].remote, span_of(s->notes_box))
			    : note_box_is(v[i].name) && is_in_place(s, &v[i]))
			return &v[i];
	}
	return NULL;
}

/* It hangs nowhere: phones show one Notes folder. No UIDVALIDITY, and no
 * MAILBOXID: the mailbox as mails is another collection. */
bool
notes_offer(struct imap *s, struct arena *a, struct folder **v, size_t *n,
	    struct err *e)
{
	const struct folder *box;
	struct folder *all;
	struct span name;

	if (s->notes_box != NULL && s->notes_box[0] == '\0')
		return true;
	if (!imap_learn_shape(s, e))
		return false;
	box = find_box(s, *v, *n);
	if (box != NULL)
		name = box->remote;
	else if (s->notes_box != NULL)
		name = span_of(s->notes_box);
	else
		name = span_of(arena_printf(a, "%sNotes", s->prefix));
	all = arena_array(a, *n + 1, sizeof(*all));
	if (*n > 0)
		memcpy(all, *v, *n * sizeof(*all));
	all[*n] = (struct folder){
		.remote = span_of(arena_printf(a, SPAN_FMT NOTES_MARK,
					       SPAN_ARG(name))),
		.name = SPAN("Notes"),
		.kind = KIND_NOTE,
		.type = FOLDER_NOTES,
		.read_only = box != NULL && box->read_only,
	};
	*v = all;
	(*n)++;
	return true;
}

#define IS_NOTE "HEADER X-Uniform-Type-Identifier com.apple.mail-note"

/* The newest ones tell first: of a large folder of mails nothing else is
 * asked than whether there is one note somewhere. */
static bool
look_at_use(struct imap *s, struct arena *a, enum notes_use *out,
	    struct err *e)
{
	uint32_t from = s->exists > SAMPLE ? s->exists - SAMPLE + 1 : 1;
	uint32_t *uids;
	size_t n;

	if (!imap_uids(s,
		       arena_printf(a, "%u:* UNDELETED NOT " IS_NOTE, from),
		       a, &uids, &n, e))
		return false;
	*out = NOTES_ALL;
	if (n == 0)
		return true;
	if (!imap_uids(s, "UNDELETED " IS_NOTE, a, &uids, &n, e))
		return false;
	*out = n > 0 ? NOTES_SOME : NOTES_NONE;
	return true;
}

bool
notes_use(void *session, struct span mailbox, enum notes_use *out,
	  struct err *e)
{
	struct imap *s = session;
	struct arena *a;
	bool missing, ok;

	if (!note_rows_missing(s, mailbox, &missing, e))
		return false;
	if (missing || s->exists == 0) {
		*out = NOTES_EMPTY;
		return true;
	}
	a = arena_new();
	ok = look_at_use(s, a, out, e);
	arena_free(&a);
	return ok;
}

/* ---- what changed ----------------------------------------------------------*/

static struct span
mark_now(struct arena *a, const struct imap *s)
{
	const struct note_rows *r = s->notes;
	struct buf b = BUF_INIT(MAX_NOTES * 12);
	struct span mark;
	size_t i;

	if (!r->there)
		return SPAN(NO_BOX);
	for (i = 0; i < r->n; i++)
		buf_printf(&b, "%u ", r->v[i].uid);
	mark = span_of(arena_printf(
		a, "v1 %u %u %llu %u %016llx", s->uidvalidity, s->uidnext,
		s->caps & CAP_CONDSTORE ? (unsigned long long)s->modseq : 0,
		s->exists,
		(unsigned long long)hash64(SPAN("notes"), buf_view(&b))));
	buf_free(&b);
	return mark;
}

static bool
is_selected(const struct imap *s, struct span box, struct arena *a)
{
	struct err none = { 0 };
	const char *quoted = imap_box(a, box, &none);

	return s->selected != NULL && quoted != NULL &&
	       strcmp(s->selected, quoted) == 0;
}

/* Only where modification sequences are kept: others do not tell that a mail
 * was marked \Deleted. Not of an open mailbox: one that was deleted and made
 * again looks unchanged for ever (Dovecot). */
static bool
is_unchanged(struct imap *s, struct span box, struct span cursor,
	     struct arena *a)
{
	struct folder_status st = { 0 };
	struct err none = { 0 };
	struct span rest = cursor;
	uint64_t modseq = 0;
	size_t i;

	for (i = 0; i < 3; i++)
		span_take_until(&rest, ' ');
	return span_starts(cursor, SPAN("v1 ")) &&
	       span_u64(span_take_until(&rest, ' '), &modseq) && modseq > 0 &&
	       s->caps & CAP_CONDSTORE && !is_selected(s, box, a) &&
	       imap_status_round(s, &box, 1, a, &st, &none) && st.found &&
	       st.has & STATUS_MODSEQ && st.has & STATUS_UIDNEXT &&
	       st.has & STATUS_MESSAGES && st.has & STATUS_UIDVALIDITY &&
	       !cursor_differs(cursor, &st);
}

/* The newest of each name. */
static void
put_newest(struct harvest *h, const struct note_rows *r, struct arena *a)
{
	size_t i;

	h->scope = HARVEST_FULL;
	h->puts = arena_array(a, r->n + 1, sizeof(*h->puts));
	for (i = 0; i < r->n; i++) {
		const struct note_row *row = &r->v[i];

		if (!row->newest)
			continue;
		h->puts[h->n_puts++] = (struct change){
			.remote = arena_dup(a, row->name),
			.etag = note_etag(a, r->uidvalidity, row->uid),
			.size = row->size,
		};
	}
}

/* Writes that were cut off between their two halves: the version that was
 * replaced goes. What cannot be done now is done at the next look. */
static void
complete(struct imap *s, struct arena *a)
{
	const struct note_rows *r = s->notes;
	uint32_t *old = arena_array(a, r->n + 1, sizeof(*old));
	uint32_t uidvalidity = 0, uid = 0;
	struct err none = { 0 };
	size_t i, n = 0;

	for (i = 0; i < r->n; i++) {
		const struct note_row *row = &r->v[i], *was = row;

		if (!row->newest ||
		    !note_etag_read(row->replaces, &uidvalidity, &uid) ||
		    uidvalidity != r->uidvalidity)
			continue;
		while ((was = note_rows_find(r, row->name, was)) != NULL)
			if (was->uid == uid)
				old[n++] = uid;
	}
	if (n > 0 && !s->read_only)
		imap_expunge(s, span_of(r->box), r->uidvalidity, old, n,
			     &none);
}

bool
notes_changes(struct imap *s, struct span remote, struct span cursor,
	      struct arena *a, struct harvest *out, struct err *e)
{
	struct span box = remote_mailbox(remote), now;
	struct harvest h = { .scope = HARVEST_DELTA };

	h.cursor = arena_dup(a, cursor);
	if (is_unchanged(s, box, cursor, a)) {
		*out = h;
		return true;
	}
	if (!note_rows_look(s, box, e))
		return false;
	now = mark_now(a, s);
	if (!span_eq(now, cursor)) {
		put_newest(&h, s->notes, a);
		h.cursor = now;
		complete(s, a);
	}
	*out = h;
	return true;
}

bool
notes_inventory(struct imap *s, struct span remote, struct arena *a,
		struct harvest *out, struct err *e)
{
	struct harvest h = { 0 };

	if (!note_rows_look(s, remote_mailbox(remote), e))
		return false;
	put_newest(&h, s->notes, a);
	*out = h;
	return true;
}
