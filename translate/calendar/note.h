/* Notes (iCalendar, VJOURNAL) <-> Notes class (MS-ASNOTE, 14.0 on). The same
 * promises as event.h. */
#ifndef TRANSLATE_NOTE_H
#define TRANSLATE_NOTE_H

#include "translate/env.h"

/* Children of ApplicationData. LastModifiedDate is the object's own, else
 * env->now (MS-ASNOTE_R125). A note without SUMMARY is called by the first
 * line of its text. */
void note_write(const struct tr_env *env, struct span ics,
		struct wbxml_writer *w);
/* As event_patch. Absent Subject and Body are kept (MS-ASNOTE_R10003), absent
 * Categories are removed (R112); LastModifiedDate is ignored (R84), `now` is
 * written. ERR_INVALID (Status 6): a MessageClass that is no sticky note
 * (R119). */
bool note_patch(const struct tr_env *env, struct span old,
		const struct wbxml_node *data, struct span uid, int64_t now,
		struct span *out, struct err *e);

/* For notes in any form: what one without a title is called, by its text; and
 * whether that is a sticky note (MS-ASNOTE_R57). */
#define NOTE_CLASS "IPM.StickyNote"
struct span note_title(struct span text);
bool note_class_ok(struct span message_class);

#endif
