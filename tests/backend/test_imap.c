/* The IMAP driver and the bell against a real Dovecot. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/imap/imap_conn.h"
#include "backends/imap/imap_watch.h"
#include "backends/sources.h"
#include "base/clock.h"
#include "tests/backend/helper_dovecot.h"

static struct dovecot server;
static struct source_conf conf;
static struct login login;
static struct arena *a;
static struct err e;

static struct span
S(const char *s)
{
	return span_of(s);
}

static struct source *
open_as(int user)
{
	struct source *s;

	snprintf(login.user, sizeof(login.user), "user%d", user);
	snprintf(login.password, sizeof(login.password), "pass%d", user);
	memset(&e, 0, sizeof(e));
	s = source_open(&conf, &login, clock_mono_ms() + 20000, &e);
	if (!s)
		print_message("open: %s\n", e.text);
	return s;
}

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
		if (e.code != (want))                                      \
			print_message("%s: %s\n", err_name(e.code), e.text); \
		assert_int_equal(e.code, want);                            \
	} while (0)

static const char mail[] =
	"From: a@example.test\r\nTo: b@example.test\r\nSubject: test %d\r\n"
	"Message-ID: <m%d@example.test>\r\nMIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed; boundary=xx\r\n\r\n"
	"--xx\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello %d\r\n"
	"--xx\r\nContent-Type: message/rfc822\r\n\r\n"
	"Subject: inner\r\n\r\ninner body\r\n"
	"--xx\r\nContent-Type: application/pdf; name=a.pdf\r\n"
	"Content-ID: <c1@x>\r\nContent-Disposition: attachment;\r\n"
	" filename*0*=utf-8''b%%C3%%A4; filename*1=.pdf\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n--xx--\r\n";

static uint32_t
put(struct source *s, const char *box, int no)
{
	char text[2000];
	uint32_t uid = 0;

	snprintf(text, sizeof(text), mail, no, no, no);
	OK(source_append(s, S(box), S(text), 0, 1700000000 + no, &uid, &e));
	assert_true(uid > 0);
	return uid;
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

static struct folder *
find(struct folder *v, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (span_eq(v[i].remote, S(name)))
			return &v[i];
	return NULL;
}

static void
folders_with(int user, unsigned mask)
{
	struct source *s;
	struct folder *v, *f;
	struct span remote, again;
	size_t n;

	imap_caps_mask = mask;
	s = open_as(user);
	assert_non_null(s);
	OK(source_create_folder(s, SPAN_NONE, S("Übung & mehr 😀"), a,
				&remote, &e));
	OK(source_create_folder(s, remote, S("Kind"), a, &again, &e));
	FAILS(source_create_folder(s, SPAN_NONE, S("Übung & mehr 😀"), a,
				   &again, &e), ERR_EXISTS);
	FAILS(source_create_folder(s, SPAN_NONE, S("a/b"), a, &again, &e),
	      ERR_INVALID);
	OK(source_list(s, a, &v, &n, &e));
	assert_int_equal(find(v, n, "INBOX")->type, FOLDER_INBOX);
	assert_int_equal(find(v, n, "Sent")->type, FOLDER_SENT);
	assert_int_equal(find(v, n, "Trash")->type, FOLDER_TRASH);
	f = find(v, n, "Übung & mehr 😀/Kind");
	assert_non_null(f);
	assert_true(span_eq(f->parent, S("Übung & mehr 😀")));
	assert_true(span_eq(f->name, S("Kind")));
	assert_true(f->uidvalidity > 0);
	OK(source_rename_folder(s, S("Übung & mehr 😀/Kind"), SPAN_NONE,
				S("Groß"), a, &again, &e));
	OK(source_delete_folder(s, S("Groß"), &e));
	OK(source_delete_folder(s, S("Übung & mehr 😀"), &e));
	FAILS(source_delete_folder(s, S("Groß"), &e), ERR_NOT_FOUND);
	OK(source_alive(s, &e));
	source_close(&s);
}

static void
folders(void **state)
{
	(void)state;
	folders_with(1, ~0u);
	folders_with(1, ~(CAP_SPECIAL_USE | CAP_LIST_STATUS |
			  CAP_LIST_EXTENDED | CAP_NAMESPACE));
}

static struct change *
put_of(struct harvest *h, uint32_t uid)
{
	char t[16];
	size_t i;

	snprintf(t, sizeof(t), "%u", uid);
	for (i = 0; i < h->n_puts; i++)
		if (span_eq(h->puts[i].remote, S(t)))
			return &h->puts[i];
	return NULL;
}

static bool
is_gone(struct harvest *h, uint32_t uid)
{
	char t[16];
	size_t i;

	snprintf(t, sizeof(t), "%u", uid);
	for (i = 0; i < h->n_gone; i++)
		if (span_eq(h->gone[i], S(t)))
			return true;
	if (h->scope == HARVEST_DELTA)
		return false;
	for (i = 0; i < h->n_alive; i++)
		if (h->alive[i] == uid)
			return false;
	return true;
}

static void
changes_with(int user, unsigned mask)
{
	struct source *s, *other;
	struct harvest h;
	struct span cur;
	struct folder_status st;
	struct span box = S("INBOX");
	uint32_t u1, u2, u3, u4;
	struct change *c;

	imap_caps_mask = mask;
	s = open_as(user);
	other = open_as(user);
	assert_non_null(s);
	u1 = put(other, "INBOX", 1);
	u2 = put(other, "INBOX", 2);
	OK(source_changes(s, box, SPAN_NONE, a, &h, &e));
	assert_int_equal(h.scope, HARVEST_FULL);
	assert_false(h.partial);
	c = put_of(&h, u1);
	assert_non_null(c);
	assert_int_equal(c->date, 1700000001);
	assert_true(c->token && c->size > 100 && !c->flags_only);
	assert_true(c->token != put_of(&h, u2)->token);
	cur = h.cursor;
	OK(source_status_round(s, &box, 1, a, &st, &e));
	assert_false(cursor_differs(cur, &st));
	OK(source_changes(s, box, cur, a, &h, &e));
	if (mask & CAP_CONDSTORE)
		assert_int_equal(h.n_puts, 0);
	/* flag, death and birth at once */
	OK(source_set_flags(other, box, 0, &u1, 1, MAIL_SEEN | MAIL_FORWARDED,
			    MAIL_SEEN | MAIL_FORWARDED, S("Work zebra"),
			    SPAN_NONE, &e));
	OK(source_expunge(other, box, 0, &u2, 1, &e));
	u3 = put(other, "INBOX", 3);
	OK(source_status_round(s, &box, 1, a, &st, &e));
	assert_true(cursor_differs(cur, &st));
	OK(source_changes(s, box, cur, a, &h, &e));
	c = put_of(&h, u1);
	assert_non_null(c);
	assert_int_equal(c->flags, MAIL_SEEN | MAIL_FORWARDED);
	assert_true(span_eq(c->keywords, S("Work zebra")));
	assert_true(c->flags_only);
	assert_non_null(put_of(&h, u3));
	assert_true(is_gone(&h, u2) && !is_gone(&h, u1) && !is_gone(&h, u3));
	cur = h.cursor;
	OK(source_set_flags(other, box, 0, &u1, 1, MAIL_SEEN, 0, SPAN_NONE,
			    S("zebra"), &e));
	u4 = put(other, "INBOX", 4);
	OK(source_expunge(other, box, 0, &u4, 1, &e));
	OK(source_changes(s, box, cur, a, &h, &e));
	c = put_of(&h, u1);
	assert_non_null(c);
	assert_int_equal(c->flags, MAIL_FORWARDED);
	assert_true(span_eq(c->keywords, S("Work")));
	assert_null(put_of(&h, u4));
	FAILS(source_changes(s, S("Nope"), SPAN_NONE, a, &h, &e),
	      ERR_NOT_FOUND);
	FAILS(source_set_flags(s, box, 77, &u1, 1, MAIL_SEEN, 0, SPAN_NONE,
			       SPAN_NONE, &e), ERR_STALE);
	OK(source_changes(s, box, S("v1 99 5 5 5"), a, &h, &e));
	assert_int_equal(h.scope, HARVEST_FULL);
	source_close(&s);
	source_close(&other);
}

/* What another session does is told at once, whether ours has the mailbox
 * open or not; and nothing else is told. */
static void
changes_of_another(const char *name, unsigned mask)
{
	struct source *s, *other;
	struct span box = S(name), cur;
	struct mail_info info;
	struct harvest h;
	uint32_t uid, two;
	int open;

	imap_caps_mask = mask;
	s = open_as(9);
	other = open_as(9);
	uid = put(other, name, 1);
	OK(source_changes(s, box, SPAN_NONE, a, &h, &e));
	for (open = 0; open < 2; open++) {
		if (open) /* reading a mail selects */
			OK(source_mail_info(s, box, h.uidvalidity, &uid, 1, a,
					    &info, &e));
		cur = h.cursor;
		OK(source_changes(s, box, cur, a, &h, &e));
		assert_int_equal(h.n_puts + h.n_gone, 0);
		assert_true(span_eq(h.cursor, cur));
		if (open)
			OK(source_mail_info(s, box, h.uidvalidity, &uid, 1, a,
					    &info, &e));
		OK(source_set_flags(other, box, h.uidvalidity, &uid, 1,
				    MAIL_SEEN, open ? 0 : MAIL_SEEN,
				    SPAN_NONE, SPAN_NONE, &e));
		OK(source_changes(s, box, h.cursor, a, &h, &e));
		assert_int_equal(put_of(&h, uid)->flags & MAIL_SEEN,
				 open ? 0 : MAIL_SEEN);
		two = put(other, name, 2 + open);
		OK(source_changes(s, box, h.cursor, a, &h, &e));
		assert_non_null(put_of(&h, two));
		OK(source_expunge(other, box, h.uidvalidity, &two, 1, &e));
		OK(source_changes(s, box, h.cursor, a, &h, &e));
		assert_true(h.scope == HARVEST_ALIVE ? h.n_alive == 1
						     : h.n_gone == 1);
	}
	source_close(&s);
	source_close(&other);
}

static void
looks(void **state)
{
	(void)state;
	changes_of_another("INBOX", ~0u);
	changes_of_another("Drafts", ~0u);
	changes_of_another("Trash", ~CAP_QRESYNC);
}

static void
changes(void **state)
{
	(void)state;
	changes_with(2, ~0u);
	changes_with(3, ~CAP_QRESYNC);
	changes_with(4, ~(CAP_QRESYNC | CAP_CONDSTORE | CAP_UIDPLUS |
			  CAP_ESEARCH | CAP_SASL_IR) | CAP_UIDPLUS);
}

static void
uidvalidity(void **state)
{
	struct source *s = open_as(2);
	struct harvest h;
	struct span r, cur;
	uint32_t u, was;

	(void)state;
	OK(source_create_folder(s, SPAN_NONE, S("V"), a, &r, &e));
	u = put(s, "V", 1);
	OK(source_changes(s, r, SPAN_NONE, a, &h, &e));
	cur = h.cursor;
	was = h.uidvalidity;
	OK(source_delete_folder(s, r, &e));
	sleep(1);
	OK(source_create_folder(s, SPAN_NONE, S("V"), a, &r, &e));
	u = put(s, "V", 2);
	OK(source_changes(s, r, cur, a, &h, &e));
	assert_int_equal(h.scope, HARVEST_FULL);
	assert_true(h.uidvalidity != was);
	FAILS(source_expunge(s, r, was, &u, 1, &e), ERR_STALE);
	source_close(&s);
}

static void
content(void **state)
{
	struct source *s = open_as(5);
	struct harvest h;
	struct mail_info in[3];
	struct mail_want w[5] = { 0 };
	struct mail_part *p;
	uint32_t u[3], i;

	(void)state;
	for (i = 0; i < 2; i++)
		u[i] = put(s, "INBOX", (int)i);
	u[2] = 99999;
	OK(source_mail_info(s, S("INBOX"), 0, u, 3, a, in, &e));
	assert_true(in[0].found && in[1].found && !in[2].found);
	assert_int_equal(in[1].date, 1700000001);
	assert_true(span_find(in[1].header, S("Subject: test 1")) > 0);
	p = in[0].root;
	assert_non_null(p);
	assert_true(span_eq(p->subtype, S("mixed")));
	p = p->child;
	assert_true(span_eq(p->section, S("1")) &&
		    span_eq(p->charset, S("utf-8")));
	p = p->next;
	assert_true(p->is_message && p->child &&
		    span_eq(p->child->section, S("2.1")));
	p = p->next;
	assert_true(span_eq(p->encoding, S("base64")) &&
		    span_eq(p->cid, S("c1@x")) &&
		    span_eq(p->disposition, S("attachment")));
	print_message("name: %.*s\n", SPAN_ARG(p->name));
	w[0] = (struct mail_want){ .uid = u[1], .section = S("1") };
	w[1] = (struct mail_want){ .uid = u[0], .section = S("1") };
	w[2] = (struct mail_want){ .uid = u[0], .section = S("1"), .max = 3 };
	w[3] = (struct mail_want){ .uid = u[0], .section = S("") };
	w[4] = (struct mail_want){ .uid = 99999, .section = S("") };
	OK(source_mail_parts(s, S("INBOX"), 0, w, 5, a, &e));
	assert_true(span_starts(w[0].got, S("Hello 1")));
	assert_true(span_starts(w[1].got, S("Hello 0")));
	assert_true(span_eq(w[2].got, S("Hel")));
	assert_true(span_starts(w[3].got, S("From: a@")) || w[3].got.n > 500);
	assert_false(w[4].found);
	OK(source_changes(s, S("INBOX"), SPAN_NONE, a, &h, &e));
	assert_int_equal(put_of(&h, u[0])->flags & MAIL_SEEN, 0);
	source_close(&s);
}

static void
writes_with(int user, unsigned mask)
{
	struct source *s;
	uint32_t u1, u2, to = 0, *hits;
	size_t n;
	struct span words[] = { S("Hello 42") };
	struct search_want want = { .words = words, .n_words = 1 };
	struct mail_info in[2];
	struct harvest h;

	imap_caps_mask = mask;
	s = open_as(user);
	u1 = put(s, "INBOX", 42);
	u2 = put(s, "INBOX", 43);
	OK(source_search(s, S("INBOX"), &want, a, &hits, &n, &e));
	assert_int_equal(n, 1);
	assert_int_equal(hits[0], u1);
	want = (struct search_want){ .message_id = S("<m43@example.test>"),
				     .since = 1600000000,
				     .before = 1800000000 };
	OK(source_search(s, S("INBOX"), &want, a, &hits, &n, &e));
	assert_int_equal(n, 1);
	assert_int_equal(hits[0], u2);
	words[0] = S("Grüße");
	want = (struct search_want){ .words = words, .n_words = 1 };
	OK(source_search(s, S("INBOX"), &want, a, &hits, &n, &e));
	assert_int_equal(n, 0);
	OK(source_set_flags(s, S("INBOX"), 0, &u2, 1, MAIL_DELETED,
			    MAIL_DELETED, SPAN_NONE, SPAN_NONE, &e));
	OK(source_move(s, S("INBOX"), 0, u1, S("Trash"), &to, &e));
	if (mask & CAP_UIDPLUS)
		assert_true(to > 0);
	FAILS(source_move(s, S("INBOX"), 0, u1, S("Trash"), &to, &e),
	      ERR_NOT_FOUND);
	FAILS(source_move(s, S("INBOX"), 0, u2, S("Nope"), &to, &e),
	      ERR_NOT_FOUND);
	/* the other's \Deleted survived our EXPUNGE */
	OK(source_mail_info(s, S("INBOX"), 0, &u2, 1, a, in, &e));
	assert_true(in[0].found);
	OK(source_changes(s, S("INBOX"), SPAN_NONE, a, &h, &e));
	assert_null(put_of(&h, u2));
	OK(source_expunge(s, S("INBOX"), 0, &u2, 1, &e));
	FAILS(source_append(s, S("Nope"), S("Subject: x\r\n\r\n"), 0, 0, &to,
			    &e), ERR_NOT_FOUND);
	OK(source_alive(s, &e));
	source_close(&s);
}

static void
writes(void **state)
{
	(void)state;
	writes_with(6, ~0u);
	writes_with(6, ~CAP_MOVE);
	writes_with(6, ~(CAP_LITERAL_PLUS | CAP_ESEARCH));
}

static void
quota(void **state)
{
	struct source *s = open_as(9);
	char *big = calloc(1, 60001);
	uint32_t uid;

	(void)state;
	memset(big, 'x', 60000);
	memcpy(big, "Subject: x\r\n\r\n", 14);
	FAILS(source_append(s, S("INBOX"), S(big), 0, 0, &uid, &e),
	      ERR_QUOTA);
	free(big);
	OK(source_alive(s, &e));
	source_close(&s);
}

static void
logins(void **state)
{
	struct source *s;

	(void)state;
	s = open_as(1);
	source_close(&s);
	strcpy(login.password, "wrong");
	memset(&e, 0, sizeof(e));
	assert_null(source_open(&conf, &login, clock_mono_ms() + 5000, &e));
	assert_int_equal(e.code, ERR_DENIED);
	assert_int_equal(e.scope, SCOPE_ACCOUNT);
	imap_caps_mask = ~CAP_AUTH_PLAIN;
	s = open_as(1);
	assert_non_null(s);
	source_close(&s);
	imap_caps_mask = ~CAP_SASL_IR;
	s = open_as(1);
	assert_non_null(s);
	source_close(&s);
}

static bool
can_open(const char *host, unsigned port, enum tls_mode tls, const char *ca)
{
	struct source_conf keep = conf;
	struct source *s;

	conf.imap = (struct endpoint){ host, port, tls };
	conf.ca_file = ca;
	conf.verify = true;
	memset(&e, 0, sizeof(e));
	s = source_open(&conf, &login, clock_mono_ms() + 5000, &e);
	conf = keep;
	if (s)
		source_close(&s);
	else
		print_message("  %s\n", e.text);
	return e.code == ERR_NONE;
}

static void
tls(void **state)
{
	struct source *s = open_as(1);

	(void)state;
	source_close(&s);
	assert_true(can_open("localhost", server.imaps, TLS_IMPLICIT,
			     server.ca));
	assert_true(can_open("localhost", server.imap, TLS_STARTTLS,
			     server.ca));
	assert_false(can_open("127.0.0.1", server.imaps, TLS_IMPLICIT,
			      server.ca));
	assert_false(can_open("localhost", server.imaps, TLS_IMPLICIT,
			      server.other_ca));
	assert_false(can_open("localhost", server.imap, TLS_STARTTLS,
			      server.other_ca));
	assert_false(can_open("localhost", server.imaps, TLS_IMPLICIT, NULL));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
}

static void
black_hole(void **state)
{
	struct source_conf c = conf;
	int64_t t = clock_mono_ms();

	(void)state;
	c.imap = (struct endpoint){ "192.0.2.1", 143, TLS_NONE };
	memset(&e, 0, sizeof(e));
	assert_null(source_open(&c, &login, t + 700, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_true(clock_mono_ms() - t < 2000);
}

struct rung {
	unsigned inbox, other, unknown;
};

static void
note(void *ctx, const struct watch_note *n)
{
	struct rung *r = ctx;

	if (!n->folder.p)
		r->unknown++;
	else if (span_eq_ci(n->folder, S("INBOX")))
		r->inbox++;
	else if (span_eq(n->folder, S("Grüße")))
		r->other++;
}

static bool
until(struct watch *w, struct rung *r, const unsigned *what, int ms)
{
	int64_t stop = clock_mono_ms() + ms;

	for (;;) {
		struct pollfd p = { .fd = watch_fd(w), .events = POLLIN };
		int left = (int)(stop - clock_mono_ms());

		assert_true(watch_step(w, note, r));
		if (*what || left <= 0)
			return *what > 0;
		poll(&p, 1, left);
	}
}

static void
watch_with(enum watch_mode mode, enum watch_kind kind, enum tls_mode t)
{
	struct source_conf c = conf;
	struct source *s = open_as(7);
	struct watch *w;
	struct span r;
	struct rung rung = { 0 };
	unsigned none = 0;

	source_create_folder(s, SPAN_NONE, S("Grüße"), a, &r, NULL);
	c.watch = mode;
	if (t == TLS_IMPLICIT) {
		c.imap = (struct endpoint){ "localhost", server.imaps, t };
		c.ca_file = server.ca;
	}
	memset(&e, 0, sizeof(e));
	w = watch_open(&c, &login, clock_mono_ms() + 5000, &e);
	if (!w)
		print_message("watch: %s\n", e.text);
	assert_non_null(w);
	assert_int_equal(watch_kind(w), kind);
	until(w, &rung, &none, 200); /* what it told while opening */
	memset(&rung, 0, sizeof(rung));
	put(s, "INBOX", 1);
	assert_true(until(w, &rung, &rung.inbox, 5000));
	if (kind == BELL_NOTIFY) {
		put(s, "Grüße", 1);
		assert_true(until(w, &rung, &rung.other, 5000));
		OK(source_create_folder(s, SPAN_NONE,
					t ? S("Neu2") : S("Neu"), a, &r, &e));
		assert_true(until(w, &rung, &rung.unknown, 5000));
	}
	assert_true(watch_due(w) > clock_mono_ms() + 60000);
	assert_true(watch_renew(w));
	assert_true(watch_due(w) <= clock_mono_ms() + 60000);
	until(w, &rung, &none, 300);
	assert_true(watch_due(w) > clock_mono_ms() + 20 * 60000);
	memset(&rung, 0, sizeof(rung));
	put(s, "INBOX", 2);
	assert_true(until(w, &rung, &rung.inbox, 5000));
	watch_close(&w);
	source_close(&s);
}

static void
watches(void **state)
{
	(void)state;
	watch_with(WATCH_AUTO, BELL_NOTIFY, TLS_NONE);
	watch_with(WATCH_AUTO, BELL_NOTIFY, TLS_IMPLICIT);
	watch_with(WATCH_IDLE, BELL_IDLE, TLS_NONE);
}

static void
many(void **state)
{
	enum { MANY = 420 };
	static struct source *s[MANY];
	int64_t t = clock_mono_ms();
	int i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		s[i] = open_as(8);
		assert_non_null(s[i]);
	}
	print_message("%d sessions in %d ms\n", MANY,
		      (int)(clock_mono_ms() - t));
	for (i = 0; i < MANY; i++) {
		source_deadline(s[i], clock_mono_ms() + 20000);
		OK(source_alive(s[i], &e));
	}
	for (i = 0; i < MANY; i++)
		source_close(&s[i]);
}

static void
big_listing(void **state)
{
	struct source *s = open_as(8);
	struct harvest h;
	struct span cur = SPAN_NONE;
	size_t all = 0, rounds = 0;
	uint32_t uid = 0;
	int i;

	(void)state;
	source_deadline(s, clock_mono_ms() + 120000);
	for (i = 0; i < 4100; i++)
		uid = put(s, "Drafts", i);
	do {
		source_deadline(s, clock_mono_ms() + 20000);
		OK(source_changes(s, S("Drafts"), cur, a, &h, &e));
		if (!rounds)
			assert_non_null(put_of(&h, uid));
		cur = h.cursor;
		all += h.n_puts;
		rounds++;
	} while (h.partial && rounds < 10);
	assert_int_equal(rounds, 3);
	assert_int_equal(all, 4100);
	assert_int_equal(h.scope, HARVEST_ALIVE);
	assert_int_equal(h.n_alive, 4100);
	source_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(logins, begin, end),
		cmocka_unit_test_setup_teardown(folders, begin, end),
		cmocka_unit_test_setup_teardown(changes, begin, end),
		cmocka_unit_test_setup_teardown(looks, begin, end),
		cmocka_unit_test_setup_teardown(uidvalidity, begin, end),
		cmocka_unit_test_setup_teardown(content, begin, end),
		cmocka_unit_test_setup_teardown(writes, begin, end),
		cmocka_unit_test_setup_teardown(quota, begin, end),
		cmocka_unit_test_setup_teardown(tls, begin, end),
		cmocka_unit_test_setup_teardown(black_hole, begin, end),
		cmocka_unit_test_setup_teardown(watches, begin, end),
		cmocka_unit_test_setup_teardown(many, begin, end),
		cmocka_unit_test_setup_teardown(big_listing, begin, end),
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
	r = cmocka_run_group_tests_name("imap", tests, NULL, NULL);
	dovecot_down(&server);
	return r;
}
