/* Damage to the state of a daemon that is down, for tests of verify. */
#ifndef TESTS_HELPER_DAMAGE_H
#define TESTS_HELPER_DAMAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/ledger_private.h"
#include "tests/phone/cli.h"

#define CONF "-c easbridge.conf"

struct damage {
	struct dev_coll dc; /* filled in by damage_state */
	const char *cursor;
	uint64_t item, has;
	bool (*fn)(struct txn *t, struct damage *d, struct err *e);
};

/* Of user 0. */
void damage_state(struct harness *h, struct damage *d, const char *device,
		  const struct phone_folder *f);
bool damage_set_cursor(struct txn *t, struct damage *d, struct err *e);
bool damage_drop_item(struct txn *t, struct damage *d, struct err *e);
bool damage_swap_flags(struct txn *t, struct damage *d, struct err *e);
/* The base's row says `has`, and is not owed. */
bool damage_put_has(struct txn *t, struct damage *d, struct err *e);

/* The item's part of a ServerId. */
uint64_t item_number(const char *id);
/* easbridge verify for user 0; its exit code. */
int verify(struct harness *h, struct bytes *out, const char *more);
/* A mailbox of n mails and a phone that has all of it. */
struct phone_folder *filled(struct harness *h, struct phone **p,
			    const char *device, const char *box, int n);
/* One Sync that must succeed and bring nothing a second time. */
struct sync_result sync_once(struct phone *p, struct phone_folder *f);
/* The cursor that the mailbox has now; caller frees. */
char *present_cursor(struct harness *h, const char *box);

#endif
