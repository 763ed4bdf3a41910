/* Four phones of one user at the same time, two that see one calendar and two
 * that see each, while other programs write to both servers: in the end all
 * have what is there, once. STORM_SEED=n plays another game. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/views.h"

#define PHONES 4
#define ROUNDS 25
#define ANSWER_MS 40000

struct player {
	struct phone *p;
	struct phone_folder *f[2]; /* f[1]: of who sees each */
	size_t n;
	char *xml;
	struct running *r;
};

static unsigned seed = 1;
static int made;

static unsigned
rnd(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static int
up(void **state)
{
	(void)state;
	if (getenv("STORM_SEED"))
		seed = (unsigned)strtoul(getenv("STORM_SEED"), NULL, 10);
	views_up("test_views_storm");
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return views_down();
}

static void
others_write(void)
{
	char uid[32], subject[40];
	int i, n = (int)rnd(4);

	for (i = 0; i < n; i++) {
		snprintf(uid, sizeof(uid), "storm%u", rnd(12));
		snprintf(subject, sizeof(subject), "Storm %u", rnd(1000));
		if (rnd(4) == 0)
			views_drop((int)rnd(2), uid);
		else
			views_put_event((int)rnd(2), uid, subject);
	}
}

static struct phone_item *
any_item(const struct phone_folder *f)
{
	size_t n = folder_count(f), at = n ? rnd((unsigned)n) : 0;
	struct phone_item *it = f->items;

	while (it && at--)
		it = it->next;
	return it;
}

/* What the user does between two requests. */
static char *
commands(const struct phone_folder *f)
{
	struct phone_item *it = any_item(f);

	switch (rnd(5)) {
	case 0:
		made++;
		return bytes_format(
			"<Add><ClientId>s%d</ClientId><ApplicationData>"
			"<calendar:EndTime>20261205T110000Z"
			"</calendar:EndTime>"
			"<calendar:Subject>Made in the storm %d."
			"</calendar:Subject>"
			"<calendar:StartTime>20261205T100000Z"
			"</calendar:StartTime>"
			"<calendar:UID>made-storm-%d-</calendar:UID>"
			"</ApplicationData></Add>",
			made, made, made);
	case 1:
		return it ? bytes_format("<Change><ServerId>%s</ServerId>"
					 "<ApplicationData><calendar:Subject>"
					 "Changed in the storm %u"
					 "</calendar:Subject>"
					 "</ApplicationData></Change>",
					 it->id, rnd(1000))
			  : NULL;
	case 2:
		return it && !strstr(item_text(it, "Subject"), "Made")
			       ? bytes_format("<Delete><ServerId>%s"
					      "</ServerId></Delete>",
					      it->id)
			       : NULL;
	default:
		return NULL;
	}
}

static void
ask(struct player *x)
{
	struct phone_folder *f = x->f[rnd((unsigned)x->n)];
	char *cmd = commands(f), *one = phone_collection(f, cmd);

	x->xml =
		bytes_format("<Sync><Collections>%s</Collections></Sync>", one);
	free(one);
	free(cmd);
	x->r = phone_start(x->p, &(struct ask){ .cmd = "Sync", .xml = x->xml });
}

static void
hear(struct player *x)
{
	struct answer *a = running_wait(x->r, ANSWER_MS);

	if (!a)
		fail_msg("no answer in %d s", ANSWER_MS / 1000);
	/* Every sixth answer is lost: the phone goes on from what it had. */
	if (rnd(6) != 0)
		phone_sync_apply(x->p, a, x->xml);
	free(x->xml);
}

static size_t
has(const struct player *x)
{
	size_t i, n = 0;

	for (i = 0; i < x->n; i++)
		n += folder_count(x->f[i]);
	return n;
}

static void
settle(struct player *x)
{
	size_t i;

	for (i = 0; i < x->n; i++)
		phone_sync_all(x->p, x->f[i]);
}

/* Every event that the first phone shows, by subject, is on this one. */
static void
same(const struct player *a, const struct player *b)
{
	struct phone_item *it;

	assert_int_equal(has(a), has(b));
	for (it = a->f[0]->items; it; it = it->next) {
		const char *s = item_text(it, "Subject");

		if (!views_event(b->f[0], s) &&
		    (b->n < 2 || !views_event(b->f[1], s)))
			fail_msg("'%s' is on one phone alone", s);
	}
}

static void
four_at_a_time(void **state)
{
	struct player v[PHONES];
	struct views_pair x;
	char name[24], all[40];
	size_t i, k;
	int n;

	(void)state;
	for (i = 0; i < PHONES; i += 2) {
		snprintf(name, sizeof(name), "storm%zu", i);
		x = views_two_phones(name);
		v[i] = (struct player){ .p = x.m, .f = { x.all }, .n = 1 };
		v[i + 1] = (struct player){ .p = x.s,
					    .f = { x.own, x.club },
					    .n = 2 };
	}
	for (k = 0; k < ROUNDS; k++) {
		for (i = 0; i < PHONES; i++)
			ask(&v[i]);
		others_write();
		for (i = 0; i < PHONES; i++)
			hear(&v[i]);
	}
	for (k = 0; k < 2; k++)
		for (i = 0; i < PHONES; i++)
			settle(&v[i]);
	for (i = 1; i < PHONES; i++)
		same(&v[0], &v[i]);
	for (i = 0; i < PHONES; i++)
		for (k = 0; k < v[i].n; k++)
			views_quiet(v[i].p, v[i].f[k]);
	/* None was made twice, though answers were lost. */
	for (n = 1; n <= made; n++) {
		snprintf(all, sizeof(all), "UID:made-storm-%d-", n);
		assert_true(views_count(0, all) + views_count(1, all) <= 1);
	}
	print_message("%d events made, %zu left\n", made, has(&v[0]));
	assert_true(has(&v[0]) > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_at_a_time),
	};

	return cmocka_run_group_tests(tests, up, down);
}
