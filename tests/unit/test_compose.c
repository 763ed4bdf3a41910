/* Outgoing mail: MS-ASCMD SendMail, SmartReply, SmartForward. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/helper_mail.h"
#include "translate/mail/compose.h"

#define S(x) span_of(x)

static const struct span own[] = { { "eva@example.org", 15 },
				   { "e@example.org", 13 } };

static struct compose_user
user(void)
{
	struct compose_user u = { own, 2, SPAN("Eva M\xc3\xbcller"),
				  1714552200, SPAN("tok1") };

	return u;
}

static void
has(struct span s, const char *what, bool want)
{
	if ((span_find(s, S(what)) >= 0) != want)
		fail_msg("%s \"%s\" in:\n%.*s", want ? "no" : "there is", what,
			 SPAN_ARG(s));
}

static void
test_check(void **state)
{
	struct arena *a = arena_new();
	struct compose_user u = user();
	struct outgoing o;

	(void)state;
	assert_int_equal(compose_check(a, S(
		"From: Other <x@example.com>\nTo: G: a@b.c, \"B, C\" <b@b.c>;\n"
		"Cc: A@b.c\nBcc: secret@b.c,\n s2@b.c\nSubject: s\n\nhi\nyou"),
		&u, &o), COMPOSE_OK);
	assert_int_equal(o.n_rcpt, 4);
	has(o.wire_head, "ecret", false);
	has(o.wire_head, "s2@", false);
	has(o.sent_head, "Bcc: secret@b.c,\r\n s2@b.c\r\n", true);
	has(o.wire_head, "From: Other <eva@example.org>\r\n", true);
	has(o.wire_head, "Date: Wed, 01 May 2024 08:30:00 +0000\r\n", true);
	has(o.wire_head, "Message-ID: <tok1@example.org>\r\n", true);
	assert_true(span_eq(o.body, S("hi\r\nyou")));
	assert_true(span_eq(o.from, own[0]));
	assert_int_equal(compose_check(a, S("From: E@example.org\r\n"
		"To: j\xc3\xb6@b.c\r\n\r\n"), &u, &o), COMPOSE_OK);
	assert_true(o.eai);
	has(o.wire_head, "From: E@example.org\r\n", true);
	assert_int_equal(compose_check(a, S("Subject: x\r\n\r\nx"), &u, &o),
			 COMPOSE_NO_RECIPIENT);
	assert_int_equal(compose_check(a, S("nothing"), &u, &o),
			 COMPOSE_BAD_MIME);
	arena_free(&a);
}

static const char original[] =
	"From: Bob <bob@example.org>\r\nSubject: files\r\n"
	"Message-ID: <o1@example.org>\r\nReferences: <r0@example.org>\r\n"
	"Content-Type: multipart/mixed; boundary=q\r\n\r\n"
	"--q\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n"
	"sch\xf6n\r\n--q\r\nContent-Type: application/x; name=\"a b\"\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\nREVG\r\n"
	"--q\r\nContent-Type: application/y\r\n"
	"Content-Transfer-Encoding: binary\r\n\r\n\x01\x80\xff--q not\r\n"
	"--q--\r\n";

static struct span
smart(struct arena *a, enum smart_kind kind, const char *mime, bool replace,
      size_t *missing)
{
	struct mail_info info;
	struct smart_plan plan;
	struct span out = SPAN_NONE;

	assert_true(mime_info(a, span_from(original, sizeof(original) - 1),
			      &info, NULL));
	compose_smart_plan(a, kind, &info, replace, &plan);
	fetch_wants(a, span_from(original, sizeof(original) - 1), plan.want,
		    plan.n, NULL);
	assert_int_equal(compose_smart(a, kind, S(mime), replace, &info, &plan,
				       missing, &out), COMPOSE_OK);
	return out;
}

static const char plain_new[] = "To: c@example.org\r\nSubject: Re: files\r\n"
				"Content-Type: text/plain\r\n\r\nMy words\r\n";
static const char html_new[] =
	"To: c@example.org\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
	"<html><body><p>My words</p></body></html>\r\n";

static void
test_reply(void **state)
{
	struct arena *a = arena_new();
	size_t missing;
	struct span m = smart(a, SMART_REPLY, plain_new, false, &missing);

	(void)state;
	has(m, "In-Reply-To: <o1@example.org>\r\n", true);
	has(m, "References: <r0@example.org>\r\n <o1@example.org>\r\n", true);
	has(m, "My words", true);
	has(m, "> sch=C3=B6n", true);
	has(m, "QUJD", false);
	m = smart(a, SMART_REPLY, html_new, false, &missing);
	has(m, "<blockquote>\r\nsch=C3=B6n", true);
	has(m, "</body></html>", true);
	m = smart(a, SMART_REPLY, plain_new, true, &missing);
	assert_true(span_ends_ci(m, S(plain_new)));
	arena_free(&a);
}

static void
test_forward(void **state)
{
	struct arena *a = arena_new();
	size_t missing;
	struct span m = smart(a, SMART_FORWARD, plain_new, false, &missing);
	struct mail_info info;
	struct span body, was;

	(void)state;
	assert_int_equal(missing, 0);
	assert_true(mime_info(a, m, &info, NULL));
	assert_true(mime_section(a, m, S("2"), &body));
	assert_true(span_eq(body, S("QUJD\r\nREVG")));
	assert_true(mime_section(a, m, S("3"), &body));
	assert_true(mime_section(a, span_from(original, sizeof(original) - 1),
				 S("3"), &was));
	assert_true(span_eq(body, was));
	assert_true(mime_section(a, m, S("3.MIME"), &body));
	has(body, "application/y", true);
	has(m, "Content-Transfer-Encoding: 8bit\r\n", true);
	m = smart(a, SMART_FORWARD, plain_new, true, &missing);
	has(m, "QUJD", false);
	arena_free(&a);
}

static void
test_fields(void **state)
{
	struct arena *a = arena_new();
	struct compose_user u = user();
	struct compose_attachment at = { .name = SPAN("\xc3\xa4.txt"),
		.content_type = SPAN("text/plain"), .content = SPAN("abc") };
	struct compose_fields f = { .to = SPAN("\"A; B\" <a@b.c>; d@b.c"),
		.subject = SPAN("Gr\xc3\xbc\xc3\x9f" "e"), .importance = 2,
		.body = SPAN("hall\xc3\xb6"), .attachments = &at,
		.n_attachments = 1 };
	struct span m = compose_fields(a, &f, &u);
	struct outgoing o;

	(void)state;
	assert_int_equal(compose_check(a, m, &u, &o), COMPOSE_OK);
	assert_int_equal(o.n_rcpt, 2);
	has(m, "filename*=utf-8''%C3%A4.txt", true);
	has(m, "YWJj", true);
	assert_false(o.eai);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check), cmocka_unit_test(test_reply),
		cmocka_unit_test(test_forward), cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
