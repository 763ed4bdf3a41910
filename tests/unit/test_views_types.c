/* Which phone sees what as one: by its type, the user's word, the
 * administrator's word. Strings as clients send them (clients.md 3, 11). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/accounts/views.h"

#define CAL (1u << KIND_EVENT)
#define BOOK (1u << KIND_CONTACT)
#define TASK (1u << KIND_TASK)
#define NOTE (1u << KIND_NOTE)
#define ALL (CAL | BOOK | TASK | NOTE)
#define INBOX (1u << KIND_EMAIL)

static void
by_type(void **state)
{
	static const struct {
		const char *type, *agent;
		unsigned merged;
	} v[] = {
		{ "iPhone", "Apple-iPhone7C2/1202.411", 0 },
		{ "iPad", "Apple-iPad11C3/2007.50", 0 },
		{ "Android", "Android-Mail/2025.11.02", 0 },
		{ "Android", "", 0 }, /* Nine */
		{ "SAMSUNGSGHI317M", "SAMSUNG-SGH-I317M/100.40102", ALL },
		{ "samsungsmg991b", "", ALL },
		{ "Android", "SAMSUNG-SM-G991B/101.130", ALL },
		{ "WindowsOutlook", "Outlook/16.0 (16.0.4266; MSI; x64)", BOOK },
		{ "WindowsOutlook15", "Outlook/15.0", BOOK },
		{ "Outlook", "Outlook-iOS-Android/1.0", ALL },
		{ "googlePixel", "googlePixel/7.1-EAS-2.0", BOOK | TASK | NOTE },
		{ "Android", "Android/4.2.2-EAS-1.3", ALL },
		{ "WindowsMail", "MSFT-WP/10.0.10586", 0 },
		{ "TestPhone", "", 0 },
		{ "", "", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (views_of_type(span_of(v[i].type), span_of(v[i].agent)) !=
		    v[i].merged)
			fail_msg("%s %s: %u", v[i].type, v[i].agent,
				 views_of_type(span_of(v[i].type),
					       span_of(v[i].agent)));
}

/* Device before user before table; inboxes by the user alone. */
static void
whose_word(void **state)
{
	struct user_conf u = { .views = VIEW_AUTO };
	struct device many = { .type = SPAN("iPhone") };
	struct device one = { .type = SPAN("SAMSUNGX") };

	(void)state;
	assert_int_equal(views_merged(&u, &many), 0);
	assert_int_equal(views_merged(&u, &one), ALL);
	u.views = VIEW_MERGED;
	u.merge_inbox = true;
	assert_int_equal(views_merged(&u, &many), ALL | INBOX);
	many.view = VIEW_SEPARATE;
	assert_int_equal(views_merged(&u, &many), INBOX);
	u.views = VIEW_SEPARATE;
	assert_int_equal(views_merged(&u, &one), INBOX);
	one.view = VIEW_MERGED;
	u.merge_inbox = false;
	assert_int_equal(views_merged(&u, &one), ALL);
}

/* What such a phone is not shown. */
static void
hidden(void **state)
{
	struct coll view = { .source = VIEW_SOURCE, .kind = KIND_EVENT,
			     .attached = true };
	struct coll cal = { .source = SPAN("dav"), .kind = KIND_EVENT,
			    .attached = true };
	struct coll in = { .source = SPAN("mail"), .kind = KIND_EMAIL,
			   .type = FOLDER_INBOX, .attached = true };
	struct coll sent = in;

	(void)state;
	sent.type = FOLDER_SENT;
	assert_true(views_hide(0, &view));
	assert_false(views_hide(CAL, &view));
	assert_true(views_hide(CAL, &cal));
	assert_false(views_hide(TASK, &cal));
	assert_true(views_hide(INBOX, &in));
	assert_false(views_hide(INBOX, &sent));
	assert_true(view_has(&view, &cal));
	assert_false(view_has(&view, &in));
	assert_false(view_has(&view, &view));
	view.kind = KIND_EMAIL;
	assert_true(view_has(&view, &in));
	assert_false(view_has(&view, &sent));
	in.attached = false;
	assert_false(view_has(&view, &in));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_type),
		cmocka_unit_test(whose_word),
		cmocka_unit_test(hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
