#include "tests/unit/helper_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
#include "state/dump.h"
#include "state/store_private.h"

/* In memory where there is such a place: thousands of commits wait for no
 * disk. */
void
scratch_dir(char *dir, size_t n)
{
	snprintf(dir, n, "%s/eb-state-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(dir));
}

void
scratch_drop(const char *dir)
{
	static const char *const files[] = { "data.mdb", "lock.mdb", "note" };
	char path[96];
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static int
box_open(void **state, enum item_kind kind)
{
	struct box *b = calloc(1, sizeof(*b));
	struct folder f = { .remote = SPAN("INBOX"), .name = SPAN("Inbox"),
			    .kind = kind, .type = FOLDER_INBOX,
			    .uidvalidity = 1 };
	struct coll *v;
	struct err e = { 0 };
	size_t n;

	scratch_dir(b->dir, sizeof(b->dir));
	b->s = store_open(b->dir, &e);
	assert_non_null(b->s);
	b->a = arena_new();
	assert_true(colls_apply(b->s, USER, SPAN("s"), &f, 1, NULL, &e));
	assert_true(colls_list(b->s, USER, b->a, &v, &n, &e));
	assert_int_equal(n, 1);
	b->coll = v[0].id;
	b->dc = (struct dev_coll){ USER, DEVICE, b->coll };
	*state = b;
	return 0;
}

int
box_mail(void **state)
{
	return box_open(state, KIND_EMAIL);
}

int
box_contacts(void **state)
{
	return box_open(state, KIND_CONTACT);
}

int
box_close(void **state)
{
	struct box *b = *state;

	store_close(&b->s);
	arena_free(&b->a);
	scratch_drop(b->dir);
	free(b);
	return 0;
}

void
box_reopen(struct box *b)
{
	struct err e = { 0 };

	store_close(&b->s);
	b->s = store_open(b->dir, &e);
	assert_non_null(b->s);
}

static bool
seed_fn(struct txn *t, void *ctx, struct err *e)
{
	struct key k = key_begin(0, T_META);
	uint8_t secret[32];
	const char *name = "secret";

	while (*name != '\0')
		key_u8(&k, (uint8_t)*name++);
	memset(secret, 0, sizeof(secret));
	memcpy(secret, ctx, sizeof(unsigned));
	return txn_put(t, &k, span_from(secret, sizeof(secret)), e);
}

void
box_seed(struct box *b, unsigned seed)
{
	struct err e = { 0 };

	assert_true(store_write(b->s, seed_fn, &seed, &e));
	box_reopen(b);
}

struct change
mail(struct box *b, uint32_t uid, int64_t date, uint32_t flags)
{
	char *remote = arena_printf(b->a, "%u", uid);

	return (struct change){ .remote = span_of(remote), .flags = flags,
				.date = date, .size = 100,
				.token = hash64(SPAN("t"), span_of(remote)) };
}

struct change
card(struct box *b, const char *href, const char *etag)
{
	(void)b;
	return (struct change){ .remote = span_of(href),
				.etag = span_of(etag), .date = 5,
				.token = hash64(SPAN("t"), span_of(href)) };
}

static struct mirror_result
apply(struct box *b, const struct harvest *h, int64_t now)
{
	struct mirror_result r;
	struct err e = { 0 };

	assert_true(mirror_apply(b->s, USER, b->coll, h, now, &r, &e));
	return r;
}

void
put(struct box *b, struct change *v, size_t n)
{
	struct harvest h = { .scope = HARVEST_DELTA, .puts = v, .n_puts = n,
			     .cursor = SPAN("c") };

	apply(b, &h, NOW);
}

void
put_one_mail(struct box *b, uint32_t uid, int64_t date, uint32_t flags)
{
	struct change c = mail(b, uid, date, flags);

	put(b, &c, 1);
}

void
gone(struct box *b, uint32_t uid)
{
	struct span name = span_of(arena_printf(b->a, "%u", uid));
	struct harvest h = { .scope = HARVEST_DELTA, .gone = &name,
			     .n_gone = 1, .cursor = SPAN("c") };

	apply(b, &h, NOW);
}

struct mirror_result
list(struct box *b, struct change *v, size_t n, uint32_t uidvalidity,
     int64_t now)
{
	struct harvest h = { .scope = HARVEST_FULL, .puts = v, .n_puts = n,
			     .cursor = SPAN("full"),
			     .uidvalidity = uidvalidity };

	return apply(b, &h, now);
}

struct mirror_item
item_of(struct box *b, const char *remote)
{
	struct mirror_item it;
	struct err e = { 0 };

	assert_true(mirror_by_remote(b->s, USER, b->coll, span_of(remote),
				     b->a, &it, &e));
	return it;
}

enum key_verdict
step(struct box *b, char key[64], int64_t want, unsigned limit,
     struct window *w)
{
	struct window mine;
	struct sync_pos pos;
	struct err e = { 0 };

	if (w == NULL)
		w = &mine;
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	if (pos.verdict != KEY_BASE && pos.verdict != KEY_CONFIRMS)
		return pos.verdict;
	assert_true(sync_window(b->s, &pos, NULL, 0, want, limit, b->a, w,
				&e));
	if (w->n == 0) {
		assert_true(sync_quiet(b->s, &pos, w, want, &e));
		return pos.verdict;
	}
	assert_true(sync_offer(b->s, &pos, w, want, &e));
	memcpy(key, w->key, 64);
	return pos.verdict;
}

void
start(struct box *b, char key[64])
{
	struct err e = { 0 };

	assert_true(sync_first(b->s, b->dc, key, &e));
}

const char *
ops(struct box *b, const struct window *w)
{
	char *text = arena_printf(b->a, "%s", "");
	size_t i;

	for (i = 0; i < w->n; i++)
		text = arena_printf(b->a, "%s%s%c" SPAN_FMT, text,
				    i > 0 ? " " : "", "ACDS"[w->v[i].op],
				    SPAN_ARG(w->v[i].item.remote));
	return text;
}

void
check(struct box *b)
{
	struct span *v;
	struct err e = { 0 };
	size_t n, i;

	assert_true(dump_check(b->s, USER, b->a, &v, &n, &e));
	for (i = 0; i < n; i++)
		print_message(SPAN_FMT "\n", SPAN_ARG(v[i]));
	assert_int_equal(n, 0);
}
