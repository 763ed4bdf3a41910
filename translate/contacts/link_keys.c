/* What a card is known by: UID, e-mail addresses, phone numbers, name. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "translate/contacts/link_private.h"
#include "translate/text/charset.h"
#include "translate/text/fold.h"

#define MIN_DIGITS 7  /* below: an extension, a short code */
#define TAIL_DIGITS 9 /* compared where no country is known */
#define MAX_DIGITS 40

/* ---- e-mail ----------------------------------------------------------------*/

/* Local parts that are read by whoever is on duty. */
static const char roles[] =
	" abuse accounting admin administrator anfrage bestellung billing "
	"booking buchhaltung buero bureau contact contacto empfang enquiries "
	"facturas family familie famille hallo hello help hilfe hostmaster hr "
	"info information jobs kanzlei kontakt kundenservice mail marketing "
	"news newsletter no-reply noreply no_reply donotreply do-not-reply "
	"office orders post postmaster praxis presse press reception rechnung "
	"root sales secretariat sekretariat service shop support team ticket "
	"tickets verein verkauf verwaltung vertrieb vorstand webmaster "
	"zentrale ";

static bool
is_role(struct span local)
{
	struct span plus = local;
	char word[48];

	local = span_take_until(&plus, '+');
	if (local.n == 0 || local.n > 40)
		return false;
	snprintf(word, sizeof(word), " " SPAN_FMT " ", SPAN_ARG(local));
	return strstr(roles, word) != NULL;
}

struct span
link_mail(struct arena *a, struct span s)
{
	ptrdiff_t at;

	s = charset_lower(a, contact_address(s));
	at = span_find_byte(s, '@');
	if (at <= 0 || (size_t)at + 3 > s.n || s.n > 320 ||
	    span_find_byte(s, ' ') >= 0 || is_role(span_first(s, (size_t)at)))
		return SPAN_NONE;
	return s;
}

/* ---- phone numbers ---------------------------------------------------------*/

/* Without the extension and what else is no part of the number. */
static struct span
without_extension(struct span s)
{
	static const char *const marks[] = { "ext", "x", ";", "#", ",", "app",
					     "durchwahl" };
	size_t i;

	s = span_trim(s);
	if (span_starts_ci(s, SPAN("tel:")))
		s = span_from_at(s, 4);
	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		ptrdiff_t at = span_find_ci(s, span_of(marks[i]));

		if (at >= 0)
			s = span_first(s, (size_t)at);
	}
	return span_trim(s);
}

struct digits {
	char d[MAX_DIGITS + 1];
	size_t n;
	bool plus;
};

/* False if something else than a number stands there. */
static bool
read_digits(struct span s, struct digits *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];

		if (ch == '+' && out->n == 0) {
			out->plus = true;
		} else if (span_starts(span_from_at(s, i), SPAN("(0)")) &&
			   out->n > 0) {
			i += 2; /* +49 (0)30: the 0 of inland calls */
		} else if (isdigit(ch)) {
			if (out->n == MAX_DIGITS)
				return false;
			out->d[out->n++] = (char)ch;
		} else if (isalpha(ch)) {
			return false;
		}
	}
	return true;
}

static void
drop(struct digits *d, size_t n)
{
	memmove(d->d, d->d + n, d->n - n + 1);
	d->n -= n;
}

static bool
begins(const struct digits *d, const char *with)
{
	size_t n = strlen(with);

	return d->n >= n && memcmp(d->d, with, n) == 0;
}

/* The digits dialled before an area code inside the country. */
static void
drop_trunk(struct digits *d, const char *country)
{
	if (strcmp(country, "39") == 0 || strcmp(country, "378") == 0)
		return; /* Italy's 0 belongs to the number */
	if (strcmp(country, "1") == 0) {
		if (d->n == 11 && begins(d, "1"))
			drop(d, 1);
	} else if (strcmp(country, "7") == 0) {
		if (d->n == 11 && begins(d, "8"))
			drop(d, 1);
	} else if (strcmp(country, "36") == 0) {
		if (begins(d, "06"))
			drop(d, 2);
	} else if (begins(d, "0")) {
		drop(d, 1);
	}
}

/* "00" and, in North America, "011" stand for "+". */
static void
find_plus(struct digits *d, const char *country)
{
	bool america = country != NULL && strcmp(country, "1") == 0;

	if (d->plus)
		return;
	if (!america && begins(d, "00") && d->n > 4) {
		drop(d, 2);
		d->plus = true;
	} else if (america && begins(d, "011") && d->n > 11) {
		drop(d, 3);
		d->plus = true;
	}
}

struct span
link_phone(struct arena *a, const struct link_rules *r, struct span number)
{
	struct digits d;

	if (!read_digits(without_extension(number), &d))
		return SPAN_NONE;
	find_plus(&d, r->country);
	if (d.n < MIN_DIGITS)
		return SPAN_NONE;
	if (r->country == NULL) {
		if (!d.plus)
			drop_trunk(&d, "");
		if (d.n > TAIL_DIGITS)
			drop(&d, d.n - TAIL_DIGITS);
		return span_of(arena_printf(a, "%s", d.d));
	}
	if (d.plus)
		return span_of(arena_printf(a, "+%s", d.d));
	drop_trunk(&d, r->country);
	return span_of(arena_printf(a, "+%s%s", r->country, d.d));
}

/* ---- names -----------------------------------------------------------------*/

static bool
is_company(const struct contact *k)
{
	struct span kind = ics_value(k->c->vcard, "KIND");
	struct span apple = ics_value(k->c->vcard, "X-ABSHOWAS");

	return span_eq_ci(kind, SPAN("org")) ||
	       span_eq_ci(apple, SPAN("COMPANY"));
}

static struct span
company(const struct contact *k)
{
	size_t i;

	for (i = 0; i < n_contact_fields; i++)
		if (contact_fields[i].tag == WX_Contacts_CompanyName)
			return k->slot[i].text;
	return SPAN_NONE;
}

/* Without N the parts were guessed from FN: one word is a first name then,
 * which says less. */
static bool
has_parts(const struct contact *k)
{
	struct span v = k->name != NULL ? card_value(k->c, k->name)
					: SPAN_NONE;
	size_t i;

	for (i = 0; i < v.n; i++)
		if (v.p[i] != ';' && v.p[i] != ' ')
			return true;
	return false;
}

/* Father and son; "MD" and the like part nobody. */
static struct span
generation(struct arena *a, struct span suffix)
{
	static const char *const rows[][2] = {
		{ "jr", "jr" }, { "junior", "jr" }, { "jun", "jr" },
		{ "sr", "sr" }, { "senior", "sr" }, { "sen", "sr" },
		{ "ii", "ii" }, { "iii", "iii" }, { "iv", "iv" },
	};
	struct span rest = fold_name(a, suffix, false);

	while (rest.n > 0) {
		struct span word = span_take_until(&rest, ' ');
		size_t i;

		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (span_eq(word, span_of(rows[i][0])))
				return span_of(rows[i][1]);
	}
	return SPAN_NONE;
}

void
link_name_of(struct arena *a, const struct contact *k, struct link_name *out)
{
	struct span firm = company(k), family = k->part[0];
	struct span given = k->part[1];
	int i;

	memset(out, 0, sizeof(*out));
	if (given.n == 0 && !has_parts(k)) {
		given = family;
		family = SPAN_NONE;
	}
	if (k->part[2].n > 0)
		given = span_of(arena_printf(a, SPAN_FMT " " SPAN_FMT,
					     SPAN_ARG(given),
					     SPAN_ARG(k->part[2])));
	out->company = is_company(k) ||
		       (family.n + given.n == 0 && firm.n > 0);
	if (out->company && firm.n == 0)
		firm = k->full;
	for (i = 0; i < 2; i++) {
		out->family[i] = fold_name(
			a, out->company ? firm : family, i == 1);
		if (!out->company)
			out->given[i] = fold_name(a, given, i == 1);
	}
	out->suffix = generation(a, k->part[4]);
}

/* An address in place of a name (collected addresses) says nothing. */
static void
drop_false_name(struct link_card *c, const struct contact *k)
{
	if (span_find_byte(k->full, '@') < 0)
		return;
	memset(&c->name, 0, sizeof(c->name));
}

/* ---- cards -----------------------------------------------------------------*/

static void
add_key(struct link_card *c, enum link_kind kind, struct span value)
{
	size_t i;

	if (value.n == 0)
		return;
	for (i = 0; i < c->n_keys; i++)
		if (c->keys[i].kind == kind &&
		    span_eq(c->keys[i].value, value))
			return;
	c->keys[c->n_keys++] = (struct link_key){ kind, value };
}

static void
add_phones(struct arena *a, const struct link_rules *r, const struct card *c,
	   struct link_card *out)
{
	struct ics_line *l = ics_find(c->vcard, "TEL");
	size_t n = 0;

	for (; l != NULL && n < MAX_CARD_LINES; l = ics_again(l, "TEL"), n++) {
		bool mobile = card_is(c, l, "CELL") ||
			      card_is(c, l, "MOBILE") ||
			      card_is(c, l, "IPHONE");

		if (card_is(c, l, "FAX"))
			continue; /* stands in the office */
		add_key(out, mobile ? LINK_MOBILE : LINK_PHONE,
			link_phone(a, r, card_text(c, l)));
	}
}

static void
add_birthday(const struct card *c, struct link_card *out)
{
	const struct ics_line *l = ics_find(c->vcard, "BDAY");
	int64_t days;

	if (l == NULL || !contact_date(c, l, &days))
		return;
	/* Apple writes 1604, others leave the year out. */
	if (days >= clock_days(1605, 1, 1))
		out->birthday = days;
}

/* ---- content ---------------------------------------------------------------*/

static int
text_cmp(const void *x, const void *y)
{
	return span_cmp(*(const struct span *)x, *(const struct span *)y);
}

/* Which lines count: 0 not at all, 1 a name, 2 something more. */
static int
weight(const struct ics_line *l)
{
	static const char *const frame[] = { "UID", "REV", "PRODID", "VERSION",
					     "X-ABUID", "SOURCE" };
	static const char *const name[] = { "N", "FN", "NICKNAME",
					    "X-FILE-AS", "CATEGORIES",
					    "X-ABLABEL", "KIND" };
	size_t i;

	if (l->comp != NULL || l->name.n == 0)
		return 0;
	for (i = 0; i < sizeof(frame) / sizeof(frame[0]); i++)
		if (ics_is(l->name, frame[i]))
			return 0;
	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		if (ics_is(l->name, name[i]))
			return 1;
	return 2;
}

static void
add_content(struct arena *a, const struct card *c, struct link_card *out)
{
	struct span v[MAX_CARD_LINES], hash;
	struct buf b = BUF_INIT(64u << 20);
	const struct ics_line *l;
	size_t n = 0, more = 0, i;
	uint8_t sum[16];

	for (l = c->vcard->first; l != NULL; l = l->next) {
		struct span text;

		if (weight(l) == 0)
			continue;
		text = card_text(c, l);
		if (text.n == 0 || n == MAX_CARD_LINES)
			continue;
		more += weight(l) == 2;
		v[n++] = span_of(arena_printf(
			a, SPAN_FMT ":" SPAN_FMT,
			SPAN_ARG(charset_lower(a, l->name)), SPAN_ARG(text)));
	}
	if (more < 2)
		return;
	qsort(v, n, sizeof(v[0]), text_cmp);
	for (i = 0; i < n; i++) {
		buf_span(&b, v[i]);
		buf_byte(&b, '\n');
	}
	hash128(SPAN("content"), buf_view(&b), sum);
	hash = hex_encode(a, span_from(sum, sizeof(sum)));
	buf_free(&b);
	add_key(out, LINK_CONTENT, hash);
}

/* ---- all -------------------------------------------------------------------*/

static bool
is_list(const struct card *c)
{
	return span_eq_ci(ics_value(c->vcard, "KIND"), SPAN("group")) ||
	       span_eq_ci(ics_value(c->vcard, "X-ADDRESSBOOKSERVER-KIND"),
			  SPAN("group"));
}

static struct span
label_of(const struct contact *k)
{
	struct span s = contact_file_as(k);

	return s.n > 0 ? s : SPAN("(no name)");
}

static void
read_card(struct arena *a, const struct link_rules *r, struct card *c,
	  struct link_card *out)
{
	struct contact *k = arena_alloc(a, sizeof(*k));
	struct ics_line *l[MAX_CARD_LINES], *uid;
	size_t n, i;

	contact_read(c, k);
	out->label = label_of(k);
	out->never = is_list(c);
	out->keys = arena_array(a, 2 * MAX_CARD_LINES + 2,
				sizeof(*out->keys));
	uid = ics_find(c->vcard, "UID");
	if (uid != NULL)
		add_key(out, LINK_UID, card_text(c, uid));
	n = contact_mails(c, l, MAX_CARD_LINES);
	for (i = 0; i < n; i++)
		add_key(out, LINK_MAIL, link_mail(a, card_text(c, l[i])));
	add_phones(a, r, c, out);
	add_content(a, c, out);
	add_birthday(c, out);
	link_name_of(a, k, &out->name);
	drop_false_name(out, k);
}

/* Out of the scratch arena: a book has thousands of cards. */
static void
keep(struct arena *a, struct link_card *c)
{
	struct link_key *v = arena_array(a, c->n_keys + 1, sizeof(*v));
	size_t i;

	for (i = 0; i < c->n_keys; i++)
		v[i] = (struct link_key){ c->keys[i].kind,
					  arena_dup(a, c->keys[i].value) };
	c->keys = v;
	c->label = arena_dup(a, c->label);
	c->name.suffix = arena_dup(a, c->name.suffix);
	for (i = 0; i < 2; i++) {
		c->name.family[i] = arena_dup(a, c->name.family[i]);
		c->name.given[i] = arena_dup(a, c->name.given[i]);
	}
}

void
link_read(struct arena *a, const struct link_rules *r, struct span vcard,
	  struct link_card *out)
{
	struct arena *scratch = arena_new();
	struct card c;

	memset(out, 0, sizeof(*out));
	out->birthday = LINK_NO_BIRTHDAY;
	out->never = true;
	out->label = SPAN("(unreadable)");
	if (card_open(scratch, vcard, &c, NULL))
		read_card(scratch, r, &c, out);
	keep(a, out);
	arena_free(&scratch);
}

const char *
link_kind_name(enum link_kind k)
{
	static const char *const names[] = {
		[LINK_UID] = "uid", [LINK_MAIL] = "e-mail",
		[LINK_MOBILE] = "mobile", [LINK_PHONE] = "phone",
		[LINK_CONTENT] = "content",
	};

	return names[k];
}
