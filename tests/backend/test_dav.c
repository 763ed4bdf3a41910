/* The DAV driver against Radicale. */
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

static struct source_conf conf;
static struct login login = { .user = "user1", .password = "pass1" };
static char url[200];

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
	h->s = open_as(&login, &e);
	assert_non_null(h->s);
	if (!source_list(h->s, h->a, &h->v, &h->n, &e))
		fail_msg("%s", e.text);
	for (i = 0; i < h->n; i++) {
		if (h->v[i].kind == KIND_CONTACT)
			h->contacts = h->v[i].remote;
		if (h->v[i].kind == KIND_EVENT)
			h->events = h->v[i].remote;
		if (h->v[i].kind == KIND_TASK)
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

/* One kind each, by discovery from the user's address. */
static void
collections_are_found(void **state)
{
	struct here *h = *state;

	assert_true(h->contacts.n > 0);
	assert_true(h->events.n > 0);
	assert_true(h->tasks.n > 0);
	assert_int_equal(h->n, 4); /* the calendar holds notes too */
	assert_false(h->v[0].read_only);
}

static void
from_the_root(void **state)
{
	struct source_conf keep = conf;
	struct folder *v;
	struct here *h = *state;
	struct source *s;
	struct err e = { 0 };
	char root[200];
	size_t n;

	snprintf(root, sizeof(root), "%.*s/",
		 (int)(strchr(url + 8, '/') - url), url);
	conf.url = root;
	s = open_as(&login, &e);
	assert_true(source_list(s, h->a, &v, &n, &e));
	assert_int_equal(n, 4);
	source_close(&s);
	conf = keep;
}

/* As the server keeps them (Radicale sorts the lines), CRLF restored. */
static void
objects_come_back(void **state)
{
	struct here *h = *state;
	struct object o = put(h, h->contacts, KIND_CONTACT, "bytes",
			      CARD("bytes", "A & <B>"));
	struct object got[2] = { { .remote = o.remote },
				 { .remote = SPAN("/user1/contacts/no.vcf") } };
	struct err e = { 0 };

	assert_true(source_get(h->s, h->contacts, got, 2, h->a, &e));
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
	now = changes(h, h->contacts, SPAN("s http://radicale.org/ns/sync/x"));
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
	assert_true(source_rename_coll(h->s, remote, SPAN("Other"), &e));
	assert_true(source_list(h->s, h->a, &v, &n, &e));
	for (i = 0; i < n; i++)
		seen |= span_eq(v[i].name, SPAN("Other")) &&
			span_eq(v[i].remote, remote);
	assert_true(seen);
	assert_true(source_delete_coll(h->s, remote, &e));
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
	struct source *s = open_as(&bad, &e);

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
	s = open_as(&login, &e);
	assert_false(source_list(s, h->a, &v, &n, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	source_close(&s);
	conf = keep;
}

static int
up(void **state)
{
	json_error_t e;
	json_t *s;
	const char *text;
	char *at;

	(void)state;
	if (system("mkdir -p " DIR " && tests/servers/stack up " DIR
		   " --with radicale > " DIR "/log 2>&1") != 0)
		return -1;
	s = json_load_file(DIR "/stack.json", 0, &e);
	text = json_string_value(json_object_get(s, "carddav"));
	snprintf(url, sizeof(url), "%s", text);
	at = strstr(url, "{login}");
	assert_non_null(at);
	json_decref(s);
	conf = (struct source_conf){ .kind = SOURCE_DAV, .name = "dav",
				     .url = url, .verify = true };
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return system("tests/servers/stack down " DIR);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(collections_are_found),
		T(from_the_root),
		T(objects_come_back),
		T(changes_since_a_token),
		T(kinds_apart),
		T(conditions_hold),
		T(collections_are_made_and_removed),
		T(wrong_password),
		T(nobody_there),
	};

	return cmocka_run_group_tests(tests, up, down);
}
