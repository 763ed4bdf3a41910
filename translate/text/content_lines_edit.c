/* Changing lines and components. */
#include "translate/text/content_lines_private.h"

static struct span
fold(struct arena *a, struct span s)
{
	struct buf b = BUF_INIT(MAX_ICS_PRINT);
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
	struct buf b = BUF_INIT(MAX_ICS_PRINT);

	l->params = one_line(a, params);
	l->value = one_line(a, value);
	if (l->group.n) {
		buf_span(&b, l->group);
		buf_byte(&b, '.');
	}
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
		v = ics_take_param(&rest, &name);
		if (ics_is(name, want)) {
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
		l->raw = span_of(
			arena_printf(a, SPAN_FMT "\r\n", SPAN_ARG(l->raw)));
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
ics_add_comp(struct arena *a, struct ics_comp *parent, struct ics_comp *child,
	     struct ics_line *after)
{
	struct ics_line *l = arena_alloc(a, sizeof(*l));

	l->comp = child;
	end_line(a, parent->last);
	if (!after) {
		ics_append(parent, l);
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
		ics_append(n, m);
	}
	return n;
}
