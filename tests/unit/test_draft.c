/* Drafts of 16.x: what a Change does not name stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/helper_cal.h"
#include "translate/mail/draft.h"

static const struct span own[] = { { "eva@example.org", 15 } };

/* <Subject>new</Subject> and nothing else. */
static const struct wbxml_node *
only_subject(struct arena *a)
{
	struct buf b = BUF_INIT(4096);
	struct wbxml_node *doc;
	struct wbxml_writer w;
	struct err e = { 0 };

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_ApplicationData);
	wbxml_str(&w, WX_Email_Subject, "new");
	wbxml_close(&w);
	assert_true(wbxml_end(&w, &e));
	assert_true(wbxml_read(a, buf_view(&b), &doc, &e));
	buf_free(&b);
	return doc;
}

static void
keeps(struct arena *a, const char *old, const char *text, const char *type)
{
	struct compose_user u = { own, 1, SPAN("Eva"), 0, SPAN("t") };
	struct span out;
	size_t added;

	assert_int_equal(draft_compose(a, only_subject(a), crlf(a, old), &u,
				       &out, &added), COMPOSE_OK);
	if (span_find(out, span_of("Subject: new\r\n")) < 0 ||
	    span_find(out, span_of(text)) < 0 ||
	    span_find(out, span_of(type)) < 0)
		fail_msg("no %s of %s in\n%.*s", text, type, SPAN_ARG(out));
}

static void
the_text_stays(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	keeps(a, "Subject: old\nContent-Type: text/plain\n\nwords here\n",
	      "words here", "text/plain");
	keeps(a, "Subject: old\nContent-Type: text/html\n\n<b>rich</b>\n",
	      "<b>rich</b>", "text/html");
	keeps(a, "Subject: old\nContent-Type: multipart/alternative; "
		 "boundary=x\n\n--x\nContent-Type: text/plain\n\nwords\n--x\n"
		 "Content-Type: text/html\n\n<b>rich</b>\n--x--\n",
	      "<b>rich</b>", "text/html");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
