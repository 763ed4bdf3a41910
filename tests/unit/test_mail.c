/* Mails as ApplicationData: MS-ASEMAIL, MS-ASAIRS. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "tests/unit/helper_mail.h"
#include "translate/mail/attach.h"

#define S(x) span_of(x)
#define TEXT(n, t) wbxml_child_text(n, WX_##t)

static const char simple[] =
	"From: \"M\xc3\xbcller, Eva\" <eva@example.org>\r\n"
	"To: =?utf-8?q?J=C3=B6rg?= <j@example.org>, b@example.org\r\n"
	"Subject: AW: =?utf-8?b?R3LDvMOfZQ==?=\r\n"
	"Message-ID: <1@example.org>\r\n"
	"Content-Type: text/plain; charset=iso-8859-1\r\n"
	"Content-Transfer-Encoding: 8bit\r\n\r\n"
	"Gr\xfc\xdf" "e aus K\xf6ln\r\nzweite Zeile\r\n";

static const char mixed[] =
	"From: a@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed; boundary=o\r\n\r\n"
	"--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
	"--i\r\nContent-Type: text/plain\r\n\r\nplain words\r\n"
	"--i\r\nContent-Type: multipart/related; boundary=r\r\n\r\n"
	"--r\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n"
	"<html><head><meta charset=\"iso-8859-1\"></head><body>"
	"h\xe9llo <b>w</b> <img src=\"cid:p1\"></body></html>\r\n"
	"--r\r\nContent-Type: image/png; name=p.png\r\n"
	"Content-ID: <p1>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	"iVBORw0KGgo=\r\n--r--\r\n--i--\r\n"
	"--o\r\nContent-Type: application/pdf\r\n"
	"Content-Disposition: attachment; filename*=utf-8''%E2%82%AC.pdf\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n"
	"--o\r\nContent-Type: message/rfc822\r\n\r\n"
	"Subject: inner\r\n\r\nhello\r\n--o--\r\n";

static const struct wbxml_node *
child(const struct wbxml_node *n, wbxml_tag t)
{
	const struct wbxml_node *c = wbxml_child(n, t);

	assert_non_null(c);
	return c;
}

static void
eq(struct span s, const char *want)
{
	if (!span_eq(s, span_of(want)))
		fail_msg("\"%.*s\" instead of \"%s\"", SPAN_ARG(s), want);
}

static void
test_simple(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, 141);
	const struct wbxml_node *d = mail_through(&env, S(simple), false,
						  NULL), *body;

	(void)state;
	eq(TEXT(d, Email_From), "\"M\xc3\xbcller, Eva\" <eva@example.org>");
	eq(TEXT(d, Email_To), "\"J\xc3\xb6rg\" <j@example.org>, b@example.org");
	eq(TEXT(d, Email_Subject), "AW: Gr\xc3\xbc\xc3\x9f" "e");
	eq(TEXT(d, Email_ThreadTopic), "Gr\xc3\xbc\xc3\x9f" "e");
	eq(TEXT(d, Email_DateReceived), "2024-05-01T08:30:00.000Z");
	eq(TEXT(d, Email_Importance), "1");
	eq(TEXT(d, Email_MessageClass), "IPM.Note");
	body = child(d, WX_AirSyncBase_Body);
	eq(TEXT(body, AirSyncBase_Type), "1");
	eq(TEXT(body, AirSyncBase_Data), "Gr\xc3\xbc\xc3\x9f" "e aus "
	   "K\xc3\xb6ln\r\nzweite Zeile\r\n");
	assert_false(wbxml_has(body, WX_AirSyncBase_Truncated));
	assert_int_equal(TEXT(d, Email2_ConversationId).n, 16);
	assert_int_equal(TEXT(d, Email2_ConversationIndex).n, 5);
	arena_free(&a);
}

/* MS-ASAIRS_R63, R80: no truncated data with AllOrNone, the next type. */
static void
test_all_or_none(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, 141);
	const struct wbxml_node *b;

	(void)state;
	add_pref(&env, BODY_HTML, 20, true, 0);
	add_pref(&env, BODY_TEXT, 100, false, 0);
	b = child(mail_through(&env, S(mixed), false, NULL),
		  WX_AirSyncBase_Body);
	eq(TEXT(b, AirSyncBase_Type), "1");
	eq(TEXT(b, AirSyncBase_Data), "plain words");
	env.n_body = 1;
	env.body[0].preview = 5;
	b = child(mail_through(&env, S(mixed), false, NULL),
		  WX_AirSyncBase_Body);
	eq(TEXT(b, AirSyncBase_Type), "2");
	eq(TEXT(b, AirSyncBase_Truncated), "1");
	eq(TEXT(b, AirSyncBase_Preview), "plain");
	assert_false(wbxml_has(b, WX_AirSyncBase_Data));
	arena_free(&a);
}

static void
test_attachments(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, 141);
	const struct wbxml_node *d, *at;
	struct span item, section;
	uint32_t coll;

	(void)state;
	add_pref(&env, BODY_HTML, NO_TRUNCATION, false, 0);
	d = mail_through(&env, S(mixed), false, NULL);
	assert_true(span_find(TEXT(child(d, WX_AirSyncBase_Body),
				   AirSyncBase_Data),
			      S("<meta charset=\"utf-8\"></head><body>"
				"h\xc3\xa9llo")) > 0);
	at = child(child(d, WX_AirSyncBase_Attachments),
		   WX_AirSyncBase_Attachment);
	eq(TEXT(at, AirSyncBase_DisplayName), "p.png");
	eq(TEXT(at, AirSyncBase_ContentId), "p1");
	eq(TEXT(at, AirSyncBase_IsInline), "1");
	eq(TEXT(at, AirSyncBase_FileReference), "7:12345:1.2.2");
	at = wbxml_again(at);
	eq(TEXT(at, AirSyncBase_DisplayName), "\xe2\x82\xac.pdf");
	assert_true(file_reference_parse(a, TEXT(at, AirSyncBase_FileReference),
					 &coll, &item, &section));
	assert_int_equal(coll, 7);
	eq(section, "2");
	at = wbxml_again(at);
	eq(TEXT(at, AirSyncBase_Method), "5");
	assert_true(span_ends_ci(TEXT(at, AirSyncBase_DisplayName),
				 S(".eml")));
	assert_null(wbxml_again(at));
	arena_free(&a);
}

/* No character is ever cut; Truncated says so. */
static void
test_every_length(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, 141);

	(void)state;
	add_pref(&env, BODY_TEXT, 0, false, 0);
	add_pref(&env, BODY_HTML, 0, false, 0);
	for (uint32_t n = 0; n < 200; n++)
		for (int i = 0; i < 2; i++) {
			const struct wbxml_node *b;
			struct span data;

			env.body[0].truncation = env.body[1].truncation = n;
			b = child(mail_through(&env, S(i ? mixed : simple),
					       false, NULL),
				  WX_AirSyncBase_Body);
			data = TEXT(b, AirSyncBase_Data);
			assert_true(data.n <= n && utf8_valid(data));
			assert_true(data.n + 3 >= n ||
				    !wbxml_has(b, WX_AirSyncBase_Truncated));
		}
	arena_free(&a);
}

static const char smime[] =
	"From: a@example.org\r\nContent-Type: multipart/signed; "
	"protocol=\"application/pkcs7-signature\"; boundary=s\r\n\r\n"
	"--s\r\nContent-Type: text/plain\r\n\r\nsigned\r\n--s\r\n"
	"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--s--\r\n";

static void
test_smime(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, 141);
	const struct wbxml_node *d, *b;

	(void)state;
	add_pref(&env, BODY_HTML, NO_TRUNCATION, false, 0);
	add_pref(&env, BODY_MIME, NO_TRUNCATION, false, 0);
	env.mime_support = 1;
	d = mail_through(&env, S(smime), false, NULL);
	eq(TEXT(d, Email_MessageClass), "IPM.Note.SMIME.MultipartSigned");
	b = child(d, WX_AirSyncBase_Body);
	eq(TEXT(b, AirSyncBase_Type), "4");
	eq(TEXT(b, AirSyncBase_Data), smime);
	b = child(mail_through(&env, S(mixed), false, NULL),
		  WX_AirSyncBase_Body);
	eq(TEXT(b, AirSyncBase_Type), "2");
	env.mime_support = 2;
	b = child(mail_through(&env, S(mixed), false, NULL),
		  WX_AirSyncBase_Body);
	eq(TEXT(b, AirSyncBase_Type), "4");
	assert_true(span_find(TEXT(b, AirSyncBase_Data), S("h=E9llo")) > 0);
	arena_free(&a);
}

/* A short preview does not fetch a long mail. */
static void
test_fetches_little(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, 141);
	struct buf b = BUF_INIT(8u << 20);
	size_t got = 0;

	(void)state;
	buf_str(&b, "Subject: long\r\n\r\n");
	for (int i = 0; i < 50000; i++)
		buf_str(&b, "a line of a long mail\r\n");
	add_pref(&env, BODY_TEXT, 500, false, 0);
	mail_through(&env, buf_view(&b), false, &got);
	assert_true(got < 2000);
	buf_free(&b);
	arena_free(&a);
}

static void
test_extremes(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, 161);
	struct buf b = BUF_INIT(8u << 20);
	const struct wbxml_node *d;

	(void)state;
	buf_str(&b, "To: ");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%s\"Somebody %d\" <s%d@example.org>",
			   i ? ",\r\n " : "", i, i);
	buf_str(&b, "\r\n\r\nx\r\n");
	d = mail_through(&env, buf_view(&b), false, NULL);
	assert_true(TEXT(d, Email_To).n > 20000);
	assert_true(TEXT(d, Email_To).n <= 32768);
	buf_cut(&b, 0);
	for (int i = 0; i < 200; i++)
		buf_printf(&b, "Content-Type: multipart/mixed; "
			   "boundary=b%d\r\n\r\n--b%d\r\n", i, i);
	mail_through(&env, buf_view(&b), false, NULL);
	mail_through(&env, S(""), false, NULL);
	mail_through(&env, S("no header at all"), false, NULL);
	mail_through(&env, S("\r\nbody only\r\n"), false, NULL);
	buf_free(&b);
	arena_free(&a);
}

static void
set_wishes(struct tr_env *env, int i)
{
	env->n_body = 0;
	env->mime_support = 0;
	if (i & 1)
		add_pref(env, BODY_TEXT, 500, false, 0);
	if (i & 2)
		add_pref(env, BODY_HTML, i & 1 ? 200000 : 100, false, 255);
	if (i & 4) {
		add_pref(env, BODY_MIME, NO_TRUNCATION, false, 0);
		env->mime_support = 2;
	}
}

static int
all_of(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *f;
	int n = 0;

	while (dir && (f = readdir(dir))) {
		struct arena *a = arena_new();
		struct tr_env env = tr_env_make(a, 141);
		struct span raw;

		if (strstr(f->d_name, ".eml")) {
			raw = read_file(a, arena_printf(a, "%s/%s", folder,
							f->d_name));
			for (int i = 0; i < 16; i++) {
				const struct wbxml_node *d;

				set_wishes(&env, i & 7);
				d = mail_through(&env, raw, i & 8, NULL);
				assert_true(wbxml_has(d, WX_AirSyncBase_Body));
				assert_true(wbxml_has(d,
						      WX_Email_MessageClass));
			}
			n++;
		}
		arena_free(&a);
	}
	if (dir)
		closedir(dir);
	return n;
}

static void
test_real_mails(void **state)
{
	(void)state;
	print_message("%d mails\n", all_of("../shared/data/mail") +
		      all_of("tests/golden/mail"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple),
		cmocka_unit_test(test_all_or_none),
		cmocka_unit_test(test_attachments),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_smime),
		cmocka_unit_test(test_fetches_little),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_real_mails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
