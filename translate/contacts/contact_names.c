/* Display names and their parts. */
#include "translate/contacts/contact_private.h"

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
contact_join_name(struct arena *a, const struct span part[5], unsigned how)
{
	static const unsigned char filed[5] = { 3, 0, 1, 2, 4 };
	const unsigned char *order = how & NAME_FAMILY_FIRST ? filed : spoken;
	char *s = arena_printf(a, "%s", "");
	const char *between = "";

	for (size_t i = 0; i < 5; i++) {
		struct span p = span_trim(part[order[i]]);

		if (!(how & 1u << order[i]) || !p.n)
			continue;
		s = arena_printf(a, "%s%s" SPAN_FMT, s, *s ? between : "",
				 SPAN_ARG(p));
		between = how & NAME_NO_BLANKS            ? ""
			  : how & NAME_COMMA && !order[i] ? ", "
							  : " ";
	}
	return span_of(s);
}

unsigned
contact_made_of(struct arena *a, struct span full, const struct span part[5])
{
	static const unsigned ways[] = { 0, NAME_FAMILY_FIRST | NAME_COMMA,
					 NAME_FAMILY_FIRST, NAME_NO_BLANKS,
					 NAME_FAMILY_FIRST | NAME_NO_BLANKS };

	for (size_t i = 0; full.n && i < sizeof(ways) / sizeof(*ways); i++)
		for (unsigned mask = ALL_PARTS; mask; mask--)
			if (span_eq(contact_join_name(a, part, mask | ways[i]),
				    full))
				return mask | ways[i];
	return 0;
}
