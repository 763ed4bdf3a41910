/* What systemd and monitors are told: readiness, the watchdog's beat,
 * easbridge health. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/phone/cli.h"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_health" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* ---- systemd -----------------------------------------------------------*/

/* sd_notify(3): an abstract socket, one datagram for each change. */
static int
notify_socket(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), n;
	char name[64];

	snprintf(name, sizeof(name), "@easbridge-test-%d", (int)getpid());
	n = snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", name);
	sa.sun_path[0] = '\0';
	assert_int_equal(
		bind(fd, (struct sockaddr *)&sa,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				 (size_t)n)),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

/* The next word within ms; "" if none comes. */
static const char *
word(int fd, long ms)
{
	struct timeval patience = { .tv_sec = ms / 1000,
				    .tv_usec = ms % 1000 * 1000 + 1 };
	static char text[64];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	n = recv(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* A daemon started as systemd starts it; watchdog in seconds, "" for none. */
static int
start_under_systemd(const char *watchdog)
{
	int fd;

	assert_int_equal(harness_stop(&h), 0);
	fd = notify_socket();
	if (*watchdog)
		setenv("WATCHDOG_USEC", watchdog, 1);
	assert_true(harness_start(&h));
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	assert_string_equal(word(fd, 10000), "READY=1");
	return fd;
}

static void
readiness_is_told(void **state)
{
	int fd = start_under_systemd("");

	(void)state;
	assert_string_equal(word(fd, 1500), ""); /* nobody asked for a beat */
	assert_int_equal(harness_stop(&h), 0);
	assert_string_equal(word(fd, 10000), "STOPPING=1");
	close(fd);
	assert_true(harness_start(&h));
}

/* The thread of that name, or 0. */
static pid_t
thread_named(const char *name)
{
	char path[128], comm[32];
	struct dirent *d;
	pid_t found = 0;
	DIR *dir;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)h.pid);
	dir = opendir(path);
	assert_non_null(dir);
	while (!found && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/comm",
			 (int)h.pid, d->d_name);
		f = fopen(path, "r");
		if (f && fgets(comm, sizeof(comm), f) &&
		    strncmp(comm, name, strlen(name)) == 0)
			found = (pid_t)atoi(d->d_name);
		if (f)
			fclose(f);
	}
	closedir(dir);
	return found;
}

/* Beats while all is well; none once the thread that wakes phones hangs, so
 * that systemd starts the daemon again. */
static void
the_watchdog_hears_of_life_only(void **state)
{
	int fd = start_under_systemd("3000000"), i, st;
	struct bytes out = { 0 };
	pid_t watch;
	double until;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_string_equal(word(fd, 10000), "WATCHDOG=1");
	watch = thread_named("watch");
	assert_true(watch > 0);
	if (ptrace(PTRACE_SEIZE, watch, NULL, NULL) != 0 ||
	    ptrace(PTRACE_INTERRUPT, watch, NULL, NULL) != 0) {
		print_message("SKIPPED: no ptrace here: %s\n", strerror(errno));
		close(fd);
		skip();
	}
	assert_int_equal(waitpid(watch, &st, __WALL), watch);
	until = phone_now_ms() + 60000;
	while (phone_now_ms() < until &&
	       harness_log_count(&h, "not-well what=watch") == 0)
		word(fd, 500);
	assert_true(harness_log_count(&h, "not-well what=watch") > 0);
	while (*word(fd, 100))
		;
	assert_string_equal(word(fd, 3000), "");
	assert_int_equal(
		cli_run(&h, &out, "health -c easbridge.conf --url %s", h.url),
		1);
	text_has(&out, "not well: watch");
	/* It goes on: well again. */
	assert_int_equal(ptrace(PTRACE_DETACH, watch, NULL, NULL), 0);
	assert_string_equal(word(fd, 10000), "WATCHDOG=1");
	close(fd);
	bytes_free(&out);
}

/* ---- easbridge health --------------------------------------------------*/

static void
health_says_so(void **state)
{
	struct bytes out = { 0 };
	char *line;

	(void)state;
	/* The harness' daemon listens on any port. */
	assert_int_equal(cli_run(&h, &out, "health -c easbridge.conf"), 2);
	text_has(&out, "--url http://127.0.0.1:PORT");
	assert_int_equal(
		cli_run(&h, &out, "health -c easbridge.conf --url %s", h.url),
		0);
	text_has(&out, "/healthz: ok\n");
	assert_int_equal(cli_run(&h, &out,
				 "health -c easbridge.conf --json "
				 "--url %s",
				 h.url),
			 0);
	text_has(&out, "\"ok\": true");
	/* As containers are configured: any address of this machine. */
	line = bytes_format("[server]\nlisten = 0.0.0.0:%d\nstate = state\n"
			    "users = users.d\n",
			    h.port);
	cli_write(&h, "any.conf", line);
	free(line);
	assert_int_equal(cli_run(&h, &out, "health -c any.conf"), 0);
	text_has(&out, "http://127.0.0.1:");
	/* A server that is somebody else. */
	assert_int_equal(cli_run(&h, &out,
				 "health -c easbridge.conf --url "
				 "%s/elsewhere",
				 h.url),
			 1);
	assert_int_equal(harness_stop(&h), 0);
	assert_int_equal(cli_run(&h, &out, "health -c any.conf"), 3);
	text_has(&out, "connect");
	assert_true(harness_start(&h));
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readiness_is_told),
		cmocka_unit_test(health_says_so),
		cmocka_unit_test(the_watchdog_hears_of_life_only),
	};

	return cmocka_run_group_tests(tests, up, down);
}
