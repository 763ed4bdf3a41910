/* Meetings over the wire: two users with a phone each, one with a calendar on
 * a server that does not schedule (Radicale), one on one that does (Cyrus);
 * what leaves is counted in the sink, where Exim and Cyrus deliver. */
#ifndef TESTS_PHONE_MEETINGS_H
#define TESTS_PHONE_MEETINGS_H

#include "tests/phone/harness.h"

enum backend { PLAIN, SCHEDULING, BACKENDS };
extern const char *const backend_names[BACKENDS];

struct meetings {
	struct harness h;
	char dav[BACKENDS][300]; /* URL of that user's default calendar */
	bool has[BACKENDS];      /* Cyrus may be out of reach */
};

/* more: further lines of the [dav] section, or NULL. */
void meetings_up(struct meetings *m, const char *name, const char *more);
void meetings_dav_more(struct meetings *m, enum backend b, const char *more);
/* The user of that backend is user number b. */
struct phone *meetings_phone(struct meetings *m, enum backend b,
			     const char *version, const char *device);
struct phone_folder *meetings_calendar(struct phone *p);

/* ---- the calendar server, seen by another program ------------------------*/

/* curl with that user's login; caller frees. `what`: more arguments. */
char *cal_do(struct meetings *m, int user, const char *what,
	     const char *url);
void cal_put(struct meetings *m, enum backend b, const char *name,
	     const char *text);
/* The object with that UID, unfolded; NULL: none. Caller frees. */
char *cal_find(struct meetings *m, enum backend b, const char *uid);

/* ---- objects and mails ---------------------------------------------------*/

/* A meeting: organizer and guests are lines; LF. Caller frees. */
char *meeting_text(const char *uid, const char *method, const char *people,
		   const char *more);
/* ... as a mail with that text as text/calendar. */
char *meeting_mail(const char *from, const char *to, const char *subject,
		   const char *method, const char *ics);
/* Delivered to the user of that backend; the phone's item of it. */
struct phone_item *meeting_arrives(struct meetings *m, enum backend b,
				   struct phone *p, const char *from,
				   const char *subject, const char *method,
				   const char *ics);

/* ---- what leaves ---------------------------------------------------------*/

/* Mails of that method for that address in the sink. */
int left_for(struct meetings *m, const char *address, const char *method);
/* Waits until there are n, fails after 15 s or if there are more. */
void left_exactly(struct meetings *m, const char *address,
		  const char *method, int n, const char *what);

/* ---- the phone's part ------------------------------------------------------*/

/* Content of ApplicationData for a new meeting with these guests (up to 3,
 * NULL ends), as the phone's version writes it. Caller frees. */
char *meeting_data(struct phone *p, const char *uid, const char *subject,
		   const char *place, const char *const *guests);
/* MeetingResponse; more: further elements of Request. */
struct answer *meeting_respond(struct phone *p, const char *folder,
			       const char *item, int answer,
			       const char *more);

#endif
