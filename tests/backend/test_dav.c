/* The DAV driver against real servers: one table of tests for Radicale,
 * Cyrus and Xandikos. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/sources.h"
#include "base/clock.h"

#define DIR "build/tmp/test_dav"
#define CARD(uid, name)                                                      \
	"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" uid "\r\nFN:" name              \
	"\r\nN:" name ";;;;\r\nX-KEPT;A=\"b\":as  it is\r\nEND:VCARD\r\n"
#define EVENT(uid, name)                                                     \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//\r\n"             \
	"BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTAMP:20260101T000000Z\r\n"        \
	"DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nSUMMARY:"     \
	name "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
#define TASK(uid)                                                            \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//\r\n"             \
	"BEGIN:VTODO\r\nUID:" uid "\r\nDTSTAMP:20260101T000000Z\r\n"         \
	"SUMMARY:buy\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"

#define HAS_LOGIN 1u
#define HAS_BUSY 4u       /* tells when people are busy */
#define ONE_UID 16u       /* refuses a UID under a second name */
#define SCHEDULES 32u     /* sends invitations itself */

static struct server {
	const char *name;
	unsigned can;
	char url[200], root[200];
	struct login login;
} servers[] = {
	{ "Radicale", HAS_LOGIN | ONE_UID, "", "",
	  { .user = "user1", .password = "pass1" } },
	{ "Cyrus", HAS_LOGIN | HAS_BUSY | SCHEDULES, "", "",
	  { .user = "user1@example.test",
	    .password = "pass1" } },
	{ "Xandikos", HAS_BUSY | ONE_UID, "", "",
	  { .user = "user1", .password = "x" } },
};
static const struct server *srv;
static struct source_conf conf;

struct here {
	struct arena *a;
	struct source *s;
	struct folder *v;
	size_t n;
	struct span contacts, events, tasks;
};

static struct source *
open_as(const struct login *l, struct err *e)
{
	return source_open(&conf, l, clock_mono_ms() + 20000, e);
}

static int
setup(void **state)
{
	struct here *h = calloc(1, sizeof(*h));
	struct err e = { 0 };
	size_t i;

	h->a = arena_new();
	h->s = open_as(&srv->login, &e);
	assert_non_null(h->s);
	if (!source_list(h->s, h->a, &h->v, &h->n, &e))
		fail_msg("%s", e.text);
	for (i = 0; i < h->n; i++) {
		if (h->v[i].type == FOLDER_CONTACTS)
			h->contacts = h->v[i].remote;
		if (h->v[i].type == FOLDER_CALENDAR)
			h->events = h->v[i].remote;
		if (h->v[i].type == FOLDER_TASKS)
			h->tasks = h->v[i].remote;
	}
	*state = h;
	return 0;
}

static int
teardown(void **state)
{
	struct here *h = *state;

	source_close(&h->s);
	arena_free(&h->a);
	free(h);
	return 0;
}

static struct object
put(struct here *h, struct span coll, enum item_kind kind, const char *name,
    const char *text)
{
	struct object o = { .data = span_of(text) };
	struct err e = { 0 };

	if (!source_put(h->s, coll, kind, span_of(name), &o, h->a, &e))
		fail_msg("%s", e.text);
	assert_true(o.remote.n > 0 && o.etag.n > 0);
	return o;
}

static struct harvest
changes(struct here *h, struct span coll, struct span cursor)
{
	struct harvest v = { 0 };
	struct err e = { 0 };

	if (!source_changes(h->s, coll, cursor, h->a, &v, &e))
		fail_msg("%s", e.text);
	return v;
}

/* One kind each, by discovery from the configured address. */
static void
collections_are_found(void **state)
{
	struct here *h = *state;
	size_t i, defaults = 0;

	assert_true(h->contacts.n > 0);
	assert_true(h->events.n > 0);
	assert_true(h->tasks.n > 0);
	assert_int_equal(h->n, 4); /* the calendar holds notes too */
	for (i = 0; i < h->n; i++) {
		assert_false(h->v[i].read_only);
		assert_true(h->v[i].name.n > 0);
		defaults += h->v[i].type >= FOLDER_TASKS &&
			    h->v[i].type <= FOLDER_NOTES;
	}
	assert_int_equal(defaults, 4);
}

static void
lists_from(struct here *h, const struct source_conf *other)
{
	struct source_conf keep = conf;
	struct err e = { 0 };
	struct folder *v;
	struct source *s;
	size_t n, i;

	conf = *other;
	s = open_as(&srv->login, &e);
	conf = keep;
	assert_non_null(s);
	if (!source_list(s, h->a, &v, &n, &e))
		fail_msg("%s", e.text);
	assert_int_equal(n, h->n);
	for (i = 0; i < n; i++) {
		assert_true(span_eq(v[i].remote, h->v[i].remote));
		assert_int_equal(v[i].type, h->v[i].type);
	}
	source_close(&s);
}

static void
from_other_addresses(void **state)
{
	struct here *h = *state;
	struct source_conf c = conf;
	struct span rest;

	c.url = srv->root;
	lists_from(h, &c);
	/* One address for each service, and single collections. */
	c.url = NULL;
	c.contacts_url = c.calendars_url = srv->root;
	lists_from(h, &c);
	rest = h->contacts;
	c.contacts_url = arena_printf(h->a, "%.*s" SPAN_FMT,
				      (int)strlen(srv->root) - 1, srv->root,
				      SPAN_ARG(rest));
	rest = h->events;
	rest = span_take_until(&rest, '#');
	c.calendars_url = arena_printf(h->a, "%.*s" SPAN_FMT,
				       (int)strlen(srv->root) - 1, srv->root,
				       SPAN_ARG(rest));
	lists_from(h, &c);
}

/* As the server keeps them (Radicale sorts the lines), CRLF restored. */
static void
objects_come_back(void **state)
{
	struct here *h = *state;
	struct object o = put(h, h->contacts, KIND_CONTACT, "bytes",
			      CARD("bytes", "A & <B>"));
	struct object got[2] = { { .remote = o.remote },
				 { .remote = h->contacts } };
	struct err e = { 0 };

	got[1].remote = span_of(arena_printf(h->a, SPAN_FMT "no.vcf",
					     SPAN_ARG(h->contacts)));
	if (!source_get(h->s, h->contacts, got, 2, h->a, &e))
		fail_msg("%s", e.text);
	assert_true(got[0].found);
	assert_false(got[1].found);
	assert_non_null(memmem(got[0].data.p, got[0].data.n,
			       "\r\nFN:A & <B>\r\n", 14));
	assert_non_null(memmem(got[0].data.p, got[0].data.n,
			       ":as  it is\r\n", 12));
	assert_true(span_eq(got[0].etag, o.etag));
}

static void
changes_since_a_token(void **state)
{
	struct here *h = *state;
	struct harvest all = changes(h, h->contacts, SPAN_NONE), now;
	struct object o;
	struct folder_status st;
	struct err e = { 0 };

	assert_int_equal(all.scope, HARVEST_FULL);
	assert_true(span_starts(all.cursor, SPAN("s ")));
	assert_true(source_status_round(h->s, &h->contacts, 1, h->a, &st,
					&e));
	assert_false(cursor_differs(all.cursor, &st));
	o = put(h, h->contacts, KIND_CONTACT, "delta", CARD("delta", "D"));
	assert_true(source_status_round(h->s, &h->contacts, 1, h->a, &st,
					&e));
	assert_true(cursor_differs(all.cursor, &st));
	now = changes(h, h->contacts, all.cursor);
	assert_int_equal(now.scope, HARVEST_DELTA);
	assert_int_equal(now.n_puts, 1);
	assert_true(span_eq(now.puts[0].remote, o.remote));
	assert_true(span_eq(now.puts[0].etag, o.etag));
	assert_true(source_remove(h->s, h->contacts, o.remote, o.etag, &e));
	now = changes(h, h->contacts, now.cursor);
	assert_int_equal(now.n_gone, 1);
	assert_true(span_eq(now.gone[0], o.remote));
	now = changes(h, h->contacts, now.cursor);
	assert_int_equal(now.n_gone + now.n_puts, 0);
	/* A token nobody knows: everything again. */
	now = changes(h, h->contacts, SPAN("s data:,nobody-knows-this"));
	assert_int_equal(now.scope, HARVEST_FULL);
}

/* Kinds of one calendar are listed apart. */
static void
kinds_apart(void **state)
{
	struct here *h = *state;
	struct object ev = put(h, h->events, KIND_EVENT, "k1",
			       EVENT("k1", "e"));
	struct object task = put(h, h->tasks, KIND_TASK, "k2", TASK("k2"));
	struct harvest v = changes(h, h->events, SPAN_NONE);
	size_t i;
	bool seen = false;

	for (i = 0; i < v.n_puts; i++) {
		assert_false(span_eq(v.puts[i].remote, task.remote));
		seen |= span_eq(v.puts[i].remote, ev.remote);
	}
	assert_true(seen);
	v = changes(h, h->tasks, SPAN_NONE);
	assert_int_equal(v.n_puts, 1);
	assert_true(span_eq(v.puts[0].remote, task.remote));
}

static void
conditions_hold(void **state)
{
	struct here *h = *state;
	struct object o = put(h, h->contacts, KIND_CONTACT, "cond",
			      CARD("cond", "C")), again, old;
	struct err e = { 0 };

	again = (struct object){ .data = SPAN(CARD("cond", "C")) };
	assert_false(source_put(h->s, h->contacts, KIND_CONTACT, SPAN("cond"),
				&again, h->a, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(e.scope, SCOPE_ITEM);
	old = o;
	o.data = SPAN(CARD("cond", "Changed"));
	err_clear(&e);
	assert_true(source_put(h->s, h->contacts, KIND_CONTACT, SPAN_NONE, &o,
			       h->a, &e));
	assert_false(span_eq(o.etag, old.etag));
	assert_false(source_put(h->s, h->contacts, KIND_CONTACT, SPAN_NONE,
				&old, h->a, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	err_clear(&e);
	assert_false(source_remove(h->s, h->contacts, old.remote, old.etag,
				   &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	err_clear(&e);
	assert_true(source_remove(h->s, h->contacts, o.remote, o.etag, &e));
	assert_true(source_remove(h->s, h->contacts, o.remote, SPAN_NONE,
				  &e)); /* gone is done */
}

static void
collections_are_made_and_removed(void **state)
{
	struct here *h = *state;
	struct folder *v;
	struct span remote;
	struct err e = { 0 };
	size_t n, i;
	bool seen = false;

	if (!source_create_coll(h->s, KIND_EVENT, SPAN("Größe & <Co>"), h->a,
				&remote, &e))
		fail_msg("%s", e.text);
	put(h, remote, KIND_EVENT, "inside", EVENT("inside", "x"));
	if (!source_rename_coll(h->s, remote, SPAN("Other"), &e))
		fail_msg("%s", e.text);
	assert_true(source_list(h->s, h->a, &v, &n, &e));
	for (i = 0; i < n; i++)
		seen |= span_eq(v[i].name, SPAN("Other")) &&
			span_eq(v[i].remote, remote);
	assert_true(seen);
	if (!source_delete_coll(h->s, remote, &e))
		fail_msg("%s", e.text);
	assert_true(source_list(h->s, h->a, &v, &n, &e));
	for (i = 0; i < n; i++)
		assert_false(span_eq(v[i].remote, remote));
}

static void
wrong_password(void **state)
{
	struct here *h = *state;
	struct login bad = { .user = "user1", .password = "wrong" };
	struct err e = { 0 };
	struct folder *v;
	size_t n;
	struct source *s;

	if (!(srv->can & HAS_LOGIN))
		skip();
	memcpy(bad.user, srv->login.user, sizeof(bad.user));
	s = open_as(&bad, &e);

	assert_non_null(s);
	assert_false(source_list(s, h->a, &v, &n, &e));
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(e.scope, SCOPE_ACCOUNT);
	source_close(&s);
}

static void
nobody_there(void **state)
{
	struct source_conf keep = conf;
	struct here *h = *state;
	struct err e = { 0 };
	struct folder *v;
	struct source *s;
	size_t n;

	conf.url = "http://127.0.0.1:9/";
	s = open_as(&srv->login, &e);
	assert_false(source_list(s, h->a, &v, &n, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	source_close(&s);
	conf = keep;
}

static void
deleting_a_shared_calendar(void **state)
{
	struct here *h = *state;
	struct err e = { 0 };
	struct object t = put(h, h->tasks, KIND_TASK, "shared",
			      TASK("shared"));

	/* The task would go with the calendar. */
	assert_false(source_delete_coll(h->s, h->events, &e));
	assert_int_equal(e.code, ERR_DENIED);
	err_clear(&e);
	assert_true(source_remove(h->s, h->tasks, t.remote, t.etag, &e));
}

static void
a_uid_twice(void **state)
{
	struct here *h = *state;
	struct object o = put(h, h->events, KIND_EVENT, "uid-1",
			      EVENT("twice", "one"));
	struct object other = { .data = SPAN(EVENT("twice", "two")) };
	struct err e = { 0 };
	bool ok = source_put(h->s, h->events, KIND_EVENT, SPAN("uid-2"),
			     &other, h->a, &e);

	if (srv->can & ONE_UID) {
		assert_false(ok);
		assert_int_equal(e.code, ERR_CONFLICT);
		assert_int_equal(e.scope, SCOPE_ITEM);
	}
	err_clear(&e);
	if (ok)
		assert_true(source_remove(h->s, h->events, other.remote,
					  other.etag, &e));
	assert_true(source_remove(h->s, h->events, o.remote, o.etag, &e));
}

/* A collection beside that one, which does not exist. */
static struct span
nowhere(struct here *h, struct span coll)
{
	struct span comp = coll, path = span_take_until(&comp, '#');

	for (path.n--; path.p[path.n - 1] != '/'; path.n--)
		;
	return span_of(arena_printf(h->a, SPAN_FMT "no-such/%s" SPAN_FMT,
				    SPAN_ARG(path), comp.n > 0 ? "#" : "",
				    SPAN_ARG(comp)));
}

static void
what_no_server_takes(void **state)
{
	struct here *h = *state;
	struct object o = { .data = SPAN("no card at all") };
	struct err e = { 0 };

	if (source_put(h->s, h->contacts, KIND_CONTACT, SPAN("bad"), &o,
		       h->a, &e)) /* Xandikos takes it */
		assert_true(source_remove(h->s, h->contacts, o.remote, o.etag,
					  &e));
	else
		assert_int_equal(e.code, ERR_INVALID);
	o = (struct object){ .data = SPAN(CARD("x", "X")) };
	err_clear(&e);
	assert_false(source_put(h->s, nowhere(h, h->contacts), KIND_CONTACT,
				SPAN("x"), &o, h->a, &e));
	assert_true(e.code == ERR_NOT_FOUND || e.code == ERR_DENIED);
	assert_int_equal(e.scope, SCOPE_COLLECTION);
}

static void
written_over_when_gone(void **state)
{
	struct here *h = *state;
	struct object o = put(h, h->contacts, KIND_CONTACT, "away",
			      CARD("away", "A"));
	struct err e = { 0 };

	assert_true(source_remove(h->s, h->contacts, o.remote, o.etag, &e));
	o.data = SPAN(CARD("away", "B"));
	assert_false(source_put(h->s, h->contacts, KIND_CONTACT, SPAN_NONE,
				&o, h->a, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void
odd_names(void **state)
{
	struct here *h = *state;
	struct object o = put(h, h->contacts, KIND_CONTACT, "a b@c+d=e",
			      CARD("odd", "O"));
	struct object got = { .remote = o.remote };
	struct harvest v = changes(h, h->contacts, SPAN_NONE);
	struct err e = { 0 };
	bool seen = false;
	size_t i;

	for (i = 0; i < v.n_puts; i++)
		seen |= span_eq(v.puts[i].remote, o.remote);
	assert_true(seen);
	assert_true(source_get(h->s, h->contacts, &got, 1, h->a, &e));
	assert_true(got.found);
	assert_true(source_remove(h->s, h->contacts, o.remote, o.etag, &e));
}

static void
a_round_over_all(void **state)
{
	struct here *h = *state;
	struct span remotes[5] = { h->contacts, h->events, h->tasks,
				   nowhere(h, h->contacts),
				   SPAN("no name at all") };
	struct folder_status st[5];
	struct harvest v = changes(h, h->events, SPAN_NONE);
	struct object o;
	struct err e = { 0 };

	assert_true(source_status_round(h->s, remotes, 5, h->a, st, &e));
	assert_true(st[0].found && st[1].found && st[2].found);
	assert_false(st[3].found || st[4].found);
	assert_false(cursor_differs(v.cursor, &st[1]));
	o = put(h, h->events, KIND_EVENT, "round", EVENT("round", "r"));
	assert_true(source_status_round(h->s, remotes, 5, h->a, st, &e));
	assert_true(cursor_differs(v.cursor, &st[1]));
	assert_true(source_remove(h->s, h->events, o.remote, o.etag, &e));
}

static void
a_collection_that_is_gone(void **state)
{
	struct here *h = *state;
	struct harvest v;
	struct err e = { 0 };

	assert_false(source_changes(h->s, nowhere(h, h->contacts), SPAN_NONE,
				    h->a, &v, &e));
	assert_true(e.code == ERR_NOT_FOUND || e.code == ERR_DENIED);
	err_clear(&e);
	assert_false(source_changes(h->s, nowhere(h, h->events), SPAN_NONE,
				    h->a, &v, &e));
	assert_true(e.code == ERR_NOT_FOUND || e.code == ERR_DENIED);
	assert_int_equal(e.scope, SCOPE_COLLECTION);
}

static void
when_people_are_busy(void **state)
{
	struct here *h = *state;
	struct object o = put(h, h->events, KIND_EVENT, "busy",
			      EVENT("busy", "b"));
	struct span ics;
	struct err e = { 0 };
	/* 2026-12-01, the day of the event */
	bool ok = source_free_busy(h->s, 1796083200, 1796169600, h->a, &ics,
				   &e);

	if (srv->can & HAS_BUSY && !ok)
		fail_msg("%s", e.text);
	if (ok) { /* later versions of Radicale do, too */
		assert_true(span_find(ics, SPAN("20261201T100000Z")) > 0);
		assert_true(span_find(ics, SPAN("END:VFREEBUSY")) > 0);
	} else {
		assert_false(ok);
		assert_int_equal(e.code, ERR_UNSUPPORTED);
	}
	err_clear(&e);
	assert_true(source_remove(h->s, h->events, o.remote, o.etag, &e));
}

/* The server writes into what it was given and says so by giving no ETag. */
static void
invitations(void **state)
{
	struct here *h = *state;
	static const char text[] =
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//\r\n"
		"BEGIN:VEVENT\r\nUID:invited\r\nDTSTAMP:20260101T000000Z\r\n"
		"DTSTART:20261203T100000Z\r\nDTEND:20261203T110000Z\r\n"
		"SUMMARY:together\r\nORGANIZER:mailto:user1@example.test\r\n"
		"ATTENDEE;PARTSTAT=ACCEPTED:mailto:user1@example.test\r\n"
		"ATTENDEE;RSVP=TRUE:mailto:user2@example.test\r\n"
		"END:VEVENT\r\nEND:VCALENDAR\r\n";
	struct login other = { .user = "user2@example.test",
			       .password = "pass2" };
	struct err e = { 0 };
	struct object o;
	struct source *s;
	struct folder *v;
	struct harvest all = { .n_puts = 0 };
	size_t i, n;

	if (srv->can & SCHEDULES) { /* calendars are made at the first look */
		s = open_as(&other, &e);
		assert_true(source_list(s, h->a, &v, &n, &e));
	}
	o = put(h, h->events, KIND_EVENT, "invited", text);
	if (srv->can & SCHEDULES) {
		assert_true(span_find(o.data, SPAN("SCHEDULE-STATUS")) > 0);
		for (i = 0; i < n; i++)
			if (v[i].type == FOLDER_CALENDAR)
				assert_true(source_changes(s, v[i].remote,
							   SPAN_NONE, h->a,
							   &all, &e));
		assert_int_equal(all.n_puts, 1);
		source_close(&s);
	}
	assert_true(source_remove(h->s, h->events, o.remote, o.etag, &e));
}

/* ---- servers -----------------------------------------------------------------*/

static bool
stack(const char *with)
{
	char cmd[300];

	snprintf(cmd, sizeof(cmd),
		 "mkdir -p " DIR " && tests/servers/stack up " DIR
		 " --users 2 --with %s > " DIR "/log 2>&1", with);
	return system(cmd) == 0;
}

/* Where the servers are; empty for those that did not come up. */
static void
read_stack(void)
{
	json_error_t e;
	json_t *s = json_load_file(DIR "/stack.json", 0, &e), *more;
	const char *text = json_string_value(json_object_get(s, "carddav"));
	const char *host = strstr(text, "://") + 3;

	snprintf(servers[0].url, sizeof(servers[0].url), "%s", text);
	snprintf(servers[0].root, sizeof(servers[0].root), "%.*s/",
		 (int)(strchr(host, '/') - text), text);
	more = json_object_get(json_object_get(s, "cyrus"), "dav");
	if (more != NULL) {
		text = json_string_value(more);
		snprintf(servers[1].url, 200, "%sprincipals/user/{login}/",
			 text);
		snprintf(servers[1].root, 200, "%.*s",
			 (int)strlen(text) - 4, text);
	}
	more = json_object_get(json_object_get(s, "xandikos"), "dav");
	if (more != NULL) {
		text = json_string_value(more);
		snprintf(servers[2].url, 200, "%suser1/", text);
		snprintf(servers[2].root, 200, "%s", text);
	}
	json_decref(s);
}

static int
begin(void **state)
{
	(void)state;
	conf = (struct source_conf){ .kind = SOURCE_DAV, .name = "dav",
				     .url = srv->url, .verify = true };
	return 0;
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(collections_are_found),
		T(from_other_addresses),
		T(objects_come_back),
		T(changes_since_a_token),
		T(kinds_apart),
		T(conditions_hold),
		T(collections_are_made_and_removed),
		T(deleting_a_shared_calendar),
		T(a_uid_twice),
		T(what_no_server_takes),
		T(written_over_when_gone),
		T(odd_names),
		T(a_round_over_all),
		T(a_collection_that_is_gone),
		T(when_people_are_busy),
		T(invitations),
		T(wrong_password),
		T(nobody_there),
	};
	int failed = 0;
	size_t i;

	/* Cyrus and Xandikos are fetched from Debian once. */
	if (!stack("radicale,cyrus,xandikos") &&
	    !stack("radicale,xandikos") && !stack("radicale"))
		return 1;
	read_stack();
	for (i = 0; i < sizeof(servers) / sizeof(*servers); i++) {
		srv = &servers[i];
		if (srv->url[0] == '\0') {
			print_message("%s did not start: not tested\n",
				      srv->name);
			continue;
		}
		print_message("-- %s\n", srv->name);
		failed += cmocka_run_group_tests_name(srv->name, tests, begin,
						      NULL);
	}
	return system("tests/servers/stack down " DIR) != 0 || failed != 0;
}
