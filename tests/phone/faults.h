/* "Nothing lost, nothing doubled": a scenario is played once undisturbed,
 * then once for each fault point it passes with that operation failing, and
 * once with the daemon killed there and started again, while the phone
 * repeats its requests as phones do. In the end mailbox and phone must be
 * what the undisturbed run left.
 *
 * Fault points: base/fault.h. A play must not depend on time, use only the
 * fault_ calls below to talk to the daemon, and leave its mails in the
 * mailboxes named in the scenario. */
#ifndef TESTS_PHONE_FAULTS_H
#define TESTS_PHONE_FAULTS_H

#include "tests/phone/harness.h"

struct fault_run {
	struct harness *h;
	struct phone *p;
	const char *mode; /* "count", "fail", "kill" */
	unsigned k;
	char tag[64];     /* differs in each run: ClientIds, subjects of mails
			     that leave */
	bool moves;       /* set by the play: MoveItems told ids already, so that
			     an Add of what the phone has is no surprise */
	bool sends;       /* set by the play: mails with `tag` leave */
	unsigned resets;  /* times the phone had to begin again with key 0 */
};

struct fault_scenario {
	const char *name;
	/* Mailboxes compared at the end; emptied before each run. */
	const char *mailboxes[6];
	void (*prepare)(struct fault_run *x); /* over IMAP; may be NULL */
	void (*play)(struct fault_run *x);
};

/* Plays all runs with a daemon of its own; fails the cmocka test with
 * scenario, mode, k and point of each run that differs. */
void fault_play(struct harness *h, const struct fault_scenario *sc);

/* Each repeats until it is answered as a phone would take for good. */
void fault_set_up(struct fault_run *x);
struct phone_folder *fault_folder(struct fault_run *x, const char *name);
/* One request with these commands, then until nothing more is available. */
void fault_sync(struct fault_run *x, struct phone_folder *f,
		const char *commands);
/* The id of the mail with this subject. */
const char *fault_item(struct phone_folder *f, const char *subject);
/* Until done(answer) or 8 tries; fails the test then. */
struct answer *fault_insist(struct fault_run *x,
			    struct answer *(*ask)(struct fault_run *x,
						  void *ctx),
			    bool (*done)(struct answer *a), void *ctx);

#endif
