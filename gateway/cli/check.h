/* The checks of "easbridge check": from a user's configuration through every
 * login to what a phone sees. Each step is one line, good or with what to do
 * about it. Passwords are never part of a line. */
#ifndef GATEWAY_CHECK_H
#define GATEWAY_CHECK_H

#include "base/arena.h"
#include "gateway/config/config.h"

enum check_result { CHECK_OK, CHECK_NOTE, CHECK_FAIL, CHECK_SKIP };

struct resolver;

struct check {
	struct arena *a;
	const struct resolver *dns; /* NULL: names are not looked up */
	const char *ca_file;        /* for what phones see; NULL: the
				       system's */
	/* Called for each step; remedy is "" where nothing is to be done. */
	void (*line)(void *ctx, const char *what, enum check_result r,
		     const char *text, const char *remedy);
	void *ctx;
	unsigned failed, skipped;
};

void check_say(struct check *k, const char *what, enum check_result r,
	       const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
const char *check_word(enum check_result r); /* "ok", "note", ... */

/* All sources of a user. `password`: what the phone would send; "" if it is
 * not known. */
void check_sources(struct check *k, const struct user_conf *u,
		   const char *password);
/* One mail source alone, with these credentials; false if anything failed.
 * setup tries with it what it found. */
bool check_mail(struct check *k, const struct source_conf *s,
		const struct login *login, const char *from);
/* mode: the source's setting `schedule`. */
bool check_dav(struct check *k, const struct source_conf *s,
	       const struct login *login, enum itip_schedule mode);
/* What phones see at url: OPTIONS and the certificate, Autodiscover in its
 * forms and in DNS, FolderSync; and whether a phone may wait for wait_s
 * seconds (0: not tried). */
void check_phone(struct check *k, const struct user_conf *u,
		 const char *url, const char *password, unsigned wait_s);

#endif
