/* log, pool and fault: what touches the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/pool.h"

/* ---- log ---------------------------------------------------------------*/

static int saved = -1, ends[2];
static char said[8192];

static void
listen_to_stderr(void)
{
	fflush(stderr);
	assert_int_equal(pipe(ends), 0);
	saved = dup(2);
	dup2(ends[1], 2);
	close(ends[1]);
}

static const char *
what_was_said(void)
{
	ssize_t n, all = 0;

	dup2(saved, 2);
	close(saved);
	while ((n = read(ends[0], said + all,
			 sizeof(said) - 1 - (size_t)all)) > 0)
		all += n;
	close(ends[0]);
	said[all] = '\0';
	return said;
}

static void
a_line_of_the_log(void **state)
{
	int year, month, day, h, m, at = 0;
	double s;

	(void)state;
	unsetenv("JOURNAL_STREAM");
	listen_to_stderr();
	log_line(LOG_INFO, "sync", "n=%d", 3);
	log_context("req=17 user=alice");
	log_line(LOG_ERROR, "imap", "%s", "x=y");
	log_context("");
	log_line(LOG_WARN, "after", "%s", "");
	what_was_said();
	assert_int_equal(sscanf(said, "%4d-%2d-%2dT%2d:%2d:%6lfZ%n", &year,
				&month, &day, &h, &m, &s, &at), 6);
	assert_memory_equal(said + at, " info sync n=3\n", 15);
	assert_non_null(strstr(said, " error imap req=17 user=alice x=y\n"));
	assert_non_null(strstr(said, " warn after "));
	setenv("JOURNAL_STREAM", "8:1", 1);
	listen_to_stderr();
	log_line(LOG_WARN, "sync", "n=%d", 4);
	assert_string_equal(what_was_said(), "<4>warn sync n=4\n");
	unsetenv("JOURNAL_STREAM");
}

/* A server's text must not be able to forge a second line, nor to paint on
 * the administrator's terminal. */
static void
one_event_is_one_line(void **state)
{
	char big[5000];

	(void)state;
	setenv("JOURNAL_STREAM", "8:1", 1);
	listen_to_stderr();
	log_line(LOG_INFO, "x", "t=%s",
		 "a\r\n2026-01-01 error forged\n\x1B[31mred\x7F");
	assert_string_equal(what_was_said(),
			    "<6>info x t=a  2026-01-01 error forged "
			    " [31mred \n");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	listen_to_stderr();
	log_line(LOG_INFO, "x", "%s", big);
	what_was_said();
	assert_true(strlen(said) <= 2048);
	assert_int_equal(said[strlen(said) - 1], '\n');
	log_context(big); /* is cut, not overrun */
	listen_to_stderr();
	log_line(LOG_INFO, "x", "%s", "end");
	what_was_said();
	log_context("");
	assert_int_equal(strlen(said), strlen("<6>info x  end\n") + 159);
	unsetenv("JOURNAL_STREAM");
}

static void
levels(void **state)
{
	enum log_level l = LOG_WARN;

	(void)state;
	assert_false(log_level_from("loud", &l));
	assert_false(log_level_from("", &l));
	assert_int_equal(l, LOG_WARN);
	assert_true(log_level_from("error", &l));
	assert_int_equal(l, LOG_ERROR);
	assert_true(log_level_from("debug", &l));
	assert_int_equal(l, LOG_DEBUG);
	assert_false(log_would(LOG_DEBUG));
	listen_to_stderr();
	log_line(LOG_DEBUG, "x", "%s", "unheard");
	log_set_level(LOG_ERROR);
	log_line(LOG_WARN, "x", "%s", "unheard");
	assert_string_equal(what_was_said(), "");
	log_set_level(LOG_INFO);
	assert_true(log_would(LOG_INFO));
}

/* ---- pool --------------------------------------------------------------*/

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gate_open;
static unsigned inside, most_inside, done;
static char trace[64];

static void
forget(void)
{
	gate_open = false;
	inside = most_inside = done = 0;
	trace[0] = '\0';
}

/* Waits until the gate is open; counts how many wait at once. */
static void
at_the_gate(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	inside++;
	if (inside > most_inside)
		most_inside = inside;
	pthread_cond_broadcast(&changed);
	while (!gate_open)
		pthread_cond_wait(&changed, &lock);
	inside--;
	done++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void
leave_trace(void *arg)
{
	pthread_mutex_lock(&lock);
	strncat(trace, arg, 1);
	pthread_mutex_unlock(&lock);
}

static void
nothing(void *arg)
{
	(void)arg;
}

static void
wait_inside(unsigned n)
{
	pthread_mutex_lock(&lock);
	while (inside < n)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void
open_gate(void)
{
	pthread_mutex_lock(&lock);
	gate_open = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void
phones_before_background(void **state)
{
	struct pool *p = pool_new(1);
	char b[] = "b", c[] = "c", x[] = "x", y[] = "y";

	(void)state;
	forget();
	assert_true(pool_submit(p, JOB_INTERACTIVE, at_the_gate, NULL));
	wait_inside(1);
	assert_true(pool_submit(p, JOB_BACKGROUND, leave_trace, b));
	assert_true(pool_submit(p, JOB_BACKGROUND, leave_trace, c));
	assert_true(pool_submit(p, JOB_INTERACTIVE, leave_trace, x));
	assert_true(pool_submit(p, JOB_INTERACTIVE, leave_trace, y));
	assert_int_equal(pool_waiting(p), 4);
	open_gate();
	pool_free(&p); /* runs what is queued */
	assert_null(p);
	pool_free(&p);
	assert_string_equal(trace, "xybc");
}

static void
background_takes_half_of_the_workers(void **state)
{
	struct pool *p = pool_new(4);
	char x[] = "x";
	int i;

	(void)state;
	forget();
	for (i = 0; i < 6; i++)
		assert_true(pool_submit(p, JOB_BACKGROUND, at_the_gate, NULL));
	wait_inside(2);
	/* The other two are there for phones. */
	assert_true(pool_submit(p, JOB_INTERACTIVE, leave_trace, x));
	for (i = 0; i < 1000 && pool_waiting(p) > 4; i++)
		usleep(1000);
	assert_int_equal(pool_waiting(p), 4);
	usleep(20000);
	assert_int_equal(pool_waiting(p), 4);
	open_gate();
	pool_free(&p);
	assert_string_equal(trace, "x");
	assert_int_equal(done, 6);
	assert_int_equal(most_inside, 2);
}

static void
the_queue_is_bounded(void **state)
{
	struct pool *p = pool_new(1);
	unsigned i;

	(void)state;
	forget();
	assert_true(pool_submit(p, JOB_INTERACTIVE, at_the_gate, NULL));
	wait_inside(1);
	for (i = 0; i < MAX_QUEUE; i++)
		assert_true(pool_submit(p, i % 2 ? JOB_INTERACTIVE
						 : JOB_BACKGROUND,
					nothing, NULL));
	assert_false(pool_submit(p, JOB_INTERACTIVE, nothing, NULL));
	assert_false(pool_submit(p, JOB_BACKGROUND, nothing, NULL));
	assert_int_equal(pool_waiting(p), MAX_QUEUE);
	open_gate();
	pool_free(&p);
}

struct late {
	struct pool *pool;
	bool taken;
};

static void
submit_late(void *arg)
{
	struct late *l = arg;

	at_the_gate(NULL);
	/* pool_free has been called by now or is just being called. */
	do
		l->taken = pool_submit(l->pool, JOB_INTERACTIVE, nothing, NULL);
	while (l->taken);
}

static void *
open_later(void *arg)
{
	usleep(30000);
	open_gate();
	return arg;
}

static void
a_stopping_pool_takes_nothing(void **state)
{
	struct late l = { .pool = pool_new(0) }; /* 0 is taken as 1 */
	struct pool *p = l.pool;
	pthread_t t;

	(void)state;
	forget();
	l.taken = true;
	assert_true(pool_submit(p, JOB_INTERACTIVE, submit_late, &l));
	wait_inside(1);
	assert_int_equal(pthread_create(&t, NULL, open_later, NULL), 0);
	pool_free(&p);
	pthread_join(t, NULL);
	assert_false(l.taken);
}

/* ---- fault -------------------------------------------------------------*/

#ifdef FAULT_POINTS
/* Passes a, b, state.x, b, state.y in a process of its own with this order;
 * returns its wait status. Exit code: a bit for each point that failed. */
static int
with_order(const char *order)
{
	static const char *const points[] = { "a", "b", "state.x", "b",
					      "state.y" };
	int status = 0, failed = 0, i;
	pid_t pid = fork();

	if (pid == 0) {
		if (order)
			setenv("EASBRIDGE_FAULT", order, 1);
		else
			unsetenv("EASBRIDGE_FAULT");
		fault_init();
		for (i = 0; i < 5; i++) {
			struct err e = { 0 };

			if (fault_here(points[i], &e))
				continue;
			failed |= 1 << i;
			if (e.code != ERR_UNAVAILABLE ||
			    e.scope != SCOPE_ACCOUNT ||
			    !strstr(e.text, points[i]))
				_exit(99);
		}
		_exit(failed);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
faults_come_where_ordered(void **state)
{
	int killed;

	(void)state;
	assert_int_equal(with_order(NULL), 0);
	assert_int_equal(with_order("nonsense"), 0);
	assert_int_equal(WEXITSTATUS(with_order("fail:1")), 1 << 0);
	assert_int_equal(WEXITSTATUS(with_order("fail:4")), 1 << 3);
	assert_int_equal(with_order("fail:6"), 0);
	assert_int_equal(WEXITSTATUS(with_order("fail:2:state.")), 1 << 4);
	assert_int_equal(WEXITSTATUS(with_order("fail:2:b")), 1 << 3);
	killed = with_order("kill:2:state.");
	assert_true(WIFSIGNALED(killed) && WTERMSIG(killed) == SIGKILL);
	assert_int_equal(with_order("kill:3:state."), 0);
}

static void
faults_are_counted(void **state)
{
	char path[] = "/tmp/test_base_run-XXXXXX", order[64], text[64] = "";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	snprintf(order, sizeof(order), "count:%s", path);
	assert_int_equal(with_order(order), 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "a\nb\nstate.x\nb\nstate.y\n");
	close(fd);
	unlink(path);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_the_log),
		cmocka_unit_test(one_event_is_one_line),
		cmocka_unit_test(levels),
		cmocka_unit_test(phones_before_background),
		cmocka_unit_test(background_takes_half_of_the_workers),
		cmocka_unit_test(the_queue_is_bounded),
		cmocka_unit_test(a_stopping_pool_takes_nothing),
#ifdef FAULT_POINTS
		cmocka_unit_test(faults_come_where_ordered),
		cmocka_unit_test(faults_are_counted),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
