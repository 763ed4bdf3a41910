/* Changes to mails, and search. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backends/imap/imap_private.h"

static void
put_flag(struct buf *b, const char *name)
{
	if (b->n)
		buf_byte(b, ' ');
	buf_str(b, name);
}

static void
put_flags(struct buf *b, uint32_t flags)
{
	if (flags & MAIL_SEEN)
		put_flag(b, "\\Seen");
	if (flags & MAIL_FLAGGED)
		put_flag(b, "\\Flagged");
	if (flags & MAIL_ANSWERED)
		put_flag(b, "\\Answered");
	if (flags & MAIL_DRAFT)
		put_flag(b, "\\Draft");
	if (flags & MAIL_DELETED)
		put_flag(b, "\\Deleted");
	if (flags & MAIL_FORWARDED)
		put_flag(b, "$Forwarded");
}

/* Keywords are atoms; what is none is left out. */
static void
put_keywords(struct buf *b, struct span list)
{
	while (list.n) {
		struct span k = span_take_until(&list, ' ');
		size_t i;
		bool ok = k.n > 0 && k.n < 200;

		for (i = 0; i < k.n; i++)
			ok = ok && k.p[i] > 0x20 && k.p[i] < 0x7F &&
			     !strchr("(){%*\"\\]", k.p[i]);
		if (!ok)
			continue;
		if (b->n)
			buf_byte(b, ' ');
		buf_span(b, k);
	}
}

static bool
store(struct imap *s, const uint32_t *uids, size_t n, char sign,
      const struct buf *flags, struct err *e)
{
	char set[SET_BYTES];
	size_t k;

	if (!flags->n)
		return true;
	for (; n; uids += k, n -= k) {
		k = imap_set(uids, n, 1000, set, sizeof(set));
		if (!imap_do(s, "STORE", e,
			     "UID STORE %s %cFLAGS.SILENT (" SPAN_FMT ")", set,
			     sign, SPAN_ARG(buf_view(flags))))
			return false;
	}
	return true;
}

static bool
store_flag(struct imap *s, const uint32_t *uids, size_t n, char sign,
	   const char *flag, struct err *e)
{
	struct buf b = BUF_INIT(64);
	bool ok;

	buf_str(&b, flag);
	ok = store(s, uids, n, sign, &b, e);
	buf_free(&b);
	return ok;
}

bool
imap_set_flags(void *v, struct span remote, uint32_t uidvalidity,
	       const uint32_t *uids, size_t n, uint32_t mask, uint32_t flags,
	       struct span add, struct span remove, struct err *e)
{
	struct imap *s = v;
	struct buf plus = BUF_INIT(16384), minus = BUF_INIT(16384);
	struct arena *a = arena_new();
	uint32_t *sorted = imap_sorted(a, uids, n);
	bool ok;

	put_flags(&plus, mask & flags);
	put_flags(&minus, mask & ~flags);
	put_keywords(&plus, add);
	put_keywords(&minus, remove);
	ok = imap_select(s, remote, uidvalidity, false, e) &&
	     buf_ok(&plus, e) && buf_ok(&minus, e) &&
	     store(s, sorted, n, '+', &plus, e) &&
	     store(s, sorted, n, '-', &minus, e);
	buf_free(&plus);
	buf_free(&minus);
	arena_free(&a);
	return ok;
}

static bool
listed(const uint32_t *v, size_t n, uint32_t uid)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i] == uid)
			return true;
	return false;
}

/* EXPUNGE removes all that is \Deleted: what others marked is unmarked for
 * the moment. */
static bool
expunge_plain(struct imap *s, const uint32_t *uids, size_t n, struct arena *a,
	      struct err *e)
{
	uint32_t *all, *others;
	size_t i, n_all, n_others = 0;
	bool ok;

	if (!imap_uids(s, "DELETED", a, &all, &n_all, e))
		return false;
	others = arena_array(a, n_all + 1, sizeof(*others));
	for (i = 0; i < n_all; i++)
		if (!listed(uids, n, all[i]))
			others[n_others++] = all[i];
	if (!store_flag(s, others, n_others, '-', "\\Deleted", e))
		return false;
	ok = store_flag(s, uids, n, '+', "\\Deleted", e) &&
	     imap_do(s, "EXPUNGE", e, "EXPUNGE");
	/* marked again even if that failed */
	return (s->dead || store_flag(s, others, n_others, '+', "\\Deleted",
				      ok ? e : NULL)) &&
	       ok;
}

static bool
expunge_sorted(struct imap *s, const uint32_t *uids, size_t n,
	       struct arena *a, struct err *e)
{
	char set[SET_BYTES];
	size_t k;

	if (!(s->caps & CAP_UIDPLUS))
		return expunge_plain(s, uids, n, a, e);
	if (!store_flag(s, uids, n, '+', "\\Deleted", e))
		return false;
	for (; n; uids += k, n -= k) {
		k = imap_set(uids, n, 1000, set, sizeof(set));
		if (!imap_do(s, "EXPUNGE", e, "UID EXPUNGE %s", set))
			return false;
	}
	return true;
}

bool
imap_expunge(void *v, struct span remote, uint32_t uidvalidity,
	     const uint32_t *uids, size_t n, struct err *e)
{
	struct imap *s = v;
	struct arena *a = arena_new();
	bool ok = imap_select(s, remote, uidvalidity, false, e) &&
		  expunge_sorted(s, imap_sorted(a, uids, n), n, a, e);

	arena_free(&a);
	return ok;
}

/* "uidvalidity source dest" of COPYUID, last number; 0 if none. */
static uint32_t
last_number(struct span args)
{
	uint32_t v = 0;
	ptrdiff_t at;

	args = span_trim(args);
	while ((at = span_find_byte(args, ' ')) >= 0)
		args = span_from_at(args, (size_t)at + 1);
	return span_u32(args, &v) ? v : 0;
}

/* The UID in [COPYUID ..] or [APPENDUID ..], of the tagged answer or of an
 * untagged OK before it. */
static uint32_t
told_uid(struct imap *s, struct span code)
{
	struct span name, args;

	if (scan_code(buf_view(&s->text), &name, &args) &&
	    span_eq_ci(name, code))
		return last_number(args);
	return last_number(buf_view(&s->copyuid));
}

static bool
exists(struct imap *s, uint32_t uid, struct arena *a, struct err *e)
{
	char what[32];
	uint32_t *v;
	size_t n;

	snprintf(what, sizeof(what), "UID %u", uid);
	if (!imap_uids(s, what, a, &v, &n, e))
		return false;
	if (n)
		return true;
	return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM, "no UID %u", uid);
}

/* An empty move or copy is OK to servers: ask when they name no UID. */
static bool
moved(struct imap *s, uint32_t uid, const char *box, uint32_t *new_uid,
      struct arena *a, struct err *e)
{
	buf_cut(&s->copyuid, 0);
	if (!(s->caps & CAP_UIDPLUS) && !exists(s, uid, a, e))
		return false;
	if (!imap_do(s, "MOVE", e,
		     s->caps & CAP_MOVE ? "UID MOVE %u %s" : "UID COPY %u %s",
		     uid, box))
		return false;
	*new_uid = told_uid(s, SPAN("COPYUID"));
	if (!*new_uid && s->caps & CAP_UIDPLUS &&
	    (!(s->caps & CAP_MOVE) ? !exists(s, uid, a, e) : true))
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM, "no UID %u", uid);
	return s->caps & CAP_MOVE || expunge_sorted(s, &uid, 1, a, e);
}

bool
imap_move(void *v, struct span from, uint32_t uidvalidity, uint32_t uid,
	  struct span to, uint32_t *new_uid, struct err *e)
{
	struct imap *s = v;
	struct arena *a = arena_new();
	const char *box = imap_box(a, to, e);
	uint32_t at = 0;
	bool ok = box && imap_select(s, from, uidvalidity, false, e) &&
		  moved(s, uid, box, &at, a, e);

	if (ok)
		*new_uid = at;
	arena_free(&a);
	return ok;
}

static const char *
append_date(struct arena *a, int64_t date)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)date;
	struct tm tm;

	if (!date || !gmtime_r(&t, &tm))
		return "";
	return arena_printf(a, "\"%2d-%.3s-%04d %02d:%02d:%02d +0000\" ",
			    tm.tm_mday, months + 3 * tm.tm_mon,
			    tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
			    tm.tm_sec);
}

bool
imap_append(void *v, struct span remote, struct span message, uint32_t flags,
	    int64_t date, uint32_t *uid_out, struct err *e)
{
	struct imap *s = v;
	struct arena *a = arena_new();
	struct buf f = BUF_INIT(1024);
	const char *box = imap_box(a, remote, e);
	struct span pieces[3] = { SPAN_NONE, message, SPAN_NONE };
	bool ok;

	put_flags(&f, flags);
	if (box)
		pieces[0] = span_of(arena_printf(
			a, "APPEND %s (" SPAN_FMT ") %s", box,
			SPAN_ARG(buf_view(&f)), append_date(a, date)));
	buf_cut(&s->copyuid, 0);
	ok = box && imap_send_pieces(s, pieces, 3, e) &&
	     imap_wait(s, s->tag, e) && imap_judge(s, "APPEND", e);
	if (ok)
		*uid_out = told_uid(s, SPAN("APPENDUID"));
	buf_free(&f);
	arena_free(&a);
	return ok;
}

static const char *
search_date(struct arena *a, int64_t t)
{
	struct span d = span_of(append_date(a, t)); /* "dd-Mon-yyyy hh... */

	return arena_str(a, span_trim(span_first(span_from_at(d, 1), 11)));
}

struct criteria {
	struct arena *a;
	struct span *v; /* text, literal, text ... text */
	size_t n, room;
};

static void
crit_add(struct criteria *c, struct span s)
{
	c->v = arena_grow(c->a, c->v, c->n, &c->room, sizeof(*c->v));
	c->v[c->n++] = s;
}

/* Text, then a literal behind it. */
static void
crit_literal(struct criteria *c, const char *key, struct span value)
{
	struct span *last = &c->v[c->n - 1];

	*last = span_of(arena_printf(c->a, SPAN_FMT " %s ", SPAN_ARG(*last),
				     key));
	crit_add(c, value);
	crit_add(c, SPAN_NONE);
}

static void
crit_text(struct criteria *c, const char *text)
{
	struct span *last = &c->v[c->n - 1];

	*last = span_of(arena_printf(c->a, SPAN_FMT " %s", SPAN_ARG(*last),
				     text));
}

struct found {
	struct arena *a;
	uint32_t *v;
	size_t n, room;
};

static void
found_line(void *ctx, struct span line)
{
	struct found *f = ctx;
	uint64_t u;

	if (!span_eq_ci(scan_atom(&line), SPAN("SEARCH")))
		return;
	while (scan_u64(&line, &u)) {
		f->v = arena_grow(f->a, f->v, f->n, &f->room, sizeof(*f->v));
		f->v[f->n++] = (uint32_t)u;
	}
}

/* Prefix notation: OR x OR y z. */
static void
crit_terms(struct criteria *c, const struct search_term *v, size_t n)
{
	static const char *const keys[SEARCH_FIELDS] = {
		[SEARCH_TEXT] = "TEXT",	      [SEARCH_SUBJECT] = "SUBJECT",
		[SEARCH_FROM] = "FROM",	      [SEARCH_TO] = "TO",
		[SEARCH_CC] = "CC",	      [SEARCH_BODY] = "BODY",
		[SEARCH_TYPE] = "HEADER Content-Type",
	};
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i].or_next && i + 1 < n)
			crit_text(c, "OR");
		if (v[i].not)
			crit_text(c, "NOT");
		crit_literal(c, keys[v[i].field], v[i].text);
	}
}

static void
build(struct criteria *c, const struct search_want *w)
{
	size_t i;

	crit_add(c, SPAN("UID SEARCH CHARSET UTF-8 UNDELETED"));
	if (w->since)
		crit_text(c, arena_printf(c->a, "SINCE %s",
					  search_date(c->a, w->since)));
	if (w->before)
		crit_text(c, arena_printf(c->a, "BEFORE %s",
					  search_date(c->a, w->before)));
	for (i = 0; i < w->n_words; i++)
		crit_literal(c, "TEXT", w->words[i]);
	crit_terms(c, w->terms, w->n_terms);
	if (w->message_id.n)
		crit_literal(c, "HEADER Message-ID", w->message_id);
}

bool
imap_search(void *v, struct span remote, const struct search_want *want,
	    struct arena *a, uint32_t **uids_out, size_t *n_out,
	    struct err *e)
{
	struct imap *s = v;
	struct criteria c = { .a = a };
	struct found f = { .a = a };
	uint32_t *up, *down;
	size_t i;
	bool ok;

	if (!imap_select(s, remote, 0, true, e))
		return false;
	build(&c, want);
	s->on_line = found_line;
	s->ctx = &f;
	ok = imap_send_pieces(s, c.v, c.n, e) && imap_wait(s, s->tag, e) &&
	     imap_judge(s, "SEARCH", e);
	s->on_line = NULL;
	if (!ok)
		return false;
	up = imap_sorted(a, f.v, f.n);
	down = arena_array(a, f.n + 1, sizeof(*down));
	for (i = 0; i < f.n; i++)
		down[i] = up[f.n - 1 - i];
	*uids_out = down;
	*n_out = f.n;
	return true;
}
