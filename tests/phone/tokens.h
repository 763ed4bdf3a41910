/* User 1 with everything by tokens of the test provider (--with oauth): the
 * mailbox, the SMTP server and the DAV server, by one sign-in; and user 2's
 * mailbox as a further one, by a password, under the name "other". */
#ifndef TESTS_PHONE_TOKENS_H
#define TESTS_PHONE_TOKENS_H

#include "tests/phone/cli.h"

#define TOKENS_SIGN_IN "oauth -c easbridge.conf test user1@example.test"

/* harness_up without a daemon, the configuration, the daemon. */
void tokens_up(struct harness *h, const char *name);
/* The main file; `more` goes into [oauth test], or behind it. */
void tokens_write_main(struct harness *h, const char *more);
void tokens_write_user(struct harness *h);
/* The provider as it was at first, and nobody's sign-in disturbed. */
void tokens_reset(struct harness *h);
/* Signs in (mode: see cli_browse); fails the test if that fails. */
void tokens_sign_in(struct harness *h, const char *mode, struct bytes *out);
/* The only token file; NULL: none. Caller frees. */
char *tokens_file(struct harness *h);
/* A mail into the inbox of user 1, whose password at the servers is not the
 * phone's. */
void tokens_fill(struct harness *h, const char *subject);
struct phone_folder *tokens_other_inbox(struct phone *p);
struct phone_folder *tokens_calendar(struct phone *p);

#endif
