/* What of an entry is found by what. All words of an entry stand folded in
 * one text, in four parts, so that a search is a search for " word" in a few
 * hundred bytes. */
#include "gateway/directory/directory_private.h"

#include <ctype.h>
#include <string.h>

#include "translate/text/fold.h"

enum part {
	PART_NAME,
	PART_MAIL,   /* addresses as they are, and what stands before the @ */
	PART_OTHER,  /* company, title, department, office, domains */
	PART_NUMBER, /* digits alone */
	PARTS
};

#define MAX_QUERY_WORDS 16
#define DIGITS_ANYWHERE 4 /* so many are found inside of a number too */

struct word {
	struct span begin; /* blank, word */
	struct span other; /* the same spelled out; may be empty */
	bool address, digits;
};

struct dir_query {
	struct word word[MAX_QUERY_WORDS];
	size_t n;
	struct span whole; /* as a name would be folded */
};

/* ---- entries ---------------------------------------------------------------*/

static void
put_words(struct buf *b, struct arena *a, struct span text)
{
	struct span plain = fold_words(a, text, false);
	struct span spelled = fold_words(a, text, true);

	buf_span(b, plain);
	if (!span_eq(plain, spelled))
		buf_span(b, spelled);
}

static struct span
lower(struct arena *a, struct span s)
{
	char *p = arena_str(a, s);
	size_t i;

	for (i = 0; i < s.n; i++)
		p[i] = (char)tolower((unsigned char)p[i]);
	return span_from(p, s.n);
}

static void
put_mails(struct buf *mail, struct buf *other, struct arena *a,
	  const struct contact_entry *card)
{
	size_t i;

	for (i = 0; i < card->n_mail; i++) {
		struct span rest = card->mail[i], local;

		buf_byte(mail, ' ');
		buf_span(mail, lower(a, rest));
		buf_byte(mail, ' ');
		local = span_take_until(&rest, '@');
		put_words(mail, a, local);
		put_words(other, a, rest);
	}
}

static void
put_digits(struct buf *b, struct span s)
{
	size_t i;

	buf_byte(b, ' ');
	for (i = 0; i < s.n; i++)
		if (isdigit((unsigned char)s.p[i]))
			buf_byte(b, s.p[i]);
	buf_byte(b, ' ');
}

void
entry_words(struct arena *a, struct dir_entry *e)
{
	const struct contact_entry *c = &e->card;
	struct arena *tmp = arena_new();
	struct buf b = BUF_INIT(64u << 10), other = BUF_INIT(32u << 10);
	size_t i;

	put_words(&b, tmp, c->name);
	put_words(&b, tmp, c->first);
	put_words(&b, tmp, c->last);
	put_words(&b, tmp, c->nick);
	for (i = 0; i < 3; i++)
		put_words(&b, tmp, c->yomi[i]);
	e->end[PART_NAME] = (uint32_t)b.n;
	put_words(&other, tmp, c->company);
	put_words(&other, tmp, c->title);
	put_words(&other, tmp, c->department);
	put_words(&other, tmp, c->office);
	put_mails(&b, &other, tmp, c);
	e->end[PART_MAIL] = (uint32_t)b.n;
	buf_span(&b, buf_view(&other));
	e->end[PART_OTHER] = (uint32_t)b.n;
	for (i = 0; i < c->n_number; i++)
		put_digits(&b, c->number[i]);
	e->end[PART_NUMBER] = (uint32_t)b.n;
	e->text = arena_dup(a, buf_view(&b));
	buf_free(&b);
	buf_free(&other);
	arena_free(&tmp);
}

static struct span
part_of(const struct dir_entry *e, enum part p)
{
	uint32_t from = p == PART_NAME ? 0 : e->end[p - 1];

	return e->text.n == 0 ? SPAN_NONE
			      : span_from(e->text.p + from, e->end[p] - from);
}

struct span
entry_name_words(const struct dir_entry *e)
{
	return part_of(e, PART_NAME);
}

/* ---- queries -----------------------------------------------------------------*/

static bool
is_number(struct span s)
{
	size_t i, digits = 0;

	for (i = 0; i < s.n; i++) {
		if (isdigit((unsigned char)s.p[i]))
			digits++;
		else if (strchr("+-()/. ", s.p[i]) == NULL)
			return false;
	}
	return digits > 1;
}

static void
add_word(struct arena *a, struct dir_query *q, struct span begin,
	 struct span other)
{
	struct word *w;

	if (q->n >= MAX_QUERY_WORDS)
		return;
	w = &q->word[q->n++];
	w->begin = span_of(arena_printf(a, " " SPAN_FMT, SPAN_ARG(begin)));
	if (!span_eq(begin, other))
		w->other = span_of(arena_printf(a, " " SPAN_FMT,
						SPAN_ARG(other)));
}

/* Both foldings divide a text alike. */
static void
add_folded(struct arena *a, struct dir_query *q, struct span text)
{
	struct span plain = span_trim(fold_words(a, text, false));
	struct span spelled = span_trim(fold_words(a, text, true));

	while (plain.n > 0)
		add_word(a, q, span_take_until(&plain, ' '),
			 span_take_until(&spelled, ' '));
}

static void
add_address(struct arena *a, struct dir_query *q, struct span text)
{
	struct span s = lower(a, text);

	add_word(a, q, s, s);
	if (q->n > 0)
		q->word[q->n - 1].address = true;
}

static void
add_number(struct arena *a, struct dir_query *q, struct span text)
{
	struct buf b = BUF_INIT(4096);
	struct span digits, bare;

	put_digits(&b, text);
	digits = span_trim(arena_dup(a, buf_view(&b)));
	buf_free(&b);
	for (bare = digits; bare.n > 1 && bare.p[0] == '0';)
		bare = span_from_at(bare, 1); /* +49 30 is 030 at home */
	add_word(a, q, digits, bare);
	q->word[q->n - 1].digits = true;
}

static struct span
take_token(struct span *rest)
{
	static const char between[] = " \t\r\n,;\"<>";
	struct span s = *rest;
	size_t n = 0;

	while (s.n > 0 && strchr(between, s.p[0]) != NULL)
		s = span_from_at(s, 1);
	while (n < s.n && strchr(between, s.p[n]) == NULL)
		n++;
	*rest = span_from_at(s, n);
	return span_first(s, n);
}

struct dir_query *
dir_query_make(struct arena *a, struct span text)
{
	struct dir_query *q = arena_alloc(a, sizeof(*q));
	struct span token;

	text = span_trim(text);
	q->whole = fold_words(a, text, false);
	if (is_number(text)) {
		add_number(a, q, text);
		return q;
	}
	while ((token = take_token(&text)).n > 0) {
		if (span_find_byte(token, '@') >= 0)
			add_address(a, q, token);
		else
			add_folded(a, q, token);
	}
	return q->n > 0 ? q : NULL;
}

/* ---- matching ----------------------------------------------------------------*/

enum fit { FIT_NONE, FIT_BEGINS, FIT_EXACT };

static enum fit
fits_one(struct span part, struct span begin)
{
	enum fit best = FIT_NONE;
	const char *at;

	while (begin.n > 1 && part.n >= begin.n) {
		at = memmem(part.p, part.n, begin.p, begin.n);
		if (at == NULL)
			break;
		part = span_from_at(part, (size_t)(at - part.p) + begin.n);
		if (part.n == 0 || part.p[0] == ' ')
			return FIT_EXACT;
		best = FIT_BEGINS;
	}
	return best;
}

static enum fit
fits(struct span part, const struct word *w)
{
	enum fit x = fits_one(part, w->begin), y;

	if (x == FIT_EXACT || w->other.n == 0)
		return x;
	y = fits_one(part, w->other);
	return x > y ? x : y;
}

static bool
in_number(const struct dir_entry *e, const struct word *w)
{
	struct span bare = w->other.n > 0 ? w->other : w->begin;

	bare = span_from_at(bare, 1);
	return bare.n >= DIGITS_ANYWHERE &&
	       span_find(part_of(e, PART_NUMBER), bare) >= 0;
}

#define NO_RANK 100u

/* Names before addresses before the rest; exact before begun. */
static unsigned
rank_of(const struct dir_entry *e, const struct word *w)
{
	static const struct {
		enum part part;
		unsigned exact, begins;
	} order[] = {
		{ PART_NAME, 0, 1 },
		{ PART_MAIL, 1, 2 },
		{ PART_NUMBER, 1, 2 },
		{ PART_OTHER, 3, 4 },
	};
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(*order); i++) {
		if ((w->address && order[i].part != PART_MAIL) ||
		    (!w->digits && order[i].part == PART_NUMBER))
			continue;
		switch (fits(part_of(e, order[i].part), w)) {
		case FIT_EXACT:
			return order[i].exact;
		case FIT_BEGINS:
			return order[i].begins;
		case FIT_NONE:
			break;
		}
	}
	return w->digits && in_number(e, w) ? 5 : NO_RANK;
}

/* The address that a word of the query is the beginning of. */
static struct span
mail_for(const struct dir_query *q, const struct dir_entry *e)
{
	size_t i, k;

	for (k = 0; k < q->n; k++) {
		struct span begin = span_from_at(q->word[k].begin, 1);

		for (i = 0; i < e->card.n_mail; i++)
			if (span_starts_ci(e->card.mail[i], begin))
				return e->card.mail[i];
	}
	return e->card.n_mail > 0 ? e->card.mail[0] : SPAN_NONE;
}

bool
dir_query_matches(const struct dir_query *q, const struct dir_entry *e,
	      struct dir_hit *out)
{
	unsigned sum = 0, one;
	size_t i;

	for (i = 0; i < q->n; i++) {
		one = rank_of(e, &q->word[i]);
		if (one == NO_RANK)
			return false;
		sum += one;
	}
	out->entry = e;
	out->mail = mail_for(q, e);
	/* Of equals, whose name begins so. */
	out->rank = 2 * sum;
	if (q->whole.n > 0 &&
	    !span_starts(entry_name_words(e),
			 span_first(q->whole, q->whole.n - 1)))
		out->rank++;
	return true;
}
