/* What changed in a mailbox since a cursor.
 *
 * Cursor: "v1 uidvalidity uidnext modseq count"; a first listing under way:
 * "v1p uidvalidity uidnext modseq low", everything from `low` up is told.
 * uidnext and modseq are those of the beginning of the listing, so that what
 * happens meanwhile is told by the next delta. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/imap/imap_private.h"
#include "base/codec.h"

#define LIST_ITEMS \
	"UID FLAGS INTERNALDATE RFC822.SIZE " \
	"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
#define LIST_WINDOW 1000 /* small lines: no need for the 200 of bodies */

struct mark {
	bool set, partial;
	uint64_t uidvalidity, uidnext, modseq, last; /* count, or low */
};

static struct mark
mark_read(struct span t)
{
	struct mark m = { 0 };
	struct span word = span_take_until(&t, ' ');
	uint64_t *v[] = { &m.uidvalidity, &m.uidnext, &m.modseq, &m.last };
	size_t i;

	m.partial = span_eq(word, SPAN("v1p"));
	m.set = m.partial || span_eq(word, SPAN("v1"));
	for (i = 0; i < 4 && m.set; i++)
		m.set = span_u64(span_take_until(&t, ' '), v[i]);
	return m;
}

static struct span
mark_write(struct arena *a, const struct mark *m)
{
	return span_of(arena_printf(a, "v1%s %llu %llu %llu %llu",
				    m->partial ? "p" : "",
				    (unsigned long long)m->uidvalidity,
				    (unsigned long long)m->uidnext,
				    (unsigned long long)m->modseq,
				    (unsigned long long)m->last));
}

struct work {
	struct imap *s;
	struct arena *a;
	struct harvest *out;
	size_t puts_room, gone_room;
	bool only_flags;
	uint32_t below; /* take no UIDs from here up; 0: all */
	bool nameless;  /* flags came without a UID */
	struct span *vanished; /* sets in text */
	size_t n_vanished, vanished_room;
	struct folder_status look;
};

static uint64_t
token_of(struct span header)
{
	ptrdiff_t at = span_find_byte(header, ':');

	if (at < 0)
		return 0;
	header = span_trim(span_from_at(header, (size_t)at + 1));
	while (header.n && strchr("\r\n\t ", header.p[0]))
		header = span_from_at(header, 1);
	while (header.n && strchr("\r\n\t ", header.p[header.n - 1]))
		header.n--;
	return header.n ? hash64(SPAN_NONE, header) : 0;
}

static struct span
uid_text(struct arena *a, uint32_t uid)
{
	char t[16];
	int n = snprintf(t, sizeof(t), "%u", uid);

	return arena_dup(a, span_from(t, (size_t)n));
}

static void
add_gone(struct work *w, uint32_t uid)
{
	struct harvest *h = w->out;

	h->gone = arena_grow(w->a, h->gone, h->n_gone, &w->gone_room,
			     sizeof(*h->gone));
	h->gone[h->n_gone++] = uid_text(w->a, uid);
}

static void
take_one(struct work *w, const struct fetched *f)
{
	struct harvest *h = w->out;
	struct change *c;

	if (!w->only_flags && !f->size && !f->body) {
		imap_moved(w->s); /* unsolicited: the next delta tells it */
		return;
	}
	if (!f->uid)
		w->nameless = true;
	if (!f->uid || !f->has_flags || (w->below && f->uid >= w->below))
		return;
	if (f->flags & MAIL_DELETED) {
		add_gone(w, f->uid);
		return;
	}
	h->puts = arena_grow(w->a, h->puts, h->n_puts, &w->puts_room,
			     sizeof(*h->puts));
	c = &h->puts[h->n_puts++];
	memset(c, 0, sizeof(*c));
	c->remote = uid_text(w->a, f->uid);
	c->flags = f->flags;
	c->keywords = f->keywords;
	c->flags_only = w->only_flags;
	if (w->only_flags)
		return;
	c->date = f->date;
	c->size = f->size;
	if (f->body && f->body->sec_body_part)
		c->token = token_of(span_from(f->body->sec_body_part,
					      f->body->sec_length));
}

static void
take_list(struct work *w)
{
	clist *list = imap_fetched(w->s);
	clistiter *i;

	for (i = list ? clist_begin(list) : NULL; i; i = clist_next(i)) {
		struct fetched f;

		imap_fetched_read(clist_content(i), w->a, &f);
		take_one(w, &f);
	}
}

/* Full rows of these UIDs (ascending). */
static bool
fetch_rows(struct work *w, const uint32_t *uids, size_t n, const char *items,
	   struct err *e)
{
	char set[SET_BYTES];
	size_t k;

	for (; n; uids += k, n -= k) {
		k = imap_set(uids, n, LIST_WINDOW, set, sizeof(set));
		if (!imap_do(w->s, "FETCH", e, "UID FETCH %s (%s)", set,
			     items))
			return false;
		take_list(w);
	}
	return true;
}

static struct mark
mark_now(const struct imap *s)
{
	return (struct mark){ .set = true,
			      .uidvalidity = s->uidvalidity,
			      .uidnext = s->uidnext,
			      .modseq = s->caps & CAP_CONDSTORE ? s->modseq
								 : 0,
			      .last = s->exists };
}

/* All there is, or the newest piece of it below `from->last`. */
static bool
first_listing(struct work *w, const struct mark *from, struct err *e)
{
	struct imap *s = w->s;
	struct harvest *h = w->out;
	struct mark m = from->partial ? *from : mark_now(s);
	uint32_t *all;
	size_t n, end, start;

	if (!imap_uids(s, "UNDELETED", w->a, &all, &n, e))
		return false;
	if (!m.uidnext) /* a server that does not say UIDNEXT */
		m.uidnext = n ? (uint64_t)all[n - 1] + 1 : 1;
	end = n;
	while (end && all[end - 1] >= (from->partial ? m.last : m.uidnext))
		end--;
	start = end > LIST_CHUNK ? end - LIST_CHUNK : 0;
	w->below = 0;
	if (!fetch_rows(w, all + start, end - start, LIST_ITEMS, e))
		return false;
	if (start) {
		m.partial = h->partial = true;
		m.last = all[start];
		h->scope = HARVEST_FULL;
	} else if (from->partial) {
		h->scope = HARVEST_ALIVE;
		h->alive = all;
		h->n_alive = n;
		m.partial = false;
		for (end = 0; end < n && all[end] < m.uidnext; end++)
			;
		m.last = end;
	} else {
		h->scope = HARVEST_FULL;
		m.partial = false;
	}
	h->cursor = mark_write(w->a, &m);
	return true;
}

static void
vanished_line(void *ctx, struct span line)
{
	struct work *w = ctx;

	if (!span_eq_ci(scan_atom(&line), SPAN("VANISHED")))
		return;
	if (scan_char(&line, '(')) {
		scan_atom(&line);
		scan_char(&line, ')');
	}
	w->vanished = arena_grow(w->a, w->vanished, w->n_vanished,
				 &w->vanished_room, sizeof(*w->vanished));
	w->vanished[w->n_vanished++] = arena_dup(w->a, scan_atom(&line));
}

/* Above 100,000 vanished UIDs the living are told instead. */
static bool
take_vanished(struct work *w, bool *too_many)
{
	size_t i, j, n;

	*too_many = false;
	for (i = 0; i < w->n_vanished; i++) {
		uint32_t *v;

		if (!scan_set(w->vanished[i], w->a, 100000, &v, &n)) {
			*too_many = true;
			return true;
		}
		for (j = 0; j < n; j++)
			add_gone(w, v[j]);
	}
	return true;
}

static bool
tell_alive(struct work *w, struct err *e)
{
	w->out->scope = HARVEST_ALIVE;
	return imap_uids(w->s, "UNDELETED", w->a, &w->out->alive,
			 &w->out->n_alive, e);
}

/* Who vanished is asked of all there ever was: a mail that we moved here
 * ourselves is in the mirror before a cursor knows it. */
static bool
changed_since(struct work *w, const struct mark *m, const struct mark *now,
	      bool vanished, struct err *e)
{
	uint64_t last = vanished && now->uidnext > m->uidnext ? now->uidnext
							      : m->uidnext;
	bool ok;

	w->only_flags = true;
	w->below = (uint32_t)m->uidnext;
	w->s->on_line = vanished_line;
	w->s->ctx = w;
	ok = imap_do(w->s, "FETCH", e,
		     "UID FETCH 1:%llu (UID FLAGS) (CHANGEDSINCE %llu%s)",
		     (unsigned long long)last - 1,
		     (unsigned long long)m->modseq,
		     vanished ? " VANISHED" : "");
	w->s->on_line = NULL;
	if (ok)
		take_list(w);
	return ok;
}

/* Without CONDSTORE: all flags, and who is alive. */
static bool
all_flags(struct work *w, const struct mark *m, struct err *e)
{
	struct harvest *h = w->out;
	size_t old = 0;

	if (!tell_alive(w, e))
		return false;
	w->only_flags = true;
	w->below = (uint32_t)m->uidnext;
	while (old < h->n_alive && h->alive[old] < m->uidnext)
		old++;
	return fetch_rows(w, h->alive, old, "UID FLAGS", e);
}

static bool
new_mails(struct work *w, const struct mark *m, const struct mark *now,
	  size_t *n_out, struct err *e)
{
	char what[64];
	uint32_t *uids;

	*n_out = 0;
	if (now->uidnext && now->uidnext <= m->uidnext)
		return true;
	snprintf(what, sizeof(what), "UID %llu:%llu",
		 (unsigned long long)m->uidnext,
		 now->uidnext ? (unsigned long long)now->uidnext - 1
			      : 4294967295ull);
	if (!imap_uids(w->s, what, w->a, &uids, n_out, e))
		return false;
	w->only_flags = false;
	w->below = 0;
	return fetch_rows(w, uids, *n_out, LIST_ITEMS, e);
}

static bool
old_mails(struct work *w, const struct mark *m, const struct mark *now,
	  size_t n_new, struct err *e)
{
	bool qresync = w->s->caps & CAP_QRESYNC, too_many = false;

	if (m->uidnext <= 1)
		return true;
	if (!m->modseq || !now->modseq)
		return all_flags(w, m, e);
	if (now->modseq == m->modseq && now->last == m->last + n_new)
		return true;
	if (!changed_since(w, m, now, qresync, e))
		return false;
	if (qresync) {
		if (!take_vanished(w, &too_many))
			return false;
		return too_many ? tell_alive(w, e) : true;
	}
	/* UIDs that came and went in between may be of our own moves. */
	return (now->last == m->last + n_new &&
		now->uidnext == m->uidnext + n_new) ||
	       tell_alive(w, e);
}

static bool
delta(struct work *w, const struct mark *m, struct err *e)
{
	struct mark now = mark_now(w->s);
	size_t n_new;

	w->out->scope = HARVEST_DELTA;
	if (!new_mails(w, m, &now, &n_new, e) ||
	    !old_mails(w, m, &now, n_new, e))
		return false;
	if (!now.uidnext)
		now.uidnext = m->uidnext + n_new;
	w->out->cursor = mark_write(w->a, &now);
	return true;
}

/* ---- the short way: what the open mailbox tells ------------------------- */

#define STATUS_LOOK "STATUS %s (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"
#define STATUS_ALL                                                        \
	(STATUS_UIDVALIDITY | STATUS_UIDNEXT | STATUS_MODSEQ | \
	 STATUS_MESSAGES)

/* True if the open mailbox is the one at that cursor, and all that was told
 * since is in some harvest. An open mailbox that was deleted and made again
 * looks unchanged for ever (Dovecot), so this is for INBOX, which cannot be
 * deleted; and Gmail does not always tell of flags. */
static bool
is_open_at(const struct imap *s, const char *box, const struct mark *m)
{
	return s->selected && !strcmp(s->selected, box) &&
	       !strcasecmp(box, "\"INBOX\"") && !(s->caps & CAP_GMAIL) &&
	       !s->moved && s->opened.uidvalidity == m->uidvalidity &&
	       s->opened.uidnext == m->uidnext &&
	       s->opened.modseq == m->modseq && s->opened.exists == m->last;
}

static void
look_line(void *ctx, struct span line)
{
	struct work *w = ctx;
	struct span rest = line, box;

	if (span_eq_ci(scan_atom(&rest), SPAN("STATUS")))
		scan_status(arena_dup(w->a, rest), w->a, &box, &w->look, NULL);
	else
		vanished_line(ctx, line);
}

/* NOOP, or STATUS of a box, and all the server tells by the way. */
static bool
listen(struct work *w, struct err *e, const char *what, const char *box)
{
	bool ok;

	w->s->on_line = look_line;
	w->s->ctx = w;
	ok = box ? imap_do(w->s, what, e, STATUS_LOOK, box)
		 : imap_do(w->s, what, e, "NOOP");
	w->s->on_line = NULL;
	if (ok)
		take_list(w);
	return ok;
}

/* NOOP tells what moved in the open mailbox (RFC 3501, 6.1.2), with UIDs
 * where QRESYNC is on. The STATUS behind it is the new cursor, and the
 * second NOOP makes sure that all that is at or below it was told. What is
 * told above it leaves the session `moved`: the next look goes the long way.
 * UID FETCH with CHANGEDSINCE would run through the whole mailbox. */
static bool
told_delta(struct work *w, const char *box, const struct mark *m,
	   struct err *e)
{
	struct imap *s = w->s;
	struct mark now = { .set = true, .uidvalidity = m->uidvalidity };
	bool too_many;
	size_t n;

	w->only_flags = true;
	w->below = (uint32_t)m->uidnext;
	if (!listen(w, e, "NOOP", NULL))
		return false;
	if (!s->moved) {
		w->out->cursor = mark_write(w->a, m);
		return true;
	}
	s->moved = false;
	if (!(s->caps & CAP_QRESYNC) ||
	    !listen(w, e, "STATUS", box) ||
	    (w->look.has & STATUS_ALL) != STATUS_ALL ||
	    w->look.uidvalidity != m->uidvalidity ||
	    w->look.uidnext < m->uidnext ||
	    !listen(w, e, "NOOP", NULL) || w->nameless)
		return false;
	now.uidnext = s->opened.uidnext = w->look.uidnext;
	now.modseq = s->opened.modseq = w->look.modseq;
	now.last = s->opened.exists = w->look.messages;
	if (!new_mails(w, m, &now, &n, e) || !take_vanished(w, &too_many) ||
	    too_many)
		return false;
	w->out->cursor = mark_write(w->a, &now);
	return true;
}

static bool
status_unchanged(struct work *w, const char *box, struct span cursor,
		 const struct mark *m, struct err *e)
{
	if (!listen(w, e, "STATUS", box))
		return false;
	w->look.found = true;
	w->out->cursor = cursor;
	return (w->look.has & STATUS_ALL) == STATUS_ALL &&
	       w->look.modseq == m->modseq && !cursor_differs(cursor, &w->look);
}

/* One round trip if nothing changed, and nothing is opened for it. False:
 * go the long way, whatever the reason. Only where modification sequences
 * are kept: others cannot say that all is as it was. */
static bool
short_way(struct imap *s, struct span remote, struct span cursor,
	  struct arena *a, const struct mark *m, struct harvest *out)
{
	struct work w = { .s = s, .a = a, .out = out };
	struct err e = { 0 };
	const char *box;
	bool ok = false;

	if (!m->set || m->partial || !m->modseq ||
	    !(s->caps & CAP_CONDSTORE))
		return false;
	box = imap_box(a, remote, &e);
	if (!box)
		return false;
	out->scope = HARVEST_DELTA;
	out->uidvalidity = (uint32_t)m->uidvalidity;
	if (is_open_at(s, box, m))
		ok = told_delta(&w, box, m, &e);
	else if (!s->selected || strcmp(s->selected, box))
		ok = status_unchanged(&w, box, arena_dup(a, cursor), m, &e);
	s->moved = s->moved || !ok;
	return ok;
}

bool
imap_changes(void *v, struct span remote, struct span cursor, struct arena *a,
	     struct harvest *out, struct err *e)
{
	struct imap *s = v;
	struct harvest h = { 0 };
	struct work w = { .s = s, .a = a, .out = &h };
	struct mark m = mark_read(cursor);
	bool ok;

	if (short_way(s, remote, cursor, a, &m, &h)) {
		*out = h;
		return true;
	}
	h = (struct harvest){ 0 };
	/* A listing under way goes on with what is open: what happened since
	 * it began is told by the delta behind it. */
	if (!imap_select(s, remote, 0, !m.partial, e))
		return false;
	if (!m.set || m.uidvalidity != s->uidvalidity ||
	    (s->uidnext && m.uidnext > s->uidnext))
		m = (struct mark){ 0 };
	h.uidvalidity = s->uidvalidity;
	ok = !m.set || m.partial ? first_listing(&w, &m, e) : delta(&w, &m, e);
	s->on_line = NULL;
	if (ok)
		*out = h;
	return ok;
}
