#include "translate/text/content_lines_private.h"

#include <string.h>

#include "base/limits.h"

/* ---- reading -----------------------------------------------------------*/

/* One logical line: raw bytes with folds; *rest moves behind it. */
static struct span
take_raw(struct span *rest)
{
	size_t n = 0;

	for (;;) {
		const char *nl = memchr(rest->p + n, '\n', rest->n - n);

		n = nl ? (size_t)(nl - rest->p) + 1 : rest->n;
		if (n >= rest->n || (rest->p[n] != ' ' && rest->p[n] != '\t'))
			break;
	}
	struct span raw = span_first(*rest, n);

	*rest = span_from_at(*rest, n);
	return raw;
}

static struct span
without_end(struct span s)
{
	while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

static struct span
unfold(struct arena *a, struct span raw)
{
	char *p;
	size_t n = 0;

	raw = without_end(raw);
	if (!raw.n || !memchr(raw.p, '\n', raw.n))
		return raw;
	p = arena_alloc(a, raw.n);
	for (size_t i = 0; i < raw.n; i++) {
		size_t end = i;

		if (raw.p[end] == '\r' && end + 1 < raw.n)
			end++;
		if (raw.p[end] == '\n' && end + 1 < raw.n)
			i = end + 1; /* the blank behind it goes too */
		else
			p[n++] = raw.p[i];
	}
	return span_from(p, n);
}

/* Where the name ends and where the value begins, quotes respected. */
static void
split(struct span s, struct ics_line *l)
{
	size_t name = 0, i;
	bool quoted = false;
	ptrdiff_t dot;

	while (name < s.n && s.p[name] != ';' && s.p[name] != ':')
		name++;
	for (i = name; i < s.n && (quoted || s.p[i] != ':'); i++)
		if (s.p[i] == '"')
			quoted = !quoted;
	if (i >= s.n) /* an unbalanced quote: take the first colon */
		for (i = name; i < s.n && s.p[i] != ':'; i++)
			;
	if (i >= s.n || !name)
		return;
	l->name = span_first(s, name);
	dot = span_find_byte(l->name, '.');
	if (dot >= 0) {
		l->group = span_first(l->name, (size_t)dot);
		l->name = span_from_at(l->name, (size_t)dot + 1);
	}
	if (i > name)
		l->params = span_from(s.p + name + 1, i - name - 1);
	l->value = span_from_at(s, i + 1);
}

/* vCard 2.1 and vCalendar 1.0: a line that ends in = goes on, without a
 * blank. False: nothing of the kind. */
static bool
take_soft_breaks(struct span *raw, struct span *rest)
{
	struct span s = *raw;
	ptrdiff_t colon = span_find_byte(s, ':');

	if (colon < 0 || span_find_ci(span_first(s, (size_t)colon),
				      SPAN("QUOTED-PRINTABLE")) < 0)
		return false;
	while (rest->n) {
		size_t n = raw->n; /* before this line's own end */

		n -= n && raw->p[n - 1] == '\n';
		n -= n && raw->p[n - 1] == '\r';
		if (!n || raw->p[n - 1] != '=')
			break;
		raw->n += take_raw(rest).n;
	}
	return true;
}

void
ics_append(struct ics_comp *c, struct ics_line *l)
{
	if (c->last)
		c->last->next = l;
	else
		c->first = l;
	c->last = l;
}

bool
ics_is(struct span name, const char *want)
{
	return span_eq_ci(name, span_of(want));
}

bool
ics_parse(struct arena *a, struct span text, struct ics_comp **out,
	  struct err *e)
{
	struct ics_comp *stack[MAX_ICS_DEPTH + 1];
	size_t depth = 0, lines = 0;

	if (text.n > MAX_OBJECT_BYTES)
		return err_set(e, ERR_TOO_BIG, SCOPE_ITEM, "object");
	if (span_starts(text, SPAN("\xef\xbb\xbf")))
		text = span_from_at(text, 3);
	stack[0] = arena_alloc(a, sizeof(**stack));
	while (text.n) {
		struct ics_line *l = arena_alloc(a, sizeof(*l));

		l->raw = take_raw(&text);
		split(take_soft_breaks(&l->raw, &text) ? without_end(l->raw)
						       : unfold(a, l->raw),
		      l);
		if (++lines > MAX_ICS_LINES)
			return err_set(e, ERR_TOO_BIG, SCOPE_ITEM,
				       "object of too many lines");
		if (ics_is(l->name, "BEGIN")) {
			if (depth == MAX_ICS_DEPTH)
				return err_set(e, ERR_TOO_BIG, SCOPE_ITEM,
					       "object too deep");
			l->comp = arena_alloc(a, sizeof(*l->comp));
			l->comp->name = span_trim(l->value);
			l->comp->begin = l->raw;
			l->name = SPAN_NONE;
			ics_append(stack[depth], l);
			stack[++depth] = l->comp;
		} else if (ics_is(l->name, "END") && depth &&
			   span_eq_ci(span_trim(l->value),
				      stack[depth]->name)) {
			stack[depth--]->end = l->raw;
		} else {
			ics_append(stack[depth], l);
		}
	}
	*out = stack[0];
	return true;
}

static void
print(struct buf *b, const struct ics_comp *c)
{
	buf_span(b, c->begin);
	for (const struct ics_line *l = c->first; l; l = l->next) {
		if (l->comp)
			print(b, l->comp);
		else
			buf_span(b, l->raw);
	}
	buf_span(b, c->end);
}

struct span
ics_print(struct arena *a, const struct ics_comp *root)
{
	struct buf b = BUF_INIT(MAX_ICS_PRINT);
	struct span s;

	print(&b, root);
	s = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return s;
}

static struct ics_line *
from(struct ics_line *l, const char *name, bool comp)
{
	for (; l; l = l->next)
		if (comp ? l->comp && ics_is(l->comp->name, name)
			 : !l->comp && ics_is(l->name, name))
			return l;
	return NULL;
}

struct ics_line *
ics_find(const struct ics_comp *c, const char *name)
{
	return from(c->first, name, false);
}

struct ics_line *
ics_again(const struct ics_line *l, const char *name)
{
	return from(l->next, name, false);
}

struct ics_line *
ics_child_line(const struct ics_comp *c, const char *name)
{
	return from(c->first, name, true);
}

struct ics_line *
ics_child_again(const struct ics_line *l, const char *name)
{
	return from(l->next, name, true);
}

struct ics_comp *
ics_child(const struct ics_comp *c, const char *name)
{
	struct ics_line *l = ics_child_line(c, name);

	return l ? l->comp : NULL;
}

struct span
ics_value(const struct ics_comp *c, const char *name)
{
	struct ics_line *l = ics_find(c, name);

	return l ? span_trim(l->value) : SPAN_NONE;
}

/* ---- parameters and values ---------------------------------------------*/

struct span
ics_take_param(struct span *rest, struct span *name)
{
	size_t i = 0, eq = 0;
	bool quoted = false;
	struct span p;

	for (; i < rest->n && (quoted || rest->p[i] != ';'); i++)
		if (rest->p[i] == '"')
			quoted = !quoted;
	p = span_first(*rest, i);
	*rest = span_from_at(*rest, i + 1);
	while (eq < p.n && p.p[eq] != '=')
		eq++;
	*name = span_trim(span_first(p, eq));
	return span_from_at(p, eq + 1);
}

static struct span
decode_6868(struct arena *a, struct span s)
{
	char *p;
	size_t n = 0;

	if (span_find_byte(s, '^') < 0)
		return s;
	p = arena_alloc(a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], d = i + 1 < s.n ? s.p[i + 1] : 0;

		if (c == '^' && (d == 'n' || d == '^' || d == '\'')) {
			c = d == 'n' ? '\n' : d == '^' ? '^' : '"';
			i++;
		}
		p[n++] = c;
	}
	return span_from(p, n);
}

struct span
ics_param(struct arena *a, const struct ics_line *l, const char *want)
{
	struct span rest = l->params, name, v;

	while (rest.n) {
		v = ics_take_param(&rest, &name);
		if (!ics_is(name, want))
			continue;
		v = span_trim(v);
		if (v.n && v.p[0] == '"') {
			v = span_from_at(v, 1);
			v = span_take_until(&v, '"');
		} else {
			v = span_take_until(&v, ',');
		}
		return decode_6868(a, v);
	}
	return SPAN_NONE;
}

struct span
ics_param_make(struct arena *a, struct span v)
{
	struct buf b = BUF_INIT(1u << 20);
	bool quote = false;
	struct span s;

	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		quote |= c == ',' || c == ';' || c == ':';
		if (c == '^')
			buf_str(&b, "^^");
		else if (c == '"')
			buf_str(&b, "^'");
		else if (c == '\n')
			buf_str(&b, "^n");
		else if (c >= 32 || c == '\t')
			buf_byte(&b, (char)c);
	}
	s = buf_view(&b);
	s = quote ? span_of(arena_printf(a, "\"" SPAN_FMT "\"", SPAN_ARG(s)))
		  : arena_dup(a, s);
	buf_free(&b);
	return s;
}

struct span
ics_unescape(struct arena *a, struct span v)
{
	char *p;
	size_t n = 0;

	if (span_find_byte(v, '\\') < 0)
		return v;
	p = arena_alloc(a, v.n);
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (c == '\\' && i + 1 < v.n) {
			c = v.p[++i];
			if (c == 'n' || c == 'N')
				c = '\n';
		}
		p[n++] = c;
	}
	return span_from(p, n);
}

struct span
ics_escape(struct arena *a, struct span t)
{
	char *p = arena_alloc(a, t.n * 2 + 1);
	size_t n = 0;

	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.p[i];

		if (c == '\r' && i + 1 < t.n && t.p[i + 1] == '\n')
			continue;
		if (c == '\n' || c == '\r') {
			p[n++] = '\\';
			c = 'n';
		} else if (c == '\\' || c == ',' || c == ';') {
			p[n++] = '\\';
		} else if (c < 32 && c != '\t') {
			continue;
		}
		p[n++] = (char)c;
	}
	return span_from(p, n);
}
