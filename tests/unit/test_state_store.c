/* The store itself: what is on disk when, who sees what, and a process that
 * is killed at every point of a commit. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/fault.h"
#include "state/begun_private.h"
#include "state/folders.h"
#include "state/gc.h"
#include "state/moved.h"
#include "state/replies.h"
#include "state/sent.h"
#include "state/store_private.h"
#include "tests/unit/helper_state.h"

#define ALL INT64_MIN

/* ---- rows --------------------------------------------------------------------*/

struct one_row {
	uint32_t number;
	struct span val;
	bool fail; /* after it wrote */
	bool found;
	int runs;
};

static struct key
row_key(uint32_t number)
{
	struct key k = key_begin(USER, T_DEVICE);

	key_u32(&k, number);
	return k;
}

static bool
put_fn(struct txn *t, void *ctx, struct err *e)
{
	struct one_row *r = ctx;
	struct key k = row_key(r->number);

	r->runs++;
	if (!txn_put(t, &k, r->val, e))
		return false;
	return !r->fail || err_set(e, ERR_CONFLICT, SCOPE_ITEM, "on purpose");
}

static bool
get_fn(struct txn *t, void *ctx, struct err *e)
{
	struct one_row *r = ctx;
	struct key k = row_key(r->number);

	return txn_get(t, &k, &r->val, &r->found, e);
}

static bool
has_row(struct box *b, uint32_t number)
{
	struct one_row r = { .number = number };
	struct err e = { 0 };

	assert_true(store_read(b->s, get_fn, &r, &e));
	return r.found;
}

static void
what_was_written_stays(void **state)
{
	struct box *b = *state;
	struct one_row r = { .number = 1, .val = SPAN("x") };
	struct err e = { 0 };
	uint64_t before = store_touched(b->s);

	assert_false(has_row(b, 1));
	assert_true(store_write(b->s, put_fn, &r, &e));
	assert_true(store_touched(b->s) > before);
	assert_int_equal(r.runs, 1);
	box_reopen(b);
	assert_true(has_row(b, 1));
}

static void
a_closure_that_fails_leaves_nothing(void **state)
{
	struct box *b = *state;
	struct one_row r = { .number = 1, .val = SPAN("x"), .fail = true };
	struct err e = { 0 };

	assert_false(store_write(b->s, put_fn, &r, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(e.scope, SCOPE_ITEM);
	assert_string_equal(e.text, "on purpose");
	assert_false(has_row(b, 1));
	assert_false(store_write(b->s, put_fn, &r, NULL)); /* e may be NULL */
}

/* ---- many writers --------------------------------------------------------------*/

#define WRITERS 16
#define WRITES 40

struct writer {
	struct box *b;
	uint32_t first;
	bool wrong;
};

static void *
write_many(void *arg)
{
	struct writer *w = arg;
	uint32_t i;

	for (i = 0; i < WRITES; i++) {
		struct one_row r = { .number = w->first + i,
				     .val = SPAN("x"), .fail = i % 3 == 0 };
		struct err e = { 0 };
		bool ok = store_write(w->b->s, put_fn, &r, &e);

		w->wrong |= ok == r.fail || r.runs < 1 || r.runs > 2;
		w->wrong |= !ok && e.code != ERR_CONFLICT;
	}
	return NULL;
}

/* A neighbour in the group that fails costs the others a second run at most,
 * and never their rows. */
static void
neighbours_do_not_harm_each_other(void **state)
{
	struct box *b = *state;
	struct writer w[WRITERS];
	pthread_t t[WRITERS];
	uint32_t i, j;

	for (i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){ b, 1000 * (i + 1), false };
		assert_int_equal(
			pthread_create(&t[i], NULL, write_many, &w[i]), 0);
	}
	for (i = 0; i < WRITERS; i++) {
		pthread_join(t[i], NULL);
		assert_false(w[i].wrong);
	}
	for (i = 0; i < WRITERS; i++)
		for (j = 0; j < WRITES; j++)
			assert_int_equal(has_row(b, w[i].first + j),
					 j % 3 != 0);
}

/* ---- scans -----------------------------------------------------------------------*/

struct walk {
	uint32_t from, to;
	bool backwards;
	char seen[64];
};

static bool
walk_fn(struct txn *t, void *ctx, struct err *e)
{
	struct walk *w = ctx;
	struct key from = row_key(w->from), to = row_key(w->to);
	struct span k, v;
	struct scan s;
	size_t n = 0;

	w->seen[0] = '\0';
	if (!scan_begin(t, &from, &to, w->backwards, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, 9));

		n += (size_t)snprintf(w->seen + n, sizeof(w->seen) - n, "%u ",
				      take_u32(&c));
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

static const char *
walk(struct box *b, uint32_t from, uint32_t to, bool backwards)
{
	static struct walk w;
	struct err e = { 0 };

	w = (struct walk){ from, to, backwards, "" };
	assert_true(store_read(b->s, walk_fn, &w, &e));
	return w.seen;
}

static bool
del_fn(struct txn *t, void *ctx, struct err *e)
{
	struct one_row *r = ctx;
	struct key k = row_key(r->number);

	return txn_del(t, &k, e);
}

static bool
del_all_fn(struct txn *t, void *ctx, struct err *e)
{
	struct key k = key_begin(USER, T_DEVICE);

	(void)ctx;
	return txn_del_prefix(t, &k, e);
}

static void
scans_keep_their_bounds(void **state)
{
	struct box *b = *state;
	uint32_t n[] = { 0, 1, 2, 255, 256, UINT32_MAX };
	struct one_row r = { .val = SPAN("x") };
	struct err e = { 0 };
	size_t i;

	assert_string_equal(walk(b, 0, UINT32_MAX, false), "");
	assert_string_equal(walk(b, 0, UINT32_MAX, true), "");
	for (i = 0; i < 6; i++) {
		r.number = n[i];
		assert_true(store_write(b->s, put_fn, &r, &e));
	}
	assert_string_equal(walk(b, 0, UINT32_MAX, false), "0 1 2 255 256 ");
	assert_string_equal(walk(b, 1, 256, false), "1 2 255 ");
	assert_string_equal(walk(b, 1, 256, true), "255 2 1 ");
	assert_string_equal(walk(b, 3, 255, true), "");
	assert_string_equal(walk(b, 3, 255, false), "");
	assert_string_equal(walk(b, 2, 2, true), "");
	r.number = 2;
	assert_true(store_write(b->s, del_fn, &r, &e));
	assert_true(store_write(b->s, del_fn, &r, &e)); /* twice is once */
	assert_string_equal(walk(b, 0, 256, true), "255 1 0 ");
	assert_true(store_write(b->s, del_all_fn, NULL, &e));
	assert_string_equal(walk(b, 0, UINT32_MAX, false), "");
	/* Neighbouring tables are untouched. */
	put_one_mail(b, 1, 1, 0);
	check(b);
}

static void
the_key_after_a_prefix(void **state)
{
	struct key k = { .n = 0 }, n;

	(void)state;
	key_u8(&k, 1);
	key_u8(&k, 0xFF);
	key_u8(&k, 0xFF);
	n = key_after(&k);
	assert_int_equal(n.n, 1);
	assert_int_equal(n.p[0], 2);
	k.n = 1;
	n = key_after(&k);
	assert_int_equal(n.p[0], 2);
}

/* ---- what belongs to the installation ----------------------------------------------*/

struct facts {
	uint64_t start, epoch, reply;
	uint32_t incarnation;
	uint8_t secret[32];
};

static bool
facts_fn(struct txn *t, void *ctx, struct err *e)
{
	struct facts *f = ctx;

	f->start = txn_start_number(t);
	f->incarnation = txn_incarnation(t);
	assert_int_equal(txn_secret(t).n, 32);
	memcpy(f->secret, txn_secret(t).p, 32);
	return txn_next_epoch(t, &f->epoch, e) &&
	       txn_next_reply(t, &f->reply, e);
}

static void
numbers_of_the_installation(void **state)
{
	struct box *b = *state;
	struct facts one, two;
	struct err e = { 0 };

	assert_true(store_write(b->s, facts_fn, &one, &e));
	assert_true(store_write(b->s, facts_fn, &two, &e));
	assert_true(two.epoch == one.epoch + 1 && two.reply == one.reply + 1);
	assert_true(two.start == one.start);
	box_reopen(b);
	assert_true(store_write(b->s, facts_fn, &two, &e));
	assert_true(two.epoch == one.epoch + 2 && two.reply == one.reply + 2);
	assert_true(two.start == one.start + 1);
	assert_int_equal(two.incarnation, one.incarnation);
	assert_memory_equal(two.secret, one.secret, 32);
}

static void
another_store_is_another_incarnation(void **state)
{
	struct box *b = *state, *other;
	void *second;
	struct facts one, two;
	struct err e = { 0 };

	assert_int_equal(box_mail(&second), 0);
	other = second;
	assert_true(store_write(b->s, facts_fn, &one, &e));
	assert_true(store_write(other->s, facts_fn, &two, &e));
	assert_memory_not_equal(one.secret, two.secret, 32);
	assert_int_not_equal(one.incarnation, two.incarnation);
	box_close(&second);
}

/* ---- formats -------------------------------------------------------------------------*/

static bool
format_fn(struct txn *t, void *ctx, struct err *e)
{
	struct key k = key_begin(0, T_META), val = { .n = 0 };
	const char *name = "format";

	while (*name != '\0')
		key_u8(&k, (uint8_t)*name++);
	key_u64(&val, *(uint64_t *)ctx);
	return txn_put(t, &k, key_span(&val), e);
}

static void
a_newer_format_is_refused_and_left_alone(void **state)
{
	struct box *b = *state;
	uint64_t newer = 1000;
	struct err e = { 0 };

	put_one_mail(b, 1, 1, 0);
	assert_true(store_write(b->s, format_fn, &newer, &e));
	store_close(&b->s);
	assert_null(store_open(b->dir, &e));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	assert_int_equal(e.scope, SCOPE_ACCOUNT);
	assert_non_null(strstr(e.text, "format 1000"));
	/* And again: the refusal did not mark it as ours. */
	err_clear(&e);
	assert_null(store_open(b->dir, &e));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
}

/* As format 1 wrote it: a begun move without its index row. */
static bool
old_move_fn(struct txn *t, void *ctx, struct err *e)
{
	struct key row = key_begin(USER, T_MOVED), v = { .n = 0 };

	key_u64(&row, DEVICE);
	key_u32(&row, 3);
	key_u64(&row, 4);
	key_u32(&v, *(uint32_t *)ctx);
	key_u64(&v, 77);
	key_u8(&v, 0);
	key_u64(&v, 0);
	key_i64(&v, NOW);
	return txn_put(t, &row, key_span(&v), e);
}

static void
format_one_is_brought_up_to_date(void **state)
{
	struct box *b = *state;
	struct change c = mail(b, 6, 100, 0);
	struct moved_row row;
	uint64_t format = 1;
	struct err e = { 0 };

	put_one_mail(b, 1, 1, 0);
	assert_true(store_write(b->s, old_move_fn, &b->coll, &e));
	assert_true(store_write(b->s, format_fn, &format, &e));
	box_reopen(b);
	c.token = 77;
	put(b, &c, 1); /* the refresh adopts */
	assert_true(moved_find(b->s, USER, DEVICE, 3, 4, &row, &e));
	assert_true(row.found && row.done && row.item == 6);
	check(b);
}

static void
a_folder_that_cannot_be_made(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_null(store_open("/proc/no/such/folder", &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_int_equal(e.scope, SCOPE_ACCOUNT);
	assert_non_null(strstr(e.text, "/proc/no/such/folder"));
}

static void
a_broken_file_is_an_error_and_no_crash(void **state)
{
	char dir[64], path[96];
	struct err e = { 0 };
	FILE *f;

	(void)state;
	scratch_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%08192d", 7);
	fclose(f);
	assert_null(store_open(dir, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	scratch_drop(dir);
}

static void
only_we_can_read_it(void **state)
{
	struct box *b = *state;
	char path[96];
	struct stat st;

	snprintf(path, sizeof(path), "%s/data.mdb", b->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0077, 0);
}

/* ---- killed ---------------------------------------------------------------------------*/

#ifdef FAULT_POINTS

/* A day in the life of a mailbox; each call commits once or more. */
static void
script(struct box *b)
{
	struct reply_cmd cmd = { .kind = REPLY_ADD, .client_id = SPAN("1"),
				 .digest = 1 };
	struct folder_list told = { 0 };
	struct mirror_item moved = { .remote = SPAN("900"), .token = 5 };
	struct change *v = arena_array(b->a, 1500, sizeof(*v));
	struct gc_result g;
	struct sync_pos pos;
	struct reply r;
	struct err e = { 0 };
	enum sent_state was;
	uint64_t item;
	uint32_t i;
	char key[64], fkey[64];

	for (i = 0; i < 1500; i++)
		v[i] = mail(b, i + 1, i, 0);
	list(b, v, 1500, 1, NOW);
	start(b, key);
	step(b, key, 1400, 20, NULL);
	step(b, key, 1400, 200, NULL);
	step(b, key, 1400, 200, NULL);
	gone(b, 1490);
	put_one_mail(b, 1491, 1490, MAIL_SEEN);
	step(b, key, 1400, 200, NULL);
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	assert_true(reply_begin(b->s, &pos, &cmd, 5, SPAN_NONE, 0, NOW, &r,
				&e));
	assert_true(reply_done(b->s, &pos, r.n, 1, 100, 1, &e));
	assert_true(moved_begin(b->s, USER, DEVICE, 3, 4, b->coll, 5, NOW,
				&e));
	assert_true(moved_done(b->s, USER, DEVICE, 3, 4, b->coll, &moved, NOW,
			       &item, &e));
	step(b, key, 1300, 200, NULL);
	assert_true(folders_offer(b->s, USER, DEVICE, &told, 0, 0, fkey, &e));
	assert_true(sent_begin(b->s, USER, DEVICE, SPAN("c"), NOW, &was, &e));
	assert_true(sent_mark(b->s, USER, DEVICE, SPAN("c"), SENT_DONE, NOW,
			      &e));
	v[0].remote = SPAN("2001");
	list(b, v, 1400, 2, NOW);
	step(b, key, 1300, 200, NULL);
	assert_true(gc_user(b->s, USER, NOW + 10 * 86400, 90, &g, &e));
}

static bool
hash_fn(struct txn *t, void *ctx, struct err *e)
{
	struct key from = { .n = 0 }, to = { .n = 0 };
	struct span k, v;
	struct scan s;
	uint64_t h = 0;

	key_u64(&from, 1); /* not the installation's own */
	key_u64(&to, UINT64_MAX);
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		char part[24];

		memcpy(part, &h, 8);
		h = hash64(SPAN_NONE, k);
		memcpy(part + 8, &h, 8);
		h = hash64(SPAN_NONE, v);
		memcpy(part + 16, &h, 8);
		h = hash64(SPAN_NONE, span_from(part, 24));
	}
	scan_end(&s);
	*(uint64_t *)ctx = h;
	return e->code == ERR_NONE;
}

static void
copy_file(const char *from, const char *to)
{
	char block[65536];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	size_t n;

	assert_true(in != NULL && out != NULL);
	while ((n = fread(block, 1, sizeof(block), in)) > 0)
		assert_int_equal(fwrite(block, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* Runs the script in a process that is killed at point k; false if it came
 * to its end. *hash is what is on disk then. */
static bool
killed_at(struct box *b, const char *original, unsigned k, uint64_t *hash)
{
	char path[96], fault[32];
	struct err e = { 0 };
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/data.mdb", b->dir);
	copy_file(original, path);
	snprintf(fault, sizeof(fault), "kill:%u:state.", k);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		b->s = store_open(b->dir, &e);
		setenv("EASBRIDGE_FAULT", fault, 1);
		fault_init();
		script(b);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	b->s = store_open(b->dir, &e);
	assert_non_null(b->s);
	check(b);
	assert_true(store_read(b->s, hash_fn, hash, &e));
	store_close(&b->s);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), 0);
	else
		assert_int_equal(WTERMSIG(status), SIGKILL);
	return WIFSIGNALED(status);
}

/* Points come in pairs, before and after a commit: what is on disk changes
 * within a pair only, and holds together at each. */
static void
killed_at_every_commit(void **state)
{
	struct box *b = *state;
	char original[96], path[96];
	uint64_t before, after = 0, commits = 0;
	unsigned k;

	store_close(&b->s);
	snprintf(path, sizeof(path), "%s/data.mdb", b->dir);
	snprintf(original, sizeof(original), "%s/note", b->dir);
	copy_file(path, original);
	for (k = 1; killed_at(b, original, k, &before); k += 2) {
		if (k > 1)
			assert_true(before == after);
		assert_true(killed_at(b, original, k + 1, &after));
		commits += before != after;
	}
	assert_true(before == after); /* the end of the script */
	assert_true(commits >= 15);
	print_message("killed at %u points, %u commits\n", k,
		      (unsigned)commits);
	box_reopen(b);
}

/* A failure before the commit writes nothing, one after it everything; the
 * caller is told the same. */
static void
failures_around_a_commit(void **state)
{
	struct box *b = *state;
	struct one_row r = { .number = 1, .val = SPAN("x") };
	struct err e = { 0 };
	pid_t pid;
	int status;

	store_close(&b->s);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		bool ok;

		b->s = store_open(b->dir, &e);
		setenv("EASBRIDGE_FAULT", "fail:1:state.before", 1);
		fault_init();
		ok = !store_write(b->s, put_fn, &r, &e) &&
		     e.code == ERR_UNAVAILABLE && !has_row(b, 1);
		r.number = 2;
		err_clear(&e);
		ok = ok && store_write(b->s, put_fn, &r, &e);
		store_close(&b->s);
		_exit(ok ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		bool ok;

		b->s = store_open(b->dir, &e);
		setenv("EASBRIDGE_FAULT", "fail:1:state.after", 1);
		fault_init();
		r.number = 3;
		ok = !store_write(b->s, put_fn, &r, &e) &&
		     e.code == ERR_UNAVAILABLE && has_row(b, 3);
		store_close(&b->s);
		_exit(ok ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	box_reopen(b);
	assert_false(has_row(b, 1));
	assert_true(has_row(b, 2));
	assert_true(has_row(b, 3));
}

#endif

int
main(void)
{
#define BOX(f) cmocka_unit_test_setup_teardown(f, box_mail, box_close)
	const struct CMUnitTest tests[] = {
		BOX(what_was_written_stays),
		BOX(a_closure_that_fails_leaves_nothing),
		BOX(neighbours_do_not_harm_each_other),
		BOX(scans_keep_their_bounds),
		cmocka_unit_test(the_key_after_a_prefix),
		BOX(numbers_of_the_installation),
		BOX(another_store_is_another_incarnation),
		BOX(a_newer_format_is_refused_and_left_alone),
		BOX(format_one_is_brought_up_to_date),
		cmocka_unit_test(a_folder_that_cannot_be_made),
		cmocka_unit_test(a_broken_file_is_an_error_and_no_crash),
		BOX(only_we_can_read_it),
#ifdef FAULT_POINTS
		BOX(killed_at_every_commit),
		BOX(failures_around_a_commit),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
