#include "backends/imap/imap_scan.h"

#include <stdlib.h>
#include <string.h>

static void
skip_blanks(struct span *rest)
{
	while (rest->n && *rest->p == ' ')
		*rest = span_from_at(*rest, 1);
}

struct span
scan_atom(struct span *rest)
{
	struct span s;
	size_t i = 0;

	skip_blanks(rest);
	s = *rest;
	while (i < s.n && !strchr(" ()[]\r\n", s.p[i]))
		i++;
	*rest = span_from_at(s, i);
	return span_first(s, i);
}

bool
scan_char(struct span *rest, char c)
{
	skip_blanks(rest);
	if (!rest->n || *rest->p != c)
		return false;
	*rest = span_from_at(*rest, 1);
	return true;
}

bool
scan_u64(struct span *rest, uint64_t *out)
{
	struct span save = *rest;

	if (span_u64(scan_atom(rest), out))
		return true;
	*rest = save;
	return false;
}

static bool
scan_quoted(struct span *rest, struct arena *a, struct span *out)
{
	char *p = arena_alloc(a, rest->n + 1);
	size_t i, n = 0;

	for (i = 0; i < rest->n && rest->p[i] != '"'; i++) {
		if (rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
		p[n++] = rest->p[i];
	}
	if (i >= rest->n)
		return false;
	*rest = span_from_at(*rest, i + 1);
	*out = span_from(p, n);
	return true;
}

static bool
scan_literal(struct span *rest, struct span *out)
{
	struct span r = *rest, digits = span_take_until(&r, '}');
	uint64_t n;

	if (!span_u64(digits, &n) || !span_starts(r, SPAN("\r\n")))
		return false;
	r = span_from_at(r, 2);
	if (n > r.n)
		return false;
	*out = span_first(r, (size_t)n);
	*rest = span_from_at(r, (size_t)n);
	return true;
}

bool
scan_string(struct span *rest, struct arena *a, struct span *out)
{
	if (scan_char(rest, '"'))
		return scan_quoted(rest, a, out);
	if (scan_char(rest, '{'))
		return scan_literal(rest, out);
	*out = scan_atom(rest);
	return out->n > 0;
}

static void
status_item(struct span item, uint64_t v, struct folder_status *st)
{
	uint32_t small = v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;

	if (span_eq_ci(item, SPAN("UIDNEXT"))) {
		st->uidnext = small;
		st->has |= STATUS_UIDNEXT;
	} else if (span_eq_ci(item, SPAN("UIDVALIDITY"))) {
		st->uidvalidity = small;
		st->has |= STATUS_UIDVALIDITY;
	} else if (span_eq_ci(item, SPAN("MESSAGES"))) {
		st->messages = small;
		st->has |= STATUS_MESSAGES;
	} else if (span_eq_ci(item, SPAN("UNSEEN"))) {
		st->unseen = small;
		st->has |= STATUS_UNSEEN;
	} else if (span_eq_ci(item, SPAN("HIGHESTMODSEQ"))) {
		st->modseq = v;
		st->has |= STATUS_MODSEQ;
	}
}

bool
scan_status(struct span rest, struct arena *a, struct span *box_out,
	    struct folder_status *st, struct span *objectid_out)
{
	if (!scan_string(&rest, a, box_out) || !scan_char(&rest, '('))
		return false;
	while (!scan_char(&rest, ')')) {
		struct span item = scan_atom(&rest);
		uint64_t v;

		if (!item.n)
			return false;
		if (scan_char(&rest, '(')) {
			struct span id = scan_atom(&rest);

			if (!scan_char(&rest, ')'))
				return false;
			if (span_eq_ci(item, SPAN("MAILBOXID")) &&
			    objectid_out)
				*objectid_out = id;
		} else if (scan_u64(&rest, &v)) {
			status_item(item, v, st);
		} else if (!scan_atom(&rest).n) {
			return false;
		}
	}
	st->found = true;
	return true;
}

bool
scan_code(struct span text, struct span *name, struct span *args)
{
	struct span in;

	text = span_trim(text);
	if (!span_starts(text, SPAN("[")) || span_find_byte(text, ']') < 0)
		return false;
	text = span_from_at(text, 1);
	in = span_take_until(&text, ']');
	*name = span_take_until(&in, ' ');
	*args = in;
	return true;
}

static int
cmp_u32(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

bool
scan_set(struct span text, struct arena *a, size_t max, uint32_t **out,
	 size_t *n_out)
{
	uint32_t *v = NULL;
	size_t n = 0, room = 0;

	text = span_trim(text);
	while (text.n) {
		struct span one = span_take_until(&text, ',');
		struct span low = span_take_until(&one, ':');
		uint32_t from, to, u;

		if (!span_u32(low, &from))
			return false;
		to = from;
		if (one.n && !span_u32(one, &to))
			return false;
		if (to < from) {
			u = to;
			to = from;
			from = u;
		}
		if (to - from >= max - n)
			return false;
		for (u = from;; u++) {
			v = arena_grow(a, v, n, &room, sizeof(*v));
			v[n++] = u;
			if (u == to)
				break;
		}
	}
	if (n)
		qsort(v, n, sizeof(*v), cmp_u32);
	*out = v;
	*n_out = n;
	return true;
}
