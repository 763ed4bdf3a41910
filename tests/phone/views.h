/* Two CalDAV accounts of one user (user 1's own and, as "club", user 2's), a
 * phone that sees one calendar of them and a phone that sees each. */
#ifndef TESTS_PHONE_VIEWS_H
#define TESTS_PHONE_VIEWS_H

#include "tests/phone/dav.h"

extern struct harness views_h;

void views_up(const char *name);
int views_down(void);
/* The user file; top: lines above the sections. From the next start or reload
 * on. */
void views_configure(const char *top, bool club);
void views_reload(void);

/* A user's own server (0: user 1). */
struct dav_side *views_side(int user);
/* An object as another program writes it, with LF; kind: "VEVENT". Caller
 * frees. */
char *views_object(const char *kind, const char *uid, const char *subject);
void views_put(int user, const char *kind, const char *uid,
	       const char *subject);
void views_put_event(int user, const char *uid, const char *subject);
void views_drop(int user, const char *uid);
/* How often the text stands in the user's calendar. */
int views_count(int user, const char *text);

/* One of each kind, by its type (clients.md section 11). */
struct phone *views_merged_phone(const char *id);
/* The default calendar, and the club's of a phone that sees each. */
struct phone_folder *views_calendar(struct phone *p);
struct phone_folder *views_club(struct phone *p);
int views_folders(const struct phone *p, int type);
/* By subject; NULL if there is none; `need` fails the test. */
struct phone_item *views_event(struct phone_folder *f, const char *subject);
struct phone_item *views_need(struct phone_folder *f, const char *subject);

/* The next Sync brings so much and no more. */
void views_bring(struct phone *p, struct phone_folder *f, unsigned adds,
		 unsigned changes, unsigned deletes);
void views_quiet(struct phone *p, struct phone_folder *f);
struct sync_result views_change(struct phone *p, struct phone_folder *f,
				const char *id, const char *subject);
struct sync_result views_add(struct phone *p, struct phone_folder *f,
			     const char *client_id, const char *subject);
/* The Ping is answered for that folder. */
void views_ring(struct running *r, const char *folder);

/* Two phones that are up to date. */
struct views_pair {
	struct phone *m, *s;      /* merged, separate */
	struct phone_folder *all; /* the merged calendar */
	struct phone_folder *own, *club;
};
struct views_pair views_two_phones(const char *name);
void views_all_quiet(struct views_pair *x);

#endif
