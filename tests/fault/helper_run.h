/* One run of a scenario: a user and a daemon of its own, a phone that does
 * not give up, and at the end a look at all that is left. See README.md. */
#ifndef TESTS_FAULT_HELPER_RUN_H
#define TESTS_FAULT_HELPER_RUN_H

#include <setjmp.h>

#include "base/fault.h"
#include "tests/phone/dav.h"
#include "tests/phone/harness.h"

#define SECOND "work"
#define SECOND_USERS 4000 /* users from here on are second mailboxes */

enum mode {
	RUN_CALM, /* undisturbed; counts */
	RUN_FAIL, /* the k-th fault point fails */
	RUN_KILL, /* the process is killed there, and started again */
	RUN_LOSE, /* the answer to the k-th request is lost */
	RUN_CUT,  /* the connection breaks as soon as the k-th is sent */
	RUN_LATE, /* the k-th point is held up, and what comes after overtakes
		   */
	RUN_MODES
};

extern const char *const mode_names[RUN_MODES];

struct run {
	struct harness h; /* user 0 is this run's own */
	struct fault_page *page;
	struct phone *p;
	struct imap *c;  /* raw, of the same user */
	struct imap *c2; /* of the second mailbox, if there is one */
	bool second, dav, objects, merged;
	bool scheduling;   /* its calendar is at Cyrus, which invites itself */
	const char *version; /* of the protocol; NULL: the phone's own choice */
	struct dav_side d; /* of the same user, if there is a DAV server */
	int user;        /* number of the login */
	char to[64];     /* an outside address of this run alone */
	bool kill_armed; /* and has not killed yet */
	bool doubt;      /* a notice was found in the inbox */
	bool lost;       /* an answer was thrown away */
	unsigned first_request, requests; /* of act: before it, within it */
	jmp_buf failed;
	char message[3000];
};

struct scenario {
	const char *name;
	/* Undisturbed: what is in the mailbox and on the phone before. */
	void (*prepare)(struct run *r);
	/* Disturbed. Ends when the phone believes that all is done. */
	void (*act)(struct run *r);
	bool second;    /* the account has a second mailbox, SECOND */
	bool dav;       /* ... and a calendar (Radicale) */
	bool scheduling; /* ... which is at Cyrus instead */
	const char *version; /* that the phone speaks; NULL: its own choice */
	unsigned thin;  /* with a DAV server: three of so many points are
			   tried; 0: of 12 */
	bool merged;    /* ... whose inbox is folded into the first one's */
	bool objects;   /* ... or calendars and contacts; then these alone are
			   synced */
	unsigned mails; /* that leave, to r->to */
	bool doubt;     /* ... and may end as a notice (SYNC-CORE 10) */
	unsigned beside; /* points of the request that caused a mail and may
			    fall into its window of doubt: it leaves in the
			    background */
};

/* ---- for scenarios -----------------------------------------------------*/

/* Ends the run as failed. */
void run_failf(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));
/* OPTIONS, FolderSync, and all folders up to date. */
void run_set_up(struct run *r);
/* n mails "<subject> 1" to "<subject> n" by APPEND; one "<subject>" if 0. */
void run_fill(struct run *r, const char *mailbox, const char *subject, int n);
void run_fill_second(struct run *r, const char *mailbox, const char *subject,
		     int n);
struct phone_folder *run_second_inbox(struct run *r);
/* Kills the daemon and starts it, until it stands. */
void run_restart(struct run *r);
/* Up to date: FolderSync, then Sync of every mail folder. */
void run_sync_all(struct run *r);
/* One Sync with these commands; every one must be accepted. */
void run_commands(struct run *r, struct phone_folder *f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* ServerId of the mail with this subject, which must be there. */
const char *run_item(struct run *r, struct phone_folder *f,
		     const char *subject);
/* UID of the same in the mailbox. */
unsigned run_uid(struct run *r, const char *mailbox, const char *subject);
/* A mail to r->to; caller frees. */
char *run_letter(struct run *r, const char *subject);
/* Restarts the daemon if the fault has killed it. */
void run_revive(struct run *r);
/* True if the phone would ask for the same thing again. */
bool run_refused(const struct answer *a);
/* The phone repeats what is refused, which is how it begins. */
void run_patient(struct run *r);
/* In prepare, for states that only a crash leaves: from now on until
 * run_calm the point `name` kills. */
void run_arm_kill(struct run *r, const char *name);
void run_calm(struct run *r);

/* Folders that run_sync_all and the last look sync: those of mail, or, with
 * .objects, all others. */
bool run_is_synced(const struct run *r, const struct phone_folder *f);

/* ---- for the jobs ------------------------------------------------------*/

/* Makes a daemon's folder below the harness and a page; in a fresh process. */
void run_open(struct run *r, const struct harness *base, int worker);
/* All of one run; what is left goes into *left. False: r->message says what
 * went wrong. */
bool run_once(struct run *r, const struct scenario *s, enum mode mode,
	      unsigned k, int user, struct bytes *left);
void run_close(struct run *r);

/* helper_look.c: mailbox and phone as sorted lines; fails the run where the
 * two differ. *doubt: the notice is there. */
void look(struct run *r, struct phone *p, struct bytes *out);
/* Fails the run unless a second phone sees the same as the first. */
void look_second(struct run *r);
/* The daemon is dead: fails the run for each broken invariant. */
void look_state(struct run *r);

#endif
