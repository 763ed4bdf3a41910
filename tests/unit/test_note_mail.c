/* Notes kept as mails, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/helper_cal.h"
#include "translate/mail/note_mail.h"

#define NOW (clock_days(2024, 6, 1) * 86400 + 36000)
#define UUID "0811AAB1-6B98-4236-A762-AC8CCDEAB7D4"

static const struct span own[] = { { "eva@example.org", 15 } };

static struct tr_env
env_of(struct arena *a, enum body_type type)
{
	struct tr_env env = tr_env_make(a, 141);

	env.now = NOW;
	env.own = own;
	env.n_own = 1;
	env.n_body = 1;
	env.body[0] = (struct body_pref){ .type = type,
					  .truncation = NO_TRUNCATION };
	return env;
}

static struct span
file(struct arena *a, const char *name)
{
	char path[200], buf[65536];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "tests/golden/notes/%s", name);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("no %s", path);
	n = fread(buf, 1, sizeof(buf) - 1, f);
	fclose(f);
	buf[n] = '\0';
	return crlf(a, buf);
}

static struct span
shown(struct arena *a, struct span mail, enum body_type type)
{
	struct tr_env env = env_of(a, type);

	return data_text(a, written(&env, mail, note_mail_write));
}

static bool
patch(struct arena *a, struct span old, const char *xml, struct span *out,
      struct err *e)
{
	struct tr_env env = env_of(a, BODY_TEXT);

	return note_mail_patch(&env, old, xml_data(a, xml), span_of(UUID),
			       NOW, out, e);
}

static struct span
patched(struct arena *a, struct span old, const char *xml)
{
	struct err e = { 0 };
	struct span out;

	if (!patch(a, old, xml, &out, &e))
		fail_msg("%s", e.text);
	return out;
}

static void
has(struct span s, const char *line, bool want)
{
	if ((span_find(s, span_of(line)) >= 0) != want)
		fail_msg("%s \"%s\" in\n%.*s", want ? "no" : "there is", line,
			 SPAN_ARG(s));
}

static void
is(struct span got, struct span want)
{
	if (!span_eq(got, want))
		fail_msg("got:\n%.*s\nwant:\n%.*s", SPAN_ARG(got),
			 SPAN_ARG(want));
}

#define CATS "<n:Categories><n:Category>x</n:Category></n:Categories>"
#define BODY(type, text)                                                   \
	"<a:Body><a:Type>" type "</a:Type><a:Data>" text "</a:Data></a:Body>"

/* A name.eml becomes name.html.txt and name.text.txt, and sent back as it was
 * shown not a byte of it changes. */
static void
test_shown(void **state)
{
	static const char *const names[] = { "apple", "plain", "pictures",
					     "latin", "alternative",
					     "nothing", "keywords" };
	static const struct {
		enum body_type type;
		const char *ext;
	} as[] = { { BODY_TEXT, "text" }, { BODY_HTML, "html" } };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (size_t k = 0; k < 2; k++) {
			struct arena *a = arena_new();
			struct tr_env env = env_of(a, as[k].type);
			struct span mail = file(
				a, arena_printf(a, "%s.eml", names[i])), out;
			struct err e = { 0 };

			golden_is(a,
				  arena_printf(a, "tests/golden/notes/%s.%s.txt",
					       names[i], as[k].ext),
				  shown(a, mail, as[k].type));
			if (!note_mail_patch(&env, mail,
					     written(&env, mail,
						     note_mail_write),
					     span_of(UUID), NOW, &out, &e))
				fail_msg("%s", e.text);
			is(out, mail);
			arena_free(&a);
		}
}

/* What phones write, as mails. */
static void
test_written(void **state)
{
	struct arena *a = arena_new();
	struct span apple = file(a, "apple.eml");

	(void)state;
	golden_is(a, "tests/golden/notes/new-plain.out",
		  patched(a, SPAN_NONE, "<n:Subject>S\xc3\xa4tze</n:Subject>"
			  BODY("1", "One\nTwo &amp; \xc3\xbc") CATS
			  "<n:MessageClass>IPM.StickyNote</n:MessageClass>"));
	golden_is(a, "tests/golden/notes/new-html.out",
		  patched(a, SPAN_NONE, "<n:Subject>S</n:Subject>"
			  BODY("2", "&lt;p&gt;Hi&lt;/p&gt;")
			  "<n:MessageClass>IPM.StickyNote.Mine"
			  "</n:MessageClass>"));
	golden_is(a, "tests/golden/notes/apple-subject.out",
		  patched(a, apple, "<n:Subject>Other</n:Subject>" CATS));
	golden_is(a, "tests/golden/notes/apple-body.out",
		  patched(a, apple, BODY("1", "My second note\n&lt;b&gt;")));
	golden_is(a, "tests/golden/notes/pictures-body.out",
		  patched(a, file(a, "pictures.eml"),
			  BODY("2", "&lt;b&gt;New&lt;/b&gt;")));
	golden_is(a, "tests/golden/notes/keywords-none.out",
		  patched(a, file(a, "keywords.eml"),
			  "<n:Subject>Many</n:Subject>"));
	arena_free(&a);
}

/* A repeated request meets what it wrote itself: then nothing changes. */
static void
test_repeated(void **state)
{
	static const char *const edits[] = {
		"<n:Subject>New  one</n:Subject>" CATS,
		BODY("1", "a\n\n  b &lt;c&gt; &amp;amp;\n\tt\n"),
		BODY("2", "&lt;div&gt;x&lt;br&gt;&amp;nbsp;y&lt;/div&gt;"),
		"<n:Subject>A</n:Subject>" BODY("1", "\xf0\x9f\x98\x80 = =3D")
		"<n:Categories><n:Category>a, b</n:Category><n:Category>"
		"q\"\\</n:Category><n:Category>=?x?=</n:Category>"
		"<n:Category>\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
		"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
		"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
		"\xc3\xbc\xc3\xbc\xc3\xbc</n:Category></n:Categories>",
		"<n:MessageClass>IPM.StickyNote.x</n:MessageClass>",
	};
	static const char *const names[] = { "apple.eml", "plain.eml",
					     "pictures.eml", "latin.eml",
					     "alternative.eml",
					     "nothing.eml" };

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
		for (size_t k = 0; k <= sizeof(names) / sizeof(*names); k++) {
			struct arena *a = arena_new();
			struct span old = k == 0 ? SPAN_NONE
						 : file(a, names[k - 1]);
			struct span once = patched(a, old, edits[i]);

			is(patched(a, once, edits[i]), once);
			arena_free(&a);
		}
	}
}

static void
test_refused(void **state)
{
	struct arena *a = arena_new();
	struct span sealed = crlf(a, "Subject: s\nContent-Type: "
		"application/pkcs7-mime; smime-type=enveloped-data\n"
		"Content-Transfer-Encoding: base64\n\nAAAA\n"), out;
	struct err e = { 0 };
	const char *flaw;

	(void)state;
	/* MS-ASNOTE_R57, R119 */
	assert_false(patch(a, SPAN_NONE,
			   "<n:MessageClass>IPM.Note</n:MessageClass>", &out,
			   &e));
	assert_int_equal(e.code, ERR_INVALID);
	err_clear(&e);
	assert_false(patch(a, sealed, BODY("1", "x"), &out, &e));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	note_mail_facts(a, sealed, &flaw);
	assert_non_null(flaw);
	out = patched(a, sealed, "<n:Subject>t</n:Subject>");
	has(out, "\r\n\r\nAAAA\r\n", true);
	err_clear(&e);
	assert_false(patch(a, SPAN_NONE, BODY("4", "x"), &out, &e));
	assert_int_equal(e.code, ERR_INVALID);
	/* what phones say is no way into the header */
	out = patched(a, SPAN_NONE, "<n:Subject>a\r\nBcc: x@y</n:Subject>"
		"<n:Categories><n:Category>b\nX-C: d</n:Category>"
		"</n:Categories><n:MessageClass>IPM.StickyNote.q\r\nX-Evil: f"
		"</n:MessageClass>");
	has(out, "\nBcc", false);
	has(out, "\nX-C", false);
	has(out, "\nX-Evil", false);
	is(note_mail_facts(a, out, &flaw), span_of(UUID));
	assert_null(flaw);
	arena_free(&a);
}

/* Anything is a note. */
static void
test_broken(void **state)
{
	static const char *const mails[] = {
		"x", "\n", "\n\n", "Subject:", "Subject: =?utf-8?B?/w==?=\n\n",
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n",
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b--",
		"Content-Type: multipart/mixed\n\nno boundary",
		"Content-Type: image/png\nContent-Transfer-Encoding: base64\n"
		"\nAAAA\n",
		"Keywords: \",\",\"\\\nDate: never\nX-Mail-Modified: 3\n\n\xff",
		"Content-Type: message/rfc822\n\nSubject: in\n\ninner",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mails) / sizeof(*mails); i++) {
		struct arena *a = arena_new();
		struct span old = crlf(a, mails[i]), out;

		shown(a, old, BODY_TEXT);
		shown(a, old, BODY_HTML);
		out = patched(a, old, "<n:Subject>New</n:Subject>"
			      BODY("1", "text") CATS);
		has(shown(a, out, BODY_TEXT), "<n:Subject>New</", true);
		has(shown(a, out, BODY_TEXT), "<a:Data>text", true);
		arena_free(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
