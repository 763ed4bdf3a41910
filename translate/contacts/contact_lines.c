/* What vCard 2.1, 3.0 and 4.0 do differently with one line. */
#include <string.h>

#include "base/utf8.h"
#include "translate/contacts/contact_private.h"
#include "translate/text/charset.h"
#include "translate/text/content_lines.h"

bool
card_open(struct arena *a, struct span text, struct card *c, struct err *e)
{
	struct span v;

	memset(c, 0, sizeof(*c));
	c->a = a;
	if (!ics_parse(a, text, &c->root, e))
		return false;
	c->vcard = ics_child(c->root, "VCARD");
	if (!c->vcard)
		return false;
	v = ics_value(c->vcard, "VERSION");
	c->version = span_starts(v, SPAN("2"))   ? 21
		     : span_starts(v, SPAN("4")) ? 40
						 : 30;
	return true;
}

/* ---- parameters --------------------------------------------------------*/

/* One parameter as it stands, with its name and what follows the =. */
static struct span
take(struct span *rest, struct span *name, struct span *value)
{
	struct span at = *rest;

	*value = ics_take_param(rest, name);
	at.n -= rest->n;
	if (rest->n && at.n)
		at.n--; /* the ; between the two */
	while (at.n && at.p[at.n - 1] == ';')
		at.n--;
	return at;
}

static bool
listed(struct arena *a, struct span name, const char *names)
{
	char *p = arena_printf(a, " " SPAN_FMT " ", SPAN_ARG(name));

	return span_find_ci(span_of(names), span_of(p)) >= 0;
}

struct span
card_params_without(struct arena *a, struct span rest, const char *names)
{
	struct buf b = BUF_INIT(1u << 20);
	struct span name, value, one;

	while (rest.n) {
		one = take(&rest, &name, &value);
		if (!one.n || listed(a, name, names))
			continue;
		if (b.n)
			buf_byte(&b, ';');
		buf_span(&b, one);
	}
	one = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return one;
}

static struct span
bare(struct span s)
{
	s = span_trim(s);
	if (s.n && s.p[0] == '"')
		s = span_from_at(s, 1);
	if (s.n && s.p[s.n - 1] == '"')
		s.n--;
	return span_trim(s);
}

bool
card_is(const struct card *c, const struct ics_line *l, const char *type)
{
	struct span rest = l->params, name, value;

	(void)c;
	while (rest.n) {
		struct span one = take(&rest, &name, &value);

		if (span_find_byte(one, '=') < 0) { /* 2.1: bare */
			if (ics_is(span_trim(one), type))
				return true;
			continue;
		}
		if (!ics_is(name, "TYPE"))
			continue;
		value = bare(value);
		while (value.n)
			if (ics_is(bare(span_take_until(&value, ',')), type))
				return true;
	}
	return false;
}

struct span
card_label(const struct card *c, const struct ics_line *l)
{
	struct ics_line *k = ics_find(c->vcard, "X-ABLABEL");
	struct span s;

	for (; l->group.n && k; k = ics_again(k, "X-ABLABEL")) {
		if (!span_eq_ci(k->group, l->group))
			continue;
		s = card_text(c, k);
		if (span_starts(s, SPAN("_$!<")) &&
		    span_ends_ci(s, SPAN(">!$_")))
			s = span_from(s.p + 4, s.n - 8);
		return s;
	}
	return SPAN_NONE;
}

/* ---- values ------------------------------------------------------------*/

static int
hex(char ch)
{
	return ch >= '0' && ch <= '9'   ? ch - '0'
	       : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
	       : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
					: -1;
}

/* Length of a line end at s[i], a fold's blank with it. */
static size_t
line_end(struct span s, size_t i, bool fold)
{
	size_t n = 0;

	if (i + n < s.n && s.p[i + n] == '\r')
		n++;
	if (i + n >= s.n || s.p[i + n] != '\n')
		return 0;
	n++;
	if (fold && i + n < s.n && (s.p[i + n] == ' ' || s.p[i + n] == '\t'))
		n++;
	return n;
}

static struct span
qp_decode(struct arena *a, struct span s)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0, i = 0, k;

	while (i < s.n) {
		if (s.p[i] == '=' && (k = line_end(s, i + 1, false))) {
			i += 1 + k;
		} else if ((k = line_end(s, i, true))) {
			i += k;
		} else if (s.p[i] == '=' && i + 2 < s.n &&
			   hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0) {
			p[n++] = (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]));
			i += 3;
		} else {
			p[n++] = s.p[i++];
		}
	}
	if (n && p[n - 1] == '=') /* a soft break before the very end */
		n--;
	return span_from(p, n);
}

static bool
is_qp(const struct card *c, const struct ics_line *l)
{
	return span_eq_ci(ics_param(c->a, l, "ENCODING"),
			  SPAN("QUOTED-PRINTABLE")) ||
	       card_is(c, l, "QUOTED-PRINTABLE");
}

struct span
card_value(const struct card *c, const struct ics_line *l)
{
	struct span v = is_qp(c, l) ? qp_decode(c->a, l->value) : l->value;

	return charset_to_utf8(c->a, v, ics_param(c->a, l, "CHARSET"), true);
}

/* 2.1 has no \n; there a path like C:\new means itself. */
static struct span
unescape_21(struct arena *a, struct span v)
{
	char *p = arena_alloc(a, v.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\\' && i + 1 < v.n && v.p[i + 1] &&
		    strchr(";,:\\", v.p[i + 1]))
			i++;
		p[n++] = v.p[i];
	}
	return span_from(p, n);
}

struct span
card_plain(const struct card *c, struct span v)
{
	v = c->version == 21 ? unescape_21(c->a, v) : ics_unescape(c->a, v);
	return span_trim(utf8_clean(c->a, v));
}

struct span
card_text(const struct card *c, const struct ics_line *l)
{
	return card_plain(c, card_value(c, l));
}

struct span
card_escape(const struct card *c, struct span t)
{
	char *p;
	size_t n = 0;

	t = span_trim(t);
	if (c->version != 21)
		return ics_escape(c->a, t);
	p = arena_alloc(c->a, t.n * 2 + 1);
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] == '\r' || !t.p[i])
			continue;
		if (t.p[i] == ';' || t.p[i] == '\\')
			p[n++] = '\\';
		p[n++] = t.p[i];
	}
	return span_from(p, n);
}

size_t
card_split(struct span v, char sep, struct span *out, size_t max)
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i < v.n && n + 1 < max; i++) {
		if (v.p[i] == '\\') {
			i++;
		} else if (v.p[i] == sep) {
			out[n++] = span_from(v.p + from, i - from);
			from = i + 1;
		}
	}
	out[n++] = span_from_at(v, from);
	return n;
}

/* ---- changing ----------------------------------------------------------*/

static bool
needs_qp(struct span head, struct span v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] >= 127 || (unsigned char)v.p[i] < 32)
			return true;
	return head.n + v.n > 74;
}

/* 2.1: soft line breaks, since its folds keep their blank. */
static void
put_qp(struct buf *b, size_t col, struct span v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char ch = (unsigned char)v.p[i];
		size_t n = ch < 33 || ch > 126 || ch == '=' ? 3 : 1;

		if (col + n > 75) {
			buf_str(b, "=\r\n");
			col = 0;
		}
		if (ch == '\n')
			buf_str(b, "=0D=0A"), n = 6;
		else if (n == 3)
			buf_printf(b, "=%02X", ch);
		else
			buf_byte(b, (char)ch);
		col += n;
	}
}

static void
change_21(const struct card *c, struct ics_line *l, struct span params,
	  struct span v)
{
	struct buf b = BUF_INIT(64u << 20);
	const char *dot = l->group.n ? "." : "";
	bool qp = needs_qp(params, v);
	size_t at;

	if (qp)
		params = span_of(
			arena_printf(c->a,
				     SPAN_FMT "%sCHARSET=UTF-8;"
					      "ENCODING=QUOTED-PRINTABLE",
				     SPAN_ARG(params), params.n ? ";" : ""));
	buf_printf(&b, SPAN_FMT "%s" SPAN_FMT "%s" SPAN_FMT ":",
		   SPAN_ARG(l->group), dot, SPAN_ARG(l->name),
		   params.n ? ";" : "", SPAN_ARG(params));
	at = b.n;
	if (qp)
		put_qp(&b, at % 70, v);
	else
		buf_span(&b, v);
	l->params = params;
	l->value = arena_dup(c->a, span_from(b.p + at, b.n - at));
	buf_str(&b, "\r\n");
	l->raw = arena_dup(c->a, buf_view(&b));
	buf_free(&b);
}

void
card_change(const struct card *c, struct ics_line *l, struct span value)
{
	struct span params = card_params_without(
		c->a, l->params,
		" ENCODING CHARSET QUOTED-PRINTABLE 8BIT BASE64 ");

	if (c->version == 21)
		change_21(c, l, params, value);
	else
		ics_change(c->a, l, params, value);
}

/* The last line of a broken card may lack its end, or (2.1) go on. */
static void
end_line(struct arena *a, struct ics_line *l)
{
	struct span s = l->raw;

	if (s.n && s.p[s.n - 1] == '\n')
		s = span_trim(s);
	else if (s.n)
		l->raw = span_of(
			arena_printf(a, SPAN_FMT "\r\n", SPAN_ARG(l->raw)));
	if (s.n && s.p[s.n - 1] == '=')
		l->raw = span_of(
			arena_printf(a, SPAN_FMT "\r\n", SPAN_ARG(l->raw)));
}

struct ics_line *
card_add(const struct card *c, struct ics_line *after, const char *name,
	 const char *types, struct span value)
{
	struct ics_line *l = arena_alloc(c->a, sizeof(*l)), *k;
	struct span rest = span_of(types);
	char *p = arena_printf(c->a, "%s", "");

	while (rest.n) { /* 3.0 and 4.0: TYPE=A,B; 2.1: A;B */
		struct span t = span_take_until(&rest, ',');

		p = arena_printf(
			c->a, "%s%s%s" SPAN_FMT, p,
			*p ? (c->version == 21 ? ";" : ",") : "",
			*p || c->version == 21 ? "" : "TYPE=", SPAN_ARG(t));
	}
	if (strchr(p, ',') && c->version == 40) /* a list wants its quotes */
		p = arena_printf(c->a, "TYPE=\"%s\"", p + 5);
	l->name = span_of(name);
	l->params = span_of(p);
	card_change(c, l, value);
	for (k = c->vcard->first; k && !c->vcard->end.n; k = k->next)
		if (!k->comp && !k->next)
			end_line(c->a, k);
	if (!after) {
		ics_add(c->vcard, l);
		return l;
	}
	l->next = after->next;
	after->next = l;
	if (c->vcard->last == after)
		c->vcard->last = l;
	return l;
}

void
card_remove(const struct card *c, struct ics_line *gone)
{
	struct span g = gone->group;
	struct ics_line *l, *next;

	ics_remove(c->vcard, gone);
	if (!g.n)
		return;
	for (l = c->vcard->first; l; l = l->next)
		if (span_eq_ci(l->group, g) && !ics_is(l->name, "X-ABLABEL") &&
		    !ics_is(l->name, "X-ABADR"))
			return;
	for (l = c->vcard->first; l; l = next) {
		next = l->next;
		if (span_eq_ci(l->group, g))
			ics_remove(c->vcard, l);
	}
}
