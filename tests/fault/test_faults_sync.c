/* First Sync, flags, deletions: nothing lost, nothing doubled. */
#include "tests/fault/helper_jobs.h"

/* ---- first sync --------------------------------------------------------*/

static void
many_mails(struct run *r)
{
	run_fill(r, "INBOX", "Many", 12);
}

static void
first_sync(struct run *r)
{
	phone_set_up(r->p);
	phone_inbox(r->p)->window = 5;
	phone_sync_all(r->p, phone_inbox(r->p));
}

/* ---- flags -------------------------------------------------------------*/

static void
four_mails(struct run *r)
{
	run_fill(r, "INBOX", "Flags", 4);
	run_set_up(r);
}

/* The phone and another program at the same time, on the same mail too. */
static void
flags(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);

	imap_store(r->c, "INBOX", run_uid(r, "INBOX", "Flags 1"),
		   "+FLAGS (\\Flagged)");
	imap_store(r->c, "INBOX", run_uid(r, "INBOX", "Flags 4"),
		   "+FLAGS (\\Seen)");
	run_commands(r, in,
		     "<Change><ServerId>%s</ServerId><ApplicationData>"
		     "<email:Read>1</email:Read></ApplicationData></Change>"
		     "<Change><ServerId>%s</ServerId><ApplicationData>"
		     "<email:Flag><email:Status>2</email:Status>"
		     "<email:FlagType>Flag for follow-up</email:FlagType>"
		     "</email:Flag></ApplicationData></Change>",
		     run_item(r, in, "Flags 1"), run_item(r, in, "Flags 2"));
	imap_store(r->c, "INBOX", run_uid(r, "INBOX", "Flags 3"),
		   "+FLAGS (\\Seen)");
	phone_sync_all(r->p, in);
}

/* ---- deletions ---------------------------------------------------------*/

static void
five_mails(struct run *r)
{
	run_fill(r, "INBOX", "Gone", 5);
	run_set_up(r);
}

static void
delete_both(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);

	imap_expunge(r->c, "INBOX", run_uid(r, "INBOX", "Gone 4"));
	run_commands(r, in,
		     "<Delete><ServerId>%s</ServerId></Delete>"
		     "<Delete><ServerId>%s</ServerId></Delete>",
		     run_item(r, in, "Gone 1"), run_item(r, in, "Gone 2"));
	phone_sync_all(r->p, in);
	phone_sync_all(r->p, phone_need_type(r->p, 4));
}

static void
delete_for_good(struct run *r)
{
	phone_inbox(r->p)->keep_deletes = true;
	delete_both(r);
}

int
main(void)
{
	static const struct scenario v[] = {
		{ .name = "first-sync",
		  .prepare = many_mails,
		  .act = first_sync },
		{ .name = "flags", .prepare = four_mails, .act = flags },
		{ .name = "delete-to-trash",
		  .prepare = five_mails,
		  .act = delete_both },
		{ .name = "delete-for-good",
		  .prepare = five_mails,
		  .act = delete_for_good },
	};

	return faults_main("test_faults_sync", v, sizeof(v) / sizeof(*v));
}
