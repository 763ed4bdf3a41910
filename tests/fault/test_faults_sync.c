/* First Sync, flags, deletions: nothing lost, nothing doubled. */
#include <stdlib.h>

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

/* ---- the start ---------------------------------------------------------*/

static void
restart(struct run *r)
{
	run_fill(r, "INBOX", "Later", 1);
	run_restart(r);
	run_sync_all(r);
}

/* ---- EmptyFolderContents -----------------------------------------------*/

static void
mails_in_trash(struct run *r)
{
	run_fill(r, "INBOX", "Stays", 1);
	run_fill(r, "Trash", "Rubbish", 3);
	run_set_up(r);
}

static void
empty_trash(struct run *r)
{
	struct phone_folder *trash = phone_need_type(r->p, 4);
	struct answer *a = phone_empty_folder(r->p, trash->id, false);

	if (answer_int(a, "/ItemOperations/Response/EmptyFolderContents/"
			  "Status") != 1)
		run_failf("%s", answer_show(a));
	phone_sync_all(r->p, trash);
}

/* ---- several folders in one request ------------------------------------*/

static void
two_folders(struct run *r)
{
	if (!imap_cmd(r->c, "CREATE Other"))
		run_failf("CREATE: %s", r->c->status);
	run_fill(r, "INBOX", "One", 2);
	run_fill(r, "Other", "Two", 3);
	run_set_up(r);
}

static void
both_at_once(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);
	struct phone_folder *other = phone_need_name(r->p, "Other");
	char *change, *drop, *one, *two, *xml;
	struct sync_result s;

	run_fill(r, "INBOX", "Fresh", 1);
	change = bytes_format("<Change><ServerId>%s</ServerId>"
			      "<ApplicationData><email:Read>1</email:Read>"
			      "<email:Categories><email:Category>Work"
			      "</email:Category></email:Categories>"
			      "</ApplicationData></Change>",
			      run_item(r, in, "One 1"));
	drop = bytes_format("<Delete><ServerId>%s</ServerId></Delete>",
			    run_item(r, other, "Two 3"));
	one = phone_collection(in, change);
	two = phone_collection(other, drop);
	xml = bytes_format("<Sync><Collections>%s%s</Collections></Sync>", one,
			   two);
	s = phone_sync_post(r->p, xml);
	if (s.root != 1 || s.status != 1 || s.failed || s.unknown)
		run_failf("%s", answer_show(s.a));
	phone_sync_all(r->p, in);
	phone_sync_all(r->p, other);
	free(change);
	free(drop);
	free(one);
	free(two);
	free(xml);
}

/* ---- FilterType --------------------------------------------------------*/

#define ONE_WEEK                                                               \
	"<FilterType>3</FilterType><base:BodyPreference><base:Type>2"          \
	"</base:Type><base:TruncationSize>200000</base:TruncationSize>"        \
	"</base:BodyPreference>"

static void
old_and_new(struct run *r)
{
	imap_fill(&r->h, 0, "INBOX", "Old", 3, "01-May-2020 08:30:00 +0000");
	run_fill(r, "INBOX", "New", 3);
	run_set_up(r);
}

/* The old ones leave the phone and come back; meanwhile things change. */
static void
filter_and_back(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);

	in->window = 2;
	phone_set_options(in, ONE_WEEK);
	phone_sync_all(r->p, in);
	if (folder_count(in) != 3)
		run_failf("%zu mails within a week", folder_count(in));
	imap_store(r->c, "INBOX", run_uid(r, "INBOX", "Old 1"),
		   "+FLAGS (\\Seen)");
	imap_expunge(r->c, "INBOX", run_uid(r, "INBOX", "Old 2"));
	phone_set_options(in, OPTIONS_HTML);
	phone_sync_all(r->p, in);
}

/* ---- another UIDVALIDITY -----------------------------------------------*/

static void
folder_to_replace(struct run *r)
{
	if (!imap_cmd(r->c, "CREATE Swap"))
		run_failf("CREATE: %s", r->c->status);
	run_fill(r, "Swap", "Swap", 3);
	run_set_up(r);
}

/* Deleted, made again, filled with other mails. */
static void
replaced(struct run *r)
{
	imap_cmd(r->c, "DELETE Swap");
	if (!imap_cmd(r->c, "CREATE Swap"))
		run_failf("CREATE: %s", r->c->status);
	run_fill(r, "Swap", "Again", 2);
	run_sync_all(r);
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
		{ .name = "two-folders",
		  .prepare = two_folders,
		  .act = both_at_once },
		{ .name = "filter",
		  .prepare = old_and_new,
		  .act = filter_and_back },
		{ .name = "replaced",
		  .prepare = folder_to_replace,
		  .act = replaced },
		{ .name = "restart", .prepare = five_mails, .act = restart },
		{ .name = "empty-trash",
		  .prepare = mails_in_trash,
		  .act = empty_trash },
	};

	return faults_main("test_faults_sync", v, sizeof(v) / sizeof(*v));
}
