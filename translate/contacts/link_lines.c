/* Lines of one card in another: values of any version, types, labels. */
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "translate/contacts/link_private.h"
#include "translate/text/charset.h"
#include "translate/text/fold.h"

enum link_value_kind
link_value_kind(const struct ics_line *l)
{
	static const char handles[] =
		"|IMPP|X-MS-IMADDRESS|X-AIM|X-ICQ|X-JABBER|X-MSN|X-YAHOO|"
		"X-SKYPE|X-SKYPE-USERNAME|X-GOOGLE-TALK|X-GADUGADU|X-QQ|";
	char name[40];

	if (ics_is(l->name, "EMAIL"))
		return VALUE_MAIL;
	if (ics_is(l->name, "TEL") || ics_is(l->name, "X-MS-TEL"))
		return VALUE_PHONE;
	if (ics_is(l->name, "ADR"))
		return VALUE_ADDRESS;
	if (ics_is(l->name, "X-MS-CHILD") || ics_is(l->name, "X-CHILD"))
		return VALUE_CHILD;
	if (l->name.n == 0 || l->name.n > 30)
		return VALUE_OTHER;
	snprintf(name, sizeof(name), "|" SPAN_FMT "|", SPAN_ARG(l->name));
	if (span_find_ci(span_of(handles), span_of(name)) >= 0)
		return VALUE_IM;
	return VALUE_OTHER;
}

struct span
link_value_key(struct arena *a, const struct link_rules *r,
	       const struct card *c, const struct ics_line *l)
{
	struct span s = card_text(c, l), key;

	switch (link_value_kind(l)) {
	case VALUE_MAIL:
		return charset_lower(a, contact_address(s));
	case VALUE_PHONE:
		key = link_phone(a, r, s);
		return key.n > 0 ? key : s;
	case VALUE_ADDRESS:
		return fold_name(a, card_value(c, l), false);
	case VALUE_IM:
		return charset_lower(a, contact_handle(s));
	case VALUE_CHILD:
	case VALUE_OTHER:
		break;
	}
	return s;
}

/* ---- from one version to another --------------------------------------------*/

static void
put_literal(struct buf *b, const struct card *to, char ch)
{
	bool old = to->version == 21;

	if (ch == '\r')
		return;
	if (ch == '\n' && !old) {
		buf_str(b, "\\n");
		return;
	}
	if (ch == ';' || ch == '\\' || (ch == ',' && !old))
		buf_byte(b, '\\');
	buf_byte(b, ch);
}

struct span
link_transcode(const struct card *from, const struct card *to,
	       const struct ics_line *l)
{
	struct span v = card_value(from, l), out;
	struct buf b = BUF_INIT(4u << 20);
	bool old = from->version == 21;
	bool list = ics_is(l->name, "CATEGORIES") ||
		    ics_is(l->name, "NICKNAME");
	size_t i;

	for (i = 0; i < v.n; i++) {
		char ch = v.p[i], next = i + 1 < v.n ? v.p[i + 1] : '\0';

		if (ch == '\\' && next != '\0' &&
		    (!old || strchr(";,:\\", next) != NULL)) {
			bool newline = !old && (next == 'n' || next == 'N');

			put_literal(&b, to, newline ? '\n' : next);
			i++;
		} else if (ch == ';' || (ch == ',' && (!old || list))) {
			buf_byte(&b, ch);
		} else {
			put_literal(&b, to, ch);
		}
	}
	out = arena_dup(to->a, buf_view(&b));
	buf_free(&b);
	return out;
}

/* The types of a line, comma separated, without PREF: the first card's
 * choice counts. */
static const char *
types_of(struct arena *a, const struct card *c, const struct ics_line *l)
{
	static const char *const known[] = {
		"HOME", "WORK", "CELL", "FAX", "PAGER", "CAR", "VOICE",
		"VIDEO", "TEXTPHONE", "TEXT", "MODEM", "ISDN", "MSG", "MAIN",
		"X-MAIN", "COMPANY", "MOBILE", "X-MOBILE", "IPHONE", "OTHER",
		"INTERNET", "DOM", "INTL", "POSTAL", "PARCEL", "X-RADIO",
		"X-EVOLUTION-RADIO", "X-ASSISTANT", "X-EVOLUTION-ASSISTANT",
		"X-EVOLUTION-COMPANY", "X-MMS", "SPOUSE", "CHILD", "MANAGER",
		"ASSISTANT",
	};
	const char *s = "";
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (card_is(c, l, known[i]))
			s = arena_printf(a, "%s%s%s", s, *s ? "," : "",
					 known[i]);
	return *s ? s : NULL;
}

static bool
is_preferred(const struct card *c, const struct ics_line *l)
{
	return card_is(c, l, "PREF") ||
	       ics_param(c->a, l, "PREF").n > 0;
}

/* ---- groups -------------------------------------------------------------------*/

static bool
group_used(const struct card *c, struct span name)
{
	const struct ics_line *l;

	for (l = c->vcard->first; l != NULL; l = l->next)
		if (span_eq_ci(l->group, name))
			return true;
	return false;
}

static struct span
free_group(const struct card *c)
{
	struct span s;
	unsigned n = 1;

	do
		s = span_of(arena_printf(c->a, "item%u", n++));
	while (group_used(c, s));
	return s;
}

/* Puts a line into a group; raw has no group yet. */
static void
set_group(const struct card *c, struct ics_line *l, struct span group)
{
	l->group = group;
	l->raw = span_of(arena_printf(c->a, SPAN_FMT "." SPAN_FMT,
				      SPAN_ARG(group), SPAN_ARG(l->raw)));
}

static bool
is_label(const struct ics_line *l)
{
	return ics_is(l->name, "X-ABLABEL") || ics_is(l->name, "X-ABADR");
}

/* ---- copying ------------------------------------------------------------------*/

/* The line itself, without its group: both cards are of one version. */
static struct ics_line *
copy_raw(const struct card *to, const struct ics_line *l)
{
	/* card_add mends a last line without an end. */
	struct ics_line *n = card_add(to, NULL, "X", NULL, SPAN_NONE);
	struct ics_line *next = n->next;

	*n = *l;
	n->next = next;
	if (l->group.n > 0 && l->group.n < l->raw.n)
		n->raw = span_from_at(l->raw, l->group.n + 1);
	n->group = SPAN_NONE;
	if (n->raw.n > 0 && n->raw.p[n->raw.n - 1] != '\n')
		n->raw = span_of(arena_printf(to->a, SPAN_FMT "\r\n",
					      SPAN_ARG(n->raw)));
	return n;
}

/* The bytes of a picture under the parameters of the other version. */
static void
set_photo(const struct card *c, struct ics_line *l, struct span raw)
{
	bool jpeg = raw.n > 0 && raw.p[0] == (char)0xff;
	bool gif = span_starts(raw, SPAN("GIF8"));
	bool webp = span_starts(raw, SPAN("RIFF"));
	const char *kind = jpeg ? "JPEG" : gif ? "GIF" : webp ? "WEBP" : "PNG";
	struct span b64 = base64_encode(c->a, raw);
	const char *params = arena_printf(
		c->a, c->version == 21 ? "ENCODING=BASE64;%s"
				       : "ENCODING=b;TYPE=%s", kind);

	if (c->version == 40) {
		b64 = span_of(arena_printf(
			c->a, "data:image/" SPAN_FMT ";base64," SPAN_FMT,
			SPAN_ARG(charset_lower(c->a, span_of(kind))),
			SPAN_ARG(b64)));
		params = "";
	}
	ics_change(c->a, l, span_of(params), b64);
	if (c->version == 21) /* its base64 ends with an empty line */
		l->raw = span_of(arena_printf(c->a, SPAN_FMT "\r\n",
					      SPAN_ARG(l->raw)));
}

bool
link_is_date(const struct ics_line *l)
{
	return ics_is(l->name, "BDAY") ||
	       span_ends_ci(l->name, SPAN("ANNIVERSARY")) ||
	       ics_is(l->name, "X-ABDATE");
}

static struct ics_line *
copy_one(const struct card *from, const struct card *to,
	 const struct ics_line *l)
{
	struct ics_line *n;
	struct span bytes;
	int64_t days;

	if (from->version == to->version && !is_preferred(from, l))
		return copy_raw(to, l);
	n = card_add(to, NULL, arena_str(to->a, l->name),
		     types_of(to->a, from, l), SPAN_NONE);
	if (ics_is(l->name, "PHOTO") && contact_photo(from, l, &bytes))
		set_photo(to, n, bytes);
	else if (link_is_date(l) && contact_date(from, l, &days))
		contact_date_set(to, n, days);
	else
		card_change(to, n, link_transcode(from, to, l));
	return n;
}

struct ics_line *
link_copy_line(const struct card *from, const struct card *to,
	       const struct ics_line *l)
{
	struct ics_line *n = copy_one(from, to, l), *label;
	const struct ics_line *k;
	struct span group;

	if (l->group.n == 0)
		return n;
	group = free_group(to);
	for (k = from->vcard->first; k != NULL; k = k->next) {
		if (k == l || !is_label(k) || !span_eq_ci(k->group, l->group))
			continue;
		label = copy_one(from, to, k);
		set_group(to, label, group);
	}
	if (group_used(to, group))
		set_group(to, n, group);
	return n;
}

bool
link_is_label(const struct ics_line *l)
{
	return is_label(l);
}

/* ---- changing an owner's line ---------------------------------------------------*/

static struct span
handle_for(const struct card *c, const struct ics_line *l, struct span text)
{
	struct span old = card_text(c, l), rest = contact_handle(old);
	struct span handle = contact_handle(text);

	if (!ics_is(l->name, "IMPP"))
		return handle;
	if (handle.n < text.n && rest.n == old.n)
		return text;
	old = span_first(old, old.n - rest.n);
	return span_of(arena_printf(c->a, SPAN_FMT SPAN_FMT, SPAN_ARG(old),
				    SPAN_ARG(handle)));
}

void
link_change_line(const struct card *from, const struct ics_line *now,
		 const struct card *to, struct ics_line *l)
{
	struct span bytes, text = card_text(from, now);
	int64_t days;

	if (ics_is(l->name, "PHOTO")) {
		if (contact_photo(from, now, &bytes))
			set_photo(to, l, bytes);
		return;
	}
	if (link_is_date(l) && contact_date(from, now, &days)) {
		contact_date_set(to, l, days);
		return;
	}
	switch (link_value_kind(l)) {
	case VALUE_IM:
		card_change(to, l,
			    card_escape(to, handle_for(to, l, text)));
		return;
	case VALUE_PHONE:
		l->params = card_params_without(to->a, l->params, " VALUE ");
		break;
	case VALUE_MAIL:
	case VALUE_ADDRESS:
	case VALUE_CHILD:
	case VALUE_OTHER:
		break;
	}
	card_change(to, l, link_transcode(from, to, now));
}
