/* A store in a folder of its own, and a mailbox to play with. */
#ifndef TESTS_HELPER_STATE_H
#define TESTS_HELPER_STATE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "state/colls.h"
#include "state/ledger.h"

#define USER 7u
#define DEVICE 11u
#define NOW 1700000000

struct box {
	char dir[64];
	struct store *s;
	struct arena *a;
	uint32_t coll;
	struct dev_coll dc;
};

/* A new folder for a store, and its end. */
void scratch_dir(char *dir, size_t n);
void scratch_drop(const char *dir);

/* cmocka fixtures: *state is a struct box with an empty mail folder, or a
 * contacts folder. */
int box_mail(void **state);
int box_contacts(void **state);
int box_close(void **state);
void box_reopen(struct box *b);
/* The same secret for the same seed, so that a schedule can be repeated. */
void box_seed(struct box *b, unsigned seed);

struct change mail(struct box *b, uint32_t uid, int64_t date, uint32_t flags);
struct change card(struct box *b, const char *href, const char *etag);
/* Applies them as changes since the last time. */
void put(struct box *b, struct change *v, size_t n);
void put_one_mail(struct box *b, uint32_t uid, int64_t date, uint32_t flags);
void gone(struct box *b, uint32_t uid);
/* A complete list. */
struct mirror_result list(struct box *b, struct change *v, size_t n,
			  uint32_t uidvalidity, int64_t now);
struct mirror_item item_of(struct box *b, const char *remote);

/* Judges the key, runs a window, offers it; the new key replaces the old
 * one. w may be NULL. */
enum key_verdict step(struct box *b, char key[64], int64_t want,
		      unsigned limit, struct window *w);
/* Key 0 and its confirmation by an empty quiet Sync. */
void start(struct box *b, char key[64]);
/* "A1 C2 D3 S4": operations and UIDs of a window. */
const char *ops(struct box *b, const struct window *w);
void check(struct box *b);

#endif
