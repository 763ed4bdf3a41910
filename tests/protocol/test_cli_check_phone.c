/* "easbridge check" from outside: certificate, every form of Autodiscover,
 * names in DNS, and proxies that cut waiting phones. The daemon speaks TLS
 * here; names stand in a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/phone/cli.h"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){
			       .name = "test_cli_check_phone",
			       .server = "tls-cert = servers/pki/chain.pem\n"
					 "tls-key = servers/pki/srv.key\n" });
	cli_write(&h, "right", h.users[0].password);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static int
check(struct bytes *out, int port, const char *world, const char *more)
{
	cli_write(&h, "world", world);
	return cli_run(&h, out, "check -c easbridge.conf --password-file right "
		       "--ca-file servers/pki/ca.pem --resolver world --url "
		       "https://localhost:%d %s %s", port, more,
		       h.users[0].email);
}

static void
found_by_srv(void **state)
{
	char *world = bytes_format("SRV _autodiscover._tcp.example.test %d "
				   "localhost\n", h.port);
	struct bytes out = { 0 };

	(void)state;
	if (check(&out, h.port, world, "") != 0)
		fail_msg("%s", out.p);
	text_has(&out, "OK    phone, certificate: good for ");
	text_has(&out, "by POST and GET, by JSON, in capitals");
	text_has(&out, "OK    phone, DNS: _autodiscover._tcp.example.test "
		       "(SRV) leads here");
	text_has(&out, "note  phone, waiting: not tried");
	text_has_not(&out, "is not https");
	free(world);
	bytes_free(&out);
}

static void
found_by_nobody(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(check(&out, h.port, "# nothing\n", ""), 0);
	text_has(&out, "note  phone, DNS: phones do not find it");
	text_has(&out, "autodiscover.example.test. CNAME localhost.");
	text_has(&out, "SRV 0 0 443");
	/* A certificate that names only part of it. */
	assert_int_equal(check(&out, h.port, "SRV _autodiscover._tcp.example."
			       "test 443 127.0.0.2\n", ""), 0);
	text_has(&out, "phones do not find it");
	bytes_free(&out);
}

static void
a_certificate_that_ends(void **state)
{
	char *world = bytes_format("SRV _autodiscover._tcp.example.test %d "
				   "localhost\n", h.port);
	struct bytes out = { 0 };

	(void)state;
	/* Three weeks later, for the one who looks. */
	setenv("EASBRIDGE_CLOCK_SHIFT", "1814400", 1);
	assert_int_equal(check(&out, h.port, world, ""), 0);
	unsetenv("EASBRIDGE_CLOCK_SHIFT");
	text_has(&out, "note  phone, certificate: good for ");
	text_has(&out, "Does its renewal work?");
	free(world);
	bytes_free(&out);
}

/* ---- a proxy between -----------------------------------------------------------*/

static const char nginx_conf[] =
	"daemon off;\nerror_log stderr error;\npid nginx.pid;\n"
	"events {}\nhttp {\naccess_log off;\n"
	"client_body_temp_path nginx.tmp;\nproxy_temp_path nginx.tmp;\n"
	"fastcgi_temp_path nginx.tmp;\nuwsgi_temp_path nginx.tmp;\n"
	"scgi_temp_path nginx.tmp;\n"
	"server {\nlisten 127.0.0.1:%d ssl;\n"
	"ssl_certificate servers/pki/chain.pem;\n"
	"ssl_certificate_key servers/pki/srv.key;\n"
	"location / { proxy_pass https://127.0.0.1:%d; %s }\n%s}\n}\n";

static pid_t
start_proxy(int port, const char *options, const char *places)
{
	char *conf = bytes_format(nginx_conf, port, h.port, options, places);
	struct bytes out = { 0 };
	pid_t pid;
	int i, rc = 1;

	cli_write(&h, "nginx.conf", conf);
	free(conf);
	pid = fork();
	if (pid == 0) {
		if (chdir(h.dir) == 0)
			execl("/usr/sbin/nginx", "nginx", "-p", h.dir, "-c",
			      "nginx.conf", (char *)NULL);
		_exit(97);
	}
	for (i = 0; i < 200 && rc != 0; i++) {
		harness_sleep(25);
		rc = cli_run(&h, &out, "version && curl -sk -o /dev/null "
			     "https://localhost:%d/", port);
	}
	assert_int_equal(rc, 0);
	bytes_free(&out);
	return pid;
}

static void
stop_proxy(pid_t pid)
{
	int status;

	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
}

static int
free_port(void)
{
	struct bytes out = { 0 };
	int port;

	cli_run(&h, &out, "version > /dev/null; python3 -c 'import socket; "
		"s = socket.socket(); s.bind((\"127.0.0.1\", 0)); "
		"print(s.getsockname()[1])'");
	port = atoi(out.p);
	assert_true(port > 0);
	bytes_free(&out);
	return port;
}

static void
a_proxy_that_cuts(void **state)
{
	int port = free_port();
	pid_t pid = start_proxy(port, "proxy_read_timeout 2s;", "");
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(check(&out, port, "# no names\n", "--wait 60"), 1);
	text_has(&out, "FAIL  phone, waiting: cut after ");
	text_has(&out, "HTTP status 504");
	text_has(&out, "docs/proxies.md");
	stop_proxy(pid);
	bytes_free(&out);
}

/* The wait itself takes a minute at least; an order about that phone ends it
 * at once. */
static void
a_phone_that_may_wait(void **state)
{
	struct bytes out = { 0 }, seen = { 0 };
	char *path = bytes_format("%s/waited", h.dir + strlen(h.root) + 1);
	double end = phone_now_ms() + 90000;

	(void)state;
	cli_run(&h, &out, "check -c easbridge.conf --password-file right "
		"--ca-file servers/pki/ca.pem --url https://localhost:%d "
		"--wait 60 %s > waited 2>&1 &", h.port, h.users[0].email);
	do {
		harness_sleep(100);
		cli_run(&h, &out, "devices -c easbridge.conf");
	} while (strstr(out.p, "waits") == NULL && phone_now_ms() < end);
	cli_run(&h, &out, "device allow -c easbridge.conf %s validate",
		h.users[0].email);
	do {
		harness_sleep(100);
		seen.n = 0;
		harness_read(&h, path, &seen);
	} while (strstr(seen.p, "phone, waiting") == NULL &&
		 phone_now_ms() < end);
	text_has(&seen, "OK    phone, waiting: a phone may wait");
	/* Nothing of the try is kept. */
	harness_sleep(200);
	cli_run(&h, &out, "devices -c easbridge.conf");
	text_has_not(&out, "validate");
	free(path);
	bytes_free(&out);
	bytes_free(&seen);
}

static void
a_proxy_with_ideas_of_its_own(void **state)
{
	int port = free_port();
	pid_t pid = start_proxy(port, "",
				"location /Autodiscover { return 404; }\n"
				"location ~ json$ { return 403; }\n");
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(check(&out, port, "# no names\n", ""), 1);
	text_has(&out, "FAIL  phone, Autodiscover: no answer in JSON");
	text_has(&out, "Autodiscover.xml answers 404 in place of 401");
	stop_proxy(pid);
	pid = start_proxy(port, "", "location /autodiscover { limit_except "
				    "POST { deny all; } proxy_pass "
				    "https://127.0.0.1:1; }\n");
	assert_int_equal(check(&out, port, "# no names\n", ""), 1);
	text_has(&out, "FAIL  phone, Autodiscover: HTTP status 502");
	text_has(&out, "does not reach easbridge");
	stop_proxy(pid);
	bytes_free(&out);
}

static void
waits_of_no_use(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(check(&out, h.port, "# no names\n", "--wait 5"), 2);
	text_has(&out, "from 60 to 3540");
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_srv),
		cmocka_unit_test(found_by_nobody),
		cmocka_unit_test(a_certificate_that_ends),
		cmocka_unit_test(a_proxy_that_cuts),
		cmocka_unit_test(a_phone_that_may_wait),
		cmocka_unit_test(a_proxy_with_ideas_of_its_own),
		cmocka_unit_test(waits_of_no_use),
	};

	return cmocka_run_group_tests(tests, up, down);
}
