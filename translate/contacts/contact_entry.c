#include "translate/contacts/contact_entry.h"

#include "translate/contacts/contact_private.h"
#include "translate/contacts/photo.h"

static struct span
slot(const struct contact *k, wbxml_tag t)
{
	size_t i;

	for (i = 0; i < n_contact_fields; i++)
		if (contact_fields[i].tag == t)
			return k->slot[i].text;
	return SPAN_NONE;
}

static struct span
either(struct span a, struct span b)
{
	return a.n > 0 ? a : b;
}

static void
take_mails(struct arena *a, const struct card *c, struct contact_entry *out)
{
	struct ics_line *l[MAX_CARD_LINES];
	size_t n = contact_mails(c, l, MAX_CARD_LINES), i;
	struct span s;

	out->mail = arena_array(a, n + 1, sizeof(*out->mail));
	for (i = 0; i < n; i++) {
		s = contact_address(card_text(c, l[i]));
		if (s.n > 0)
			out->mail[out->n_mail++] = s;
	}
}

static void
take_numbers(struct arena *a, const struct card *c, struct contact_entry *out)
{
	struct ics_line *l;
	struct span s;
	size_t room = 0;

	for (l = ics_find(c->vcard, "TEL");
	     l != NULL && out->n_number < MAX_CARD_LINES;
	     l = ics_again(l, "TEL")) {
		s = card_text(c, l);
		if (s.n == 0 || card_is(c, l, "FAX"))
			continue;
		if (span_starts_ci(s, SPAN("tel:")))
			s = span_from_at(s, 4);
		out->number = arena_grow(a, out->number, out->n_number, &room,
					 sizeof(*out->number));
		out->number[out->n_number++] = s;
	}
}

bool
contact_entry(struct arena *a, struct span vcard, struct contact_entry *out)
{
	struct contact *k = arena_alloc(a, sizeof(*k));
	struct card c;

	*out = (struct contact_entry){ .name = SPAN_NONE };
	if (!card_open(a, vcard, &c, NULL))
		return false;
	contact_read(&c, k);
	out->name = either(contact_file_as(k), k->slot[0].text);
	out->group = contact_is_group(&c);
	out->first = slot(k, WX_Contacts_FirstName);
	out->last = slot(k, WX_Contacts_LastName);
	out->nick = slot(k, WX_Contacts2_NickName);
	out->title = slot(k, WX_Contacts_JobTitle);
	out->company = slot(k, WX_Contacts_CompanyName);
	out->department = slot(k, WX_Contacts_Department);
	out->office = slot(k, WX_Contacts_OfficeLocation);
	out->yomi[0] = slot(k, WX_Contacts_YomiFirstName);
	out->yomi[1] = slot(k, WX_Contacts_YomiLastName);
	out->yomi[2] = slot(k, WX_Contacts_YomiCompanyName);
	out->phone = either(slot(k, WX_Contacts_BusinessPhoneNumber),
			    slot(k, WX_Contacts2_CompanyMainPhone));
	out->home = slot(k, WX_Contacts_HomePhoneNumber);
	out->mobile = slot(k, WX_Contacts_MobilePhoneNumber);
	take_mails(a, &c, out);
	take_numbers(a, &c, out);
	return true;
}

enum contact_picture
contact_picture(struct arena *a, struct span vcard, size_t max, bool scale,
		struct span *bytes)
{
	enum photo_kind kind;
	struct span photo;
	struct ics_line *l;
	struct card c;

	if (!card_open(a, vcard, &c, NULL))
		return PICTURE_NONE;
	l = ics_find(c.vcard, "PHOTO");
	if (l == NULL || !contact_photo(&c, l, &photo))
		return PICTURE_NONE;
	kind = photo_kind(photo);
	if ((kind == PHOTO_JPEG || kind == PHOTO_PNG) && photo.n <= max) {
		*bytes = photo;
		return PICTURE_TAKEN;
	}
	return scale && photo_shown(a, photo, max, bytes) ? PICTURE_TAKEN
							   : PICTURE_TOO_BIG;
}
