/* Invitations in mails: text/calendar, read only. */
#ifndef TRANSLATE_MEETING_H
#define TRANSLATE_MEETING_H

#include "translate/env.h"

struct meeting; /* opaque, in the arena */

/* Reads the decoded text/calendar part (UTF-8). NULL if it is not a
 * meeting mail we understand: no single VEVENT with UID and DTSTART, METHOD
 * other than REQUEST, CANCEL, REPLY, COUNTER. `method` (of the
 * Content-Type) counts if the calendar has none. */
struct meeting *meeting_read(const struct tr_env *env, struct span ical,
			     struct span method);
const char *meeting_class(const struct meeting *m); /* MessageClass */
/* The whole MeetingRequest element for env->version. */
void meeting_write(const struct tr_env *env, const struct meeting *m,
		   struct wbxml_writer *w);

/* UID of the calendar <-> GlobalObjId bytes (reference: MS-ASEMAIL
 * 2.2.2.37). Instance date 0 for the series: year << 9 | month << 5 | day. */
struct span global_obj_id(struct arena *a, struct span uid, uint32_t date);
struct span global_obj_uid(struct arena *a, struct span bytes);
/* 172 bytes, base64, of an IANA or Windows zone name at that year; false if
 * the zone is not known. */
bool zone_blob(struct arena *a, const char *zone, int year,
	       struct span *base64_out);

#endif
