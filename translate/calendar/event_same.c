#include "translate/calendar/event_same.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "translate/text/content_lines.h"

struct lines {
	struct arena *a;
	struct span *v;
	size_t n, room;
};

/* What differs between a thing and its copy. */
static bool
is_frame(struct span name)
{
	static const char *const names[] = { "UID", "DTSTAMP", "CREATED",
					     "LAST-MODIFIED", "SEQUENCE",
					     "PRODID", "VERSION", "METHOD",
					     "CALSCALE" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ics_is(name, names[i]))
			return true;
	return name.n == 0 || span_starts_ci(name, SPAN("X-"));
}

static void
collect(struct lines *out, const struct ics_comp *c)
{
	const struct ics_line *l;

	for (l = c->first; l != NULL; l = l->next) {
		if (l->comp != NULL) {
			if (!ics_is(l->comp->name, "VTIMEZONE"))
				collect(out, l->comp);
			continue;
		}
		if (is_frame(l->name))
			continue;
		out->v = arena_grow(out->a, out->v, out->n, &out->room,
				    sizeof(*out->v));
		out->v[out->n++] = span_of(arena_printf(
			out->a, SPAN_FMT "/" SPAN_FMT ";" SPAN_FMT ":" SPAN_FMT,
			SPAN_ARG(c->name), SPAN_ARG(l->name),
			SPAN_ARG(l->params), SPAN_ARG(l->value)));
	}
}

static int
text_cmp(const void *x, const void *y)
{
	return span_cmp(*(const struct span *)x, *(const struct span *)y);
}

static uint64_t
sum(const struct lines *l)
{
	struct buf b = BUF_INIT(64u << 20);
	uint64_t h;
	size_t i;

	if (l->n > 0)
		qsort(l->v, l->n, sizeof(*l->v), text_cmp);
	for (i = 0; i < l->n; i++) {
		buf_span(&b, l->v[i]);
		buf_byte(&b, '\n');
	}
	h = hash64(SPAN("same"), buf_view(&b));
	buf_free(&b);
	return h != 0 ? h : 1;
}

void
event_sameness(struct arena *a, struct span ics, struct event_same *out)
{
	struct lines l = { .a = a };
	const struct ics_comp *cal, *ev;
	struct ics_comp *root;

	memset(out, 0, sizeof(*out));
	if (!ics_parse(a, ics, &root, NULL))
		return;
	cal = ics_child(root, "VCALENDAR");
	ev = cal != NULL ? ics_child(cal, "VEVENT") : NULL;
	if (ev == NULL && cal != NULL)
		ev = ics_child(cal, "VTODO");
	if (ev == NULL)
		return;
	collect(&l, cal);
	out->uid = ics_value(ev, "UID");
	out->name = span_of(arena_printf(
		a, SPAN_FMT " (" SPAN_FMT ")",
		SPAN_ARG(ics_unescape(a, ics_value(ev, "SUMMARY"))),
		SPAN_ARG(ics_value(ev, "DTSTART"))));
	out->content = sum(&l);
}
