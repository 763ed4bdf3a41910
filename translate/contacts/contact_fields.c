/* Which line stands in which slot of the Contacts class. */
#include <string.h>

#include "base/clock.h"
#include "translate/contacts/contact_private.h"
#include "translate/text/content_lines.h"

/* ---- finding lines -----------------------------------------------------*/

/* All lines of the properties in "A|B|" that have a value. */
static size_t
lines_of(const struct card *c, const char *names, struct ics_line **out,
	 size_t max)
{
	struct span rest = span_of(names);
	size_t n = 0;

	while (rest.n) {
		const char *name = arena_str(c->a, span_take_until(&rest, '|'));
		struct ics_line *l = ics_find(c->vcard, name);

		for (; l && n < max; l = ics_again(l, name))
			if (card_text(c, l).n)
				out[n++] = l;
	}
	return n;
}

static bool
is_uri(const struct ics_line *l, struct span text)
{
	return span_find_ci(l->params, SPAN("VALUE=URI")) >= 0 ||
	       span_starts_ci(text, SPAN("urn:")) ||
	       span_starts_ci(text, SPAN("http")) ||
	       span_starts_ci(text, SPAN("mailto:"));
}

/* RELATED;TYPE=label and Apple's labelled lines, as text. */
static size_t
labelled(const struct card *c, const char *label, struct ics_line **out,
	 size_t max)
{
	size_t n = lines_of(c, "RELATED|X-ABRELATEDNAMES|X-ABDATE|", out, max);
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		bool related = ics_is(out[i]->name, "RELATED");

		if (related ? card_is(c, out[i], label) &&
				      !is_uri(out[i], card_text(c, out[i]))
			    : ics_is(card_label(c, out[i]), label))
			out[k++] = out[i];
	}
	return k;
}

/* 4.0 counts from 1 to 100, the others only know one. */
static unsigned
rank(const struct card *c, const struct ics_line *l)
{
	uint32_t n;

	if (card_is(c, l, "PREF"))
		return 1;
	return span_u32(ics_param(c->a, l, "PREF"), &n) && n < 101 ? n : 101;
}

size_t
contact_mails(const struct card *c, struct ics_line **out, size_t max)
{
	struct ics_line *l, *all[MAX_CARD_LINES];
	unsigned by[MAX_CARD_LINES];
	size_t n = lines_of(c, "EMAIL|", all, MAX_CARD_LINES), k;

	for (size_t i = 0; i < n; i++) { /* stable, few */
		unsigned r = rank(c, all[i]);

		l = all[i];
		for (k = i; k && by[k - 1] > r; k--) {
			by[k] = by[k - 1];
			all[k] = all[k - 1];
		}
		by[k] = r;
		all[k] = l;
	}
	n = n < max ? n : max;
	memcpy(out, all, n * sizeof(*out));
	return n;
}

/* ---- values ------------------------------------------------------------*/

struct span
contact_address(struct span s)
{
	ptrdiff_t open, end;

	s = span_trim(s);
	open = span_find_byte(s, '<');
	if (open >= 0) {
		struct span in = span_from_at(s, (size_t)open + 1);

		end = span_find_byte(in, '>');
		if (end > 0)
			s = span_trim(span_first(in, (size_t)end));
	}
	if (span_starts_ci(s, SPAN("mailto:")))
		s = span_from_at(s, 7);
	return s;
}

struct span
contact_handle(struct span s)
{
	static const char *const schemes[] = {
		"x-apple:", "xmpp:",  "im:",  "aim:",   "sip:",   "msnim:",
		"ymsgr:",   "skype:", "icq:", "gtalk:", "jabber:"
	};

	s = span_trim(s);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (span_starts_ci(s, span_of(schemes[i])))
			return span_trim(span_from_at(s, strlen(schemes[i])));
	return s;
}

bool
contact_same(struct span a, struct span b)
{
	size_t i = 0, k = 0;

	a = span_trim(a);
	b = span_trim(b);
	for (;;) {
		while (i < a.n && a.p[i] == '\r')
			i++;
		while (k < b.n && b.p[k] == '\r')
			k++;
		if (i >= a.n || k >= b.n)
			return i >= a.n && k >= b.n;
		if (a.p[i++] != b.p[k++])
			return false;
	}
}

/* ---- slots -------------------------------------------------------------*/

static const char *
pool_of(const struct card *c, const struct ics_line *l)
{
	struct span label = card_label(c, l);
	bool home = card_is(c, l, "HOME"), work = card_is(c, l, "WORK");

	if (card_is(c, l, "FAX"))
		return home ? POOL_HOME_FAX : POOL_WORK_FAX;
	if (card_is(c, l, "PAGER"))
		return POOL_PAGER;
	if (card_is(c, l, "CAR"))
		return POOL_CAR;
	if (card_is(c, l, "X-RADIO") || card_is(c, l, "X-EVOLUTION-RADIO") ||
	    ics_is(label, "Radio"))
		return POOL_RADIO;
	if (card_is(c, l, "X-ASSISTANT") || ics_is(label, "Assistant") ||
	    card_is(c, l, "X-EVOLUTION-ASSISTANT"))
		return POOL_ASSISTANT;
	if (card_is(c, l, "X-MAIN") || card_is(c, l, "MAIN") ||
	    card_is(c, l, "COMPANY") || ics_is(label, "Main") ||
	    card_is(c, l, "X-EVOLUTION-COMPANY"))
		return POOL_COMPANY;
	if (card_is(c, l, "X-MMS"))
		return POOL_MMS;
	if (card_is(c, l, "CELL") || card_is(c, l, "X-MOBILE") ||
	    card_is(c, l, "MOBILE") || card_is(c, l, "IPHONE"))
		return POOL_MOBILE;
	if (card_is(c, l, "VIDEO") || card_is(c, l, "TEXTPHONE") ||
	    card_is(c, l, "MODEM") || card_is(c, l, "ISDN"))
		return NULL;
	return work ? POOL_WORK : home ? POOL_HOME : "";
}

static bool
put_phone(struct contact *k, const char *pool, struct ics_line *l)
{
	struct span s = card_text(k->c, l);

	if (span_starts_ci(s, SPAN("tel:")))
		s = span_from_at(s, 4);
	for (size_t i = 0; i < n_contact_fields; i++) {
		const struct field *f = &contact_fields[i];

		if (f->kind != FIELD_PHONE || k->slot[i].line ||
		    strcmp(f->types, pool) != 0)
			continue;
		k->slot[i] = (struct slot){ .text = s, .line = l };
		return true;
	}
	return false;
}

/* What has no slot of its own kind takes a free one: better in the wrong
 * place than not to be seen. */
static void
spill(struct contact *k, struct ics_line *l, const char *pool)
{
	bool work = card_is(k->c, l, "WORK");

	if (strcmp(pool, "") == 0)
		(void)(put_phone(k, POOL_HOME, l) ||
		       put_phone(k, POOL_MOBILE, l) ||
		       put_phone(k, POOL_WORK, l));
	else if (strcmp(pool, POOL_MOBILE) == 0)
		(void)(put_phone(k, work ? POOL_WORK : POOL_HOME, l) ||
		       put_phone(k, work ? POOL_HOME : POOL_WORK, l));
}

static void
read_phones(struct contact *k)
{
	struct ics_line *l[MAX_CARD_LINES], *left[MAX_CARD_LINES];
	size_t n = lines_of(k->c, "TEL|X-MS-TEL|", l, MAX_CARD_LINES);
	size_t n_left = 0;

	for (size_t i = 0; i < n; i++) {
		const char *pool = pool_of(k->c, l[i]);

		if (pool && !put_phone(k, pool, l[i]))
			left[n_left++] = l[i];
	}
	for (size_t i = 0; i < n_left; i++)
		spill(k, left[i], pool_of(k->c, left[i]));
}

/* Puts lines into the slots of a kind, one each, no value twice. */
static void
fill(struct contact *k, enum field_kind kind, struct ics_line **l, size_t n,
     struct span (*show)(struct span))
{
	size_t at = 0;

	for (size_t i = 0; i < n_contact_fields; i++) {
		if (contact_fields[i].kind != kind)
			continue;
		for (; at < n && !k->slot[i].line; at++) {
			struct span s = show(card_text(k->c, l[at]));
			bool twice = !s.n;

			for (size_t j = 0; j < i; j++)
				twice |= contact_fields[j].kind == kind &&
					 span_eq(k->slot[j].text, s);
			if (!twice)
				k->slot[i] = (struct slot){ s, l[at] };
		}
	}
}

static struct ics_line *
address_line(struct card *c, struct ics_line **l, size_t n, const char *type)
{
	for (size_t i = 0; i < n; i++) {
		struct ics_line *hit = l[i];
		bool home = hit && card_is(c, hit, "HOME");
		bool work = hit && card_is(c, hit, "WORK");

		if (!hit || (type && !card_is(c, hit, type)) ||
		    (!type && (home || work)))
			continue;
		l[i] = NULL;
		return hit;
	}
	for (size_t i = 0; !type && i < n; i++)
		if (l[i]) /* a second one of a kind */
			return l[i];
	return NULL;
}

static struct span
address_part(const struct card *c, const struct ics_line *l, int want)
{
	struct span part[MAX_PARTS], s;
	size_t n = card_split(card_value(c, l), ';', part, MAX_PARTS);
	char *all = arena_printf(c->a, "%s", "");

	if (want != 2)
		return (size_t)want < n ? card_plain(c, part[want]) : SPAN_NONE;
	for (size_t i = 0; i < 3 && i < n; i++) { /* box, floor, street */
		s = card_plain(c, part[i]);
		if (s.n)
			all = arena_printf(c->a, "%s%s" SPAN_FMT, all,
					   *all ? "\n" : "", SPAN_ARG(s));
	}
	return span_of(all);
}

static void
read_addresses(struct contact *k)
{
	static const char *const types[] = { "HOME", "WORK", NULL };
	struct ics_line *all[MAX_CARD_LINES], *l;
	size_t n = 0;

	for (l = ics_find(k->c->vcard, "ADR"); l && n < MAX_CARD_LINES;
	     l = ics_again(l, "ADR"))
		all[n++] = l;
	for (size_t t = 0; t < 3; t++) {
		l = address_line(k->c, all, n, types[t]);
		for (size_t i = 0; l && i < n_contact_fields; i++) {
			const struct field *f = &contact_fields[i];

			if (f->kind != FIELD_ADDRESS ||
			    !span_eq(span_of(f->types), span_of(types[t])))
				continue;
			k->slot[i].line = l;
			k->slot[i].text = address_part(k->c, l, f->part);
		}
	}
}

static struct ics_line *
own_line(const struct card *c, const struct field *f)
{
	struct ics_line *l[MAX_CARD_LINES];

	if (lines_of(c, f->names, l, 1))
		return l[0];
	return f->label && labelled(c, f->label, l, MAX_CARD_LINES) ? l[0]
								    : NULL;
}

/* What lies beyond is how Outlook writes that there is no date (1601, 4501),
 * and no phone shows it well. */
#define FIRST_YEAR NO_YEAR
#define LAST_YEAR 4499

static struct span
show_date(const struct card *c, const struct ics_line *l)
{
	int64_t days;

	if (!contact_date(c, l, &days) || days < clock_days(FIRST_YEAR, 1, 1) ||
	    days > clock_days(LAST_YEAR, 12, 31))
		return SPAN_NONE;
	return span_of(clock_dashed(c->a, days * 86400));
}

static void
read_own_lines(struct contact *k)
{
	for (size_t i = 0; i < n_contact_fields; i++) {
		const struct field *f = &contact_fields[i];

		if (f->kind != FIELD_TEXT && f->kind != FIELD_LIST &&
		    f->kind != FIELD_URL && f->kind != FIELD_DATE &&
		    f->kind != FIELD_FILE_AS)
			continue;
		k->slot[i].line = own_line(k->c, f);
		if (!k->slot[i].line)
			continue;
		k->slot[i].text = f->kind == FIELD_DATE
					  ? show_date(k->c, k->slot[i].line)
					  : card_text(k->c, k->slot[i].line);
	}
}

/* Parts of N or ORG; false if all are empty. */
static bool
read_parts(struct contact *k, const char *name, enum field_kind kind,
	   struct ics_line **line)
{
	struct span part[MAX_PARTS];
	bool any = false;
	size_t n;

	*line = ics_find(k->c->vcard, name);
	if (!*line)
		return false;
	n = card_split(card_value(k->c, *line), ';', part, MAX_PARTS);
	for (size_t i = 0; i < n_contact_fields; i++) {
		const struct field *f = &contact_fields[i];

		if (f->kind != kind || (size_t)f->part >= n)
			continue;
		k->slot[i].text = card_plain(k->c, part[f->part]);
		any |= k->slot[i].text.n > 0;
	}
	return any;
}

static struct span
text_of(const struct contact *k, wbxml_tag t)
{
	for (size_t i = 0; i < n_contact_fields; i++)
		if (contact_fields[i].tag == t)
			return k->slot[i].text;
	return SPAN_NONE;
}

struct span
contact_file_as(const struct contact *k)
{
	static const wbxml_tag next[] = {
		WX_Contacts_CompanyName,     WX_Contacts2_NickName,
		WX_Contacts_Email1Address,   WX_Contacts_MobilePhoneNumber,
		WX_Contacts_HomePhoneNumber, WX_Contacts_BusinessPhoneNumber
	};
	struct span s = k->full;

	if (!s.n)
		s = contact_join_name(k->c->a, k->part, ALL_PARTS);
	for (size_t i = 0; !s.n && i < sizeof(next) / sizeof(*next); i++)
		s = text_of(k, next[i]);
	return s;
}

/* No name but FN: phones show first and last name only (field/clients 10).
 * A firm's card has none and needs none. */
static void
read_names(struct contact *k)
{
	struct ics_line *l[1];

	k->fn = lines_of(k->c, "FN|", l, 1) ? l[0]
					    : ics_find(k->c->vcard, "FN");
	k->full = k->fn ? card_text(k->c, k->fn) : SPAN_NONE;
	read_parts(k, "ORG", FIELD_ORG, &k->org);
	if (read_parts(k, "N", FIELD_NAME, &k->name)) {
		for (size_t i = 0; i < n_contact_fields; i++)
			if (contact_fields[i].kind == FIELD_NAME)
				k->part[contact_fields[i].part] =
					k->slot[i].text;
		return;
	}
	if (!k->full.n || span_eq(k->full, text_of(k, WX_Contacts_CompanyName)))
		return;
	contact_split_name(k->full, k->part);
	for (size_t i = 0; i < n_contact_fields; i++)
		if (contact_fields[i].kind == FIELD_NAME)
			k->slot[i].text = k->part[contact_fields[i].part];
}

static void
read_categories(struct contact *k)
{
	struct ics_line *l = ics_find(k->c->vcard, "CATEGORIES");
	struct span part[MAX_LABELS], s;

	for (; l; l = ics_again(l, "CATEGORIES")) {
		size_t n =
			card_split(card_value(k->c, l), ',', part, MAX_LABELS);

		for (size_t i = 0; i < n && k->n_category < MAX_LABELS; i++) {
			s = card_plain(k->c, part[i]);
			if (s.n)
				k->category[k->n_category++] = s;
		}
	}
}

static void
read_children(struct contact *k)
{
	static const char *const labels[] = { "Child", "Son", "Daughter" };
	struct ics_line *l[MAX_LABELS];
	size_t n = lines_of(k->c, "X-MS-CHILD|X-CHILD|", l, MAX_LABELS);

	for (size_t t = 0; t < 3; t++)
		n += labelled(k->c, labels[t], l + n, MAX_LABELS - n);
	for (size_t i = 0; i < n; i++) {
		k->child[k->n_child] = card_text(k->c, l[i]);
		k->child_line[k->n_child++] = l[i];
	}
}

/* In the order of the card: a new one goes behind those that are there. */
size_t
contact_handles(const struct card *c, struct ics_line **out, size_t max)
{
	static const char names[] =
		"|IMPP|X-MS-IMADDRESS|X-AIM|X-ICQ|X-JABBER|X-MSN|X-YAHOO|"
		"X-SKYPE|X-SKYPE-USERNAME|X-GOOGLE-TALK|X-GADUGADU|X-QQ|";
	struct ics_line *l = c->vcard->first;
	size_t n = 0;

	for (; l && n < max; l = l->next) {
		char *name =
			arena_printf(c->a, "|" SPAN_FMT "|", SPAN_ARG(l->name));

		if (l->name.n &&
		    span_find_ci(span_of(names), span_of(name)) >= 0 &&
		    card_text(c, l).n)
			out[n++] = l;
	}
	return n;
}

void
contact_read(struct card *c, struct contact *k)
{
	struct ics_line *l[MAX_CARD_LINES];

	memset(k, 0, sizeof(*k));
	k->c = c;
	fill(k, FIELD_MAIL, l, contact_mails(c, l, MAX_CARD_LINES),
	     contact_address);
	fill(k, FIELD_IM, l, contact_handles(c, l, MAX_CARD_LINES),
	     contact_handle);
	read_phones(k);
	read_addresses(k);
	read_own_lines(k);
	read_names(k);
	read_categories(k);
	read_children(k);
	if (lines_of(c, "NOTE|", l, 1)) {
		k->note_line = l[0];
		k->note = card_text(c, l[0]);
	}
	k->photo_line = ics_find(c->vcard, "PHOTO");
	if (!k->slot[0].text.n)
		k->slot[0].text = contact_file_as(k);
}
