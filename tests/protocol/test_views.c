/* Calendars and task lists of two CalDAV accounts as one, for a phone that can
 * show only one; beside it a phone of the same user that sees them all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/phone/cli.h"

#define RESPONSE "/Sync/Collections/Collection/Responses"
#define PUSH_MS 20000

static struct harness h;

/* ---- servers and configuration ----------------------------------------------*/

/* The user file of user 1; `club` brings user 2's calendars in. */
static void
configure(const char *top, bool club)
{
	struct harness_user *u = h.users;
	char *more = bytes_format("\n[dav club]\nurl = %s\nusername = %s\n"
				  "password = %s\npoll = 1\nprefix = Club:\n",
				  h.dav, u[1].login, u[1].password);
	char *text = bytes_format(
		"login = %s, %s\nname = Anna\nemail = %s\n%s\n"
		"[mail]\nimap = imap+insecure://%s:%d\n"
		"smtp = smtp+insecure://%s:%d\nusername = %s\n"
		"\n[dav]\nurl = %s\nusername = %s\npoll = 1\n%s",
		u->email, u->login, u->email, top, h.imap_host, h.imap_port,
		h.smtp_host, h.smtp_port, u->login, h.dav, u->login,
		club ? more : "");

	cli_write(&h, "users.d/user1.conf", text);
	free(text);
	free(more);
}

static void
reload(void)
{
	int before = harness_log_count(&h, " reload "), i;

	kill(h.pid, SIGHUP);
	for (i = 0; i < 500; i++) {
		if (harness_log_count(&h, " reload ") > before)
			return;
		harness_sleep(10);
	}
	fail_msg("no reload in 5 s");
}

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_views",
						  .stack = "--with radicale" });
	configure("", true);
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* curl in a user's home; returns the output, caller frees. */
static char *
dav(int user, const char *what, const char *path)
{
	struct harness_user *u = &h.users[user];
	char *at = strstr(h.dav, "{login}");
	char *cmd = bytes_format("curl -s -u '%s:%s' %s '%.*s%s/%s' 2>&1",
				 u->login, u->password, what,
				 (int)(at - h.dav), h.dav, u->login, path);
	struct bytes b = { 0 };
	char room[4096];
	FILE *f = popen(cmd, "r");
	size_t n;

	while ((n = fread(room, 1, sizeof(room), f)) > 0)
		bytes_put(&b, room, n);
	pclose(f);
	free(cmd);
	return b.p ? b.p : strdup("");
}

static char *
object_text(const char *kind, const char *uid, const char *subject)
{
	char *text = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:%s\nUID:%s\nDTSTAMP:20260101T000000Z\n%s"
		"SUMMARY:%s\nX-FOREIGN:kept\nEND:%s\nEND:VCALENDAR\n", kind,
		uid,
		strcmp(kind, "VEVENT") == 0
			? "DTSTART:20261203T100000Z\nDTEND:20261203T110000Z\n"
			: "",
		subject, kind);
	char *lines = crlf(text);

	free(text);
	return lines;
}

static void
put(int user, const char *kind, const char *uid, const char *subject)
{
	char *text = object_text(kind, uid, subject);
	char *path = bytes_format("calendar/%s.ics", uid);
	char *arg = bytes_format("-X PUT -H 'Content-Type: text/calendar' "
				 "--data-binary '@%s/put.tmp' "
				 "-w '%%{http_code}'", h.dir);
	char *out;

	cli_write(&h, "put.tmp", text);
	out = dav(user, arg, path);
	if (strncmp(out, "20", 2) != 0)
		fail_msg("PUT %s: %s", path, out);
	free(out);
	free(arg);
	free(path);
	free(text);
}

static void
put_event(int user, const char *uid, const char *subject)
{
	put(user, "VEVENT", uid, subject);
}

static void
drop(int user, const char *uid)
{
	char *path = bytes_format("calendar/%s.ics", uid);

	free(dav(user, "-X DELETE", path));
	free(path);
}

/* How often the text stands in the user's calendar. */
static int
count(int user, const char *text)
{
	char *all = dav(user, "", "calendar/"), *at = all;
	int n = 0;

	while ((at = strstr(at, text)) != NULL) {
		n++;
		at += strlen(text);
	}
	free(all);
	return n;
}

/* ---- phones -------------------------------------------------------------------*/

/* One of each kind, by its type (clients.md section 11). */
static struct phone *
merged_phone(const char *id)
{
	struct phone *p = harness_phone(&h, 0, id);

	free(p->device_type);
	p->device_type = strdup("SAMSUNGSMG991B");
	phone_set_up(p);
	return p;
}

static struct phone_folder *
calendar(struct phone *p)
{
	return phone_need_type(p, 8);
}

/* The club's calendar, of a phone that sees each. */
static struct phone_folder *
club(struct phone *p)
{
	return phone_need_type(p, 13);
}

static int
folders_of(const struct phone *p, int type)
{
	const struct phone_folder *f;
	int n = 0;

	for (f = p->folders; f != NULL; f = f->next)
		n += f->type == type;
	return n;
}

static struct phone_item *
event(struct phone_folder *f, const char *subject)
{
	struct phone_item *it;

	for (it = f->items; it; it = it->next) {
		const char *s = item_text(it, "Subject");

		if (s && !strcmp(s, subject))
			return it;
	}
	return NULL;
}

static struct phone_item *
need(struct phone_folder *f, const char *subject)
{
	struct phone_item *it = event(f, subject);

	if (!it)
		fail_msg("no event '%s'", subject);
	return it;
}

/* The next Sync brings so much and no more. */
static void
brings(struct phone *p, struct phone_folder *f, unsigned adds,
       unsigned changes, unsigned deletes)
{
	struct sync_result r = phone_sync_all(p, f);

	if (r.adds != adds || r.changes != changes || r.deletes != deletes ||
	    r.readds != 0 || r.unknown != 0)
		fail_msg("%u Adds, %u Changes, %u Deletes (again %u, unknown "
			 "%u) instead of %u, %u, %u", r.adds, r.changes,
			 r.deletes, r.readds, r.unknown, adds, changes,
			 deletes);
}

static void
quiet(struct phone *p, struct phone_folder *f)
{
	brings(p, f, 0, 0, 0);
}

static struct sync_result
change(struct phone *p, struct phone_folder *f, const char *id,
       const char *subject)
{
	return phone_syncf(p, f,
			   "<Change><ServerId>%s</ServerId><ApplicationData>"
			   "<calendar:Subject>%s</calendar:Subject>"
			   "<calendar:StartTime>20261203T120000Z"
			   "</calendar:StartTime>"
			   "<calendar:EndTime>20261203T130000Z"
			   "</calendar:EndTime>"
			   "</ApplicationData></Change>", id, subject);
}

static struct sync_result
add(struct phone *p, struct phone_folder *f, const char *client_id,
    const char *subject)
{
	return phone_syncf(p, f,
			   "<Add><ClientId>%s</ClientId><ApplicationData>"
			   "<calendar:AllDayEvent>0</calendar:AllDayEvent>"
			   "<calendar:BusyStatus>2</calendar:BusyStatus>"
			   "<calendar:DtStamp>20261101T000000Z"
			   "</calendar:DtStamp>"
			   "<calendar:EndTime>20261205T110000Z"
			   "</calendar:EndTime>"
			   "<calendar:Sensitivity>0</calendar:Sensitivity>"
			   "<calendar:Subject>%s</calendar:Subject>"
			   "<calendar:StartTime>20261205T100000Z"
			   "</calendar:StartTime>"
			   "<calendar:UID>%s</calendar:UID>"
			   "<calendar:MeetingStatus>0</calendar:MeetingStatus>"
			   "</ApplicationData></Add>", client_id, subject,
			   client_id);
}

/* Two phones that are up to date. */
struct pair {
	struct phone *m, *s;      /* merged, separate */
	struct phone_folder *all; /* the merged calendar */
	struct phone_folder *own, *club;
};

static struct pair
two_phones(const char *name)
{
	char id[40];
	struct pair x;

	snprintf(id, sizeof(id), "%sm", name);
	x.m = merged_phone(id);
	snprintf(id, sizeof(id), "%ss", name);
	x.s = harness_ready_phone(&h, 0, id);
	x.all = calendar(x.m);
	x.own = calendar(x.s);
	x.club = club(x.s);
	phone_sync_all(x.m, x.all);
	phone_sync_all(x.s, x.own);
	phone_sync_all(x.s, x.club);
	return x;
}

static void
all_quiet(struct pair *x)
{
	quiet(x->m, x->all);
	quiet(x->s, x->own);
	quiet(x->s, x->club);
}

/* ---- the tree -----------------------------------------------------------------*/

/* One of each kind, of the default type, and none beside it. */
static void
one_of_each_by_type(void **state)
{
	struct phone *m = merged_phone("viewtreem");
	struct phone *s = harness_ready_phone(&h, 0, "viewtrees");

	(void)state;
	assert_int_equal(folders_of(m, 8), 1);
	assert_int_equal(folders_of(m, 13), 0);
	assert_int_equal(folders_of(m, 7), 1);
	assert_int_equal(folders_of(m, 15), 0);
	assert_int_equal(folders_of(s, 8), 1);
	assert_int_equal(folders_of(s, 13), 1);
	assert_int_equal(folders_of(s, 7), 1);
	assert_int_equal(folders_of(s, 15), 1);
	assert_string_equal(club(s)->name, "Club: Calendar (club)");
}

/* ---- there and back -----------------------------------------------------------*/

static void
both_come(void **state)
{
	struct pair x = two_phones("viewboth");

	(void)state;
	put_event(0, "vb0", "Mine");
	put_event(1, "vb1", "Ours");
	brings(x.m, x.all, 2, 0, 0);
	brings(x.s, x.own, 1, 0, 0);
	brings(x.s, x.club, 1, 0, 0);
	need(x.all, "Mine");
	need(x.all, "Ours");
	need(x.club, "Ours");
	put_event(1, "vb1", "Ours indeed");
	brings(x.m, x.all, 0, 1, 0);
	need(x.all, "Ours indeed");
	drop(0, "vb0");
	brings(x.m, x.all, 0, 0, 1);
	assert_null(event(x.all, "Mine"));
	brings(x.s, x.own, 0, 0, 1);
	brings(x.s, x.club, 0, 1, 0);
	all_quiet(&x);
}

/* A change goes to where the event lives; who made it hears nothing of it,
 * the others once. */
static void
an_edit_goes_home(void **state)
{
	struct pair x = two_phones("viewedit");
	struct sync_result r;

	(void)state;
	put_event(1, "ve1", "Before");
	brings(x.m, x.all, 1, 0, 0);
	brings(x.s, x.club, 1, 0, 0);
	r = change(x.m, x.all, need(x.all, "Before")->id, "By the one");
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.changes + r.adds + r.deletes, 0);
	assert_int_equal(count(1, "SUMMARY:By the one"), 1);
	assert_int_equal(count(0, "By the one"), 0);
	assert_true(count(1, "X-FOREIGN:kept") > 0);
	brings(x.s, x.club, 0, 1, 0);
	r = change(x.s, x.club, need(x.club, "By the one")->id,
		   "By the other");
	assert_int_equal(r.failed + r.changes, 0);
	brings(x.m, x.all, 0, 1, 0);
	need(x.all, "By the other");
	all_quiet(&x);
}

/* The answer is lost, twice; the same request again. */
static void
a_repeated_edit(void **state)
{
	struct pair x = two_phones("viewagain");
	struct sync_result r;
	char id[64];

	(void)state;
	put_event(1, "va1", "Once");
	brings(x.m, x.all, 1, 0, 0);
	brings(x.s, x.club, 1, 0, 0);
	snprintf(id, sizeof(id), "%s", need(x.all, "Once")->id);
	phone_next_answer_lost(x.m);
	change(x.m, x.all, id, "Twice");
	phone_next_answer_lost(x.m);
	change(x.m, x.all, id, "Twice");
	r = change(x.m, x.all, id, "Twice");
	assert_int_equal(r.failed + r.changes, 0);
	brings(x.s, x.club, 0, 1, 0);
	all_quiet(&x);
}

/* New ones go to the user's default, once. */
static void
an_add_goes_to_the_default(void **state)
{
	struct pair x = two_phones("viewadd");
	struct sync_result r;

	(void)state;
	phone_next_answer_lost(x.m);
	add(x.m, x.all, "viewadd1", "Made");
	phone_next_answer_lost(x.m);
	add(x.m, x.all, "viewadd1", "Made");
	r = add(x.m, x.all, "viewadd1", "Made");
	assert_int_equal(r.failed, 0);
	answer_expect(r.a, RESPONSE "/Add/Status", "1");
	assert_true(answer_has(r.a, RESPONSE "/Add/ServerId"));
	assert_int_equal(count(0, "SUMMARY:Made"), 1);
	assert_int_equal(count(1, "SUMMARY:Made"), 0);
	brings(x.s, x.own, 1, 0, 0);
	all_quiet(&x);
	need(x.all, "Made");
	r = change(x.m, x.all, need(x.all, "Made")->id, "Made better");
	assert_int_equal(r.failed, 0);
	assert_int_equal(count(0, "SUMMARY:Made better"), 1);
	brings(x.s, x.own, 0, 1, 0);
	all_quiet(&x);
}

/* ... which the user may name. */
static void
the_default_has_a_name(void **state)
{
	struct phone *m;
	struct sync_result r;

	(void)state;
	free(dav(1, "-X MKCALENDAR -d '"
		 "<C:mkcalendar xmlns:D=\"DAV:\" "
		 "xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:set><D:prop>"
		 "<D:displayname>Errands</D:displayname></D:prop></D:set>"
		 "</C:mkcalendar>'", "errands/"));
	configure("default-calendar = errands\n", true);
	harness_restart(&h);
	m = merged_phone("viewname");
	phone_sync_all(m, calendar(m));
	r = add(m, calendar(m), "viewname1", "Named");
	assert_int_equal(r.failed, 0);
	assert_int_equal(count(0, "Named") + count(1, "Named"), 0);
	quiet(m, calendar(m));
	need(calendar(m), "Named");
	phone_delete(m, calendar(m), need(calendar(m), "Named")->id);
	free(dav(1, "-X DELETE", "errands/"));
	configure("", true);
	harness_restart(&h);
	phone_folder_sync(m);
	quiet(m, calendar(m));
}

/* The daemon dies between, the phone repeats; also if the default is another
 * one by then. */
static void
an_add_survives_a_kill(void **state)
{
	static const char *const points[] = {
		"kill:1:source.before-put", "kill:1:source.after-put",
	};
	struct pair x = two_phones("viewkill");
	struct sync_result r;
	char subject[32];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		snprintf(subject, sizeof(subject), "Killed%zu", i);
		harness_set_fault(&h, points[i]);
		harness_restart(&h);
		x.m->may_fail = true;
		add(x.m, x.all, subject, subject);
		x.m->may_fail = false;
		harness_kill(&h);
		harness_set_fault(&h, NULL);
		assert_true(harness_start(&h));
		r = add(x.m, x.all, subject, subject);
		assert_int_equal(r.failed, 0);
		assert_int_equal(count(0, subject), 2); /* UID and SUMMARY */
		phone_sync_all(x.m, x.all);
		quiet(x.m, x.all);
		need(x.all, subject);
		brings(x.s, x.own, 1, 0, 0);
	}
	quiet(x.s, x.own);
}

/* The server took it, the daemon died, and the administrator names another
 * default before the phone asks again: it was begun for the old one. */
static void
an_add_stays_where_it_was_begun(void **state)
{
	static const char *const points[] = {
		"kill:1:source.before-put", "kill:1:source.after-put",
	};
	struct phone *m = merged_phone("viewbegun");
	struct phone_folder *f = calendar(m);
	char subject[32];
	int i;

	(void)state;
	free(dav(1, "-X MKCALENDAR", "other/"));
	phone_folder_sync(m);
	phone_sync_all(m, f);
	for (i = 0; i < 2; i++) {
		snprintf(subject, sizeof(subject), "Begun%d", i);
		harness_set_fault(&h, points[i]);
		harness_restart(&h);
		m->may_fail = true;
		add(m, f, subject, subject);
		m->may_fail = false;
		harness_kill(&h);
		harness_set_fault(&h, NULL);
		configure("default-calendar = other\n", true);
		assert_true(harness_start(&h));
		assert_int_equal(add(m, f, subject, subject).failed, 0);
		assert_int_equal(count(0, subject), 2);
		phone_sync_all(m, f);
		quiet(m, f);
		need(f, subject);
		configure("", true);
	}
	free(dav(1, "-X DELETE", "other/"));
	harness_restart(&h);
}

/* Adds and changes through the view, killed at every point of the
 * way, one after the other. */
static bool
killed_at(struct phone *p, struct phone_folder *f, int k, const char *point,
	  const char *commands)
{
	char fault[64];
	int status;
	bool died;

	snprintf(fault, sizeof(fault), "kill:%d:%s", k, point);
	harness_stop(&h);
	harness_set_fault(&h, fault);
	if (harness_start(&h)) {
		p->may_fail = true;
		phone_sync(p, f, commands);
		p->may_fail = false;
		died = harness_died(&h, 200, &status);
	} else {
		died = true; /* the point lay in the start */
	}
	harness_kill(&h);
	harness_set_fault(&h, NULL);
	assert_true(harness_start(&h));
	return died;
}

static void
killed_everywhere(void **state)
{
	static const char *const prefixes[] = { "state.", "source.", "http." };
	struct pair x = two_phones("viewevery");
	char subject[40], *commands;
	size_t i;
	int k, n = 0;
	bool died = true;

	(void)state;
	put_event(1, "vev", "Theirs 0");
	phone_sync_all(x.m, x.all);
	for (i = 0; i < 3; i++)
		for (k = 1, died = true; died; k++) {
			char was[40];

			assert_true(k < 60);
			snprintf(was, sizeof(was), "Theirs %d", n);
			snprintf(subject, sizeof(subject), "Every%zux%d", i,
				 k);
			n++;
			commands = bytes_format(
				"<Add><ClientId>%s</ClientId>"
				"<ApplicationData>"
				"<calendar:EndTime>20261205T110000Z"
				"</calendar:EndTime>"
				"<calendar:Subject>%s</calendar:Subject>"
				"<calendar:StartTime>20261205T100000Z"
				"</calendar:StartTime>"
				"<calendar:UID>%s</calendar:UID>"
				"</ApplicationData></Add>"
				"<Change><ServerId>%s</ServerId>"
				"<ApplicationData>"
				"<calendar:Subject>Theirs %d"
				"</calendar:Subject>"
				"</ApplicationData></Change>", subject,
				subject, subject, need(x.all, was)->id, n);
			died = killed_at(x.m, x.all, k, prefixes[i], commands);
			if (died)
				assert_int_equal(phone_sync(x.m, x.all,
							    commands)
							 .failed, 0);
			free(commands);
			snprintf(was, sizeof(was), "SUMMARY:Theirs %d", n);
			assert_int_equal(count(0, subject), 2);
			assert_int_equal(count(1, was), 1);
			phone_sync_all(x.m, x.all);
			quiet(x.m, x.all);
			need(x.all, subject);
			need(x.all, was + 8);
		}
	print_message("killed %d times\n", n - 3);
	phone_sync_all(x.s, x.own);
	phone_sync_all(x.s, x.club);
	all_quiet(&x);
	assert_int_equal(folder_count(x.own) + folder_count(x.club),
			 folder_count(x.all));
}

static void
an_edit_survives_a_kill(void **state)
{
	static const char *const points[] = {
		"kill:1:source.before-put", "kill:1:source.after-put",
	};
	struct pair x = two_phones("viewkille");
	char subject[32], id[64];
	size_t i;

	(void)state;
	put_event(1, "vk1", "Killed edit");
	brings(x.m, x.all, 1, 0, 0);
	snprintf(id, sizeof(id), "%s", need(x.all, "Killed edit")->id);
	for (i = 0; i < 2; i++) {
		snprintf(subject, sizeof(subject), "Edited%zu", i);
		harness_set_fault(&h, points[i]);
		harness_restart(&h);
		x.m->may_fail = true;
		change(x.m, x.all, id, subject);
		x.m->may_fail = false;
		harness_kill(&h);
		harness_set_fault(&h, NULL);
		assert_true(harness_start(&h));
		assert_int_equal(change(x.m, x.all, id, subject).failed, 0);
		assert_int_equal(count(1, subject), 1);
		phone_sync_all(x.m, x.all);
		quiet(x.m, x.all);
		need(x.all, subject);
	}
	phone_sync_all(x.s, x.club);
	need(x.club, subject);
	all_quiet(&x);
}

static void
a_delete_goes_home(void **state)
{
	struct pair x = two_phones("viewdel");

	(void)state;
	put_event(1, "vd1", "Deleted by the one");
	put_event(1, "vd2", "Deleted by the other");
	brings(x.m, x.all, 2, 0, 0);
	brings(x.s, x.club, 2, 0, 0);
	phone_next_answer_lost(x.m);
	phone_delete(x.m, x.all, need(x.all, "Deleted by the one")->id);
	phone_delete(x.m, x.all, need(x.all, "Deleted by the one")->id);
	assert_int_equal(count(1, "Deleted by the one"), 0);
	brings(x.s, x.club, 0, 0, 1);
	phone_delete(x.s, x.club,
		     need(x.club, "Deleted by the other")->id);
	brings(x.m, x.all, 0, 0, 1);
	all_quiet(&x);
}

/* A move on one phone is a new event for the one that sees no folders. */
static void
a_move_elsewhere(void **state)
{
	struct pair x = two_phones("viewmove");
	struct answer *a;

	(void)state;
	put_event(0, "vm1", "Moved");
	brings(x.m, x.all, 1, 0, 0);
	brings(x.s, x.own, 1, 0, 0);
	a = phone_move(x.s, need(x.own, "Moved")->id, x.own->id, x.club->id);
	answer_expect(a, "/MoveItems/Response/Status", "3");
	assert_int_equal(count(1, "SUMMARY:Moved"), 1);
	assert_int_equal(count(0, "SUMMARY:Moved"), 0);
	brings(x.m, x.all, 1, 0, 1);
	need(x.all, "Moved");
	quiet(x.m, x.all);
}

static void
tasks_too(void **state)
{
	struct phone *m = merged_phone("viewtask");
	struct phone_folder *f = phone_need_type(m, 7);
	struct sync_result r;

	(void)state;
	phone_sync_all(m, f);
	put(0, "VTODO", "vt0", "Milk");
	put(1, "VTODO", "vt1", "Bread");
	brings(m, f, 2, 0, 0);
	r = phone_syncf(m, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<tasks:Subject>Two breads</tasks:Subject>"
			"</ApplicationData></Change>", need(f, "Bread")->id);
	assert_int_equal(r.failed, 0);
	assert_int_equal(count(1, "SUMMARY:Two breads"), 1);
	quiet(m, f);
	phone_delete(m, f, need(f, "Milk")->id);
	assert_int_equal(count(0, "SUMMARY:Milk"), 0);
	drop(1, "vt1");
	brings(m, f, 0, 0, 1);
}

static void
put_card(int user, const char *uid, const char *last)
{
	char *text = bytes_format("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\n"
				  "FN:Ada %s\r\nN:%s;Ada;;;\r\nX-KEEP:1\r\n"
				  "END:VCARD\r\n", uid, last, last);
	char *path = bytes_format("contacts/%s.vcf", uid);
	char *arg = bytes_format("-X PUT -H 'Content-Type: text/vcard' "
				 "--data-binary '@%s/put.tmp' "
				 "-w '%%{http_code}'", h.dir);
	char *out;

	cli_write(&h, "put.tmp", text);
	out = dav(user, arg, path);
	if (strncmp(out, "20", 2) != 0)
		fail_msg("PUT %s: %s", path, out);
	free(out);
	free(arg);
	free(path);
	free(text);
}

static struct phone_item *
contact(struct phone_folder *f, const char *last)
{
	struct phone_item *it;

	for (it = f->items; it; it = it->next) {
		const char *s = item_text(it, "LastName");

		if (s && !strcmp(s, last))
			return it;
	}
	fail_msg("no contact '%s'", last);
	return NULL;
}

static void
contacts_too(void **state)
{
	struct phone *m = merged_phone("viewbook");
	struct phone_folder *f = phone_need_type(m, 9);
	struct sync_result r;
	char *card;

	(void)state;
	assert_int_equal(folders_of(m, 14), 0);
	phone_sync_all(m, f);
	put_card(0, "vc0", "Own");
	put_card(1, "vc1", "Shared");
	brings(m, f, 2, 0, 0);
	r = phone_syncf(m, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<contacts:FirstName>Ada</contacts:FirstName>"
			"<contacts:LastName>Married</contacts:LastName>"
			"</ApplicationData></Change>",
			contact(f, "Shared")->id);
	assert_int_equal(r.failed, 0);
	card = dav(1, "", "contacts/vc1.vcf");
	assert_non_null(strstr(card, "Married"));
	assert_non_null(strstr(card, "X-KEEP:1"));
	free(card);
	phone_next_answer_lost(m);
	phone_syncf(m, f, "<Add><ClientId>vcadd</ClientId><ApplicationData>"
			  "<contacts:LastName>Fresh</contacts:LastName>"
			  "</ApplicationData></Add>");
	r = phone_syncf(m, f, "<Add><ClientId>vcadd</ClientId>"
			      "<ApplicationData>"
			      "<contacts:LastName>Fresh</contacts:LastName>"
			      "</ApplicationData></Add>");
	assert_int_equal(r.failed, 0);
	card = dav(0, "", "contacts/");
	assert_non_null(strstr(card, "\nN:Fresh"));
	assert_null(strstr(strstr(card, "\nN:Fresh") + 1, "\nN:Fresh"));
	free(card);
	phone_sync_all(m, f);
	quiet(m, f);
	contact(f, "Fresh");
	phone_delete(m, f, contact(f, "Own")->id);
	card = dav(0, "", "contacts/vc0.vcf");
	assert_null(strstr(card, "BEGIN:VCARD"));
	free(card);
	quiet(m, f);
}

/* The daily comparison finds nothing wrong in a view. */
static void
verified(void **state)
{
	struct pair x = two_phones("viewverify");
	struct bytes out = { 0 };

	(void)state;
	put_event(1, "vv1", "Verified");
	brings(x.m, x.all, 1, 0, 0);
	assert_int_equal(cli_run(&h, &out, "verify %s viewverifym -c "
				 "easbridge.conf", h.users[0].email), 0);
	bytes_free(&out);
	quiet(x.m, x.all);
}

/* ---- other commands -------------------------------------------------------------*/

static void
fetched_and_counted(void **state)
{
	struct pair x = two_phones("viewfetch");
	struct answer *a;

	(void)state;
	put_event(1, "vf1", "Fetched");
	assert_int_equal(phone_estimate(x.m, x.all), 1);
	brings(x.m, x.all, 1, 0, 0);
	assert_int_equal(phone_estimate(x.m, x.all), 0);
	a = phone_fetch_item(x.m, x.all->id, need(x.all, "Fetched")->id, NULL,
			     false);
	answer_expect(a, "/ItemOperations/Response/Fetch/Status", "1");
	answer_expect(a, "/ItemOperations/Response/Fetch/Properties/Subject",
		      "Fetched");
	a = phone_fetch_by_sync(x.m, x.all, need(x.all, "Fetched")->id);
	answer_expect(a, RESPONSE "/Fetch/Status", "1");
	answer_expect(a, RESPONSE "/Fetch/ServerId",
		      need(x.all, "Fetched")->id);
	drop(1, "vf1");
	brings(x.m, x.all, 0, 0, 1);
	brings(x.s, x.club, 0, 0, 0); /* it never saw it */
}

/* What the phone is not shown it is not served: FolderSync first. */
static void
hidden_is_hidden(void **state)
{
	struct pair x = two_phones("viewhide");
	struct answer *a;
	char id[64];

	(void)state;
	snprintf(id, sizeof(id), "%s", x.all->id);
	a = phone_postf(x.s, "Sync",
			"<Sync><Collections><Collection><SyncKey>0</SyncKey>"
			"<CollectionId>%s</CollectionId></Collection>"
			"</Collections></Sync>", id);
	answer_expect(a, "/Sync/Collections/Collection/Status", "12");
	a = phone_postf(x.m, "Sync",
			"<Sync><Collections><Collection><SyncKey>0</SyncKey>"
			"<CollectionId>%s</CollectionId></Collection>"
			"</Collections></Sync>", x.own->id);
	answer_expect(a, "/Sync/Collections/Collection/Status", "12");
}

/* ---- push -------------------------------------------------------------------------*/

static void
rings(struct running *r, const char *folder)
{
	struct answer *a = running_wait(r, PUSH_MS);

	if (!a)
		fail_msg("no answer to the Ping");
	answer_expect(a, "/Ping/Status", "2");
	answer_expect(a, "/Ping/Folders/Folder", folder);
}

static void
both_phones_are_rung(void **state)
{
	struct pair x = two_phones("viewping");
	struct running *m, *s;
	int i;

	(void)state;
	m = phone_ping_start(x.m, 120, &x.all, 1);
	s = phone_ping_start(x.s, 120, &x.club, 1);
	harness_sleep(2500);
	assert_false(running_done(m));
	assert_false(running_done(s));
	put_event(1, "vp1", "Rings");
	rings(m, x.all->id);
	rings(s, x.club->id);
	brings(x.m, x.all, 1, 0, 0);
	brings(x.s, x.club, 1, 0, 0);
	/* What one of them does rings for the other, and not for itself. */
	for (i = 0; i < 2; i++) {
		struct phone *from = i ? x.s : x.m, *to = i ? x.m : x.s;
		struct phone_folder *f = i ? x.club : x.all,
				    *t = i ? x.all : x.club;

		m = phone_ping_start(to, 120, &t, 1);
		harness_sleep(500);
		assert_int_equal(change(from, f,
					need(f, i ? "Rung" : "Rings")->id,
					i ? "Rung again" : "Rung").failed, 0);
		s = phone_ping_start(from, 120, &f, 1);
		rings(m, t->id);
		brings(to, t, 0, 1, 0);
		harness_sleep(500);
		assert_false(running_done(s));
		running_abort(s);
	}
	all_quiet(&x);
}

/* ---- sources come and go ------------------------------------------------------------*/

static void
off_and_on(void **state)
{
	struct phone *m = merged_phone("viewoff");
	struct phone_folder *f = calendar(m);
	size_t before;

	(void)state;
	put_event(0, "vo0", "Stays");
	put_event(1, "vo1", "Leaves");
	put_event(1, "vo2", "Leaves too");
	phone_sync_all(m, f);
	before = folder_count(f);
	configure("", false);
	reload();
	phone_sync_all(m, f);
	assert_null(event(f, "Leaves"));
	assert_null(event(f, "Leaves too"));
	need(f, "Stays");
	quiet(m, f);
	drop(1, "vo2");
	configure("", true);
	reload();
	phone_sync_all(m, f);
	need(f, "Leaves");
	assert_null(event(f, "Leaves too"));
	assert_int_equal(folder_count(f), before - 1);
	quiet(m, f);
	assert_int_equal(change(m, f, need(f, "Leaves")->id, "Is back").failed,
			 0);
	assert_int_equal(count(1, "SUMMARY:Is back"), 1);
	quiet(m, f);
}

static void
switch_source(const char *what)
{
	struct bytes out = { 0 };

	assert_int_equal(cli_run(&h, &out, "source %s %s club -c "
				 "easbridge.conf", what, h.users[0].email), 0);
	bytes_free(&out);
}

/* The same by a command, while the phone waits: it is told. */
static void
off_and_on_by_command(void **state)
{
	struct phone *m = merged_phone("viewcmd");
	struct phone_folder *f = calendar(m);
	struct running *r;

	(void)state;
	put_event(1, "vq1", "Switched off");
	phone_sync_all(m, f);
	r = phone_ping_start(m, 120, &f, 1);
	harness_sleep(1500);
	assert_false(running_done(r));
	switch_source("off");
	rings(r, f->id);
	phone_sync_all(m, f);
	assert_null(event(f, "Switched off"));
	quiet(m, f);
	r = phone_ping_start(m, 120, &f, 1);
	harness_sleep(1500);
	assert_false(running_done(r));
	switch_source("on");
	rings(r, f->id);
	phone_sync_all(m, f);
	need(f, "Switched off");
	quiet(m, f);
}

/* Down is not empty, and the other source goes on. */
static void
one_source_down(void **state)
{
	struct phone *m = merged_phone("viewdown");
	struct phone_folder *f = calendar(m);
	struct harness_user *u = h.users;
	char *text;

	(void)state;
	put_event(1, "vw1", "Out of reach");
	phone_sync_all(m, f);
	text = bytes_format(
		"login = %s, %s\nemail = %s\n[mail]\n"
		"imap = imap+insecure://%s:%d\nsmtp = smtp+insecure://%s:%d\n"
		"username = %s\n[dav]\nurl = %s\nusername = %s\n"
		"[dav club]\nurl = http://127.0.0.1:9/\nusername = %s\n"
		"password = x\n", u->email, u->login, u->email, h.imap_host,
		h.imap_port, h.smtp_host, h.smtp_port, u->login, h.dav,
		u->login, u[1].login);
	cli_write(&h, "users.d/user1.conf", text);
	free(text);
	harness_restart(&h);
	put_event(0, "vw0", "Within reach");
	brings(m, f, 1, 0, 0);
	need(f, "Out of reach");
	assert_int_equal(change(m, f, need(f, "Within reach")->id,
				"Reached").failed, 0);
	configure("", true);
	harness_restart(&h);
	quiet(m, f);
}

/* ---- the administrator's word ---------------------------------------------------*/

static void
cli_view(const char *device, const char *mode)
{
	struct bytes out = { 0 };

	assert_int_equal(cli_run(&h, &out, "device view %s %s %s -c "
				 "easbridge.conf", h.users[0].email, device,
				 mode), 0);
	bytes_free(&out);
}

/* Old folders leave by FolderSync, new ones come; each event is there once,
 * whichever way round. */
static void
switched(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "viewswitch");
	struct phone_folder *both[2], *f;
	struct running *r;
	struct answer *a;

	(void)state;
	put_event(0, "vs0", "Switched");
	put_event(1, "vs1", "Switched club");
	both[0] = calendar(p);
	both[1] = club(p);
	phone_sync_all(p, both[0]);
	phone_sync_all(p, both[1]);
	r = phone_ping_start(p, 120, both, 2);
	harness_sleep(1500);
	cli_view("viewswitch", "merged");
	a = running_wait(r, PUSH_MS);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "7");
	phone_folder_sync(p);
	assert_int_equal(folders_of(p, 8), 1);
	assert_int_equal(folders_of(p, 13), 0);
	f = calendar(p);
	phone_sync_all(p, f);
	need(f, "Switched");
	need(f, "Switched club");
	quiet(p, f);
	cli_view("viewswitch", "separate");
	phone_folder_sync(p);
	assert_int_equal(folders_of(p, 13), 1);
	phone_sync_all(p, calendar(p));
	phone_sync_all(p, club(p));
	need(calendar(p), "Switched");
	need(club(p), "Switched club");
	assert_null(event(calendar(p), "Switched club"));
	quiet(p, calendar(p));
	quiet(p, club(p));
	cli_view("viewswitch", "auto");
	phone_folder_sync(p);
	quiet(p, calendar(p));
}

/* The user's own word comes before the table, after the administrator's. */
static void
views_setting(void **state)
{
	struct phone *p;
	struct bytes out = { 0 };

	(void)state;
	configure("views = merged\n", true);
	harness_restart(&h);
	p = harness_ready_phone(&h, 0, "viewset");
	assert_int_equal(folders_of(p, 13), 0);
	cli_view("viewset", "separate");
	phone_folder_sync(p);
	assert_int_equal(folders_of(p, 13), 1);
	assert_int_equal(cli_run(&h, &out, "device view %s viewset nonsense "
				 "-c easbridge.conf", h.users[0].email), 2);
	text_has(&out, "auto, merged or separate");
	bytes_free(&out);
	configure("views = separate\n", true);
	harness_restart(&h);
	p = merged_phone("viewsetm");
	assert_int_equal(folders_of(p, 13), 1);
	configure("", true);
	harness_restart(&h);
}

/* ---- read-only members ----------------------------------------------------------*/

static void
share_readonly(const char *uid, const char *subject)
{
	char *text = object_text("VEVENT", uid, subject);
	char path[4200], name[300];

	snprintf(name, sizeof(name),
		 "servers/radicale/data/collection-root/%s/readonly",
		 h.users[1].login);
	snprintf(path, sizeof(path), "%s/%s", h.dir, name);
	mkdir(path, 0777);
	chmod(path, 0777); /* the server keeps its cache there */
	snprintf(path, sizeof(path), "%s/.Radicale.props", name);
	cli_write(&h, path, "{\"tag\": \"VCALENDAR\", "
		  "\"D:displayname\": \"Holidays\"}");
	snprintf(path, sizeof(path), "%s/%s.ics", name, uid);
	cli_write(&h, path, text);
	free(text);
}

/* The change is undone on the phone, and the log says why. */
static void
read_only_is_undone(void **state)
{
	struct phone *m;
	struct phone_folder *f;
	struct sync_result r;
	char id[64];
	int before;

	(void)state;
	share_readonly("vr1", "Holiday");
	m = merged_phone("viewread");
	f = calendar(m);
	phone_sync_all(m, f);
	snprintf(id, sizeof(id), "%s", need(f, "Holiday")->id);
	before = harness_log_count(&h, "only read there");
	r = change(m, f, id, "Workday");
	assert_int_equal(r.changes, 1);
	phone_sync_all(m, f);
	need(f, "Holiday");
	assert_null(event(f, "Workday"));
	assert_int_equal(harness_log_count(&h, "only read there"), before + 1);
	r = phone_delete(m, f, id);
	assert_int_equal(r.adds + phone_sync_all(m, f).adds, 1);
	need(f, "Holiday");
	assert_int_equal(harness_log_count(&h, "undone=delete"), 1);
	quiet(m, f);
	r = add(m, f, "viewread1", "Not there");
	assert_int_equal(r.failed, 0);
	assert_int_equal(count(0, "SUMMARY:Not there"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_each_by_type),
		cmocka_unit_test(both_come),
		cmocka_unit_test(an_edit_goes_home),
		cmocka_unit_test(a_repeated_edit),
		cmocka_unit_test(an_add_goes_to_the_default),
		cmocka_unit_test(the_default_has_a_name),
		cmocka_unit_test(an_add_survives_a_kill),
		cmocka_unit_test(an_add_stays_where_it_was_begun),
		cmocka_unit_test(an_edit_survives_a_kill),
		cmocka_unit_test(killed_everywhere),
		cmocka_unit_test(a_delete_goes_home),
		cmocka_unit_test(a_move_elsewhere),
		cmocka_unit_test(tasks_too),
		cmocka_unit_test(contacts_too),
		cmocka_unit_test(verified),
		cmocka_unit_test(fetched_and_counted),
		cmocka_unit_test(hidden_is_hidden),
		cmocka_unit_test(both_phones_are_rung),
		cmocka_unit_test(off_and_on),
		cmocka_unit_test(off_and_on_by_command),
		cmocka_unit_test(one_source_down),
		cmocka_unit_test(switched),
		cmocka_unit_test(views_setting),
		cmocka_unit_test(read_only_is_undone),
	};

	return cmocka_run_group_tests(tests, up, down);
}
