/* MoveItems and folders: nothing lost, nothing doubled. */
#include <string.h>

#include "tests/fault/helper_jobs.h"

/* ---- MoveItems ---------------------------------------------------------*/

static void
mails_to_move(struct run *r)
{
	if (!imap_cmd(r->c, "CREATE Shelf"))
		run_failf("CREATE: %s", r->c->status);
	run_fill(r, "INBOX", "Move", 3);
	run_fill(r, "Shelf", "There", 1);
	run_set_up(r);
}

static void
demand_moved(struct answer *a, size_t n)
{
	size_t i;

	if (answer_count(a, "/MoveItems/Response") != n)
		run_failf("MoveItems:\n%s", answer_show(a));
	for (i = 0; i < n; i++)
		if (strcmp(node_text(answer_nth(a, "/MoveItems/Response", i),
				     "Status"),
			   "3") != 0)
			run_failf("MoveItems:\n%s", answer_show(a));
}

static void
move_one(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);
	struct phone_folder *to = phone_need_name(r->p, "Shelf");

	demand_moved(
		phone_move(r->p, run_item(r, in, "Move 2"), in->id, to->id), 1);
	phone_sync_all(r->p, in);
	phone_sync_all(r->p, to);
}

#define MOVE                                                                   \
	"<Move><SrcMsgId>%s</SrcMsgId><SrcFldId>%s</SrcFldId>"                 \
	"<DstFldId>%s</DstFldId></Move>"

/* As phones do: the move is not applied at once, the Syncs tell. */
static void
move_two(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);
	struct phone_folder *to = phone_need_name(r->p, "Shelf");

	demand_moved(phone_postf(r->p, "MoveItems",
				 "<MoveItems>" MOVE MOVE "</MoveItems>",
				 run_item(r, in, "Move 1"), in->id, to->id,
				 run_item(r, in, "Move 3"), in->id, to->id),
		     2);
	phone_sync_all(r->p, to);
	phone_sync_all(r->p, in);
}

/* There and back again. */
static void
move_back(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);
	struct phone_folder *to = phone_need_name(r->p, "Shelf");

	move_one(r);
	demand_moved(
		phone_move(r->p, run_item(r, to, "Move 2"), to->id, in->id), 1);
	phone_sync_all(r->p, in);
	phone_sync_all(r->p, to);
}

/* From one mailbox of the account to another: copied, then dropped. */
static void
two_mailboxes(struct run *r)
{
	run_fill(r, "INBOX", "Across", 2);
	run_fill_second(r, "INBOX", "Theirs", 2);
	run_set_up(r);
}

static void
move_across(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);
	struct phone_folder *there = run_second_inbox(r);

	demand_moved(phone_move(r->p, run_item(r, in, "Across 1"), in->id,
				there->id),
		     1);
	demand_moved(phone_move(r->p, run_item(r, there, "Theirs 2"), there->id,
				in->id),
		     1);
	phone_sync_all(r->p, in);
	phone_sync_all(r->p, there);
}

/* ---- folders -----------------------------------------------------------*/

static void
demand_done(struct answer *a, const char *path)
{
	if (answer_int(a, path) != 1)
		run_failf("%s is %d:\n%s", path, answer_int(a, path),
			  answer_show(a));
}

static void
create_folder(struct run *r)
{
	struct phone_folder *f;

	demand_done(phone_folder_create(r->p, "0", "Fresh", 12),
		    "/FolderCreate/Status");
	f = phone_need_name(r->p, "Fresh");
	demand_done(phone_folder_create(r->p, f->id, "Inner", 12),
		    "/FolderCreate/Status");
	run_fill(r, "Fresh/Inner", "Inner", 1);
	phone_sync_all(r->p, phone_need_name(r->p, "Inner"));
}

static void
folder_with_mail(struct run *r)
{
	if (!imap_cmd(r->c, "CREATE Old") || !imap_cmd(r->c, "CREATE Up"))
		run_failf("CREATE: %s", r->c->status);
	run_fill(r, "Old", "Kept", 2);
	run_set_up(r);
}

static void
rename_folder(struct run *r)
{
	struct phone_folder *f = phone_need_name(r->p, "Old");

	demand_done(phone_folder_update(r->p, f->id, "0", "New"),
		    "/FolderUpdate/Status");
	phone_sync_all(r->p, f);
	demand_done(phone_folder_update(r->p, f->id,
					phone_need_name(r->p, "Up")->id,
					"Moved"),
		    "/FolderUpdate/Status");
	phone_sync_all(r->p, f);
}

static void
delete_folder(struct run *r)
{
	demand_done(phone_folder_delete(r->p, phone_need_name(r->p, "Old")->id),
		    "/FolderDelete/Status");
	demand_done(phone_folder_sync(r->p), "/FolderSync/Status");
}

/* Another program does it, the phone only hears of it. */
static void
folders_elsewhere(struct run *r)
{
	struct phone_folder *up;
	int i;

	imap_cmd(r->c, "CREATE Theirs");
	imap_cmd(r->c, "RENAME Old Renamed");
	imap_cmd(r->c, "DELETE Up");
	/* While the source cannot be listed the old tree stands; Status 12
	 * sends the phone back to FolderSync (clients.md 6). */
	for (i = 0; i < 5; i++) {
		phone_folder_sync(r->p);
		up = phone_folder_name(r->p, "Up");
		if (!up || phone_sync(r->p, up, NULL).status != 12)
			break;
	}
	run_sync_all(r);
}

int
main(void)
{
	static const struct scenario v[] = {
		{ .name = "move", .prepare = mails_to_move, .act = move_one },
		{ .name = "move-two",
		  .prepare = mails_to_move,
		  .act = move_two },
		{ .name = "move-back",
		  .prepare = mails_to_move,
		  .act = move_back },
		{ .name = "move-across",
		  .prepare = two_mailboxes,
		  .act = move_across,
		  .second = true },
		{ .name = "folder-create",
		  .prepare = run_set_up,
		  .act = create_folder },
		{ .name = "folder-update",
		  .prepare = folder_with_mail,
		  .act = rename_folder },
		{ .name = "folder-delete",
		  .prepare = folder_with_mail,
		  .act = delete_folder },
		{ .name = "folders-elsewhere",
		  .prepare = folder_with_mail,
		  .act = folders_elsewhere },
	};

	return faults_main("test_faults_move", v, sizeof(v) / sizeof(*v));
}
