/* Notes that lie in a mailbox: as other programs write them there, and as
 * phones do over ActiveSync. */
#ifndef TESTS_PHONE_NOTES_H
#define TESTS_PHONE_NOTES_H

#include "tests/phone/harness.h"

/* The mailbox of notes: "Notes", "INBOX.Notes" where the server wants that;
 * static buffer. */
const char *notes_box(const struct harness *h);
/* Makes it where it is not there. */
void notes_make(struct harness *h, int user);
/* One as Apple's devices write it, text/html, with a field no phone knows;
 * returns its UID. */
unsigned note_put(struct harness *h, int user, const char *uuid,
		  const char *subject, const char *html);
/* ... in place of the one at `old`, as they do: appended, then expunged. */
unsigned note_replace(struct harness *h, int user, unsigned old,
		      const char *uuid, const char *subject,
		      const char *html);
/* How many mails there have this text in their header, not marked \Deleted;
 * and the only one of them as text (fails the test if there are more), caller
 * frees. */
size_t note_count(struct harness *h, int user, const char *header);
char *note_get(struct harness *h, int user, const char *header);
/* It has (has not) this text. */
void note_has(struct harness *h, int user, const char *header,
	      const char *text);
void note_has_not(struct harness *h, int user, const char *header,
		  const char *text);

/* A phone that asks for plain text, and its Notes folder, primed. */
struct phone *note_phone(struct harness *h, int user, const char *device,
			 struct phone_folder **f);
/* Content of Commands; caller frees. */
char *note_add_xml(const char *client_id, const char *subject,
		   const char *text);
char *note_change_xml(const char *id, const char *subject, const char *text);
struct sync_result note_add(struct phone *p, struct phone_folder *f,
			    const char *client_id, const char *subject,
			    const char *text);
struct sync_result note_change(struct phone *p, struct phone_folder *f,
			       const char *id, const char *subject,
			       const char *text);

#endif
