/* Folder operations, and a Ping that is woken, with every fault there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/faults.h"

static struct harness h;

/* ---- folders -----------------------------------------------------------------*/

struct edit {
	const char *cmd, *id, *name;
};

static struct answer *
ask_edit(struct fault_run *x, void *ctx)
{
	struct edit *ed = ctx;

	if (!strcmp(ed->cmd, "FolderCreate"))
		return phone_folder_create(x->p, "0", ed->name, 12);
	if (!strcmp(ed->cmd, "FolderUpdate"))
		return phone_folder_update(x->p, ed->id, "0", ed->name);
	return phone_folder_delete(x->p, ed->id);
}

static bool
edit_done(struct answer *a)
{
	return answer_int(a, "/*/Status") == 1;
}

static void
drop_folders(struct fault_run *x)
{
	struct imap *c = imap_open(x->h, 0);

	imap_cmd(c, "DELETE FltNew");
	imap_cmd(c, "DELETE FltNamed");
	imap_cmd(c, "DELETE FltKept");
	imap_close(c);
}

static bool
there(struct fault_run *x, const char *mailbox)
{
	struct imap *c = imap_open(x->h, 0);
	bool yes = imap_cmd(c, "STATUS %s (MESSAGES)", mailbox);

	imap_close(c);
	return yes;
}

static void
play_folders(struct fault_run *x)
{
	struct edit create = { "FolderCreate", NULL, "FltNew" };
	struct edit keep = { "FolderCreate", NULL, "FltKept" };
	struct edit rename = { "FolderUpdate", NULL, "FltNamed" };
	struct edit drop = { "FolderDelete", NULL, NULL };
	char id[64];

	fault_set_up(x);
	fault_insist(x, ask_edit, edit_done, &create);
	fault_insist(x, ask_edit, edit_done, &keep);
	fault_set_up(x);
	snprintf(id, sizeof(id), "%s", phone_need_name(x->p, "FltNew")->id);
	rename.id = drop.id = id;
	fault_insist(x, ask_edit, edit_done, &rename);
	fault_set_up(x);
	if (strcmp(phone_need_name(x->p, "FltNamed")->id, id) != 0)
		phone_failf("another id after the rename");
	if (there(x, "FltNew") || !there(x, "FltNamed"))
		phone_failf("the rename did not reach the server");
	fault_insist(x, ask_edit, edit_done, &drop);
	fault_set_up(x);
	if (phone_folder_name(x->p, "FltNamed") || there(x, "FltNamed") ||
	    !phone_folder_name(x->p, "FltKept") || !there(x, "FltKept"))
		phone_failf("not the folders that should be left");
}

/* ---- Ping ----------------------------------------------------------------------*/

static struct answer *
ask_ping(struct fault_run *x, void *ctx)
{
	struct phone_folder *f = ctx;
	struct running *r = phone_ping_start(x->p, 60, &f, 1);
	struct answer *a = running_wait(r, 20000);

	if (!a)
		phone_failf("the Ping is not answered");
	return a;
}

static bool
ping_done(struct answer *a)
{
	int status = answer_int(a, "/Ping/Status");

	return status == 2 || status == 1;
}

/* The mail arrives while the phone waits; what Ping tells, Sync brings. */
static void
play_ping(struct fault_run *x)
{
	struct phone_folder *f;
	struct running *r;
	struct answer *a;

	fault_set_up(x);
	f = fault_folder(x, "FltA");
	fault_sync(x, f, NULL);
	r = phone_ping_start(x->p, 60, &f, 1);
	harness_sleep(50);
	imap_fill(x->h, 0, "FltA", "pushed", 0, NULL);
	a = running_wait(r, 20000);
	if (!a)
		phone_failf("the Ping is not answered");
	if (a->status != 200 || !ping_done(a)) {
		harness_sleep(20);
		fault_sync(x, f, NULL); /* restarts what died */
	}
	fault_sync(x, f, NULL);
	if (!folder_subject(f, "pushed"))
		fault_insist(x, ask_ping, ping_done, f);
	fault_sync(x, f, NULL);
	folder_need(f, "pushed");
}

static const struct fault_scenario folders = {
	"folders", { NULL }, drop_folders, play_folders
};
static const struct fault_scenario ping = {
	"ping", { "FltA" }, NULL, play_ping
};

static void
run_folders(void **state)
{
	(void)state;
	fault_play(&h, &folders);
}

static void
run_ping(void **state)
{
	(void)state;
	fault_play(&h, &ping);
}

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){
			       .name = "test_faults_folders" });
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
		cmocka_unit_test(run_folders),
		cmocka_unit_test(run_ping),
	};

	return cmocka_run_group_tests(tests, up, down);
}
