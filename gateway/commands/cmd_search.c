/* Search (MS-ASCMD 2.2.1.16): mails and address books. Every search is made
 * anew, so RebuildResults has nothing to do. */
#include "base/clock.h"
#include "gateway/accounts/views.h"
#include "gateway/commands/commands.h"
#include "gateway/items/fetch.h"
#include "gateway/commands/gal.h"
#include "gateway/commands/mail_search.h"

#define MAX_WORDS 16

/* ---- mails -------------------------------------------------------------------*/

struct search {
	struct request *r;
	const struct wbxml_node *options;
	struct span words[MAX_WORDS];
	struct mail_search mail;
	uint32_t first, last;
};

static void
read_words(struct search *s, struct span text)
{
	struct span word;

	while (text.n > 0 && s->mail.want.n_words < MAX_WORDS) {
		word = span_trim(span_take_until(&text, ' '));
		if (word.n > 0)
			s->words[s->mail.want.n_words++] = word;
	}
}

static void
read_date(const struct wbxml_node *n, int64_t *out)
{
	int64_t t;

	if (n != NULL && clock_parse(wbxml_child_text(n, WX_Search_Value), &t))
		*out = t;
}

static void
read_colls(struct search *s, const struct wbxml_node *and)
{
	const struct wbxml_node *c = wbxml_child(and, WX_AirSync_CollectionId);
	uint32_t id;

	for (; c != NULL && s->mail.n_colls < MAX_SEARCHED;
	     c = wbxml_again(c)) {
		if (c->text.n == 0 || span_eq(c->text, SPAN("0")))
			continue; /* all */
		/* A folder that cannot be ours is one without mails. */
		s->mail.colls[s->mail.n_colls++] =
			coll_parse(c->text, &id) ? id : 0;
	}
}

/* 0 or the Store's Status. */
static unsigned
read_query(struct search *s, const struct wbxml_node *store)
{
	const struct wbxml_node *q = wbxml_child(store, WX_Search_Query);
	const struct wbxml_node *and = wbxml_child(q, WX_Search_And);
	struct search_want *want = &s->mail.want;

	if (wbxml_has(q, WX_Search_Or) || wbxml_has(and, WX_Search_Or) ||
	    wbxml_has(and, WX_Search_And))
		return 8;
	if (and == NULL)
		and = q;
	want->words = s->words;
	read_words(s, wbxml_child_text(and, WX_Search_FreeText));
	read_date(wbxml_child(and, WX_Search_GreaterThan), &want->since);
	read_date(wbxml_child(and, WX_Search_LessThan), &want->before);
	read_colls(s, and);
	s->mail.deep = wbxml_child_bool(s->options, WX_Search_DeepTraversal,
					false);
	if (s->last - s->first >= MAIL_RANGE)
		s->last = s->first + MAIL_RANGE - 1;
	return want->n_words == 0 && want->since == 0 && want->before == 0
		       ? 2
		       : 0;
}

static void
write_hit(struct search *s, const struct mail_hit *h,
	  const struct tr_env *env)
{
	struct request *r = s->r;
	struct wbxml_writer *w = &r->w;
	struct mail_found m;

	if (!mail_found(r, h, env, &m))
		return;
	wbxml_open(w, WX_Search_Result);
	wbxml_str(w, WX_AirSync_Class, "Email");
	wbxml_text(w, WX_Search_LongId, m.name);
	wbxml_uint(w, WX_AirSync_CollectionId, m.coll);
	wbxml_open(w, WX_Search_Properties);
	email_write(env, &m.mc.info, &m.mc.plan, &m.st, w);
	wbxml_close(w);
	wbxml_close(w);
}

static void
write_range(struct request *r, size_t from, size_t end, size_t total)
{
	if (end > from)
		wbxml_str(&r->w, WX_Search_Range,
			  arena_printf(r->arena, "%zu-%zu", from, end - 1));
	wbxml_uint(&r->w, WX_Search_Total, total);
}

static void
write_mails(struct search *s)
{
	struct tr_env env = request_env(s->r);
	size_t i, n = s->mail.n;
	size_t end = n < (size_t)s->last + 1 ? n : (size_t)s->last + 1;

	body_prefs_read(s->options, &env);
	for (i = s->first; i < end; i++)
		write_hit(s, &s->mail.hits[i], &env);
	if (n == 0) {
		wbxml_empty(&s->r->w, WX_Search_Result); /* 2.2.3.155 */
		return;
	}
	write_range(s->r, s->first, end, n);
}

static unsigned
search_mails(struct search *s, const struct wbxml_node *store)
{
	unsigned status = read_query(s, store);

	if (status == 0)
		status = mail_search(s->r, &s->mail);
	if (status == 1 && s->mail.n > 0 && s->first >= s->mail.n)
		status = 12;
	wbxml_uint(&s->r->w, WX_Search_Status, status);
	if (status == 1)
		write_mails(s);
	return status;
}

/* ---- address books -------------------------------------------------------------*/

static void
write_entries(struct request *r, struct gal_search *s,
	      struct picture_wish *wish)
{
	struct wbxml_writer *w = &r->w;
	size_t i;

	for (i = s->from; i < s->end; i++) {
		wbxml_open(w, WX_Search_Result);
		wbxml_open(w, WX_Search_Properties);
		gal_write_entry(r, s, &s->hits[i], wish);
		wbxml_close(w);
		wbxml_close(w);
	}
	/* Nothing found: no Result, no Range, no Total (reference 23). */
	if (s->n > 0)
		write_range(r, s->from, s->end, s->n);
}

/* What lies past the end is said with what there is (MS-ASCMD_R4361 calls it
 * a warning). */
static unsigned
search_gal(struct search *s, const struct wbxml_node *store)
{
	struct request *r = s->r;
	struct gal_search g = { .n = 0 };
	struct picture_wish wish;
	unsigned status = 2;

	if (picture_wish_read(r, s->options, WX_Search_Picture,
			      WX_Search_MaxSize, WX_Search_MaxPictures,
			      &wish))
		status = gal_search(
			r, span_trim(wbxml_child_text(store, WX_Search_Query)),
			s->first, s->last, &g);
	if (status == 1 && g.past)
		status = 12;
	wbxml_uint(&r->w, WX_Search_Status, status);
	if (status == 1 || status == 12)
		write_entries(r, &g, &wish);
	return status;
}

/* ---- the command ---------------------------------------------------------------*/

static unsigned
search_store(struct search *s, const struct wbxml_node *store)
{
	struct span name = wbxml_child_text(store, WX_Search_Name);
	unsigned status = 13; /* Document Library: blocked */

	s->options = wbxml_child(store, WX_Search_Options);
	s->last = 99; /* MS-ASCMD_R3733, R3735 */
	if (!range_read(wbxml_child_text(s->options, WX_Search_Range),
			&s->first, &s->last))
		status = 2;
	else if (span_eq_ci(name, SPAN("Mailbox")))
		return search_mails(s, store);
	else if (span_eq_ci(name, SPAN("GAL")))
		return search_gal(s, store);
	wbxml_uint(&s->r->w, WX_Search_Status, status);
	return status;
}

enum cmd_result
cmd_search(struct request *r)
{
	const struct wbxml_node *store =
		wbxml_child(r->body, WX_Search_Store);
	struct search s = { .r = r };
	struct wbxml_writer *w = &r->w;

	if (store == NULL) {
		request_status(r, 3);
		return CMD_DONE;
	}
	wbxml_open(w, WX_Search_Search);
	wbxml_uint(w, WX_Search_Status, 1);
	wbxml_open(w, WX_Search_Response);
	wbxml_open(w, WX_Search_Store);
	r->log_status = search_store(&s, store);
	wbxml_close(w);
	wbxml_close(w);
	wbxml_close(w);
	return CMD_DONE;
}
