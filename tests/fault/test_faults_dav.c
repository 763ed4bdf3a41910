/* Events, tasks, contacts: nothing lost, nothing doubled, whoever made the
 * change. */
#include <stdlib.h>
#include <string.h>

#include "tests/fault/helper_dav.h"
#include "tests/fault/helper_jobs.h"

static struct phone_folder *
calendar(struct run *r)
{
	return phone_need_type(r->p, 8);
}

static struct phone_folder *
contacts(struct run *r)
{
	return phone_need_type(r->p, 9);
}

static struct phone_folder *
tasks(struct run *r)
{
	return phone_need_type(r->p, 7);
}

static void
add(struct run *r, struct phone_folder *f, const char *id, char *data)
{
	run_commands(r, f, "<Add><ClientId>%s</ClientId>%s</Add>", id, data);
	free(data);
}

static void
change(struct run *r, struct phone_folder *f, const char *title, char *data)
{
	run_commands(r, f, "<Change><ServerId>%s</ServerId>%s</Change>",
		     run_titled(r, f, title), data);
	free(data);
}

static void
delete(struct run *r, struct phone_folder *f, const char *title)
{
	run_commands(r, f, "<Delete><ServerId>%s</ServerId></Delete>",
		     run_titled(r, f, title));
}

static void
some_there(struct run *r)
{
	run_event(r, "calendar", "e1", "Event one");
	run_event(r, "calendar", "e2", "Event two");
	run_event(r, "calendar", "e3", "Event three");
	run_task(r, "t1", "Task one");
	run_card(r, "c1", "One");
	run_card(r, "c2", "Two");
}

static void
up_to_date(struct run *r)
{
	some_there(r);
	run_set_up(r);
}

/* ---- scenarios -------------------------------------------------------------------*/

static void
only_folders(struct run *r)
{
	some_there(r);
	phone_set_up(r->p);
}

static void
first_sync(struct run *r)
{
	phone_sync_all(r->p, calendar(r));
	phone_sync_all(r->p, contacts(r));
	phone_sync_all(r->p, tasks(r));
}

static void
add_some(struct run *r)
{
	add(r, calendar(r), "n1", event_data("Event new", "uid-n1"));
	add(r, contacts(r), "n2", card_data("New"));
	add(r, tasks(r), "n3", task_data("Task new"));
}

static void
change_some(struct run *r)
{
	change(r, calendar(r), "Event two",
	       event_data("Event changed", "e2"));
	change(r, contacts(r), "One", card_data("Changed"));
	change(r, tasks(r), "Task one", task_data("Task changed"));
}

static void
delete_some(struct run *r)
{
	delete(r, calendar(r), "Event one");
	delete(r, contacts(r), "Two");
	delete(r, tasks(r), "Task one");
}

/* One request with all kinds of commands in it. */
static void
mixed(struct run *r)
{
	struct phone_folder *f = calendar(r);
	char *fresh = event_data("Event new", "uid-m1");
	char *other = event_data("Event changed", "e2");

	run_commands(r, f,
		     "<Add><ClientId>m1</ClientId>%s</Add>"
		     "<Change><ServerId>%s</ServerId>%s</Change>"
		     "<Delete><ServerId>%s</ServerId></Delete>",
		     fresh, run_titled(r, f, "Event two"), other,
		     run_titled(r, f, "Event three"));
	free(fresh);
	free(other);
}

/* Both sides changed: what the server has stays (Conflict 1), what only one
 * side changed comes through. */
static void
theirs_first(struct run *r)
{
	up_to_date(r);
	run_event(r, "calendar", "e1", "Event theirs");
	run_event(r, "calendar", "e4", "Event four");
	run_gone(r, "calendar", "e3.ics");
	run_card(r, "c1", "Theirs");
}

static void
both_sides(struct run *r)
{
	struct phone_folder *f = calendar(r);
	char *mine = event_data("Event mine", "e1");
	char *two = event_data("Event two mine", "e2");
	char *card = card_data("Mine");

	phone_syncf(r->p, f,
		    "<Change><ServerId>%s</ServerId>%s</Change>"
		    "<Change><ServerId>%s</ServerId>%s</Change>",
		    run_titled(r, f, "Event one"), mine,
		    run_titled(r, f, "Event two"), two);
	phone_sync_all(r->p, f);
	f = contacts(r);
	phone_syncf(r->p, f, "<Change><ServerId>%s</ServerId>%s</Change>",
		    run_titled(r, f, "One"), card);
	phone_sync_all(r->p, f);
	free(mine);
	free(two);
	free(card);
}

/* ---- between calendars, folders ---------------------------------------------------*/

static void
two_calendars(struct run *r)
{
	run_calendar(r, "second", "Second");
	run_event(r, "second", "s1", "Second one");
	up_to_date(r);
}

static void
move_there(struct run *r)
{
	struct phone_folder *f = calendar(r);
	struct phone_folder *g = phone_need_name(r->p, "Second");
	struct answer *a = phone_move(r->p, run_titled(r, f, "Event two"),
				      f->id, g->id);

	if (answer_int(a, "/MoveItems/Response/Status") != 3)
		run_failf("MoveItems:\n%s", answer_show(a));
	phone_sync_all(r->p, f);
	phone_sync_all(r->p, g);
}

static void
demand_done(struct answer *a, const char *path)
{
	if (answer_int(a, path) != 1)
		run_failf("%s is %d:\n%s", path, answer_int(a, path),
			  answer_show(a));
}

static void
create(struct run *r)
{
	demand_done(phone_folder_create(r->p, "0", "Fresh", 13),
		    "/FolderCreate/Status");
	demand_done(phone_folder_create(r->p, "0", "People", 14),
		    "/FolderCreate/Status");
	add(r, phone_need_name(r->p, "Fresh"), "f1",
	    event_data("Fresh one", "uid-f1"));
}

static void
rename_it(struct run *r)
{
	struct phone_folder *f = phone_need_name(r->p, "Second");

	demand_done(phone_folder_update(r->p, f->id, "0", "Renamed"),
		    "/FolderUpdate/Status");
	phone_sync_all(r->p, f);
}

static void
delete_it(struct run *r)
{
	demand_done(phone_folder_delete(r->p,
					phone_need_name(r->p, "Second")->id),
		    "/FolderDelete/Status");
	demand_done(phone_folder_sync(r->p), "/FolderSync/Status");
}

/* Another program does it all, the phone only hears of it. */
static void
elsewhere(struct run *r)
{
	run_event(r, "calendar", "e1", "Event theirs");
	run_gone(r, "calendar", "e2.ics");
	run_card(r, "c3", "Three");
	run_gone(r, "second", "");
	run_calendar(r, "third", "Third");
	run_sync_all(r);
}

int
main(void)
{
	static const struct scenario v[] = {
		{ .name = "dav-first",
		  .prepare = only_folders,
		  .act = first_sync,
		  .objects = true },
		{ .name = "dav-add",
		  .prepare = up_to_date,
		  .act = add_some,
		  .objects = true },
		{ .name = "dav-change",
		  .prepare = up_to_date,
		  .act = change_some,
		  .objects = true },
		{ .name = "dav-delete",
		  .prepare = up_to_date,
		  .act = delete_some,
		  .objects = true },
		{ .name = "dav-mixed",
		  .prepare = up_to_date,
		  .act = mixed,
		  .objects = true },
		{ .name = "dav-both-sides",
		  .prepare = theirs_first,
		  .act = both_sides,
		  .objects = true },
		{ .name = "dav-move",
		  .prepare = two_calendars,
		  .act = move_there,
		  .objects = true },
		{ .name = "dav-folder-create",
		  .prepare = up_to_date,
		  .act = create,
		  .objects = true },
		{ .name = "dav-folder-update",
		  .prepare = two_calendars,
		  .act = rename_it,
		  .objects = true },
		{ .name = "dav-folder-delete",
		  .prepare = two_calendars,
		  .act = delete_it,
		  .objects = true },
		{ .name = "dav-elsewhere",
		  .prepare = two_calendars,
		  .act = elsewhere,
		  .objects = true },
	};

	return faults_main("test_faults_dav", v, sizeof(v) / sizeof(*v));
}
