/* smtp_send against a scripted server. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/smtp.h"
#include "base/clock.h"

enum way { FINE, BAD_RCPT, LATER_RCPT, BAD_END, GONE_AFTER_DOT, BAD_AUTH,
	   BAD_MAIL, SILENT };

struct server {
	int fd;
	enum way way;
	char *data;      /* as it came, with dots */
	char mail_line[4200];
	bool dot;
};

static const char *
reply_to(struct server *s, const char *line)
{
	if (!strncmp(line, "EHLO", 4))
		return "250-x\r\n250-SIZE 1000000\r\n250 AUTH PLAIN\r\n";
	if (!strncmp(line, "AUTH", 4))
		return s->way == BAD_AUTH ? "535 5.7.8 no\r\n" : "235 ok\r\n";
	if (!strncmp(line, "MAIL", 4)) {
		snprintf(s->mail_line, sizeof(s->mail_line), "%s", line);
		return s->way == BAD_MAIL ? "552 5.3.4 too big\r\n"
					  : "250 ok\r\n";
	}
	if (!strncmp(line, "RCPT", 4) && strstr(line, "bad@"))
		return s->way == LATER_RCPT ? "450 4.2.1 later\r\n"
					    : "550 5.1.1 nobody\r\n";
	if (!strncmp(line, "DATA", 4))
		return "354 go\r\n";
	return "250 ok\r\n";
}

static void
say(FILE *f, const char *text)
{
	fputs(text, f);
	fflush(f);
}

static void
take_data(struct server *s, FILE *f)
{
	char line[4096];
	size_t n;

	while (fgets(line, sizeof(line), f)) {
		if (!strcmp(line, ".\r\n")) {
			s->dot = true;
			return;
		}
		n = s->data ? strlen(s->data) : 0;
		s->data = realloc(s->data, n + sizeof(line));
		strcpy(s->data + n, line);
	}
}

static void *
serve(void *arg)
{
	struct server *s = arg;
	int c = accept(s->fd, NULL, NULL);
	FILE *f = fdopen(c, "r+");
	char line[4096];

	setvbuf(f, NULL, _IONBF, 0);
	if (s->way != SILENT)
		say(f, "220 hello\r\n");
	while (fgets(line, sizeof(line), f)) {
		if (s->way == SILENT)
			continue;
		say(f, reply_to(s, line));
		if (strncmp(line, "DATA", 4))
			continue;
		take_data(s, f);
		if (s->way == GONE_AFTER_DOT || !s->dot)
			break;
		say(f, s->way == BAD_END ? "554 5.7.1 spam\r\n"
					 : "250 taken\r\n");
	}
	fclose(f);
	return NULL;
}

static int asked;

static bool
yes(void *ctx)
{
	(void)ctx;
	asked++;
	return true;
}

static bool
no(void *ctx)
{
	(void)ctx;
	asked++;
	return false;
}

static const char *const good[] = { "a@x.test", "b@x.test" };
static const char *const mixed[] = { "a@x.test", "bad@x.test" };

static struct server sv;
static struct err e;
static bool doubt;

static bool
go(enum way way, const char *const *to, bool (*hook)(void *))
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t n = sizeof(sa);
	struct source_conf conf = { .name = "m", .verify = true };
	struct login login = { .user = "u", .password = "p" };
	struct smtp_mail mail = {
		.from = "me@x.test", .to = to, .n_to = 2,
		.message = SPAN("Subject: x\r\n\r\n.dot\r\n..\r\nend\r\n"),
		.before_last = hook,
	};
	pthread_t t;
	bool ok;

	free(sv.data);
	memset(&sv, 0, sizeof(sv));
	sv.way = way;
	sv.fd = socket(AF_INET, SOCK_STREAM, 0);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(sv.fd, (struct sockaddr *)&sa, n), 0);
	assert_int_equal(listen(sv.fd, 1), 0);
	getsockname(sv.fd, (struct sockaddr *)&sa, &n);
	pthread_create(&t, NULL, serve, &sv);
	conf.smtp = (struct endpoint){ "127.0.0.1", ntohs(sa.sin_port),
				       TLS_NONE };
	memset(&e, 0, sizeof(e));
	asked = 0;
	ok = smtp_send(&conf, &login, &mail,
		       clock_mono_ms() + (way == SILENT ? 500 : 5000), &doubt,
		       &e);
	pthread_join(t, NULL);
	close(sv.fd);
	if (!ok)
		print_message("  %s: %s\n", err_name(e.code), e.text);
	return ok;
}

static void
sends(void **state)
{
	(void)state;
	assert_true(go(FINE, good, yes));
	assert_int_equal(asked, 1);
	assert_false(doubt);
	assert_non_null(strstr(sv.mail_line, "SIZE="));
	assert_string_equal(sv.data,
			    "Subject: x\r\n\r\n..dot\r\n...\r\nend\r\n");
	assert_true(go(FINE, good, NULL));
}

static void
refusals(void **state)
{
	(void)state;
	assert_false(go(BAD_RCPT, mixed, yes));
	assert_true(!doubt && !asked && e.code == ERR_DENIED);
	assert_non_null(strstr(e.text, "bad@x.test"));
	assert_null(sv.data);
	assert_false(go(LATER_RCPT, mixed, yes));
	assert_true(!doubt && !asked && e.code == ERR_UNAVAILABLE);
	assert_false(go(BAD_MAIL, good, yes));
	assert_true(!doubt && e.code == ERR_TOO_BIG);
	assert_false(go(BAD_AUTH, good, yes));
	assert_true(!doubt && e.code == ERR_DENIED &&
		    e.scope == SCOPE_ACCOUNT);
	assert_false(go(BAD_END, good, yes));
	assert_true(!doubt && asked == 1 && e.code == ERR_DENIED);
	assert_false(go(SILENT, good, yes));
	assert_true(!doubt && e.code == ERR_UNAVAILABLE);
}

static void
doubts(void **state)
{
	(void)state;
	assert_false(go(GONE_AFTER_DOT, good, yes));
	assert_true(doubt && e.code == ERR_UNAVAILABLE);
	assert_false(go(FINE, good, no));
	assert_true(!doubt && asked == 1);
	assert_false(sv.dot);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends),
		cmocka_unit_test(refusals),
		cmocka_unit_test(doubts),
	};

	return cmocka_run_group_tests_name("smtp", tests, NULL, NULL);
}
