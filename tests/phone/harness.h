/* The ground under a test program: real servers, a running daemon, phones
 * that know where it listens, and raw ways into the mailboxes to see what
 * really happened.
 *
 * Everything lives under build/tmp/<program>. Programs are started from the
 * project's root (or below it). EASBRIDGE_BIN names the daemon, default
 * build/fault/easbridge. */
#ifndef TESTS_PHONE_HARNESS_H
#define TESTS_PHONE_HARNESS_H

#include <sys/types.h>

#include "tests/phone/phone.h"

#define HARNESS_USERS 8
#define HARNESS_PHONES 256

struct harness_options {
	const char *name;      /* of the program; NULL: "harness" */
	const char *server;    /* more lines for [server], or NULL */
	const char *user;      /* more lines for the users' [mail], or NULL */
	const char *fault;     /* EASBRIDGE_FAULT of the daemon, or NULL */
	bool no_daemon;        /* only the servers */
	const char *stack;     /* more arguments of tests/servers/stack up */
	const char *log_level; /* of the daemon; NULL: debug */
	bool on_cyrus;         /* mail lies at Cyrus (in `stack`), not Dovecot;
				  HARNESS_MAIL=cyrus does so for any program */
};

struct harness_user {
	char login[64], password[64], email[64];
};

struct harness {
	char root[1024], dir[2048];
	char log[2100];        /* the daemon's stderr, all starts */
	char conf[2100];       /* its main configuration file */
	char sink[1024];       /* mails for addresses outside */
	char dav[256];         /* URL with {login}; "" without Radicale */
	char cyrus[256], xandikos[256]; /* URLs; "" where they do not run */
	char oauth[256], oauth_dav[256]; /* --with oauth: the provider, and
					    the DAV server that wants its
					    tokens, as dav */
	char imap_host[64], lmtp_host[64], smtp_host[64];
	int imap_port, imaps_port, lmtp_port, smtp_port;
	char sent[64], trash[64], drafts[64], junk[64]; /* mailbox names */
	struct harness_user users[HARNESS_USERS];
	int n_users;
	const char *zone[HARNESS_USERS];
	char *more[HARNESS_USERS]; /* behind the [mail] section of each */
	struct harness_options options;
	pid_t pid;             /* of the daemon; 0: not running */
	int port;
	char url[128];
	struct phone *phones[HARNESS_PHONES];
	int n_phones;
};

/* Starts servers and daemon; ends the program with a message on failure.
 * `o` may be NULL. */
void harness_up(struct harness *h, const struct harness_options *o);
/* Stops all; frees the phones. 0, or -1 if the daemon did not end well
 * (sanitizers report that way): use it as cmocka's group teardown. A daemon
 * that harness_stop found ending badly makes the whole program fail. */
int harness_down(struct harness *h);
/* The daemon alone. start waits for "listening" and moves the phones to the
 * new port; false if it does not come. stop: SIGTERM, returns the exit
 * status (-1: it died of a signal or did not end in 20 s). */
bool harness_start(struct harness *h);
int harness_stop(struct harness *h);
void harness_kill(struct harness *h); /* SIGKILL, and waits */
/* Stop and start, or only start if it is dead. */
void harness_restart(struct harness *h);
/* Waits for the daemon to die by itself; true and the wait status. */
bool harness_died(struct harness *h, long ms, int *status);
void harness_set_fault(struct harness *h, const char *fault); /* next start */
/* Ends a daemon that its fault hit, or may hit at any moment yet (a job in
 * the background comes by that point too), and starts one without. */
void harness_disarm(struct harness *h);
/* Gives one user more sections (NULL: none), from the next start on. */
void harness_more(struct harness *h, int user, const char *text);
/* The user's `zone` (NULL: none), from the next start on. */
void harness_zone(struct harness *h, int user, const char *zone);
/* Wipes the daemon's state (it must be stopped). */
void harness_forget_state(struct harness *h);
/* A phone of user `user` (from 0), not yet set up; freed by harness_down.
 * The daemon's restarts are followed. */
struct phone *harness_phone(struct harness *h, int user, const char *device);
/* Frees it before harness_down would. */
void harness_drop_phone(struct harness *h, struct phone *p);
/* ... after phone_set_up. */
struct phone *harness_ready_phone(struct harness *h, int user,
				  const char *device);
/* A mailbox of its own for a test: made if it is not there, emptied if it
 * is; returned as the phone's folder, after a FolderSync. */
struct phone_folder *harness_folder(struct harness *h, struct phone *p,
				    int user, const char *mailbox);
/* Number of lines in the daemon's log with this text. */
int harness_log_count(struct harness *h, const char *text);
void harness_sleep(long ms);
/* The content of a file under root (tests' fixtures). */
bool harness_read(struct harness *h, const char *path, struct bytes *out);

/* ---- raw IMAP ----------------------------------------------------------*/

struct imap {
	int fd;
	unsigned tag;
	struct bytes in;     /* received, not yet read */
	size_t at;
	struct bytes *lines; /* untagged lines of the last command, literals
				inside, without CRLF at the end */
	size_t n_lines;
	char status[512];    /* tagged line without the tag: "OK ..." */
};

struct imap *imap_open(struct harness *h, int user);
void imap_close(struct imap *c);
/* Sends a command, reads up to the tagged answer; true if OK. */
bool imap_cmd(struct imap *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* First untagged line with this text, NULL if none. */
const char *imap_line(struct imap *c, const char *text);
/* The rest fails the test when the server says no. */
void imap_select(struct imap *c, const char *mailbox);
/* UIDs of a SEARCH in the selected mailbox; number found. */
size_t imap_search(struct imap *c, const char *query, unsigned *uids,
		   size_t room);
/* UID of the only mail with this subject; 0 if none. Selects. */
unsigned imap_uid(struct imap *c, const char *mailbox, const char *subject);
/* "\Seen $Forwarded" and so on; static buffer. Selects. */
const char *imap_flags(struct imap *c, const char *mailbox, unsigned uid);
bool imap_has_flag(struct imap *c, const char *mailbox, unsigned uid,
		   const char *flag);
void imap_store(struct imap *c, const char *mailbox, unsigned uid,
		const char *what); /* "+FLAGS (\\Seen)" */
/* BODY.PEEK[section] into out ("" for the whole mail). Selects. */
void imap_fetch(struct imap *c, const char *mailbox, unsigned uid,
		const char *section, struct bytes *out);
/* flags "\\Seen" or NULL; date "01-May-2024 08:30:00 +0000" or NULL.
 * Returns the UID (0 without UIDPLUS). */
unsigned imap_append(struct imap *c, const char *mailbox, const char *flags,
		     const char *date, const char *mail, size_t n);
unsigned imap_count(struct imap *c, const char *mailbox);
/* How many mails of the mailbox have that in their subjects; over a
 * connection of its own. */
size_t imap_subjects(struct harness *h, int user, const char *mailbox,
		     const char *subject);
void imap_expunge(struct imap *c, const char *mailbox, unsigned uid);

/* ---- mails -------------------------------------------------------------*/

/* Delivers through LMTP; returns phone_now_ms() of the server's 250. */
double lmtp_deliver(struct harness *h, int user, const char *mail, size_t n);
/* LF to CRLF; caller frees. */
char *crlf(const char *text);
/* A plain mail with Date, Message-ID and the rest; caller frees. */
char *mail_plain(const char *subject, const char *body);
/* mail_plain by APPEND, n mails "<subject> 1" ... "<subject> n", or one
 * with the subject as it is if n is 0. date as imap_append. */
void imap_fill(struct harness *h, int user, const char *mailbox,
	       const char *subject, int n, const char *date);
/* A mail written with LF by APPEND; returns its UID. */
unsigned imap_put(struct harness *h, int user, const char *mailbox,
		  const char *text);
/* mail_plain through LMTP. */
double lmtp_plain(struct harness *h, int user, const char *subject);
/* Mails that left for the outside. wait: until there are at least n or ms
 * are over; returns how many there are. */
size_t sink_count(struct harness *h);
size_t sink_wait(struct harness *h, size_t n, long ms);
/* The i-th in order of arrival, from 0; the newest: sink_count - 1. */
bool sink_read(struct harness *h, size_t i, struct bytes *out);
/* The newest with this text in it. */
bool sink_find(struct harness *h, const char *text, struct bytes *out);
/* The same once it left; fails the test if it does not in 10 s. */
void sink_need(struct harness *h, const char *text, struct bytes *out);
/* How many have this text in them. */
size_t sink_times(struct harness *h, const char *text);

#endif
