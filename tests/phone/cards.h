/* Contacts for tests that speak to all three DAV servers: who runs, cards as
 * other programs write them, commands as phones send them. */
#ifndef TESTS_PHONE_CARDS_H
#define TESTS_PHONE_CARDS_H

#include "tests/phone/dav.h"

/* Radicale with user 0, Cyrus with user 1, Xandikos with user 2: those that
 * run are configured, and the daemon is started with them. */
#define CARD_SERVERS 3
struct cards {
	struct harness h;
	struct dav_side side[CARD_SERVERS];
	size_t n;
	struct dav_side *d; /* the one under test */
};
/* name of the program and log_level as in harness_options. */
void cards_up(struct cards *c, const char *name, const char *log_level);
int cards_down(struct cards *c);
/* What main of such a program returns: up, all tests at each server in turn,
 * down. Behind cmocka.h. */
#define cards_run(c, name, tests)                                             \
	cards_run_at_each(c, name, tests, sizeof(tests) / sizeof((tests)[0]))
struct CMUnitTest;
int cards_run_at_each(struct cards *c, const char *name,
		      const struct CMUnitTest *tests, size_t n);
/* A phone of the user under test; device ids are made unlike for each
 * server. */
struct phone *cards_phone(struct cards *c, const char *device);

/* vCard 3.0 with lines no phone knows; `more`: further lines, or "". Caller
 * frees. */
char *card_text(const char *uid, const char *first, const char *last,
		const char *more);
/* Puts one at d->book under "<uid>.vcf"; its path, caller frees. */
char *card_put(struct dav_side *d, const char *uid, const char *first,
	       const char *last, const char *more);

struct phone_folder *contacts_of(struct phone *p);
/* By LastName; NULL if there is none. */
struct phone_item *contact_find(struct phone_folder *f, const char *last);
/* The same, fails the test. */
struct phone_item *contact_need(struct phone_folder *f, const char *last);
/* xml: further elements. */
struct sync_result contact_add(struct phone *p, struct phone_folder *f,
			       const char *client_id, const char *last,
			       const char *xml);
/* The item as the phone has it, with the elements of xml in place of its own
 * (phones send whole items). */
struct sync_result contact_change(struct phone *p, struct phone_folder *f,
				  const char *last, const char *xml);
/* xml alone. */
struct sync_result contact_change_part(struct phone *p,
				       struct phone_folder *f,
				       const char *last, const char *xml);

#endif
