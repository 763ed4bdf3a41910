/* The IMAP driver's notes against a real Dovecot, with and without what
 * servers may lack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/imap/imap_conn.h"
#include "backends/imap/imap_notes.h"
#include "backends/sources.h"
#include "base/clock.h"
#include "tests/backend/helper_dovecot.h"

#define NOTES "Notes" NOTES_MARK

static struct dovecot server;
static struct source_conf conf;
static struct arena *a;
static struct err e;

#define S(text) span_of(text)
#define OK(call)                                     \
	do {                                         \
		memset(&e, 0, sizeof(e));            \
		bool ok_ = (call);                   \
		if (!ok_)                            \
			print_message("%s: %s\n", err_name(e.code), e.text); \
		assert_true(ok_);                    \
	} while (0)
#define FAILS(call, want)                                                  \
	do {                                                               \
		memset(&e, 0, sizeof(e));                                  \
		assert_false(call);                                        \
		assert_int_equal(e.code, want);                            \
	} while (0)

static struct source *
open_as(int user)
{
	struct login login = { .kind = LOGIN_TYPED };
	struct source *s;

	snprintf(login.user, sizeof(login.user), "user%d", user);
	snprintf(login.password, sizeof(login.password), "pass%d", user);
	memset(&e, 0, sizeof(e));
	s = source_open(&conf, &login, clock_mono_ms() + 20000, &e);
	assert_non_null(s);
	return s;
}

static int
begin(void **state)
{
	(void)state;
	a = arena_new();
	imap_caps_mask = ~0u;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_free(&a);
	imap_caps_mask = ~0u;
	return 0;
}

static struct span
note(const char *uuid, const char *text)
{
	return S(arena_printf(a, "Message-ID: <%s%s@x>\r\nSubject: %s\r\n"
			      "X-Universally-Unique-Identifier: %s\r\n"
			      "X-Uniform-Type-Identifier: "
			      "com.apple.mail-note\r\n\r\n%s\r\n", uuid, text,
			      text, uuid, text));
}

static const struct change *
put_of(const struct harvest *h, const char *name)
{
	for (size_t i = 0; i < h->n_puts; i++)
		if (span_eq(h->puts[i].remote, S(name)))
			return &h->puts[i];
	return NULL;
}

static struct harvest
look(struct source *s, struct span cursor)
{
	struct harvest h;

	OK(source_changes(s, S(NOTES), cursor, a, &h, &e));
	return h;
}

static size_t
mails(struct source *s, const char *text)
{
	struct span words[] = { S(text) };
	struct search_want want = { .words = words, .n_words = 1 };
	uint32_t *uids;
	size_t n;

	OK(source_search(s, S("Notes"), &want, a, &uids, &n, &e));
	return n;
}

/* From nothing to nothing. */
static void
life_with(int user, unsigned mask)
{
	struct source *s, *other;
	struct folder *v, *f;
	struct object o, got;
	struct harvest h;
	struct span etag;
	size_t n;
	enum notes_use use;

	imap_caps_mask = mask;
	s = open_as(user);
	other = open_as(user);
	/* offered, and not there */
	OK(source_list(s, a, &v, &n, &e));
	f = &v[n - 1];
	assert_int_equal(f->kind, KIND_NOTE);
	assert_true(span_eq(f->remote, S(NOTES)));
	assert_true(span_eq(remote_mailbox(f->remote), S("Notes")));
	OK(source_notes_use(s, S("Notes"), &use, &e));
	assert_int_equal(use, NOTES_EMPTY);
	h = look(s, SPAN_NONE);
	assert_int_equal(h.scope, HARVEST_FULL);
	assert_int_equal(h.n_puts, 0);
	h = look(s, h.cursor);
	assert_int_equal(h.scope, HARVEST_DELTA);
	/* the first makes it */
	o = (struct object){ .data = note("A-1", "first") };
	OK(source_put(s, S(NOTES), KIND_NOTE, S("A-1"), &o, a, &e));
	assert_true(span_eq(o.remote, S("A-1")));
	etag = o.etag;
	h = look(other, h.cursor);
	assert_int_equal(h.n_puts, 1);
	assert_true(span_eq(put_of(&h, "A-1")->etag, etag));
	assert_int_equal(look(other, h.cursor).n_puts, 0);
	OK(source_notes_use(s, S("Notes"), &use, &e));
	assert_int_equal(use, NOTES_ALL);
	/* once only */
	o = (struct object){ .data = note("A-1", "twice") };
	FAILS(source_put(s, S(NOTES), KIND_NOTE, S("A-1"), &o, a, &e),
	      ERR_CONFLICT);
	/* over it, and under a condition */
	o = (struct object){ .remote = S("A-1"), .etag = S("1.99"),
			     .data = note("A-1", "wrong") };
	FAILS(source_put(s, S(NOTES), KIND_NOTE, SPAN_NONE, &o, a, &e),
	      ERR_CONFLICT);
	o.etag = etag;
	o.data = note("A-1", "second");
	OK(source_put(s, S(NOTES), KIND_NOTE, SPAN_NONE, &o, a, &e));
	assert_false(span_eq(o.etag, etag));
	assert_int_equal(mails(s, "first"), 0);
	assert_int_equal(mails(s, "second"), 1);
	h = look(other, h.cursor);
	assert_int_equal(h.scope, HARVEST_FULL);
	assert_int_equal(h.n_puts, 1);
	assert_true(span_eq(put_of(&h, "A-1")->etag, o.etag));
	/* read back as it was written, without our own field */
	got = (struct object){ .remote = S("A-1") };
	OK(source_get(other, S(NOTES), &got, 1, a, &e));
	assert_true(got.found);
	assert_true(span_eq(got.data, o.data));
	assert_true(span_eq(got.etag, o.etag));
	got = (struct object){ .remote = S("nobody") };
	OK(source_get(other, S(NOTES), &got, 1, a, &e));
	assert_false(got.found);
	/* a version of somebody else, while ours is the newest we know */
	OK(source_append(other, S("Notes"), note("A-1", "theirs"), 0, 0,
			 &(uint32_t){ 0 }, &e));
	etag = o.etag;
	o.data = note("A-1", "late");
	FAILS(source_put(s, S(NOTES), KIND_NOTE, SPAN_NONE, &o, a, &e),
	      ERR_CONFLICT);
	FAILS(source_remove(s, S(NOTES), S("A-1"), etag, &e), ERR_CONFLICT);
	h = look(s, h.cursor);
	assert_int_equal(h.n_puts, 1);
	assert_int_equal(mails(s, "second"), 1); /* it is nobody's to drop */
	/* a mail: not only notes */
	OK(source_append(s, S("Notes"), S("Subject: mail\r\n\r\nx\r\n"), 0, 0,
			 &(uint32_t){ 0 }, &e));
	OK(source_notes_use(s, S("Notes"), &use, &e));
	assert_int_equal(use, NOTES_SOME);
	OK(source_inventory(s, S(NOTES), a, &h, &e));
	assert_int_equal(h.n_puts, 2);
	/* all versions go */
	OK(source_remove(s, S(NOTES), S("A-1"), SPAN_NONE, &e));
	OK(source_remove(s, S(NOTES), S("A-1"), SPAN_NONE, &e));
	assert_int_equal(mails(s, "theirs"), 0);
	assert_int_equal(mails(s, "second"), 0);
	o = (struct object){ .remote = S("A-1"), .data = note("A-1", "gone") };
	FAILS(source_put(s, S(NOTES), KIND_NOTE, SPAN_NONE, &o, a, &e),
	      ERR_NOT_FOUND);
	h = look(other, h.cursor);
	assert_int_equal(h.n_puts, 1);
	OK(source_notes_use(s, S("Notes"), &use, &e));
	assert_int_equal(use, NOTES_NONE);
	OK(source_delete_folder(other, S("Notes"), &e));
	h = look(s, h.cursor);
	assert_int_equal(h.scope, HARVEST_FULL);
	assert_int_equal(h.n_puts, 0);
	source_close(&s);
	source_close(&other);
}

static void
life(void **state)
{
	static const unsigned lacks[] = {
		0,
		CAP_UIDPLUS,
		CAP_CONDSTORE | CAP_QRESYNC | CAP_ENABLE,
		CAP_ESEARCH | CAP_LITERAL_PLUS | CAP_LITERAL_MINUS,
		CAP_UIDPLUS | CAP_CONDSTORE | CAP_QRESYNC | CAP_ESEARCH |
			CAP_NAMESPACE | CAP_SPECIAL_USE | CAP_LIST_STATUS |
			CAP_LIST_EXTENDED | CAP_OBJECTID,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lacks) / sizeof(*lacks); i++)
		life_with((int)i + 1, ~lacks[i]);
}

/* A write cut off behind its first half is completed by the next look, and by
 * that look alone which may be sure. */
static void
completed(void **state)
{
	struct source *s = open_as(6);
	struct object o = { .data = note("B", "one") };
	struct harvest h;
	struct span half;

	(void)state;
	OK(source_put(s, S(NOTES), KIND_NOTE, S("B"), &o, a, &e));
	half = note_replacing(a, note("B", "two"), o.etag);
	OK(source_append(s, S("Notes"), half, 0, 0, &(uint32_t){ 0 }, &e));
	OK(source_append(s, S("Notes"),
			 note_replacing(a, note("C", "other"), o.etag), 0, 0,
			 &(uint32_t){ 0 }, &e));
	h = look(s, SPAN_NONE);
	assert_int_equal(h.n_puts, 2);
	assert_false(span_eq(put_of(&h, "B")->etag, o.etag));
	assert_int_equal(mails(s, "one"), 0);
	assert_int_equal(mails(s, "two"), 1);
	assert_int_equal(mails(s, "other"), 1);
	source_close(&s);
}

/* What it is called in the configuration. */
static void
named(void **state)
{
	struct source *s;
	struct folder *v;
	size_t n, i;

	(void)state;
	conf.notes = "";
	s = open_as(7);
	OK(source_list(s, a, &v, &n, &e));
	for (i = 0; i < n; i++)
		assert_int_equal(v[i].kind, KIND_EMAIL);
	source_close(&s);
	conf.notes = "Zettel";
	s = open_as(7);
	OK(source_list(s, a, &v, &n, &e));
	assert_true(span_eq(v[n - 1].remote, S("Zettel" NOTES_MARK)));
	source_close(&s);
	conf.notes = NULL;
}

static void
names(void **state)
{
	struct span head = S("A: b\r\nX-Universally-Unique-Identifier:\r\n"
			     " abc-1\r\nMessage-ID: <m>\r\n\r\n"
			     "X-Universally-Unique-Identifier: body\r\n");
	struct span odd = S("X-Universally-Unique-Identifier: <a b>\n"
			    "Message-ID: <m>\n");
	struct span id = S("message-id: <m>\r\n"), none = S("Subject: x\r\n");
	struct span n;

	(void)state;
	assert_true(span_eq(note_name(a, head, S("1.2")), S("abc-1")));
	assert_true(span_eq(note_field(head, "Message-ID"), S("<m>")));
	assert_int_equal(note_field(none, "Message-ID").n, 0);
	/* made, and then a name like any other */
	n = note_name(a, odd, S("1.2"));
	assert_int_equal(n.n, 36);
	assert_false(span_eq(n, note_name(a, id, S("1.2"))));
	assert_true(span_eq(note_name(a, id, S("1.2")),
			    note_name(a, id, S("1.3"))));
	assert_false(span_eq(note_name(a, none, S("1.2")),
			     note_name(a, none, S("1.3"))));
	assert_true(span_eq(note_name_made(a, n), n));
	assert_true(span_eq(
		note_name_made(a, S("0123456789abcdef0123456789abcdef")),
		S("01234567-89AB-CDEF-0123-456789ABCDEF")));
	/* our field comes and goes, and nothing else */
	assert_true(span_eq(note_replacing(a, head, SPAN_NONE), head));
	n = note_replacing(a, head, S("1.2"));
	assert_true(span_eq(note_field(n, NOTES_REPLACES), S("1.2")));
	n = note_replacing(a, n, S("1.3"));
	assert_true(span_eq(note_field(n, NOTES_REPLACES), S("1.3")));
	assert_true(span_eq(note_replacing(a, n, SPAN_NONE), head));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names, begin, end),
		cmocka_unit_test_setup_teardown(life, begin, end),
		cmocka_unit_test_setup_teardown(completed, begin, end),
		cmocka_unit_test_setup_teardown(named, begin, end),
	};
	int r;

	if (!dovecot_there()) {
		puts("SKIPPED: dovecot is not installed");
		return 0;
	}
	if (!dovecot_up(&server)) {
		puts("dovecot does not start");
		return 1;
	}
	conf = (struct source_conf){
		.name = "mail",
		.imap = { "127.0.0.1", server.imap, TLS_NONE },
		.verify = true,
	};
	r = cmocka_run_group_tests_name("imap notes", tests, NULL, NULL);
	dovecot_down(&server);
	return r;
}
