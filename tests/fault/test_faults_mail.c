/* First sync, flags, deletes and moves with every fault there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "tests/phone/faults.h"

static struct harness h;

static void
fill(struct fault_run *x)
{
	imap_fill(x->h, 0, "FltA", "mail", 6, NULL);
}

/* ---- first sync ------------------------------------------------------------*/

static void
play_first(struct fault_run *x)
{
	struct phone_folder *f;

	fault_set_up(x);
	f = fault_folder(x, "FltA");
	f->window = 2;
	fault_sync(x, f, NULL);
}

/* ---- flags from both sides -------------------------------------------------*/

static char *
flag_commands(struct phone_folder *f)
{
	return bytes_format(
		"<Change><ServerId>%s</ServerId><ApplicationData>"
		"<email:Read>1</email:Read></ApplicationData></Change>"
		"<Change><ServerId>%s</ServerId><ApplicationData>"
		"<email:Flag><email:Status>2</email:Status>"
		"<email:FlagType>for Follow Up</email:FlagType></email:Flag>"
		"</ApplicationData></Change>",
		fault_item(f, "mail 1"), fault_item(f, "mail 2"));
}

static void
elsewhere(struct fault_run *x, const char *subject, const char *what)
{
	struct imap *c = imap_open(x->h, 0);

	imap_store(c, "FltA", imap_uid(c, "FltA", subject), what);
	imap_close(c);
}

static void
play_flags(struct fault_run *x)
{
	struct phone_folder *f;
	char *commands;

	fault_set_up(x);
	f = fault_folder(x, "FltA");
	fault_sync(x, f, NULL);
	elsewhere(x, "mail 3", "+FLAGS (\\Seen)");
	elsewhere(x, "mail 4", "+FLAGS (\\Flagged)");
	commands = flag_commands(f);
	fault_sync(x, f, commands);
	free(commands);
}

/* ---- deletes from both sides ------------------------------------------------*/

static void
play_deletes(struct fault_run *x)
{
	struct phone_folder *f;
	struct imap *c;
	char *one, *two;

	fault_set_up(x);
	f = fault_folder(x, "FltA");
	fault_sync(x, f, NULL);
	one = bytes_format("<Delete><ServerId>%s</ServerId></Delete>",
			   fault_item(f, "mail 1"));
	two = bytes_format("<Delete><ServerId>%s</ServerId></Delete>",
			   fault_item(f, "mail 2"));
	c = imap_open(x->h, 0);
	imap_expunge(c, "FltA", imap_uid(c, "FltA", "mail 3"));
	imap_close(c);
	fault_sync(x, f, one); /* into Trash */
	f->keep_deletes = true;
	fault_sync(x, f, two); /* for good */
	free(one);
	free(two);
}

/* ---- moves -------------------------------------------------------------------*/

struct move {
	struct phone_folder *from, *to;
	char item[64];
};

static struct answer *
ask_move(struct fault_run *x, void *ctx)
{
	struct move *m = ctx;

	return phone_move(x->p, m->item, m->from->id, m->to->id);
}

static bool
move_done(struct answer *a)
{
	return answer_int(a, "/MoveItems/Response/Status") == 3;
}

static void
play_moves(struct fault_run *x)
{
	struct move m;

	x->moves = true;
	fault_set_up(x);
	m.from = fault_folder(x, "FltA");
	m.to = fault_folder(x, "FltB");
	fault_sync(x, m.from, NULL);
	fault_sync(x, m.to, NULL);
	snprintf(m.item, sizeof(m.item), "%s", fault_item(m.from, "mail 1"));
	fault_insist(x, ask_move, move_done, &m);
	snprintf(m.item, sizeof(m.item), "%s", fault_item(m.from, "mail 2"));
	fault_insist(x, ask_move, move_done, &m);
	fault_sync(x, m.from, NULL);
	fault_sync(x, m.to, NULL);
}

/* ---- all -----------------------------------------------------------------------*/

static const struct fault_scenario first = {
	"first", { "FltA" }, fill, play_first
};
static const struct fault_scenario flags = {
	"flags", { "FltA" }, fill, play_flags
};
static const struct fault_scenario deletes = {
	"deletes", { "FltA", "Trash" }, fill, play_deletes
};
static const struct fault_scenario moves = {
	"moves", { "FltA", "FltB" }, fill, play_moves
};

static void
run_first(void **state)
{
	(void)state;
	fault_play(&h, &first);
}

static void
run_flags(void **state)
{
	(void)state;
	fault_play(&h, &flags);
}

static void
run_deletes(void **state)
{
	(void)state;
	fault_play(&h, &deletes);
}

static void
run_moves(void **state)
{
	(void)state;
	fault_play(&h, &moves);
}

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_faults_mail" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_first),
		cmocka_unit_test(run_flags),
		cmocka_unit_test(run_deletes),
		cmocka_unit_test(run_moves),
	};

	return cmocka_run_group_tests(tests, up, down);
}
