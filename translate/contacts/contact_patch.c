/* A phone's edit as changes of single lines. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "translate/contacts/contact_edit_private.h"
#include "translate/contacts/photo.h"
#include "translate/text/item_body.h"

static bool
bad(struct err *e, wbxml_tag t)
{
	return err_set(e, ERR_INVALID, SCOPE_ITEM, "contact: %s",
		       wbxml_tag_name(t));
}

static bool
ghosted(const struct tag_set *s, wbxml_tag t)
{
	if (!s || !s->given) /* MS-ASCMD_R5906 */
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] == t)
			return false;
	return true;
}

enum wish
contact_wish(const struct change *ch, wbxml_tag t, struct span *text)
{
	const struct wbxml_node *n = wbxml_child(ch->data, t);

	*text = n ? span_trim(n->text) : SPAN_NONE;
	if (!n)
		return ch->may_clear && !ghosted(ch->supported, t) ? WISH_CLEAR
								   : WISH_KEEP;
	return text->n ? WISH_SET : WISH_CLEAR;
}

/* Comma-separated text, each part escaped. */
struct span
contact_join_list(const struct card *c, const struct span *v, size_t n)
{
	struct buf b = BUF_INIT(4u << 20);
	struct span s;

	for (size_t i = 0; i < n; i++) {
		s = card_escape(c, v[i]);
		if (b.n)
			buf_byte(&b, ',');
		for (size_t j = 0; j < s.n; j++) {
			if (c->version == 21 && s.p[j] == ',')
				buf_byte(&b, '\\');
			buf_byte(&b, s.p[j]);
		}
	}
	s = arena_dup(c->a, buf_view(&b));
	buf_free(&b);
	return s;
}

void
contact_remove(struct change *ch, struct ics_line *l)
{
	card_remove(&ch->c, l);
	ch->changed = true;
}

/* ---- properties of their own -------------------------------------------*/

static const char *
first_name(struct change *ch, const struct field *f)
{
	struct span s = span_of(f->names);

	if (f->tag == WX_Contacts_Anniversary && ch->c.version == 40)
		return "ANNIVERSARY";
	return arena_str(ch->c.a, span_take_until(&s, '|'));
}

static struct span
own_value(struct change *ch, const struct field *f, struct span text)
{
	struct span v[MAX_LABELS], s;
	char *p;
	size_t n = 0;

	if (f->kind == FIELD_LIST) {
		while (text.n && n < MAX_LABELS)
			v[n++] = span_take_until(&text, ',');
		return contact_join_list(&ch->c, v, n);
	}
	if (f->kind != FIELD_URL)
		return card_escape(&ch->c, text);
	/* A URI has no escapes, and no blanks or umlauts: Cyrus answers 500 to
	 * a card with such a one. */
	p = arena_alloc(ch->c.a, text.n * 3 + 1);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char u = (unsigned char)text.p[i];

		if (u > ' ' && u < 0x7f && u != '\\')
			p[n++] = (char)u;
		else
			n += (size_t)sprintf(p + n, "%%%02X", u);
	}
	s = span_from(p, n);
	return s;
}

static bool
edit_date(struct change *ch, size_t i, struct span text, struct err *e)
{
	const struct field *f = &contact_fields[i];
	struct ics_line *l = ch->k->slot[i].line;
	int64_t days, was;

	if (!contact_date_sent(text, &days))
		return bad(e, f->tag);
	if (l && contact_date(&ch->c, l, &was) && was == days)
		return true;
	if (!l)
		l = card_add(&ch->c, NULL, first_name(ch, f), NULL, SPAN_NONE);
	contact_date_set(&ch->c, l, days);
	ch->changed = true;
	return true;
}

static bool
edit_own(struct change *ch, size_t i, struct err *e)
{
	const struct field *f = &contact_fields[i];
	struct slot *s = &ch->k->slot[i];
	struct span text;
	enum wish wish = contact_wish(ch, f->tag, &text);

	if (wish == WISH_KEEP)
		return true;
	if (wish == WISH_SET && f->kind == FIELD_DATE)
		return edit_date(ch, i, text, e);
	if (contact_same(text, s->text) ||
	    (f->kind == FIELD_URL && text.n && s->text.n &&
	     span_eq(own_value(ch, f, text), own_value(ch, f, s->text))))
		return true;
	if (wish == WISH_CLEAR) {
		contact_remove(ch, s->line);
		return true;
	}
	ch->changed = true;
	if (s->line)
		card_change(&ch->c, s->line, own_value(ch, f, text));
	else
		card_add(&ch->c, NULL, first_name(ch, f), NULL,
			 own_value(ch, f, text));
	return true;
}

/* ---- lists, note, picture ----------------------------------------------*/

static size_t
sent_labels(struct change *ch, wbxml_tag outer, wbxml_tag inner,
	    struct span *out)
{
	const struct wbxml_node *n =
		wbxml_child(wbxml_child(ch->data, outer), inner);
	size_t k = 0;

	for (; n && k < MAX_LABELS; n = wbxml_again(n))
		if (span_trim(n->text).n)
			out[k++] = span_trim(n->text);
	return k;
}

static bool
label_known(const struct span *v, size_t n, struct span s)
{
	for (size_t i = 0; i < n; i++)
		if (contact_same(v[i], s))
			return true;
	return false;
}

static void
edit_labels(struct change *ch)
{
	struct contact *k = ch->k;
	struct span v[MAX_LABELS], text;
	struct ics_line *l = ics_find(ch->c.vcard, "CATEGORIES"), *more;
	size_t n = sent_labels(ch, WX_Contacts_Categories, WX_Contacts_Category,
			       v);
	bool same = n == k->n_category;

	if (contact_wish(ch, WX_Contacts_Categories, &text) == WISH_KEEP)
		return;
	for (size_t i = 0; i < n && same; i++)
		same = contact_same(v[i], k->category[i]);
	if (same)
		return;
	ch->changed = true;
	if (!l) {
		card_add(&ch->c, NULL, "CATEGORIES", NULL,
			 contact_join_list(&ch->c, v, n));
		return;
	}
	while ((more = ics_again(l, "CATEGORIES")))
		card_remove(&ch->c, more);
	if (n)
		card_change(&ch->c, l, contact_join_list(&ch->c, v, n));
	else
		card_remove(&ch->c, l);
}

static void
edit_children(struct change *ch)
{
	struct contact *k = ch->k;
	struct span v[MAX_LABELS], text;
	struct ics_line *last = NULL;
	size_t n = sent_labels(ch, WX_Contacts_Children, WX_Contacts_Child, v);

	if (contact_wish(ch, WX_Contacts_Children, &text) == WISH_KEEP)
		return;
	for (size_t i = 0; i < k->n_child; i++) {
		if (label_known(v, n, k->child[i]))
			last = k->child_line[i];
		else
			contact_remove(ch, k->child_line[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (!label_known(k->child, k->n_child, v[i])) {
			last = card_add(&ch->c, last, "X-MS-CHILD", NULL,
					card_escape(&ch->c, v[i]));
			ch->changed = true;
		}
}

/* MS-ASCNTC: Body cannot be ghosted; absent it stays. */
static void
edit_note(struct change *ch)
{
	const struct wbxml_node *n = wbxml_child(ch->data, WX_AirSyncBase_Body);
	struct span text, html;

	if (!n || item_body_same(ch->env, n, ch->k->note, SPAN_NONE) ||
	    !item_body_read(ch->env, n, &text, &html))
		return;
	text = span_trim(text);
	if (!text.n) {
		if (ch->k->note_line)
			contact_remove(ch, ch->k->note_line);
		return;
	}
	ch->changed = true;
	if (ch->k->note_line)
		card_change(&ch->c, ch->k->note_line,
			    card_escape(&ch->c, text));
	else
		card_add(&ch->c, NULL, "NOTE", NULL, card_escape(&ch->c, text));
}

static void
put_photo(struct change *ch, struct span raw)
{
	static const char *const kinds[][2] = {
		[PHOTO_JPEG] = { "jpeg", "JPEG" },
		[PHOTO_PNG] = { "png", "PNG" },
		[PHOTO_GIF] = { "gif", "GIF" },
		[PHOTO_WEBP] = { "webp", "WEBP" },
	};
	struct arena *a = ch->c.a;
	struct span b64 = base64_encode(a, raw);
	const char *const *kind = kinds[photo_kind(raw)];
	struct ics_line *l = ch->k->photo_line;
	const char *params =
		ch->c.version == 40 ? ""
		: ch->c.version == 21
			? arena_printf(a, "ENCODING=BASE64;%s", kind[1])
			: arena_printf(a, "ENCODING=b;TYPE=%s", kind[1]);

	if (ch->c.version == 40)
		b64 = span_of(arena_printf(a, "data:image/%s;base64," SPAN_FMT,
					   kind[0], SPAN_ARG(b64)));
	if (!l)
		l = card_add(&ch->c, NULL, "PHOTO", NULL, SPAN_NONE);
	ics_change(a, l, span_of(params), b64);
	if (ch->c.version == 21) /* its base64 ends with an empty line */
		l->raw = span_of(
			arena_printf(a, SPAN_FMT "\r\n", SPAN_ARG(l->raw)));
	ch->changed = true;
}

/* What was shown comes back as it was sent: the photo itself, or a copy. A
 * copy never replaces a photo, be it of this one or of an older one. */
static bool
edit_photo(struct change *ch, struct err *e)
{
	struct span text = wbxml_child_text(ch->data, WX_Contacts_Picture);
	struct span raw, now = SPAN_NONE;
	struct ics_line *l = ch->k->photo_line;
	bool of_it;

	if (!span_trim(text).n)
		return true;
	if (!base64_decode(ch->c.a, text, &raw) ||
	    photo_kind(raw) == PHOTO_UNKNOWN || raw.n > MAX_SENT_PICTURE)
		return bad(e, WX_Contacts_Picture);
	if (l && !contact_photo(&ch->c, l, &now))
		now = SPAN_NONE;
	if (!span_eq(raw, now) &&
	    (!now.n || !photo_is_copy(raw, now, &of_it)))
		put_photo(ch, raw);
	return true;
}

/* ---- all of it ---------------------------------------------------------*/

static bool
new_card(struct change *ch, struct span uid, struct err *e)
{
	struct arena *a = ch->env->arena;

	if (!card_open(a,
		       SPAN("BEGIN:VCARD\r\nVERSION:3.0\r\n"
			    "PRODID:-//easbridge//EN\r\nEND:VCARD\r\n"),
		       &ch->c, e))
		return false;
	card_add(&ch->c, NULL, "UID", NULL, card_escape(&ch->c, uid));
	if (ch->env->now)
		card_add(&ch->c, NULL, "REV", NULL, SPAN("x"));
	return true;
}

/* What names no contact is a part of one (field/clients 10: sloppy phones):
 * nothing is missed in it. */
static bool
is_whole(const struct wbxml_node *data)
{
	return wbxml_has(data, WX_Contacts_FileAs) ||
	       wbxml_has(data, WX_Contacts_FirstName) ||
	       wbxml_has(data, WX_Contacts_LastName) ||
	       wbxml_has(data, WX_Contacts_CompanyName) ||
	       wbxml_has(data, WX_Contacts_Email1Address);
}

static bool
apply(struct change *ch, struct err *e)
{
	struct span company = ch->company;

	contact_edit_name(ch);
	contact_edit_org(ch);
	contact_edit_pools(ch);
	contact_edit_address(ch, "HOME");
	contact_edit_address(ch, "WORK");
	contact_edit_address(ch, NULL);
	for (size_t i = 0; i < n_contact_fields; i++) {
		enum field_kind kind = contact_fields[i].kind;

		if ((kind == FIELD_TEXT || kind == FIELD_LIST ||
		     kind == FIELD_URL || kind == FIELD_DATE) &&
		    !edit_own(ch, i, e))
			return false;
	}
	edit_labels(ch);
	edit_children(ch);
	edit_note(ch);
	if (ch->renamed)
		contact_edit_full(ch, company);
	contact_edit_file_as(ch);
	return edit_photo(ch, e);
}

/* FN is never missing (RFC 2426, 6350): what a list would show. */
static void
finish(struct change *ch, bool fresh)
{
	struct contact *k = arena_alloc(ch->c.a, sizeof(*k));
	struct ics_line *rev = ics_find(ch->c.vcard, "REV");
	struct span name;

	contact_read(&ch->c, k);
	name = k->slot[0].text.n ? k->slot[0].text : SPAN("(no name)");
	if (!k->full.n && ch->c.version != 21)
		contact_set_full(ch, name);
	if (fresh && !k->name)
		card_add(&ch->c, NULL, "N", NULL, SPAN(";;;;"));
	if (rev && ch->env->now)
		card_change(&ch->c, rev,
			    span_of(clock_compact(ch->c.a, ch->env->now)));
}

bool
contact_patch(const struct tr_env *env, struct span old,
	      const struct wbxml_node *data, const struct tag_set *supported,
	      struct span uid, struct span *out, struct err *e)
{
	struct change ch = { .env = env, .data = data, .supported = supported };
	struct err why = { 0 };

	if (!old.n && !new_card(&ch, uid, e))
		return false;
	if (old.n && !card_open(env->arena, old, &ch.c, &why))
		return err_set(e, why.code ? why.code : ERR_UNSUPPORTED,
			       SCOPE_ITEM, "the stored object is no vCard");
	ch.c.env = env;
	ch.k = arena_alloc(env->arena, sizeof(*ch.k));
	contact_read(&ch.c, ch.k);
	memcpy(ch.part, ch.k->part, sizeof(ch.part));
	for (size_t i = 0; i < n_contact_fields; i++)
		if (contact_fields[i].tag == WX_Contacts_CompanyName)
			ch.company = ch.k->slot[i].text;
	ch.may_clear = old.n && is_whole(data);
	if (!apply(&ch, e))
		return false;
	if (!ch.changed && old.n) {
		*out = old;
		return true;
	}
	finish(&ch, !old.n);
	*out = ics_print(ch.c.a, ch.c.root);
	return true;
}
