/* Search (MS-ASCMD 2.2.1.16) in mail; the address book comes with contacts
 * and answers "nothing found" until then. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "gateway/accounts/sessions.h"
#include "gateway/accounts/views.h"
#include "gateway/commands/commands.h"
#include "gateway/http/status.h"
#include "gateway/items/fetch.h"
#include "gateway/push/refresh.h"

#define MAX_WORDS 16
#define MAX_HITS 1000
#define MAX_RANGE 100
#define SEARCH_MS 20000

struct hit {
	struct coll *coll;
	uint32_t uid;
	struct mirror_item item;
};

struct search {
	struct request *r;
	struct span words[MAX_WORDS];
	struct search_want want;
	struct span colls[64];
	size_t n_colls;
	uint32_t first, last;
	struct hit *hits;
	size_t n, room;
	const struct wbxml_node *options;
	unsigned merged; /* kinds that this phone sees as one */
};

static void
read_words(struct search *s, struct span text)
{
	struct span word;

	while (text.n > 0 && s->want.n_words < MAX_WORDS) {
		word = span_trim(span_take_until(&text, ' '));
		if (word.n > 0)
			s->words[s->want.n_words++] = word;
	}
}

static void
read_date(const struct wbxml_node *n, int64_t *out)
{
	int64_t t;

	if (n != NULL && clock_parse(wbxml_child_text(n, WX_Search_Value), &t))
		*out = t;
}

/* 0 or the Store's Status. */
static unsigned
read_query(struct search *s, const struct wbxml_node *store)
{
	const struct wbxml_node *q = wbxml_child(store, WX_Search_Query);
	const struct wbxml_node *and = wbxml_child(q, WX_Search_And), *c;
	struct span range;
	struct span first;

	s->options = wbxml_child(store, WX_Search_Options);
	s->want.words = s->words;
	if (wbxml_has(q, WX_Search_Or) || wbxml_has(and, WX_Search_Or) ||
	    wbxml_has(and, WX_Search_And))
		return 8;
	if (and == NULL)
		and = q;
	read_words(s, wbxml_child_text(and, WX_Search_FreeText));
	read_date(wbxml_child(and, WX_Search_GreaterThan), &s->want.since);
	read_date(wbxml_child(and, WX_Search_LessThan), &s->want.before);
	for (c = wbxml_child(and, WX_AirSync_CollectionId);
	     c != NULL && s->n_colls < 64; c = wbxml_again(c))
		if (!span_eq(c->text, SPAN("0")) && c->text.n > 0)
			s->colls[s->n_colls++] = c->text;
	range = wbxml_child_text(s->options, WX_Search_Range);
	s->first = 0;
	s->last = MAX_RANGE - 1;
	if (range.n > 0) {
		first = span_take_until(&range, '-');
		if (!span_u32(first, &s->first) || !span_u32(range, &s->last) ||
		    s->last < s->first)
			return 2;
	}
	if (s->last - s->first >= MAX_RANGE)
		s->last = s->first + MAX_RANGE - 1;
	return s->want.n_words == 0 && s->want.since == 0 &&
			       s->want.before == 0
		       ? 2
		       : 0;
}

/* Is that folder meant: itself, or the view that shows it? */
static bool
is_meant(uint32_t asked, const struct coll *c, const struct coll *all,
	 size_t n)
{
	size_t i;

	if (asked == c->id)
		return true;
	for (i = 0; i < n; i++)
		if (all[i].id == asked)
			return coll_is_view(&all[i]) && view_has(&all[i], c);
	return false;
}

/* Views are searched where their mails live. */
static bool
is_searched(const struct coll *c)
{
	return c->attached && !c->no_select && c->kind == KIND_EMAIL &&
	       !coll_is_view(c);
}

static bool
is_asked(const struct search *s, const struct coll *c,
	 const struct coll *all, size_t n)
{
	bool deep = wbxml_child_bool(s->options, WX_Search_DeepTraversal,
				     false);
	uint32_t asked;
	size_t i, k;
	int level;

	if (s->n_colls == 0)
		return true;
	for (level = 0; level < 32; level++) {
		for (i = 0; i < s->n_colls; i++)
			if (coll_parse(s->colls[i], &asked) &&
			    is_meant(asked, c, all, n))
				return true;
		for (k = 0; k < n && all[k].id != c->parent; k++)
			;
		if (!deep || k == n)
			return false;
		c = &all[k];
	}
	return false;
}

/* Only what the mirror knows can be told under an id of ours. */
static bool
search_coll(struct search *s, struct source *src, struct coll *c,
	    struct err *e)
{
	struct request *r = s->r;
	uint32_t *uids;
	size_t n, i;

	if (!source_search(src, c->remote, &s->want, r->arena, &uids, &n, e))
		return false;
	for (i = 0; i < n && s->n < MAX_HITS; i++) {
		struct err none = { 0 };
		struct hit h = { .coll = c, .uid = uids[i] };

		if (!mirror_by_remote(r->gw->store, r->user_id, c->id,
				      span_of(arena_printf(r->arena, "%u",
							   uids[i])),
				      r->arena, &h.item, &none) ||
		    h.item.gone)
			continue;
		s->hits = arena_grow(r->arena, s->hits, s->n, &s->room,
				     sizeof(*s->hits));
		s->hits[s->n++] = h;
	}
	return true;
}

static int
newest_first(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	return x->item.date > y->item.date ? -1 : x->item.date < y->item.date;
}

static unsigned
run_search(struct search *s)
{
	struct request *r = s->r;
	struct account *a = request_account(r);
	int64_t until = clock_mono_ms() + SEARCH_MS;
	struct err e = { 0 };
	struct source *src = NULL;
	struct span at = SPAN_NONE;
	struct coll *v;
	size_t n, i;
	bool ok = true;

	if (!colls_list_all(r->gw->store, r->user_id, r->arena, &v, &n, &e))
		return status_of(STATUS_SEARCH, &e);
	/* Hits are told by the mirror's numbers: it has to be current. */
	for (i = 0; i < n; i++) {
		struct err none = { 0 };

		if (is_searched(&v[i]) && is_asked(s, &v[i], v, n) &&
		    !refresh_is_fresh(a, &v[i]))
			refresh_coll(a, v[i].id, until, &none);
	}
	for (i = 0; ok && i < n; i++) {
		if (!is_searched(&v[i]) || !is_asked(s, &v[i], v, n))
			continue;
		if (clock_mono_ms() > until)
			break;
		if (src == NULL || !span_eq(at, v[i].source)) {
			account_checkin(a, &src, false);
			at = v[i].source;
			src = account_checkout(a, at, r->deadline_ms, &e);
		}
		ok = src != NULL && search_coll(s, src, &v[i], &e);
		if (!ok && !account_broken(&e)) {
			ok = true; /* one folder less */
			err_clear(&e);
		}
	}
	account_checkin(a, &src, !ok && account_broken(&e));
	if (!ok)
		return status_of(STATUS_SEARCH, &e);
	if (s->n > 1)
		qsort(s->hits, s->n, sizeof(*s->hits), newest_first);
	return 1;
}

static void
write_hit(struct search *s, const struct hit *h, const struct tr_env *env)
{
	struct request *r = s->r;
	struct wbxml_writer *w = &r->w;
	struct mail_ref ref = { .coll = *h->coll, .item = h->item };
	struct mail_content mc;
	struct email_state st;
	struct err e = { 0 };
	struct span name;
	uint32_t coll;

	if (!place_name(r->gw, r->user_id, s->merged, h->coll, h->item.item,
			r->arena, &coll, &name, &e) ||
	    !fetch_mail(r, env, &ref, &mc, &e))
		return;
	st = mail_state(r->arena, h->coll, &h->item, h->item.flag_block);
	wbxml_open(w, WX_Search_Result);
	wbxml_str(w, WX_AirSync_Class, "Email");
	wbxml_text(w, WX_Search_LongId, name);
	wbxml_uint(w, WX_AirSync_CollectionId, coll);
	wbxml_open(w, WX_Search_Properties);
	email_write(env, &mc.info, &mc.plan, &st, w);
	wbxml_close(w);
	wbxml_close(w);
}

static void
write_hits(struct search *s)
{
	struct wbxml_writer *w = &s->r->w;
	struct tr_env env = request_env(s->r);
	size_t i, end = s->n < (size_t)s->last + 1 ? s->n
						    : (size_t)s->last + 1;

	body_prefs_read(s->options, &env);
	for (i = s->first; i < end; i++)
		write_hit(s, &s->hits[i], &env);
	if (s->n == 0) {
		wbxml_empty(w, WX_Search_Result); /* MS-ASCMD 2.2.3.151 */
		return;
	}
	if (end > s->first)
		wbxml_str(w, WX_Search_Range,
			  arena_printf(s->r->arena, "%u-%zu", s->first,
				       end - 1));
	wbxml_uint(w, WX_Search_Total, s->n);
}

enum cmd_result
cmd_search(struct request *r)
{
	const struct wbxml_node *store =
		wbxml_child(r->body, WX_Search_Store);
	struct span name = wbxml_child_text(store, WX_Search_Name);
	struct search s = { .r = r,
			    .merged = views_merged(r->user, &r->dev) };
	struct wbxml_writer *w = &r->w;
	unsigned status = 1;
	bool mail = span_eq_ci(name, SPAN("Mailbox"));

	if (store == NULL) {
		request_status(r, 3);
		return CMD_DONE;
	}
	if (mail) {
		status = read_query(&s, store);
		if (status == 0)
			status = run_search(&s);
		if (status == 1 && s.n > 0 && s.first >= s.n)
			status = 12;
	} else if (!span_eq_ci(name, SPAN("GAL"))) {
		status = 13; /* Document Library: blocked */
	}
	wbxml_open(w, WX_Search_Search);
	wbxml_uint(w, WX_Search_Status, 1);
	wbxml_open(w, WX_Search_Response);
	wbxml_open(w, WX_Search_Store);
	wbxml_uint(w, WX_Search_Status, status);
	if (mail && status == 1)
		write_hits(&s);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	r->log_status = status;
	return CMD_DONE;
}
