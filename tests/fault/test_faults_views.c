/* Two inboxes as one: what the phone does there is done once, in the mailbox
 * where the mail lives, and the phone ends with what is in both. */
#include <string.h>

#include "tests/fault/helper_jobs.h"

static void
two_inboxes(struct run *r)
{
	if (!imap_cmd(r->c, "CREATE Shelf"))
		run_failf("CREATE: %s", r->c->status);
	run_fill(r, "INBOX", "Own", 3);
	run_fill_second(r, "INBOX", "Theirs", 3);
	run_set_up(r);
}

/* Of either mailbox, in one request. */
static void
commands(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);

	run_commands(r, in,
		     "<Change><ServerId>%s</ServerId><ApplicationData>"
		     "<email:Read>1</email:Read></ApplicationData></Change>"
		     "<Change><ServerId>%s</ServerId><ApplicationData>"
		     "<email:Flag><email:Status>2</email:Status>"
		     "<email:FlagType>Flag for follow up</email:FlagType>"
		     "</email:Flag></ApplicationData></Change>"
		     "<Delete><ServerId>%s</ServerId></Delete>",
		     run_item(r, in, "Theirs 1"), run_item(r, in, "Own 1"),
		     run_item(r, in, "Theirs 2"));
	phone_sync_all(r->p, in);
}

static void
demand_moved(struct answer *a)
{
	if (answer_int(a, "/MoveItems/Response/Status") != 3)
		run_failf("MoveItems:\n%s", answer_show(a));
}

/* Out of the one inbox into a folder of the other mailbox, and into the one
 * inbox from there. */
static void
moves(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);
	struct phone_folder *to = phone_need_name(r->p, "Shelf");

	demand_moved(phone_move(r->p, run_item(r, in, "Theirs 3"), in->id,
				to->id));
	phone_sync_all(r->p, to);
	demand_moved(phone_move(r->p, run_item(r, to, "Theirs 3"), to->id,
				in->id));
	phone_sync_all(r->p, to);
	phone_sync_all(r->p, in);
}

/* Another program does it, in both. */
static void
news(struct run *r)
{
	run_fill(r, "INBOX", "Own news", 1);
	run_fill_second(r, "INBOX", "Their news", 1);
	imap_expunge(r->c, "INBOX", run_uid(r, "INBOX", "Own 2"));
	imap_store(r->c2, "INBOX", imap_uid(r->c2, "INBOX", "Theirs 1"),
		   "+FLAGS (\\Seen)");
	run_sync_all(r);
}

int
main(void)
{
	static const struct scenario v[] = {
		{ .name = "view-commands",
		  .prepare = two_inboxes,
		  .act = commands,
		  .second = true,
		  .merged = true },
		{ .name = "view-moves",
		  .prepare = two_inboxes,
		  .act = moves,
		  .second = true,
		  .merged = true },
		{ .name = "view-news",
		  .prepare = two_inboxes,
		  .act = news,
		  .second = true,
		  .merged = true },
	};

	return faults_main("test_faults_views", v, sizeof(v) / sizeof(*v));
}
