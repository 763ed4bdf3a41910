/* The other side of contacts, calendars and notes: raw ways into a DAV
 * server, to put objects there as other programs would and to see what
 * really happened. Like harness.h, what fails, fails the test. */
#ifndef TESTS_PHONE_DAV_H
#define TESTS_PHONE_DAV_H

#include "tests/phone/harness.h"

struct dav_side {
	const char *name;  /* of the server: "Radicale", "Cyrus", "Xandikos" */
	char url[300];     /* what the user configures */
	char origin[120];  /* http://127.0.0.1:1234 */
	char book[200], calendar[200]; /* paths with a slash at the end */
	char login[80], password[80];
	int user;          /* of the harness */
	void *curl;        /* opened with the first request */
	int status;        /* of the last answer */
};

/* That server with the account of user `user` (from 0); false if it did not
 * start (Cyrus and Xandikos are fetched from Debian). Xandikos has one
 * account. */
bool dav_side(struct harness *h, const char *name, int user,
	      struct dav_side *out);
/* Gives the user its [dav] section, looked at every second, from the next
 * start on. `more`: further lines, or NULL. */
void dav_configure(struct harness *h, const struct dav_side *d,
		   const char *more);
/* Servers with Radicale, and a daemon that has user 0's account there and
 * looks at it every `poll` seconds. name: of the program. */
void dav_up(struct harness *h, const char *name, int poll,
	    struct dav_side *out);
void dav_close(struct dav_side *d);
/* curl with a user's login, at a path below its home at Radicale; `what`:
 * arguments as shell words. What it prints; caller frees. */
char *dav_curl(struct harness *h, int user, const char *what,
	       const char *path);

/* One request; headers are "Name: value", NULL at the end, or NULL. The body
 * of the answer; caller frees. d->status: 0 if nobody answers. */
char *dav_ask(struct dav_side *d, const char *method, const char *path,
	      const char *const *headers, const void *body, size_t n);
/* Writes an object; LF becomes CRLF. */
void dav_put(struct dav_side *d, const char *path, const char *text);
void dav_put_raw(struct dav_side *d, const char *path, const void *text,
		 size_t n);
/* n objects at once; each name ("x.vcf") and LF text in turn. Fast where a
 * server takes a whole collection in one request (Radicale, which gives it
 * names of its own, and drops what was there). */
void dav_fill(struct dav_side *d, const char *coll, char *const *names,
	      char *const *texts, size_t n);
/* NULL: there is none. Caller frees. */
char *dav_get(struct dav_side *d, const char *path);
void dav_delete(struct dav_side *d, const char *path);
/* Paths of all objects of a collection, one a line; caller frees. */
char *dav_paths(struct dav_side *d, const char *coll);
/* All objects of a collection in one text; caller frees. */
char *dav_all(struct dav_side *d, const char *coll);
/* How often that text stands in the objects of a collection. */
int dav_count(struct dav_side *d, const char *coll, const char *text);
/* Path of the only object there with this text; caller frees. */
char *dav_find(struct dav_side *d, const char *coll, const char *text);
/* An event of the far future with that UID and subject in d->calendar. */
void dav_put_event(struct dav_side *d, const char *uid);
/* The object has (has not) this text. */
void dav_has(struct dav_side *d, const char *path, const char *text);
void dav_has_not(struct dav_side *d, const char *path, const char *text);
/* A new collection: MKCOL or MKCALENDAR beside d->book or d->calendar. kind:
 * "book", or a component ("VJOURNAL"). Its path; caller frees. */
char *dav_make(struct dav_side *d, const char *kind, const char *name);

#endif
