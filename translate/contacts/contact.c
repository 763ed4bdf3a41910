/* Writing contacts, and what others want to know of a card. */
#include "translate/contacts/contact.h"

#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "translate/contacts/contact_private.h"
#include "translate/contacts/photo.h"
#include "translate/text/item_body.h"

#define MAX_FLAWLESS_PHOTO 2000 /* bytes of a link, or of nothing much */

static void
write_labels(struct wbxml_writer *w, wbxml_tag outer, wbxml_tag inner,
	     const struct span *v, size_t n)
{
	if (!n) /* MS-ASCNTC_R517: at least one */
		return;
	wbxml_open(w, outer);
	for (size_t i = 0; i < n; i++)
		wbxml_text(w, inner, v[i]);
	wbxml_close(w);
}

static void
write_photo(const struct tr_env *env, const struct contact *k,
	    struct wbxml_writer *w)
{
	struct span image, shown;

	if (k->photo_line && contact_photo(k->c, k->photo_line, &image) &&
	    photo_shown(env->arena, image, MAX_SHOWN_PICTURE, &shown))
		wbxml_text(w, WX_Contacts_Picture,
			   base64_encode(env->arena, shown));
}

static void
write_card(const struct tr_env *env, const struct contact *k,
	   struct wbxml_writer *w)
{
	if (k->note.n)
		item_body_write(env, k->note, SPAN_NONE, false, w);
	for (size_t i = 0; i < n_contact_fields; i++)
		if (k->slot[i].text.n)
			wbxml_text(w, contact_fields[i].tag, k->slot[i].text);
	write_labels(w, WX_Contacts_Categories, WX_Contacts_Category,
		     k->category, k->n_category);
	write_labels(w, WX_Contacts_Children, WX_Contacts_Child, k->child,
		     k->n_child);
	write_photo(env, k, w);
	if (k->note.n)
		wbxml_uint(w, WX_AirSyncBase_NativeBodyType, 1);
}

void
contact_write(const struct tr_env *env, struct span vcard,
	      struct wbxml_writer *w)
{
	struct contact *k = arena_alloc(env->arena, sizeof(*k));
	struct card c;

	if (card_open(env->arena, vcard, &c, NULL)) {
		c.env = env;
		contact_read(&c, k);
		write_card(env, k, w);
		return;
	}
	item_body_write(env,
		       SPAN("This contact on the server could not be read. "
			    "It is unchanged there."),
		       SPAN_NONE, true, w);
	wbxml_str(w, WX_Contacts_FileAs, "(unreadable contact)");
	wbxml_str(w, WX_Contacts_LastName, "(unreadable contact)");
}

bool
contact_is_group(const struct card *c)
{
	struct span kind = ics_value(c->vcard, "KIND");

	if (!kind.n)
		kind = ics_value(c->vcard, "X-ADDRESSBOOKSERVER-KIND");
	return span_eq_ci(kind, SPAN("group"));
}

/* A link is no flaw: nobody said that phones would follow it. */
static const char *
flaw_of(const struct card *c, const struct contact *k)
{
	struct span image;

	if (!k->photo_line || k->photo_line->value.n <= MAX_FLAWLESS_PHOTO ||
	    (contact_photo(c, k->photo_line, &image) &&
	     photo_can_show(image, MAX_SHOWN_PICTURE)))
		return NULL;
	return "its photo is too large or no image that can be read";
}

bool
contact_facts(struct arena *a, struct span vcard, struct contact_facts *out)
{
	struct contact *k = arena_alloc(a, sizeof(*k));
	struct ics_line *l[MAX_CARD_LINES], *uid;
	struct card c;
	size_t n;

	if (!card_open(a, vcard, &c, NULL))
		return false;
	memset(out, 0, sizeof(*out));
	contact_read(&c, k);
	uid = ics_find(c.vcard, "UID");
	out->uid = uid ? card_text(&c, uid) : SPAN_NONE;
	out->name = contact_file_as(k);
	if (!out->name.n)
		out->name = k->slot[0].text;
	out->group = contact_is_group(&c);
	out->flaw = flaw_of(&c, k);
	n = contact_mails(&c, l, MAX_CARD_LINES);
	out->mail = arena_array(a, n + 1, sizeof(*out->mail));
	for (size_t i = 0; i < n; i++)
		out->mail[out->n_mail++] = contact_address(card_text(&c, l[i]));
	return true;
}

/* ---- what the phone knows ----------------------------------------------*/

static struct span
as_shown(const struct field *f, struct arena *a, struct span s)
{
	int64_t days;

	if (f->kind == FIELD_MAIL)
		return contact_address(s);
	if (f->kind == FIELD_IM)
		return contact_handle(s);
	if (f->kind == FIELD_DATE && contact_date_sent(s, &days))
		return span_of(clock_dashed(a, days * 86400));
	return s;
}

static bool
photo_to_show(const struct contact *k)
{
	struct span image;

	return k->photo_line && contact_photo(k->c, k->photo_line, &image) &&
	       photo_can_show(image, MAX_SHOWN_PICTURE);
}

/* A copy of a photo that is not the present one: the phone is behind. Or an
 * empty one, which was no wish: if it was one, the phone learns that it was
 * not heard. */
static bool
photo_is_newer(const struct contact *is, const struct wbxml_node *data)
{
	const struct wbxml_node *n = wbxml_child(data, WX_Contacts_Picture);
	struct span sent, now;
	bool of_it;

	if (n != NULL && !span_trim(n->text).n)
		return photo_to_show(is);
	return is->photo_line &&
	       base64_decode(is->c->a,
			     wbxml_child_text(data, WX_Contacts_Picture),
			     &sent) &&
	       contact_photo(is->c, is->photo_line, &now) &&
	       photo_is_copy(sent, now, &of_it) && !of_it &&
	       !span_eq(sent, now);
}

bool
contact_shows_more(const struct tr_env *env, struct span old,
		   const struct wbxml_node *data, struct span now)
{
	struct contact *was = arena_alloc(env->arena, sizeof(*was));
	struct contact *is = arena_alloc(env->arena, sizeof(*is));
	struct card x, y;
	const struct wbxml_node *n;

	if (!card_open(env->arena, now, &y, NULL))
		return false;
	if (old.n && card_open(env->arena, old, &x, NULL))
		contact_read(&x, was);
	contact_read(&y, is);
	for (size_t i = 0; i < n_contact_fields; i++) {
		const struct field *f = &contact_fields[i];
		struct span known = was->slot[i].text;

		n = wbxml_child(data, f->tag);
		if (n)
			known = as_shown(f, env->arena, n->text);
		if (is->slot[i].text.n &&
		    !contact_same(is->slot[i].text, known))
			return true;
	}
	return photo_is_newer(is, data);
}
