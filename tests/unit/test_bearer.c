/* Tokens on the wire, word for word, against servers that play a script:
 * OAUTHBEARER (RFC 7628) and XOAUTH2 on IMAP and SMTP, with and without an
 * initial response, taken and refused; and no other login where neither is
 * offered. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/imap/imap_conn.h"
#include "backends/smtp.h"
#include "base/clock.h"
#include "base/codec.h"

/* What the client says next (its beginning; "" anything), and the answer.
 * "%" in `want` stands for the SASL message of the server's kind. */
struct step {
	const char *want, *say;
};

static struct server {
	int fd;
	const char *hello;
	const struct step *steps;
	const char *sasl; /* base64 */
	char wrong[2000]; /* what came in place of what was wanted */
	size_t done;
} sv;

static bool
fits(const char *line, const char *want)
{
	const char *mark = strchr(want, '%');
	char full[1000];

	snprintf(full, sizeof(full), "%.*s%s%s",
		 mark ? (int)(mark - want) : (int)strlen(want), want,
		 mark ? sv.sasl : "", mark ? mark + 1 : "");
	/* To the end of the line where there is a message in it. */
	return mark || !strcmp(want, "\r\n")
		       ? strcmp(line, full) == 0
		       : strncmp(line, full, strlen(full)) == 0;
}

static void *
serve(void *arg)
{
	int c = accept(sv.fd, NULL, NULL);
	FILE *f = fdopen(c, "r+");
	char line[4096];
	const struct step *s;

	(void)arg;
	setvbuf(f, NULL, _IONBF, 0);
	fputs(sv.hello, f);
	for (s = sv.steps; s->want && fgets(line, sizeof(line), f); s++) {
		if (!fits(line, s->want)) {
			snprintf(sv.wrong, sizeof(sv.wrong),
				 "%.900s in place of %.900s", line, s->want);
			break;
		}
		sv.done++;
		fputs(s->say, f);
	}
	fclose(f);
	return NULL;
}

static unsigned
begin(pthread_t *t, const char *hello, const struct step *steps)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t n = sizeof(sa);
	int on = 1;

	memset(&sv, 0, sizeof(sv));
	sv.hello = hello;
	sv.steps = steps;
	sv.fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(sv.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(sv.fd, (struct sockaddr *)&sa, n), 0);
	assert_int_equal(listen(sv.fd, 1), 0);
	getsockname(sv.fd, (struct sockaddr *)&sa, &n);
	(void)t;
	return ntohs(sa.sin_port);
}

static void
end(pthread_t t)
{
	size_t n = 0;

	pthread_join(t, NULL);
	close(sv.fd);
	while (sv.steps[n].want)
		n++;
	if (sv.wrong[0] || sv.done != n)
		fail_msg("%zu of %zu steps, %s", sv.done, n, sv.wrong);
}

static const struct login token = {
	.user = "a,b=c@x.test", .password = "tok.en-1", .kind = LOGIN_BEARER,
};

static const char *
oauthbearer(struct arena *a, unsigned port)
{
	return arena_str(a, base64_encode(a, span_of(arena_printf(
		a, "n,a=a=2Cb=3Dc@x.test,\001host=127.0.0.1\001port=%u\001"
		"auth=Bearer tok.en-1\001\001", port))));
}

static const char *
xoauth2(struct arena *a)
{
	return arena_str(a, base64_encode(a, SPAN(
		"user=a,b=c@x.test\001auth=Bearer tok.en-1\001\001")));
}

/* ---- IMAP --------------------------------------------------------------------*/

static bool
imap(const char *caps, bool modern, const struct step *steps, struct err *e)
{
	char *hello = NULL;
	struct source_conf conf = { .name = "m", .verify = true };
	struct arena *a = arena_new();
	struct conn *c;
	unsigned out = 0, port;
	pthread_t t;

	assert_true(asprintf(&hello, "* OK [CAPABILITY IMAP4rev1 %s] hi\r\n",
			     caps) > 0);
	port = begin(&t, hello, steps);
	sv.sasl = modern ? oauthbearer(a, port) : xoauth2(a);
	pthread_create(&t, NULL, serve, NULL);
	conf.imap = (struct endpoint){ "127.0.0.1", port, TLS_NONE };
	*e = (struct err){ .code = ERR_NONE };
	c = conn_login(&conf, &token, clock_mono_ms() + 5000, &out, e);
	conn_close(&c);
	end(t);
	free(hello);
	arena_free(&a);
	return e->code == ERR_NONE;
}

#define IN "a1 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n"
/* {"status":"invalid_token"} */
#define WHY "+ eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=\r\n"
#define NO "a1 NO [AUTHENTICATIONFAILED] no\r\n"

static void
imap_takes_it(void **state)
{
	static const struct step ir_modern[] = {
		{ "a1 AUTHENTICATE OAUTHBEARER %\r\n", IN }, { NULL, NULL }
	}, ir_old[] = {
		{ "a1 AUTHENTICATE XOAUTH2 %\r\n", IN }, { NULL, NULL }
	}, modern[] = {
		{ "a1 AUTHENTICATE OAUTHBEARER\r\n", "+ \r\n" },
		{ "%\r\n", IN }, { NULL, NULL }
	}, old[] = {
		{ "a1 AUTHENTICATE XOAUTH2\r\n", "+\r\n" },
		{ "%\r\n", IN }, { NULL, NULL }
	};
	struct err e;

	(void)state;
	assert_true(imap("SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER",
			 true, ir_modern, &e));
	assert_true(imap("SASL-IR AUTH=PLAIN AUTH=XOAUTH2", false, ir_old,
			 &e));
	assert_true(imap("AUTH=OAUTHBEARER", true, modern, &e));
	assert_true(imap("AUTH=XOAUTH2", false, old, &e));
}

static void
imap_refuses_it(void **state)
{
	static const struct step modern[] = {
		{ "a1 AUTHENTICATE OAUTHBEARER %\r\n", WHY },
		{ "AQ==\r\n", NO }, { NULL, NULL }
	}, old[] = {
		{ "a1 AUTHENTICATE XOAUTH2 %\r\n", WHY }, { "\r\n", NO },
		{ NULL, NULL }
	}, busy[] = {
		{ "a1 AUTHENTICATE XOAUTH2 %\r\n",
		  "a1 NO [UNAVAILABLE] later\r\n" }, { NULL, NULL }
	}, nothing[] = { { NULL, NULL } };
	struct err e;

	(void)state;
	assert_false(imap("SASL-IR AUTH=OAUTHBEARER", true, modern, &e));
	assert_true(e.code == ERR_DENIED && e.scope == SCOPE_ACCOUNT);
	assert_non_null(strstr(e.text, "invalid_token"));
	assert_null(strstr(e.text, "tok.en"));
	assert_false(imap("SASL-IR AUTH=XOAUTH2", false, old, &e));
	assert_true(e.code == ERR_DENIED);
	assert_false(imap("SASL-IR AUTH=XOAUTH2", false, busy, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	/* The token is no password: it goes nowhere in another shape. */
	assert_false(imap("SASL-IR AUTH=PLAIN AUTH=LOGIN", false, nothing,
			  &e));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(e.text, "takes no tokens"));
}

/* ---- SMTP --------------------------------------------------------------------*/

static bool
smtp(bool modern, const struct step *steps, struct err *e)
{
	struct source_conf conf = { .name = "m", .verify = true };
	struct arena *a = arena_new();
	unsigned port;
	pthread_t t;
	bool ok;

	port = begin(&t, "220 hi\r\n", steps);
	sv.sasl = modern ? oauthbearer(a, port) : xoauth2(a);
	pthread_create(&t, NULL, serve, NULL);
	conf.smtp = (struct endpoint){ "127.0.0.1", port, TLS_NONE };
	*e = (struct err){ .code = ERR_NONE };
	ok = smtp_check(&conf, &token, "me@x.test", clock_mono_ms() + 5000,
			e);
	end(t);
	arena_free(&a);
	return ok;
}

static void
smtp_takes_and_refuses_it(void **state)
{
	static const struct step old[] = {
		{ "EHLO", "250-x\r\n250 AUTH PLAIN LOGIN XOAUTH2\r\n" },
		{ "AUTH XOAUTH2 %\r\n", "235 in\r\n" },
		{ "MAIL FROM:<me@x.test>", "250 ok\r\n" },
		{ "QUIT", "221 bye\r\n" }, { NULL, NULL }
	}, refused[] = {
		{ "EHLO", "250-x\r\n250 AUTH PLAIN XOAUTH2\r\n" },
		{ "AUTH XOAUTH2 %\r\n", "535 5.7.8 no\r\n" }, { NULL, NULL }
	}, none[] = {
		{ "EHLO", "250-x\r\n250 AUTH PLAIN LOGIN\r\n" },
		{ NULL, NULL }
	};
	struct err e;

	(void)state;
	if (!smtp(false, old, &e))
		fail_msg("%s", e.text);
	assert_false(smtp(false, refused, &e));
	assert_true(e.code == ERR_DENIED && e.scope == SCOPE_ACCOUNT);
	assert_false(smtp(false, none, &e));
	assert_int_equal(e.scope, SCOPE_ACCOUNT);
	assert_null(strstr(e.text, "tok.en"));
}

/* libcurl writes this one; the name is escaped by it or not, so only what a
 * server needs is looked for. */
static void
smtp_in_the_modern_way(void **state)
{
	static const struct step steps[] = {
		{ "EHLO", "250-x\r\n250 AUTH OAUTHBEARER XOAUTH2\r\n" },
		{ "AUTH OAUTHBEARER ", "235 in\r\n" },
		{ "MAIL FROM:<me@x.test>", "250 ok\r\n" },
		{ "QUIT", "221 bye\r\n" }, { NULL, NULL }
	};
	struct err e;

	(void)state;
	if (!smtp(true, steps, &e))
		fail_msg("%s", e.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(imap_takes_it),
		cmocka_unit_test(imap_refuses_it),
		cmocka_unit_test(smtp_takes_and_refuses_it),
		cmocka_unit_test(smtp_in_the_modern_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
