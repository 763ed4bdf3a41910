/* Calendars and address books in the scenarios: a Radicale behind the
 * account, seen raw. */
#ifndef TESTS_FAULT_HELPER_DAV_H
#define TESTS_FAULT_HELPER_DAV_H

#include "tests/fault/helper_run.h"

/* Puts an event, a task, a contact as another program would. */
void run_event(struct run *r, const char *coll, const char *uid,
	       const char *title);
void run_task(struct run *r, const char *uid, const char *title);
void run_card(struct run *r, const char *uid, const char *last);
void run_gone(struct run *r, const char *coll, const char *file);
/* A calendar of that name beside the first; its path is "<place>/". */
void run_calendar(struct run *r, const char *place, const char *name);

/* Commands of the phone, ApplicationData whole; caller frees. */
char *event_data(const char *title, const char *uid);
char *task_data(const char *title);
char *card_data(const char *last);
/* ServerId of the item with that title (contacts: LastName). */
const char *run_titled(struct run *r, struct phone_folder *f,
		       const char *title);

/* Folders that are not mail: event, contact, task, note; NULL for others. */
const char *dav_kind(const struct phone_folder *f);
/* helper_look.c: a line for each collection and object, "dav NAME KIND" and
 * "dav NAME KIND|TITLE", of the server ... */
void look_server(struct run *r, void (*line)(void *ctx, char *text),
		 void *ctx);
/* ... and of one folder of the phone. */
void look_phone(const struct phone_folder *f,
		void (*line)(void *ctx, char *text), void *ctx);

#endif
