#include "tests/phone/meetings.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"

const char *const backend_names[BACKENDS] = { "no scheduling", "scheduling" };

/* ---- servers -------------------------------------------------------------*/

static char *
cyrus_url(struct meetings *m)
{
	char path[2200], *url = NULL;
	json_error_t e;
	json_t *s;
	const char *dav;

	snprintf(path, sizeof(path), "%s/servers/stack.json", m->h.dir);
	s = json_load_file(path, 0, &e);
	dav = json_string_value(json_object_get(json_object_get(s, "cyrus"),
						"dav"));
	if (dav)
		url = strdup(dav);
	json_decref(s);
	return url;
}

static void
configure(struct meetings *m, enum backend b, const char *url,
	  const char *more)
{
	struct harness_user *u = &m->h.users[b];
	char *text = bytes_format("\n[dav]\nurl = %s\nusername = %s\n"
				  "poll = 1\n%s", url,
				  b == PLAIN ? u->login : u->email,
				  more ? more : "");

	harness_more(&m->h, (int)b, text);
	free(text);
}

void
meetings_dav_more(struct meetings *m, enum backend b, const char *more)
{
	char *url = b == PLAIN ? strdup(m->h.dav) : cyrus_url(m);

	configure(m, b, url, more);
	free(url);
}

void
meetings_up(struct meetings *m, const char *name, const char *more)
{
	char *url;

	memset(m, 0, sizeof(*m));
	harness_up(&m->h, &(struct harness_options){
		.name = name, .stack = "--users 4 --with radicale,cyrus" });
	m->has[PLAIN] = true;
	snprintf(m->dav[PLAIN], sizeof(m->dav[0]), "%.*s%s/calendar/",
		 (int)(strstr(m->h.dav, "{login}") - m->h.dav), m->h.dav,
		 m->h.users[PLAIN].login);
	configure(m, PLAIN, m->h.dav, more);
	url = cyrus_url(m);
	m->has[SCHEDULING] = url != NULL;
	if (url) {
		snprintf(m->dav[SCHEDULING], sizeof(m->dav[0]),
			 "%scalendars/user/%s/Default/", url,
			 m->h.users[SCHEDULING].email);
		configure(m, SCHEDULING, url, more);
	}
	free(url);
	harness_restart(&m->h);
}

struct phone *
meetings_phone(struct meetings *m, enum backend b, const char *version,
	       const char *device)
{
	struct phone *p = harness_phone(&m->h, (int)b, device);

	p->version = version;
	phone_set_up(p);
	phone_sync_all(p, meetings_calendar(p));
	phone_sync_all(p, phone_inbox(p));
	return p;
}

struct phone_folder *
meetings_calendar(struct phone *p)
{
	return phone_need_type(p, 8);
}

/* ---- the other program ---------------------------------------------------*/

char *
cal_do(struct meetings *m, int user, const char *what, const char *url)
{
	struct harness_user *u = &m->h.users[user];
	char *cmd = bytes_format("curl -s -u '%s:%s' %s '%s' 2>&1",
				 strstr(url, "example.test") ? u->email
							     : u->login,
				 u->password, what, url);
	char *out = shell_read(cmd);

	free(cmd);
	return out;
}

void
cal_put(struct meetings *m, enum backend b, const char *name,
	const char *text)
{
	char file[2100], *arg, *out, *url, *lines = crlf(text);
	FILE *f;

	snprintf(file, sizeof(file), "%s/put.tmp", m->h.dir);
	f = fopen(file, "w");
	fputs(lines, f);
	fclose(f);
	free(lines);
	arg = bytes_format("-X PUT -H 'Content-Type: text/calendar' "
			   "--data-binary '@%s' -w '%%{http_code}'", file);
	url = bytes_format("%s%s.ics", m->dav[b], name);
	out = cal_do(m, (int)b, arg, url);
	if (strncmp(out, "20", 2) != 0)
		phone_failf("PUT %s: %s", url, out);
	free(out);
	free(url);
	free(arg);
}

static void
unfold(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\r' && s[1] == '\n' && s[2] == ' ')
			s += 2;
		else if (s[0] == '\n' && s[1] == ' ')
			s += 1;
		else
			*to++ = *s;
	}
	*to = 0;
}

/* The object in a text that holds `uid`, from the text of all hrefs. */
static char *
look_into(struct meetings *m, enum backend b, char *list, const char *uid)
{
	char *line = bytes_format("UID:%s\r\n", uid), *at = list, *found;
	char host[300];

	snprintf(host, sizeof(host), "%.*s",
		 (int)(strchr(strstr(m->dav[b], "://") + 3, '/') -
		       m->dav[b]), m->dav[b]);
	while ((at = strstr(at, "href>")) != NULL) {
		char *end = strchr(at += 5, '<'), *url;

		if (end - at < 4 || strncmp(end - 4, ".ics", 4) != 0)
			continue;
		url = bytes_format("%s%.*s", host, (int)(end - at), at);
		found = cal_do(m, (int)b, "", url);
		free(url);
		unfold(found);
		if (strstr(found, line)) {
			free(line);
			return found;
		}
		free(found);
	}
	free(line);
	return NULL;
}

char *
cal_find(struct meetings *m, enum backend b, const char *uid)
{
	char *list = cal_do(m, (int)b, "-X PROPFIND -H 'Depth: 1' "
			    "-H 'Content-Type: application/xml'", m->dav[b]);
	char *found = look_into(m, b, list, uid);

	free(list);
	return found;
}

/* ---- objects and mails ---------------------------------------------------*/

char *
meeting_text(const char *uid, const char *method, const char *people,
	     const char *more)
{
	return bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n%s%s%s"
		"BEGIN:VEVENT\nUID:%s\nDTSTAMP:20261101T000000Z\n"
		"DTSTART:20261203T100000Z\nDTEND:20261203T110000Z\n"
		"SUMMARY:Meeting %s\n%s%sEND:VEVENT\nEND:VCALENDAR\n",
		method ? "METHOD:" : "", method ? method : "",
		method ? "\n" : "", uid, uid, people, more ? more : "");
}

char *
meeting_mail(const char *from, const char *to, const char *subject,
	     const char *method, const char *ics)
{
	return bytes_format(
		"From: %s\nTo: %s\nSubject: %s\n"
		"Message-ID: <%s.%s@other.test>\n"
		"Date: Sat, 21 Nov 2026 08:00:00 +0000\nMIME-Version: 1.0\n"
		"Content-Type: multipart/alternative; boundary=\"b\"\n\n"
		"--b\nContent-Type: text/plain\n\nA meeting.\n"
		"--b\nContent-Type: text/calendar; charset=utf-8; method=%s\n"
		"\n%s--b--\n",
		from, to, subject, subject, method, method, ics);
}

struct phone_item *
meeting_arrives(struct meetings *m, enum backend b, struct phone *p,
		const char *from, const char *subject, const char *method,
		const char *ics)
{
	char *mail = meeting_mail(from, m->h.users[b].email, subject, method,
				  ics);
	char *lines = crlf(mail);
	int i;

	lmtp_deliver(&m->h, (int)b, lines, strlen(lines));
	free(lines);
	free(mail);
	for (i = 0; i < 100; i++) {
		phone_sync_all(p, phone_inbox(p));
		if (folder_subject(phone_inbox(p), subject))
			break;
		harness_sleep(50);
	}
	return folder_need(phone_inbox(p), subject);
}

/* ---- what leaves ---------------------------------------------------------*/

int
left_for(struct meetings *m, const char *address, const char *method)
{
	char *to = bytes_format("<%s>", address);
	char *how = bytes_format("method=%s", method);
	size_t i, n = sink_count(&m->h);
	struct bytes b = { 0 };
	int count = 0;

	for (i = 0; i < n; i++) {
		char *end, *at;

		bytes_free(&b);
		if (!sink_read(&m->h, i, &b))
			continue;
		bytes_put(&b, "", 1);
		end = strchr(b.p, '\n');
		at = strstr(b.p, to);
		count += end && at && at < end && strstr(end, how);
	}
	bytes_free(&b);
	free(to);
	free(how);
	return count;
}

void
left_exactly(struct meetings *m, const char *address, const char *method,
	     int n, const char *what)
{
	double end = phone_now_ms() + 15000;
	int is;

	while ((is = left_for(m, address, method)) < n &&
	       phone_now_ms() < end)
		harness_sleep(50);
	if (is != n)
		phone_failf("%s: %d mails of %s to %s, not %d", what, is, method,
			 address, n);
}

/* ---- the phone -----------------------------------------------------------*/

static char *
attendees(struct phone *p, const char *const *guests)
{
	struct bytes b = { 0 };

	for (; *guests; guests++) {
		char *one = bytes_format(
			"<calendar:Attendee><calendar:Email>%s"
			"</calendar:Email><calendar:Name>Guest"
			"</calendar:Name>%s<calendar:AttendeeType>1"
			"</calendar:AttendeeType></calendar:Attendee>",
			*guests,
			p->version[0] == '1' && p->version[1] == '6'
				? ""
				: "<calendar:AttendeeStatus>0"
				  "</calendar:AttendeeStatus>");

		bytes_put(&b, one, strlen(one));
		free(one);
	}
	bytes_put(&b, "", 1);
	return b.p;
}

#define ZEROS \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="

char *
meeting_data(struct phone *p, const char *uid, const char *subject,
	     const char *place, const char *const *guests)
{
	bool new = strncmp(p->version, "16", 2) == 0;
	char *people = attendees(p, guests), *data;

	data = bytes_format(
		"%s<calendar:AllDayEvent>0</calendar:AllDayEvent>"
		"<calendar:BusyStatus>2</calendar:BusyStatus>%s"
		"<calendar:EndTime>20261205T110000Z</calendar:EndTime>"
		"%s%s%s"
		"<calendar:Sensitivity>0</calendar:Sensitivity>"
		"<calendar:Subject>%s</calendar:Subject>"
		"<calendar:StartTime>20261205T100000Z</calendar:StartTime>"
		"%s%s%s<calendar:MeetingStatus>1</calendar:MeetingStatus>"
		"<calendar:Attendees>%s</calendar:Attendees>",
		new ? "" : "<calendar:Timezone>" ZEROS "</calendar:Timezone>",
		new ? ""
		    : "<calendar:DtStamp>20261101T000000Z</calendar:DtStamp>",
		place ? (new ? "<base:Location><base:DisplayName>"
			     : "<calendar:Location>")
		      : "",
		place ? place : "",
		place ? (new ? "</base:DisplayName></base:Location>"
			     : "</calendar:Location>")
		      : "",
		subject,
		new ? "<calendar:ClientUid>" : "<calendar:UID>", uid,
		new ? "</calendar:ClientUid>" : "</calendar:UID>", people);
	free(people);
	return data;
}

struct answer *
meeting_respond(struct phone *p, const char *folder, const char *item,
		int answer, const char *more)
{
	return phone_postf(p, "MeetingResponse",
			   "<MeetingResponse><Request>"
			   "<UserResponse>%d</UserResponse>"
			   "<CollectionId>%s</CollectionId>"
			   "<RequestId>%s</RequestId>%s</Request>"
			   "</MeetingResponse>",
			   answer, folder, item, more ? more : "");
}
