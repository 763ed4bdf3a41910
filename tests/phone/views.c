/* Two CalDAV accounts of one user, a phone that sees them as one and a phone
 * that sees each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"
#include "tests/phone/views.h"

#define PUSH_MS 20000

struct harness views_h;
static struct dav_side sides[2];

void
views_up(const char *name)
{
	harness_up(&views_h,
		   &(struct harness_options){ .name = name,
					      .stack = "--with radicale" });
	dav_side(&views_h, "Radicale", 0, &sides[0]);
	dav_side(&views_h, "Radicale", 1, &sides[1]);
	views_configure("", true);
	harness_restart(&views_h);
}

int
views_down(void)
{
	dav_close(&sides[0]);
	dav_close(&sides[1]);
	return harness_down(&views_h);
}

/* ---- servers and configuration ----*/

/* The user file of user 1; `club` brings user 2's calendars in. */
void
views_configure(const char *top, bool club)
{
	struct harness_user *u = views_h.users;
	char *more = bytes_format("\n[dav club]\nurl = %s\nusername = %s\n"
				  "password = %s\npoll = 1\nprefix = Club:\n",
				  views_h.dav, u[1].login, u[1].password);
	char *text = bytes_format(
		"login = %s, %s\nname = Anna\nemail = %s\n%s\n"
		"[mail]\nimap = imap+insecure://%s:%d\n"
		"smtp = smtp+insecure://%s:%d\nusername = %s\n"
		"\n[dav]\nurl = %s\nusername = %s\npoll = 1\n%s",
		u->email, u->login, u->email, top, views_h.imap_host,
		views_h.imap_port, views_h.smtp_host, views_h.smtp_port,
		u->login, views_h.dav, u->login, club ? more : "");

	cli_write(&views_h, "users.d/user1.conf", text);
	free(text);
	free(more);
}

void
views_reload(void)
{
	harness_reload(&views_h);
}

struct dav_side *
views_side(int user)
{
	return &sides[user];
}

char *
views_object(const char *kind, const char *uid, const char *subject)
{
	return bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:%s\nUID:%s\nDTSTAMP:20260101T000000Z\n%s"
		"SUMMARY:%s\nX-FOREIGN:kept\nEND:%s\nEND:VCALENDAR\n",
		kind, uid,
		strcmp(kind, "VEVENT") == 0
			? "DTSTART:20261203T100000Z\nDTEND:20261203T110000Z\n"
			: "",
		subject, kind);
}

void
views_put(int user, const char *kind, const char *uid, const char *subject)
{
	char *text = views_object(kind, uid, subject);
	char *path = bytes_format("%s%s.ics", sides[user].calendar, uid);

	dav_put(&sides[user], path, text);
	free(path);
	free(text);
}

void
views_put_event(int user, const char *uid, const char *subject)
{
	views_put(user, "VEVENT", uid, subject);
}

void
views_drop(int user, const char *uid)
{
	char *path = bytes_format("%s%s.ics", sides[user].calendar, uid);

	free(dav_ask(&sides[user], "DELETE", path, NULL, NULL, 0));
	free(path);
}

/* Radicale gives a whole calendar out at once. */
int
views_count(int user, const char *text)
{
	char *all = dav_get(&sides[user], sides[user].calendar), *at = all;
	int n = 0;

	while (at && (at = strstr(at, text)) != NULL) {
		n++;
		at += strlen(text);
	}
	free(all);
	return n;
}

/* ---- phones ----*/

/* One of each kind, by its type (clients.md section 11). */
struct phone *
views_merged_phone(const char *id)
{
	struct phone *p = harness_phone(&views_h, 0, id);

	free(p->device_type);
	p->device_type = strdup("SAMSUNGSMG991B");
	phone_set_up(p);
	return p;
}

struct phone_folder *
views_calendar(struct phone *p)
{
	return phone_need_type(p, 8);
}

/* The club's calendar, of a phone that sees each. */
struct phone_folder *
views_club(struct phone *p)
{
	return phone_need_type(p, 13);
}

int
views_folders(const struct phone *p, int type)
{
	const struct phone_folder *f;
	int n = 0;

	for (f = p->folders; f != NULL; f = f->next)
		n += f->type == type;
	return n;
}

struct phone_item *
views_event(struct phone_folder *f, const char *subject)
{
	struct phone_item *it;

	for (it = f->items; it; it = it->next) {
		const char *s = item_text(it, "Subject");

		if (s && !strcmp(s, subject))
			return it;
	}
	return NULL;
}

struct phone_item *
views_need(struct phone_folder *f, const char *subject)
{
	struct phone_item *it = views_event(f, subject);

	if (!it)
		fail_msg("no event '%s'", subject);
	return it;
}

/* The next Sync brings so much and no more. */
void
views_bring(struct phone *p, struct phone_folder *f, unsigned adds,
	    unsigned changes, unsigned deletes)
{
	struct sync_result r = phone_sync_all(p, f);

	if (r.adds != adds || r.changes != changes || r.deletes != deletes ||
	    r.readds != 0 || r.unknown != 0)
		fail_msg("%u Adds, %u Changes, %u Deletes (again %u, unknown "
			 "%u) instead of %u, %u, %u",
			 r.adds, r.changes, r.deletes, r.readds, r.unknown,
			 adds, changes, deletes);
}

void
views_quiet(struct phone *p, struct phone_folder *f)
{
	views_bring(p, f, 0, 0, 0);
}

struct sync_result
views_change(struct phone *p, struct phone_folder *f, const char *id,
	     const char *subject)
{
	return phone_syncf(p, f,
			   "<Change><ServerId>%s</ServerId><ApplicationData>"
			   "<calendar:Subject>%s</calendar:Subject>"
			   "<calendar:StartTime>20261203T120000Z"
			   "</calendar:StartTime>"
			   "<calendar:EndTime>20261203T130000Z"
			   "</calendar:EndTime>"
			   "</ApplicationData></Change>",
			   id, subject);
}

struct sync_result
views_add(struct phone *p, struct phone_folder *f, const char *client_id,
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
			   "</ApplicationData></Add>",
			   client_id, subject, client_id);
}

struct views_pair
views_two_phones(const char *name)
{
	char id[40];
	struct views_pair x;

	snprintf(id, sizeof(id), "%sm", name);
	x.m = views_merged_phone(id);
	snprintf(id, sizeof(id), "%ss", name);
	x.s = harness_ready_phone(&views_h, 0, id);
	x.all = views_calendar(x.m);
	x.own = views_calendar(x.s);
	x.club = views_club(x.s);
	phone_sync_all(x.m, x.all);
	phone_sync_all(x.s, x.own);
	phone_sync_all(x.s, x.club);
	return x;
}

void
views_all_quiet(struct views_pair *x)
{
	views_quiet(x->m, x->all);
	views_quiet(x->s, x->own);
	views_quiet(x->s, x->club);
}

void
views_ring(struct running *r, const char *folder)
{
	struct answer *a = running_wait(r, PUSH_MS);

	if (!a)
		fail_msg("no answer to the Ping");
	answer_expect(a, "/Ping/Status", "2");
	answer_expect(a, "/Ping/Folders/Folder", folder);
}
