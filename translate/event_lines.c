#include "translate/event_lines.h"

#include <string.h>

#include "base/limits.h"

#define MAX_PRINT (64u << 20)

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
unfold(struct arena *a, struct span raw)
{
	char *p;
	size_t n = 0;

	while (raw.n && (raw.p[raw.n - 1] == '\n' || raw.p[raw.n - 1] == '\r'))
		raw.n--;
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
	if (dot >= 0)
		l->name = span_from_at(l->name, (size_t)dot + 1);
	if (i > name)
		l->params = span_from(s.p + name + 1, i - name - 1);
	l->value = span_from_at(s, i + 1);
}

static void
append(struct ics_comp *c, struct ics_line *l)
{
	if (c->last)
		c->last->next = l;
	else
		c->first = l;
	c->last = l;
}

static bool
is(struct span name, const char *want)
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
		return err_set(e, ERR_TOO_BIG, SCOPE_ITEM, "calendar object");
	if (span_starts(text, SPAN("\xef\xbb\xbf")))
		text = span_from_at(text, 3);
	stack[0] = arena_alloc(a, sizeof(**stack));
	while (text.n) {
		struct ics_line *l = arena_alloc(a, sizeof(*l));

		l->raw = take_raw(&text);
		split(unfold(a, l->raw), l);
		if (++lines > MAX_ICS_LINES)
			return err_set(e, ERR_TOO_BIG, SCOPE_ITEM,
				       "calendar object of too many lines");
		if (is(l->name, "BEGIN")) {
			if (depth == MAX_ICS_DEPTH)
				return err_set(e, ERR_TOO_BIG, SCOPE_ITEM,
					       "calendar object too deep");
			l->comp = arena_alloc(a, sizeof(*l->comp));
			l->comp->name = span_trim(l->value);
			l->comp->begin = l->raw;
			l->name = SPAN_NONE;
			append(stack[depth], l);
			stack[++depth] = l->comp;
		} else if (is(l->name, "END") && depth &&
			   span_eq_ci(span_trim(l->value),
				      stack[depth]->name)) {
			stack[depth--]->end = l->raw;
		} else {
			append(stack[depth], l);
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
	struct buf b = BUF_INIT(MAX_PRINT);
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
		if (comp ? l->comp && is(l->comp->name, name) :
			   !l->comp && is(l->name, name))
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

/* Takes one NAME=VALUE off *rest; the value with its quotes. */
static struct span
take_param(struct span *rest, struct span *name)
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
		v = take_param(&rest, &name);
		if (!is(name, want))
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
	s = quote ? span_of(arena_printf(a, "\"" SPAN_FMT "\"", SPAN_ARG(s))) :
		    arena_dup(a, s);
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

/* ---- writing -----------------------------------------------------------*/

static struct span
fold(struct arena *a, struct span s)
{
	struct buf b = BUF_INIT(MAX_PRINT);
	size_t room = 75, i = 0;
	struct span out;

	while (s.n - i > room) {
		size_t n = room;

		while (n > 1 && ((unsigned char)s.p[i + n] & 0xc0) == 0x80)
			n--;
		buf_put(&b, s.p + i, n);
		buf_str(&b, "\r\n ");
		i += n;
		room = 74;
	}
	buf_put(&b, s.p + i, s.n - i);
	buf_str(&b, "\r\n");
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

struct ics_line *
ics_make(struct arena *a, const char *name, struct span params,
	 struct span value)
{
	struct ics_line *l = arena_alloc(a, sizeof(*l));

	l->name = span_of(arena_printf(a, "%s", name));
	ics_change(a, l, params, value);
	return l;
}

/* Whatever a caller hands over: one line stays one line. */
static struct span
one_line(struct arena *a, struct span s)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 32 || s.p[i] == '\t')
			p[n++] = s.p[i];
	return span_from(p, n);
}

void
ics_change(struct arena *a, struct ics_line *l, struct span params,
	   struct span value)
{
	struct buf b = BUF_INIT(MAX_PRINT);

	l->params = one_line(a, params);
	l->value = one_line(a, value);
	buf_span(&b, l->name);
	if (params.n) {
		buf_byte(&b, ';');
		buf_span(&b, l->params);
	}
	buf_byte(&b, ':');
	buf_span(&b, l->value);
	l->raw = fold(a, buf_view(&b));
	buf_free(&b);
}

void
ics_param_set(struct arena *a, struct ics_line *l, const char *want,
	      struct span value)
{
	struct buf b = BUF_INIT(1u << 20);
	struct span rest = l->params, name, v;
	bool done = !value.n;

	while (rest.n) {
		v = take_param(&rest, &name);
		if (is(name, want)) {
			if (done)
				continue;
			v = ics_param_make(a, value);
			done = true;
		}
		buf_printf(&b, "%s" SPAN_FMT "=", b.n ? ";" : "",
			   SPAN_ARG(name));
		buf_span(&b, v);
	}
	if (!done) {
		buf_printf(&b, "%s%s=", b.n ? ";" : "", want);
		buf_span(&b, ics_param_make(a, value));
	}
	ics_change(a, l, arena_dup(a, buf_view(&b)), l->value);
	buf_free(&b);
}

void
ics_remove(struct ics_comp *c, struct ics_line *gone)
{
	struct ics_line *prev = NULL;

	for (struct ics_line *l = c->first; l; prev = l, l = l->next) {
		if (l != gone)
			continue;
		if (prev)
			prev->next = l->next;
		else
			c->first = l->next;
		if (c->last == l)
			c->last = prev;
		return;
	}
}

void
ics_remove_all(struct ics_comp *c, const char *name)
{
	struct ics_line *l;

	while ((l = ics_find(c, name)))
		ics_remove(c, l);
}

void
ics_set(struct arena *a, struct ics_comp *c, const char *name,
	struct span params, struct span value)
{
	struct ics_line *l = ics_find(c, name), *more;

	if (!l) {
		ics_add(c, ics_make(a, name, params, value));
		return;
	}
	ics_change(a, l, params, value);
	while ((more = ics_again(l, name)))
		ics_remove(c, more);
}

/* A last line without a line end must get one before another follows. */
static void
end_line(struct arena *a, struct ics_line *l)
{
	if (l && !l->comp && l->raw.n && l->raw.p[l->raw.n - 1] != '\n')
		l->raw = span_of(arena_printf(a, SPAN_FMT "\r\n",
					      SPAN_ARG(l->raw)));
}

void
ics_add(struct ics_comp *c, struct ics_line *add)
{
	struct ics_line *prev = NULL, *l = c->first;

	while (l && !l->comp) {
		prev = l;
		l = l->next;
	}
	add->next = l;
	if (prev)
		prev->next = add;
	else
		c->first = add;
	if (!l)
		c->last = add;
}

struct ics_comp *
ics_comp_new(struct arena *a, const char *name)
{
	struct ics_comp *c = arena_alloc(a, sizeof(*c));

	c->name = span_of(arena_printf(a, "%s", name));
	c->begin = span_of(arena_printf(a, "BEGIN:%s\r\n", name));
	c->end = span_of(arena_printf(a, "END:%s\r\n", name));
	return c;
}

void
ics_add_comp(struct arena *a, struct ics_comp *parent,
	     struct ics_comp *child, struct ics_line *after)
{
	struct ics_line *l = arena_alloc(a, sizeof(*l));

	l->comp = child;
	end_line(a, parent->last);
	if (!after) {
		append(parent, l);
		return;
	}
	l->next = after->next;
	after->next = l;
	if (parent->last == after)
		parent->last = l;
}

void
ics_add_comp_first(struct arena *a, struct ics_comp *parent,
		   struct ics_comp *child)
{
	struct ics_line *l = arena_alloc(a, sizeof(*l));

	l->comp = child;
	ics_add(parent, l);
}

void
ics_remove_comp(struct ics_comp *parent, const struct ics_comp *child)
{
	for (struct ics_line *l = parent->first; l; l = l->next)
		if (l->comp == child) {
			ics_remove(parent, l);
			return;
		}
}

struct ics_comp *
ics_copy(struct arena *a, const struct ics_comp *c)
{
	struct ics_comp *n = arena_alloc(a, sizeof(*n));

	*n = *c;
	n->first = n->last = NULL;
	for (const struct ics_line *l = c->first; l; l = l->next) {
		struct ics_line *m = arena_alloc(a, sizeof(*m));

		*m = *l;
		m->next = NULL;
		if (l->comp)
			m->comp = ics_copy(a, l->comp);
		append(n, m);
	}
	return n;
}
