#include "gateway/commands/kql.h"

#include <string.h>

#include "base/clock.h"

struct kql {
	struct arena *a;
	struct search_term *v;
	size_t n;
	struct search_want *want;
	bool not, or; /* said before the next term */
};

static void
add(struct kql *k, enum search_field field, struct span text, bool or_next)
{
	if (k->n >= MAX_TERMS || text.n == 0)
		return;
	if (k->or && k->n > 0)
		k->v[k->n - 1].or_next = true;
	k->or = false;
	k->v[k->n++] = (struct search_term){ field, text, k->not, or_next };
}

static bool
is_blank(char c)
{
	return strchr(" \t\r\n()", c) != NULL;
}

/* One word or "phrase". */
static struct span
take_word(struct span *rest, bool *phrase)
{
	struct span s = *rest;
	size_t n = 0;

	*phrase = s.n > 0 && s.p[0] == '"';
	if (*phrase) {
		s = span_from_at(s, 1);
		*rest = s;
		return span_take_until(rest, '"');
	}
	while (n < s.n && !is_blank(s.p[n]) && s.p[n] != '"')
		n++;
	*rest = span_from_at(s, n);
	s = span_first(s, n);
	while (s.n > 0 && s.p[s.n - 1] == '*') /* words are beginnings */
		s.n--;
	return s;
}

/* "2024-05-01", or either form of the protocol. */
static bool
read_day(struct arena *a, struct span s, int64_t *out)
{
	if (s.n == 10 && s.p[4] == '-')
		s = span_of(arena_printf(a, SPAN_FMT "T00:00:00.000Z",
					 SPAN_ARG(s)));
	return clock_parse(s, out);
}

#define DAY 86400

static bool
add_received(struct kql *k, struct span value)
{
	struct span op = value;
	int64_t day;

	op.n = 0;
	while (op.n < value.n && strchr("<>=", value.p[op.n]) != NULL)
		op.n++;
	if (!read_day(k->a, span_from_at(value, op.n), &day))
		return false;
	if (op.n == 0 || op.p[0] == '=' || op.p[0] == '>')
		k->want->since = span_eq(op, SPAN(">")) ? day + DAY : day;
	if (op.n == 0 || op.p[0] == '=' || op.p[0] == '<')
		k->want->before = span_eq(op, SPAN("<")) ? day : day + DAY;
	return true;
}

/* False: no property that is known. */
static bool
add_property(struct kql *k, struct span name, struct span value)
{
	static const struct {
		const char *name;
		enum search_field field;
	} all[] = {
		{ "subject", SEARCH_SUBJECT }, { "from", SEARCH_FROM },
		{ "to", SEARCH_TO },	       { "cc", SEARCH_CC },
		{ "body", SEARCH_BODY },
	};
	bool was = k->not;
	size_t i;

	if (span_eq_ci(name, SPAN("received")))
		return add_received(k, value);
	if (span_eq_ci(name, SPAN("hasattachment"))) {
		k->not ^= span_eq_ci(value, SPAN("false")) ||
			  span_eq(value, SPAN("0"));
		add(k, SEARCH_TYPE, SPAN("multipart/mixed"), false);
		k->not = was;
		return true;
	}
	if (span_eq_ci(name, SPAN("participants"))) {
		add(k, SEARCH_FROM, value, !k->not);
		add(k, SEARCH_TO, value, !k->not);
		add(k, SEARCH_CC, value, false);
		return true;
	}
	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (span_eq_ci(name, span_of(all[i].name))) {
			add(k, all[i].field, value, false);
			return true;
		}
	return false;
}

static void
add_word(struct kql *k, struct span word, struct span *rest)
{
	struct span whole = word, name = span_take_until(&word, ':');
	bool phrase;

	if (name.n == whole.n) {
		add(k, SEARCH_TEXT, whole, false);
		return;
	}
	if (word.n == 0 && rest->n > 0 && rest->p[0] == '"')
		word = take_word(rest, &phrase);
	if (!add_property(k, name, word))
		add(k, SEARCH_TEXT, whole, false);
}

bool
kql_read(struct arena *a, struct span text, struct search_want *out)
{
	struct kql k = { .a = a, .want = out };
	struct span word;
	bool phrase;

	k.v = arena_array(a, MAX_TERMS, sizeof(*k.v));
	for (;;) {
		while (text.n > 0 && is_blank(text.p[0]))
			text = span_from_at(text, 1);
		if (text.n == 0)
			break;
		if (text.n > 1 && (text.p[0] == '-' || text.p[0] == '+')) {
			k.not = text.p[0] == '-';
			text = span_from_at(text, 1);
		}
		word = take_word(&text, &phrase);
		if (!phrase && span_eq(word, SPAN("AND")))
			continue;
		if (!phrase && span_eq(word, SPAN("OR"))) {
			k.or = true;
			continue;
		}
		if (!phrase && span_eq(word, SPAN("NOT"))) {
			k.not = true;
			continue;
		}
		if (phrase)
			add(&k, SEARCH_TEXT, word, false);
		else
			add_word(&k, word, &text);
		k.not = false;
	}
	if (k.n > 0)
		k.v[k.n - 1].or_next = false;
	out->terms = k.v;
	out->n_terms = k.n;
	return k.n > 0 || out->since != 0 || out->before != 0;
}
