/* Display names and their parts. */
#include "translate/contact_private.h"

/* N stands family; given; middle; prefix; suffix and is spoken so: */
static const unsigned char spoken[5] = { 3, 1, 2, 0, 4 };

void
contact_split_name(struct span full, struct span part[5])
{
	ptrdiff_t at = span_find(full, SPAN(", "));
	size_t i;

	if (at > 0) {
		part[0] = span_trim(span_first(full, (size_t)at));
		part[1] = span_trim(span_from_at(full, (size_t)at + 2));
		return;
	}
	for (i = full.n; i && full.p[i - 1] != ' '; i--)
		;
	part[0] = span_from_at(full, i);
	part[1] = span_trim(span_first(full, i));
}

struct span
contact_join_name(struct arena *a, const struct span part[5], unsigned mask)
{
	char *s = arena_printf(a, "%s", "");

	for (size_t i = 0; i < 5; i++) {
		struct span p = span_trim(part[spoken[i]]);

		if (mask & 1u << spoken[i] && p.n)
			s = arena_printf(a, "%s%s" SPAN_FMT, s, *s ? " " : "",
					 SPAN_ARG(p));
	}
	return span_of(s);
}

unsigned
contact_made_of(struct arena *a, struct span full, const struct span part[5])
{
	for (unsigned mask = ALL_PARTS; full.n && mask; mask--)
		if (span_eq(contact_join_name(a, part, mask), full))
			return mask;
	return 0;
}
