/* Headers, structure and pieces of mails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/imap/imap_private.h"
#include "base/clock.h"

#define OWN_ABOVE (64u << 10)     /* copy below, take over above */
#define WINDOW_BYTES (8u << 20)   /* of one FETCH of bounded pieces */
#define WINDOW_WHOLE 25           /* mails in a FETCH of whole pieces */

/* Keywords that are no categories of anybody. */
static bool
system_keyword(struct span k)
{
	static const char *const names[] = {
		"Forwarded", "$MDNSent",  "Junk",	"NonJunk",
		"$Junk",     "$NotJunk",  "NotJunk",	"$Phishing",
		"$Submitted", "$SubmitPending", "$HasAttachment",
		"$HasNoAttachment",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_eq_ci(k, span_of(names[i])))
			return true;
	return false;
}

struct words {
	struct span v[64];
	size_t n;
};

static void
one_flag(struct mailimap_flag *f, struct fetched *out, struct words *w)
{
	struct span k;

	switch (f->fl_type) {
	case MAILIMAP_FLAG_ANSWERED:
		out->flags |= MAIL_ANSWERED;
		break;
	case MAILIMAP_FLAG_FLAGGED:
		out->flags |= MAIL_FLAGGED;
		break;
	case MAILIMAP_FLAG_DELETED:
		out->flags |= MAIL_DELETED;
		break;
	case MAILIMAP_FLAG_SEEN:
		out->flags |= MAIL_SEEN;
		break;
	case MAILIMAP_FLAG_DRAFT:
		out->flags |= MAIL_DRAFT;
		break;
	case MAILIMAP_FLAG_KEYWORD:
		k = span_of(f->fl_data.fl_keyword);
		if (span_eq_ci(k, SPAN("$Forwarded")))
			out->flags |= MAIL_FORWARDED;
		else if (!system_keyword(k) && w->n < 64)
			w->v[w->n++] = k;
		break;
	}
}

static int
cmp_span(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static struct span
join(struct arena *a, struct words *w)
{
	size_t i, n = 0, at = 0;
	char *p;

	if (!w->n)
		return SPAN_NONE;
	qsort(w->v, w->n, sizeof(*w->v), cmp_span);
	for (i = 0; i < w->n; i++)
		n += w->v[i].n + 1;
	p = arena_alloc(a, n);
	for (i = 0; i < w->n; i++) {
		if (i)
			p[at++] = ' ';
		memcpy(p + at, w->v[i].p, w->v[i].n);
		at += w->v[i].n;
	}
	return span_from(p, at);
}

static void
read_flags(struct mailimap_msg_att_dynamic *d, struct arena *a,
	   struct fetched *out)
{
	struct words w = { .n = 0 };
	clistiter *i;

	out->has_flags = true;
	out->flags = 0;
	for (i = d->att_list ? clist_begin(d->att_list) : NULL; i;
	     i = clist_next(i)) {
		struct mailimap_flag_fetch *f = clist_content(i);

		if (f->fl_type == MAILIMAP_FLAG_FETCH_OTHER && f->fl_flag)
			one_flag(f->fl_flag, out, &w);
	}
	out->keywords = join(a, &w);
}

static int64_t
date_of(const struct mailimap_date_time *d)
{
	int zone = d->dt_zone; /* +hhmm as a number */
	int64_t t;

	if (d->dt_year < 1 || d->dt_year > 9999 || d->dt_month < 1 ||
	    d->dt_month > 12 || d->dt_day < 1 || d->dt_day > 31 ||
	    d->dt_hour < 0 || d->dt_hour > 24 || d->dt_min < 0 ||
	    d->dt_min > 60 || d->dt_sec < 0 || d->dt_sec > 60 ||
	    zone < -2400 || zone > 2400)
		return 0;
	t = clock_days(d->dt_year, (unsigned)d->dt_month,
		       (unsigned)d->dt_day) * 86400;
	return t + d->dt_hour * 3600 + d->dt_min * 60 + d->dt_sec -
	       (zone / 100 * 3600 + zone % 100 * 60);
}

static void
read_static(struct mailimap_msg_att_static *st, struct fetched *out)
{
	switch (st->att_type) {
	case MAILIMAP_MSG_ATT_UID:
		out->uid = st->att_data.att_uid;
		break;
	case MAILIMAP_MSG_ATT_INTERNALDATE:
		out->date = date_of(st->att_data.att_internal_date);
		break;
	case MAILIMAP_MSG_ATT_RFC822_SIZE:
		out->size = st->att_data.att_rfc822_size;
		break;
	case MAILIMAP_MSG_ATT_BODYSTRUCTURE:
		out->structure = st->att_data.att_bodystructure;
		break;
	case MAILIMAP_MSG_ATT_BODY_SECTION:
		out->body = st->att_data.att_body_section;
		break;
	}
}

void
imap_fetched_read(struct mailimap_msg_att *att, struct arena *a,
		  struct fetched *out)
{
	clistiter *i;

	memset(out, 0, sizeof(*out));
	for (i = clist_begin(att->att_list); i; i = clist_next(i)) {
		struct mailimap_msg_att_item *it = clist_content(i);

		if (it->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC)
			read_flags(it->att_data.att_dyn, a, out);
		else if (it->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC)
			read_static(it->att_data.att_static, out);
	}
}

static void
free_body(void *p)
{
	mailimap_nstring_free(p);
}

struct span
imap_body_take(struct arena *a, struct mailimap_msg_att_body_section *b)
{
	struct span s;

	if (!b || !b->sec_body_part)
		return SPAN_NONE;
	s = span_from(b->sec_body_part, b->sec_length);
	if (s.n < OWN_ABOVE)
		return arena_dup(a, s);
	arena_defer(a, free_body, b->sec_body_part);
	b->sec_body_part = NULL;
	b->sec_length = 0;
	return s;
}

struct sent {
	unsigned tag;
	const uint32_t *uids;
	size_t n;
	void *ctx;
};

/* Work on many UIDs by windows, a few commands ahead of their answers. */
struct round {
	struct imap *s;
	struct arena *a;
	void (*take)(void *ctx, const struct fetched *f);
	bool lenient; /* data that cannot be parsed is seen to later */
	struct sent out[IN_FLIGHT];
	size_t head, tail; /* sent and answered so far */
};

static void
take_all(struct round *r, void *ctx)
{
	clist *list = imap_fetched(r->s);
	clistiter *i;

	for (i = list ? clist_begin(list) : NULL; i; i = clist_next(i)) {
		struct fetched f;

		imap_fetched_read(clist_content(i), r->a, &f);
		if (f.uid)
			r->take(ctx, &f);
	}
}

/* Reads the oldest answer. */
static bool
round_receive(struct round *r, struct err *e)
{
	const struct sent *w = &r->out[r->tail++ % IN_FLIGHT];
	struct err own = { 0 };

	if (!imap_wait(r->s, w->tag, &own)) {
		if (!r->s->dead && r->lenient && own.scope == SCOPE_ITEM)
			return true;
		return err_set(e, own.code, own.scope, "%s", own.text);
	}
	/* NO may stand for one mail that cannot be read: what came counts */
	take_all(r, w->ctx);
	if (r->s->answer == ANSWER_BAD)
		return imap_judge(r->s, "FETCH", e);
	return true;
}

/* Asks for these items of uids (ascending); what comes goes to take(ctx),
 * some of it in later calls. */
static bool
round_ask(struct round *r, const char *items, void *ctx, const uint32_t *uids,
	  size_t n, size_t window, struct err *e)
{
	char set[SET_BYTES];
	size_t k;

	for (; n; uids += k, n -= k) {
		if (r->head - r->tail == IN_FLIGHT && !round_receive(r, e))
			return false;
		k = imap_set(uids, n, window, set, sizeof(set));
		if (!imap_send(r->s, e, "UID FETCH %s (%s)", set, items))
			return false;
		r->out[r->head++ % IN_FLIGHT] =
			(struct sent){ r->s->tag, uids, k, ctx };
	}
	return true;
}

static bool
round_end(struct round *r, struct err *e)
{
	while (r->tail < r->head)
		if (!round_receive(r, e))
			return false;
	return true;
}

/* mail_info: results are placed by UID. */
struct info_ctx {
	struct imap *s;
	struct arena *a;
	const uint32_t *sorted; /* uids, ascending */
	struct mail_info **slot; /* beside it */
	size_t n;
};

static int
cmp_slot(const void *x, const void *y)
{
	const struct mail_info *a = *(struct mail_info *const *)x;
	const struct mail_info *b = *(struct mail_info *const *)y;

	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

ptrdiff_t
imap_find_uid(const uint32_t *v, size_t n, uint32_t uid)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v[mid] < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && v[low] == uid ? (ptrdiff_t)low : -1;
}

static void
take_info(void *ctx, const struct fetched *f)
{
	struct info_ctx *c = ctx;
	ptrdiff_t at = imap_find_uid(c->sorted, c->n, f->uid);
	struct mail_info first = { 0 };

	/* An unsolicited FETCH has flags only. */
	if (!f->body)
		imap_moved(c->s);
	if (at < 0 || !f->body)
		return;
	first.uid = f->uid;
	first.date = f->date;
	first.size = f->size;
	first.header = imap_body_take(c->a, f->body);
	first.root = f->structure ? imap_structure(c->a, f->structure) : NULL;
	first.found = true;
	for (; (size_t)at < c->n && c->sorted[at] == f->uid; at++)
		*c->slot[at] = first;
}

/* No FLAGS: the mirror has them, and what was told once may not be told
 * again by NOOP (imap_changes.c). */
#define INFO_ITEMS "UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]<0.262144>"

/* Those whose window could not be parsed, one by one; at the end without
 * the structure. */
static bool
info_again(struct round *r, struct info_ctx *c, struct err *e)
{
	size_t i, tries;

	for (i = 0; i < c->n; i++)
		for (tries = 0; tries < 2 && !c->slot[i]->found; tries++) {
			if (!round_ask(r,
				       tries ? INFO_ITEMS
					     : INFO_ITEMS " BODYSTRUCTURE",
				       c, c->sorted + i, 1, 1, e) ||
			    !round_end(r, e))
				return false;
		}
	return true;
}

bool
imap_mail_info(void *v, struct span remote, uint32_t uidvalidity,
	       const uint32_t *uids, size_t n, struct arena *a,
	       struct mail_info *out, struct err *e)
{
	struct imap *s = v;
	struct info_ctx c = { .s = s, .a = a, .n = n };
	struct round r = { .s = s, .a = a, .take = take_info,
			   .lenient = true };
	struct mail_info *tmp = arena_array(a, n + 1, sizeof(*tmp));
	struct mail_info **slot = arena_array(a, n + 1, sizeof(*slot));
	size_t i, missing = 0;

	if (!imap_select(s, remote, uidvalidity, false, e))
		return false;
	c.sorted = imap_sorted(a, uids, n);
	for (i = 0; i < n; i++) {
		tmp[i].uid = uids[i];
		slot[i] = &tmp[i];
	}
	qsort(slot, n, sizeof(*slot), cmp_slot);
	c.slot = slot;
	if (!round_ask(&r, INFO_ITEMS " BODYSTRUCTURE", &c, c.sorted, n,
		       WINDOW, e) ||
	    !round_end(&r, e))
		return false;
	for (i = 0; i < n; i++)
		missing += !tmp[i].found;
	if (missing && missing <= 2 * WINDOW && !info_again(&r, &c, e))
		return false;
	if (n)
		memcpy(out, tmp, n * sizeof(*out));
	return true;
}

/* mail_parts: sorted by section, range and UID, a group after the other. */
static int
cmp_want(const void *x, const void *y)
{
	const struct mail_want *a = *(struct mail_want *const *)x;
	const struct mail_want *b = *(struct mail_want *const *)y;
	int r = span_cmp(a->section, b->section);

	if (r)
		return r;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	if (a->max != b->max)
		return a->max < b->max ? -1 : 1;
	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

struct group {
	struct mail_want **v;
	uint32_t *uids; /* beside it */
	size_t n;
	struct group *next;
};

/* The groups that were asked for and not answered to the end. A server may
 * answer commands in one go and finish them later (Dovecot does), so that
 * only the section says to which group a piece belongs. */
struct parts {
	struct round r;
	struct group *asked;
};

/* "1.2" of numbers alone; false for HEADER and the like. */
static bool
section_text(const struct mailimap_section *s, char *text, size_t room)
{
	const struct mailimap_section_spec *spec = s ? s->sec_spec : NULL;
	size_t n = 0;
	clistiter *i;

	*text = '\0';
	if (!spec)
		return true;
	if (spec->sec_type != MAILIMAP_SECTION_SPEC_SECTION_PART ||
	    spec->sec_text)
		return false;
	for (i = clist_begin(spec->sec_data.sec_part->sec_id); i && n < room;
	     i = clist_next(i))
		n += (size_t)snprintf(text + n, room - n, "%s%u", n ? "." : "",
				      *(uint32_t *)clist_content(i));
	return n < room;
}

static bool
is_numeric(struct span section)
{
	size_t i;

	for (i = 0; i < section.n; i++)
		if (!strchr("0123456789.", section.p[i]))
			return false;
	return true;
}

static struct group *
group_of(struct parts *p, const struct fetched *f)
{
	struct group *g = p->asked;
	char text[200];

	if (!g || !g->next)
		return g;
	if (!section_text(f->body->sec_section, text, sizeof(text)))
		return NULL;
	while (g && !span_eq(g->v[0]->section, span_of(text)))
		g = g->next;
	return g;
}

static void
take_part(void *ctx, const struct fetched *f)
{
	struct parts *p = ctx;
	struct group *c;
	struct span got;
	ptrdiff_t at;

	if (!f->body) {
		imap_moved(p->r.s);
		return;
	}
	c = group_of(p, f);
	at = c ? imap_find_uid(c->uids, c->n, f->uid) : -1;
	if (at < 0)
		return;
	got = imap_body_take(p->r.a, f->body);
	for (; (size_t)at < c->n && c->uids[at] == f->uid; at++) {
		c->v[at]->got = c->v[at]->max ? span_first(got, c->v[at]->max)
					      : got;
		c->v[at]->found = true;
	}
}

static bool
section_ok(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!strchr("0123456789.ABCDEFGHIJKLMNOPQRSTUVWXYZ",
			    s.p[i]))
			return false;
	return s.n < 200;
}

static bool
same_group(const struct mail_want *a, const struct mail_want *b)
{
	return a->offset == b->offset && a->max == b->max &&
	       span_eq(a->section, b->section);
}

static bool
parts_end(struct parts *p, struct err *e)
{
	bool ok = round_end(&p->r, e);

	p->asked = NULL;
	return ok;
}

/* Pieces of one section but another range, or of a section that has no
 * number, must not be under way together. */
static bool
is_apart(const struct parts *p, struct span section)
{
	return !p->asked || (is_numeric(section) &&
			     is_numeric(p->asked->v[0]->section) &&
			     !span_eq(p->asked->v[0]->section, section));
}

static bool
ask_group(struct parts *p, struct mail_want **v, size_t n, struct err *e)
{
	struct group *g = arena_alloc(p->r.a, sizeof(*g));
	size_t i, window = WINDOW_WHOLE;
	char items[300], range[40] = "";

	if (!section_ok(v[0]->section))
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "section");
	if (!is_apart(p, v[0]->section) && !parts_end(p, e))
		return false;
	if (v[0]->max || v[0]->offset)
		snprintf(range, sizeof(range), "<%u.%u>", v[0]->offset,
			 v[0]->max ? v[0]->max : UINT32_MAX / 2);
	if (v[0]->max)
		window = WINDOW_BYTES / v[0]->max;
	if (window > WINDOW)
		window = WINDOW;
	if (window < 1)
		window = 1;
	snprintf(items, sizeof(items), "UID BODY.PEEK[" SPAN_FMT "]%s",
		 SPAN_ARG(v[0]->section), range);
	*g = (struct group){ .v = v, .n = n, .next = p->asked };
	g->uids = arena_array(p->r.a, n, sizeof(*g->uids));
	for (i = 0; i < n; i++)
		g->uids[i] = v[i]->uid;
	p->asked = g;
	return round_ask(&p->r, items, p, g->uids, n, window, e);
}

bool
imap_mail_parts(void *v, struct span remote, uint32_t uidvalidity,
		struct mail_want *w, size_t n, struct arena *a, struct err *e)
{
	struct imap *s = v;
	struct mail_want *tmp = arena_array(a, n + 1, sizeof(*tmp));
	struct mail_want **p = arena_array(a, n + 1, sizeof(*p));
	struct parts parts = { .r = { .s = s, .a = a, .take = take_part } };
	size_t i, from = 0;

	if (!imap_select(s, remote, uidvalidity, false, e))
		return false;
	for (i = 0; i < n; i++) {
		tmp[i] = w[i];
		tmp[i].found = false;
		tmp[i].got = SPAN_NONE;
		p[i] = &tmp[i];
	}
	qsort(p, n, sizeof(*p), cmp_want);
	for (i = 1; i <= n; i++) {
		if (i < n && same_group(p[from], p[i]))
			continue;
		if (!ask_group(&parts, p + from, i - from, e))
			return false;
		from = i;
	}
	if (!parts_end(&parts, e))
		return false;
	if (n)
		memcpy(w, tmp, n * sizeof(*w));
	return true;
}
