/* A user's home at Radicale, ready for use. */
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"
#include "tests/phone/dav.h"

void
dav_up(struct harness *h, const char *name, int poll, struct dav_side *out)
{
	char *more;

	harness_up(h, &(struct harness_options){ .name = name,
						 .stack = "--with radicale" });
	if (!dav_side(h, "Radicale", 0, out))
		phone_failf("Radicale did not start");
	more = bytes_format("\n[dav]\nurl = %s\nusername = %s\npoll = %d\n",
			    out->url, out->login, poll);
	harness_more(h, 0, more);
	free(more);
	harness_restart(h);
}

char *
dav_curl(struct harness *h, int user, const char *what, const char *path)
{
	const struct harness_user *u = &h->users[user];
	char *at = strstr(h->dav, "{login}"), *out;
	char *cmd = bytes_format("curl -s -u '%s:%s' %s '%.*s%s/%s' 2>&1",
				 u->login, u->password, what,
				 (int)(at - h->dav), h->dav, u->login, path);

	out = shell_read(cmd);
	free(cmd);
	return out;
}

void
dav_put_event(struct dav_side *d, const char *uid)
{
	char *path = bytes_format("%s%s.ics", d->calendar, uid);
	char *text = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VEVENT\nUID:%s\nDTSTAMP:20260101T000000Z\n"
		"DTSTART:20991203T100000Z\nDTEND:20991203T110000Z\n"
		"SUMMARY:%s\nEND:VEVENT\nEND:VCALENDAR\n", uid, uid);

	dav_put(d, path, text);
	free(path);
	free(text);
}
