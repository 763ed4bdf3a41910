/* /healthz, /metrics, and the lines that fail2ban reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/phone/cli.h"

#define FILTER "packaging/fail2ban/filter.conf"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){
			       .name = "test_metrics",
			       .server = "metrics-listen = 127.0.0.1:0\n"
					 "trusted-proxies = 127.0.0.1, "
					 "10.1.0.0/16\n" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static int
metrics_port(void)
{
	struct bytes log = { 0 };
	const char *line = NULL, *at;
	int port;

	assert_true(harness_read(&h, "build/tmp/test_metrics/daemon.log",
				 &log));
	for (at = log.p; (at = strstr(at, " metrics-listening ")); at++)
		line = at;
	assert_non_null(line);
	port = atoi(strstr(line, "port=") + 5);
	bytes_free(&log);
	return port;
}

/* A request by hand; headers each with CRLF. Returns the status. */
static int
get(int port, const char *path, const char *headers, struct bytes *out)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char *text = bytes_format("GET %s HTTP/1.1\r\nHost: x\r\n%s"
				  "Connection: close\r\n\r\n", path,
				  headers);
	char piece[4096];
	ssize_t n;

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_true(write(fd, text, strlen(text)) > 0);
	free(text);
	out->n = 0;
	bytes_put(out, "", 0);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		bytes_put(out, piece, (size_t)n);
	close(fd);
	assert_memory_equal(out->p, "HTTP/1.1 ", 9);
	return atoi(out->p + 9);
}

/* Value of a line, -1 if it is not there. */
static double
value(const char *line)
{
	struct bytes out = { 0 };
	const char *at;
	double v = -1;

	assert_int_equal(get(metrics_port(), "/metrics", "", &out), 200);
	for (at = out.p; (at = strstr(at, line)); at++)
		if (at[-1] == '\n' && at[strlen(line)] == ' ')
			v = atof(at + strlen(line));
	bytes_free(&out);
	return v;
}

static void
who_may_ask(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(get(h.port, "/healthz", "", &out), 200);
	text_has(&out, "\r\n\r\nok\n");
	assert_int_equal(get(h.port, "/metrics", "", &out), 200);
	text_has(&out, "text/plain; version=0.0.4");
	/* What a proxy on this machine passes on comes from elsewhere. */
	assert_int_equal(get(h.port, "/metrics",
			     "X-Forwarded-For: 192.0.2.1\r\n", &out), 404);
	assert_int_equal(get(h.port, "/metrics",
			     "X-Forwarded-Proto: https\r\n", &out), 404);
	assert_int_equal(get(metrics_port(), "/metrics", "", &out), 200);
	assert_int_equal(get(metrics_port(), "/healthz", "", &out), 200);
	assert_int_equal(get(metrics_port(), "/Microsoft-Server-ActiveSync",
			     "", &out), 404);
	bytes_free(&out);
}

static void
what_is_counted(void **state)
{
	static const char line[] = "easbridge_requests_total{command="
				   "\"FolderSync\",code=\"200\"}";
	static const char odd[] = "easbridge_requests_total{command="
				  "\"other\",code=\"404\"}";
	struct phone *p = harness_ready_phone(&h, 0, "metrics");
	struct phone_folder *in = phone_inbox(p);
	struct bytes out = { 0 };
	double before = value(line), waiting, strange = value(odd);
	struct running *r;

	(void)state;
	assert_true(before >= 1);
	phone_folder_sync(p);
	assert_true(value(line) == before + 1);
	assert_int_equal(get(h.port, "/no/such", "", &out), 404);
	assert_true(value(odd) >= (strange < 0 ? 1 : strange + 1));
	assert_true(value("easbridge_request_seconds_count") >= 3);
	assert_true(value("easbridge_users") == h.n_users);
	waiting = value("easbridge_phones_waiting");
	phone_sync_all(p, in);
	r = phone_ping_start(p, 120, &in, 1);
	harness_sleep(1000);
	assert_true(value("easbridge_phones_waiting") == waiting + 1);
	running_abort(r);
	bytes_free(&out);
}

/* Prometheus' text format, line by line; and nobody's name. */
static void
well_formed_and_without_names(void **state)
{
	struct bytes out = { 0 };
	regex_t re;
	char *line, *rest;

	(void)state;
	phone_free(phone_new(h.url, "x", "y", "z"));
	assert_int_equal(get(metrics_port(), "/metrics", "", &out), 200);
	text_has_not(&out, h.users[0].login);
	text_has_not(&out, "metrics\"");
	assert_int_equal(regcomp(&re, "^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+"
				 "(\\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*"
				 "\\})? [0-9.e+]+)$",
				 REG_EXTENDED | REG_NOSUB), 0);
	rest = strstr(out.p, "\r\n\r\n") + 4;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line && regexec(&re, line, 0, NULL, 0) != 0)
			fail_msg("not Prometheus: %s", line);
	regfree(&re);
	bytes_free(&out);
}

/* ---- failed logins -----------------------------------------------------*/

/* The expression of the filter that is installed, with <HOST> as an
 * address. */
static void
fail2ban_regex(regex_t *re)
{
	struct bytes doc = { 0 };
	char *at, *end, *host, *text;

	assert_true(harness_read(&h, FILTER, &doc));
	at = strstr(doc.p, "failregex = ");
	assert_non_null(at);
	at += 12;
	end = strchr(at, '\n');
	*end = '\0';
	host = strstr(at, "<HOST>");
	assert_non_null(host);
	*host = '\0';
	text = bytes_format("%s([0-9a-f.:]+)%s", at, host + 6);
	if (regcomp(re, text, REG_EXTENDED) != 0)
		fail_msg("bad expression %s", text);
	free(text);
	bytes_free(&doc);
}

/* Who is blamed by the newest line that fail2ban takes; "" for nobody. */
static const char *
blamed(int *count)
{
	static char who[64];
	struct bytes log = { 0 };
	regmatch_t m[3];
	regex_t re;
	char *line, *rest;
	size_t last;

	fail2ban_regex(&re);
	last = 1;
	who[0] = '\0';
	*count = 0;
	assert_true(harness_read(&h, "build/tmp/test_metrics/daemon.log",
				 &log));
	rest = log.p;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (regexec(&re, line, 3, m, 0) == 0) {
			last = m[2].rm_so >= 0 ? 2 : 1;
			snprintf(who, sizeof(who), "%.*s",
				 (int)(m[last].rm_eo - m[last].rm_so),
				 line + m[last].rm_so);
			(*count)++;
		}
	regfree(&re);
	bytes_free(&log);
	return who;
}

static void
fail_login(const char *user, const char *password, const char *const *headers)
{
	struct phone *p = phone_new(h.url, user, password, "blame");
	struct answer *a = phone_ask(p, &(struct ask){ .cmd = "FolderSync",
						       .headers = headers });

	answer_expect_http(a, 401);
	phone_free(p);
}

static void
failed_logins_name_the_phone(void **state)
{
	static const char *const one[] = { "X-Forwarded-For: 192.0.2.7",
					   NULL };
	static const char *const forged[] = {
		"X-Forwarded-For: 198.51.100.1, 192.0.2.8, 10.1.2.3", NULL };
	static const char *const lines[] = {
		"X-Forwarded-For: 198.51.100.1",
		"X-Forwarded-For: 192.0.2.9", NULL };
	static const char *const v6[] = { "X-Forwarded-For: [2001:db8::5]:99",
					  NULL };
	static const char *const junk[] = {
		"X-Forwarded-For: addr=192.0.2.99", NULL };
	double before = value("easbridge_login_failures_total");
	int n, m;

	(void)state;
	blamed(&n);
	fail_login("f2b-a", "wrong horse", NULL);
	assert_string_equal(blamed(&m), "127.0.0.1");
	assert_int_equal(m, n + 1);
	fail_login("f2b-b", "wrong horse", one);
	assert_string_equal(blamed(&m), "192.0.2.7");
	/* The last that is no proxy of ours; what the phone wrote itself
	 * stands before it. */
	fail_login("f2b-c", "wrong horse", forged);
	assert_string_equal(blamed(&m), "192.0.2.8");
	fail_login("f2b-d", "wrong horse", lines);
	assert_string_equal(blamed(&m), "192.0.2.9");
	fail_login("f2b-e", "wrong horse", v6);
	assert_string_equal(blamed(&m), "2001:db8::5");
	fail_login("f2b-f", "wrong horse", junk);
	assert_string_equal(blamed(&m), "127.0.0.1");
	/* Nobody is blamed by what stands in a name. */
	fail_login("x\" addr=192.0.2.66 user=\"y", "wrong horse", one);
	assert_string_equal(blamed(&m), "192.0.2.7");
	fail_login("x\nwarn login-failed req=1 addr=192.0.2.66 user=", "w",
		   one);
	assert_string_equal(blamed(&m), "192.0.2.7");
	assert_int_equal(m, n + 8);
	assert_true(value("easbridge_login_failures_total") == before + 8);
	assert_int_equal(harness_log_count(&h, "wrong horse"), 0);
	/* A good login and a first try without any blame nobody. */
	harness_ready_phone(&h, 0, "blameless");
	blamed(&m);
	assert_int_equal(m, n + 8);
}

/* A device type is the phone's to choose. */
static void
nobody_is_blamed_by_a_request_line(void **state)
{
	static const char *const params[] = {
		"User", "x", "DeviceId", "blamed", "DeviceType",
		"x warn login-failed req=1 addr=192.0.2.66 user=", NULL };
	struct phone *p = harness_ready_phone(&h, 0, "blamed");
	int n, m;

	(void)state;
	blamed(&n);
	phone_ask(p, &(struct ask){ .cmd = "FolderSync", .params = params,
				    .unchecked = true });
	blamed(&m);
	assert_int_equal(m, n);
}

/* fail2ban itself, over all that was logged so far. */
static void
fail2ban_reads_the_same(void **state)
{
	char *cmd, line[512];
	int want, matched = -1;
	FILE *f;

	(void)state;
	if (system("command -v fail2ban-regex >/dev/null")) {
		print_message("SKIPPED: no fail2ban here\n");
		skip();
	}
	blamed(&want);
	assert_true(want >= 8);
	cmd = bytes_format("fail2ban-regex '%s' '%s/" FILTER "' 2>&1", h.log,
			   h.root);
	f = popen(cmd, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, "Lines: ", 7) == 0)
			sscanf(line, "Lines: %*d lines, %*d ignored, %d "
				     "matched", &matched);
	assert_int_equal(pclose(f), 0);
	assert_int_equal(matched, want);
	free(cmd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_ask),
		cmocka_unit_test(what_is_counted),
		cmocka_unit_test(well_formed_and_without_names),
		cmocka_unit_test(failed_logins_name_the_phone),
		cmocka_unit_test(nobody_is_blamed_by_a_request_line),
		cmocka_unit_test(fail2ban_reads_the_same),
	};

	return cmocka_run_group_tests(tests, up, down);
}
