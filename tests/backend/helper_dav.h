/* A session of the DAV driver with a scripted server: what the tests of
 * test_dav_find.c and test_dav_odd.c have in common. */
#ifndef TESTS_BACKEND_HELPER_DAV_H
#define TESTS_BACKEND_HELPER_DAV_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/dav/dav_private.h"
#include "base/clock.h"
#include "base/limits.h"
#include "tests/backend/helper_http.h"

#define MULTI(x)                                                             \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>"                         \
	"<d:multistatus xmlns:d=\"DAV:\" "                                   \
	"xmlns:c=\"urn:ietf:params:xml:ns:caldav\" "                         \
	"xmlns:r=\"urn:ietf:params:xml:ns:carddav\" "                        \
	"xmlns:s=\"http://calendarserver.org/ns/\">" x "</d:multistatus>"
#define RESP(href, props)                                                    \
	"<d:response><d:href>" href "</d:href><d:propstat><d:prop>" props    \
	"</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"         \
	"</d:response>"
#define STATUS(href, s)                                                      \
	"<d:response><d:href>" href "</d:href><d:status>HTTP/1.1 " s         \
	"</d:status></d:response>"
#define ETAG(e) "<d:getetag>\"" e "\"</d:getetag><d:resourcetype/>"
#define TOKEN(t) "<d:sync-token>" t "</d:sync-token>"
#define BOOK "<d:resourcetype><d:collection/><r:addressbook/></d:resourcetype>"
#define CAL "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
#define VEVENT_ONLY                                                          \
	"<c:supported-calendar-component-set><c:comp name=\"VEVENT\"/>"      \
	"</c:supported-calendar-component-set>"
#define MAY_WRITE                                                            \
	"<d:current-user-privilege-set><d:privilege><d:write/>"              \
	"</d:privilege></d:current-user-privilege-set>"
#define MAY_READ                                                             \
	"<d:current-user-privilege-set><d:privilege><d:read/>"               \
	"</d:privilege></d:current-user-privilege-set>"
#define BK SPAN("/c/")
#define EV SPAN("/k/#VEVENT")
#define CARD "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n"

static struct fake *f __attribute__((unused));
static struct arena *a;
static struct source *s;
static struct source_conf conf;
static char url[100];
static struct login login = { .user = "anna", .password = "secret" };
static struct err e;

static inline struct source *
open_in(int ms)
{
	struct source *n = source_open(&conf, &login, clock_mono_ms() + ms,
				       &e);

	assert_non_null(n);
	return n;
}

static inline int
setup(void **state)
{
	(void)state;
	a = arena_new();
	f = fake_up(NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", fake_port(f));
	conf = (struct source_conf){ .kind = SOURCE_DAV, .name = "dav",
				     .url = url, .verify = true };
	memset(&e, 0, sizeof(e));
	s = open_in(60000);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	source_close(&s);
	fake_down(&f);
	arena_free(&a);
	return 0;
}

static inline void
on(const char *method, const char *path, const char *status, const char *body)
{
	fake_rule(f, (struct fake_rule){ .method = method, .path = path,
					 .status = status, .body = body });
}

static inline void
once(const char *method, const char *path, const char *status,
     const char *headers, const char *body)
{
	fake_rule(f, (struct fake_rule){ .method = method, .path = path,
					 .status = status, .body = body,
					 .headers = headers, .times = 1 });
}

static inline void
homes_at(const char *contacts, const char *calendars)
{
	on("PROPFIND", "/", "207 Multi-Status",
	   arena_printf(a, MULTI(RESP("/", "<r:addressbook-home-set><d:href>"
				      "%s</d:href></r:addressbook-home-set>"
				      "<c:calendar-home-set><d:href>%s"
				      "</d:href></c:calendar-home-set>")),
			contacts, calendars));
}

#define OK(call)                                                             \
	do {                                                                 \
		memset(&e, 0, sizeof(e));                                    \
		if (!(call))                                                 \
			fail_msg("%s: %s", err_name(e.code), e.text);        \
	} while (0)
#define FAILS(call, want, how_far)                                           \
	do {                                                                 \
		memset(&e, 0, sizeof(e));                                    \
		assert_false(call);                                          \
		if (e.code != (want) || e.scope != (how_far))                \
			fail_msg("%s/%d: %s", err_name(e.code), e.scope,     \
				 e.text);                                    \
	} while (0)

#endif
