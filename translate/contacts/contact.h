/* Contacts (vCard 2.1, 3.0, 4.0) <-> Contacts class (MS-ASCNTC). Pure
 * functions with the promises of event.h: writing never fails, patching
 * edits single content lines, all others keep their bytes.
 *
 * A vCard holds more than EAS has slots for (a fourth e-mail, a third number
 * of one kind). What is shown in no slot is never touched. */
#ifndef TRANSLATE_CONTACT_H
#define TRANSLATE_CONTACT_H

#include "translate/env.h"

/* An inline PHOTO is shown in so many bytes, scaled if it has more
 * (MS-ASCNTC_R381, R1021: 36 KB, 48 KB in base64). */
#define MAX_SHOWN_PICTURE (36u << 10)
/* What phones send is taken up to here (field/clients 10; R384 would refuse
 * it from 48 KB on). */
#define MAX_SENT_PICTURE (5u << 20)

/* Children of ApplicationData. Dates stand at 00:00Z; those without a year
 * in 1604. A card that cannot be read is shown as one that says so. */
void contact_write(const struct tr_env *env, struct span vcard,
		   struct wbxml_writer *w);

/* What the phone sent, applied to `old` (empty: a new vCard 3.0 named
 * `uid`). data is ApplicationData. A change that changes nothing gives back
 * the bytes of old. Absent elements: kept if ghosted, removed if not
 * (MS-ASCMD_R5911, R5912); Body and Picture always stay; and so does
 * everything at an edit that names no name, company, e-mail or FileAs: a
 * part of an item. An empty element removes the value shown in that slot and
 * no other, but an empty Picture is no change: some phones send it for a
 * photo they were given (field/clients 10); nor is a scaled copy that comes
 * back: the original stays. REV is set if env->now is.
 * ERR_INVALID (Status 6): a date or picture out of shape; ERR_UNSUPPORTED:
 * old is no vCard. */
bool contact_patch(const struct tr_env *env, struct span old,
		   const struct wbxml_node *data,
		   const struct tag_set *supported, struct span uid,
		   struct span *out, struct err *e);

/* After contact_patch: does `now`, its result, show what the phone that sent
 * `data` to `old` cannot know (a value that moved into a freed slot, a name
 * split off, a newer photo than the copy it sent back, the photo where it
 * sent an empty one)? Then the item should be sent back to it: what it was
 * never shown it would else delete by leaving it out. */
bool contact_shows_more(const struct tr_env *env, struct span old,
			const struct wbxml_node *data, struct span now);

struct contact_facts {
	struct span uid;   /* empty if none */
	struct span name;  /* for lists; never empty but for an empty card */
	struct span *mail; /* addresses, in the order of the slots */
	size_t n_mail;     /* all of them, not only three */
	bool group;        /* a list of others, not a person: EAS has none */
	const char *flaw;  /* what phones do not see of it; NULL: nothing */
};
/* False if there is no vCard. */
bool contact_facts(struct arena *a, struct span vcard,
		   struct contact_facts *out);

#endif
