/* "easbridge profile": a file, or a link that an iPhone follows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utime.h>

#include "tests/phone/cli.h"

#define CONF "-c easbridge.conf"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name =
						   "test_cli_profile" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* It must be a property list that holds the account and no secret. */
static void
check_profile(const char *text, size_t n, const char *host)
{
	xmlDocPtr doc = xmlReadMemory(text, (int)n, NULL, NULL,
				      XML_PARSE_NONET);
	char *want = bytes_format("<key>Host</key><string>%s</string>", host);

	assert_non_null(doc);
	assert_string_equal((const char *)xmlDocGetRootElement(doc)->name,
			    "plist");
	xmlFreeDoc(doc);
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(text, "com.apple.eas.account"));
	assert_non_null(strstr(text, h.users[0].email));
	assert_null(strstr(text, "assword"));
	free(want);
}

static void
written_to_a_file(void **state)
{
	struct bytes out = { 0 }, one = { 0 };

	(void)state;
	assert_int_equal(cli_run(&h, &out, "profile " CONF " %s --url "
				 "https://phones.example.org/ --out a.mc",
				 h.users[0].login), 0);
	assert_true(harness_read(&h, "build/tmp/test_cli_profile/a.mc",
				 &one));
	check_profile(one.p, one.n, "phones.example.org");
	text_has(&one, "<key>SSL</key><true/>");
	/* The same user, the same identifiers. */
	assert_int_equal(cli_run(&h, &out, "profile " CONF " %s --url "
				 "https://phones.example.org --out b.mc",
				 h.users[0].email), 0);
	assert_int_equal(cli_run(&h, &out, "version && cmp a.mc b.mc"), 0);
	assert_int_equal(cli_run(&h, &out, "profile " CONF " %s",
				 h.users[0].login), 1);
	text_has(&out, "external-url");
	assert_int_equal(cli_run(&h, &out, "profile " CONF " nobody --url "
				 "https://x"), 1);
	assert_int_equal(cli_run(&h, &out, "profile " CONF " %s --url "
				 "ftp://x", h.users[0].login), 2);
	bytes_free(&out);
	bytes_free(&one);
}

static struct answer *
get(const char *url)
{
	struct phone *p = harness_phone(&h, 0, "profile");

	return phone_ask(p, &(struct ask){ .cmd = "profile", .method = "GET",
					   .url = url, .no_auth = true,
					   .unchecked = true });
}

static void
fetched_by_a_link(void **state)
{
	struct bytes out = { 0 };
	char *link, *path, *token;
	struct utimbuf old;
	struct answer *a;

	(void)state;
	assert_int_equal(cli_run(&h, &out, "profile " CONF " %s --url %s",
				 h.users[0].login, h.url), 0);
	text_has(&out, "\xe2\x96\x88");
	link = strdup(strstr(out.p, "http://"));
	link[strcspn(link, "\n")] = '\0';
	a = get(link);
	answer_expect_http(a, 200);
	assert_string_equal(answer_header(a, "Content-Type"),
			    "application/x-apple-aspen-config");
	check_profile(a->raw, a->n_raw, h.url + 7);
	/* Guesses and paths lead nowhere. */
	token = strstr(link, "/profile/") + 9;
	token[0] = token[0] == '0' ? '1' : '0';
	answer_expect_http(get(link), 404);
	path = bytes_format("%s/autodiscover/profile/../../passwords", h.url);
	answer_expect_http(get(path), 404);
	free(path);
	/* For a day. */
	assert_int_equal(cli_run(&h, &out, "profile " CONF " %s --url %s",
				 h.users[0].login, h.url), 0);
	free(link);
	link = strdup(strstr(out.p, "http://"));
	link[strcspn(link, "\n")] = '\0';
	token = strstr(link, "/profile/") + 9;
	path = bytes_format("%s/state/profiles/%.32s", h.dir, token);
	old.actime = old.modtime = time(NULL) - 25 * 3600;
	assert_int_equal(utime(path, &old), 0);
	answer_expect_http(get(link), 404);
	free(path);
	free(link);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_to_a_file),
		cmocka_unit_test(fetched_by_a_link),
	};

	return cmocka_run_group_tests(tests, up, down);
}
