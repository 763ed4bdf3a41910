#include "tests/fault/helper_jobs.h"
#include "tests/fault/helper_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_SCENARIOS 16
#define MAX_JOBS PLAN_JOBS
#define MAX_WORKERS 16
#define LEFT_BYTES 16384
/* Background work varies a little from run to run: points beyond the last
 * one of the calm run may still be met. */
#define SLACK 2
/* SYNC-CORE 10: from the commit of `doubt` to that of `sent`; of one mail. */
#define DOUBT_POINTS 5

enum outcome { WAITING, STARTED, GOOD, BAD, NOT_MET };

struct job {
	unsigned scenario;
	enum mode mode;
	unsigned k;
	int user;
	enum outcome outcome;
	bool doubt;
	double ms;
	char point[FAULT_NAME];
	char message[3000];
};

struct base { /* of a scenario, from its calm run */
	unsigned points, requests;
	char left[LEFT_BYTES];
};

struct board { /* shared with the workers */
	unsigned next, n;
	struct base bases[MAX_SCENARIOS];
	struct job jobs[MAX_JOBS];
};

static const struct scenario *scenarios;
static size_t n_scenarios;
static unsigned n_users; /* of the servers, not counting second mailboxes */
static struct board *board;
static struct harness harness;

/* ---- one job -----------------------------------------------------------*/

static void complain(struct job *j, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void
complain(struct job *j, const char *fmt, ...)
{
	va_list ap;

	j->outcome = BAD;
	va_start(ap, fmt);
	vsnprintf(j->message, sizeof(j->message), fmt, ap);
	va_end(ap);
}

/* The log of a failed run, for whoever looks into it. */
static void
keep_log(struct run *r, struct job *j)
{
	char path[4096];
	size_t n = strlen(j->message);

	snprintf(path, sizeof(path), "%s/%s-%s-%u.log", harness.dir,
		 scenarios[j->scenario].name, mode_names[j->mode], j->k);
	rename(r->h.log, path);
	snprintf(j->message + n, sizeof(j->message) - n, "\n(log: %s)", path);
}

/* Without what a doubt may change: the notice, the letter and its copy. */
static void
without_doubt(const char *left, struct bytes *out)
{
	size_t n;

	bytes_put(out, "", 0);
	for (; *left; left += n) {
		n = strcspn(left, "\n") + 1;
		if (!memmem(left, n, "|It is not certain", 18) &&
		    !memmem(left, n, "|Letter", 7) &&
		    !memmem(left, n, "Sent|", 5))
			bytes_put(out, left, n);
	}
}

static void
compare(struct job *j, const char *left)
{
	const struct scenario *s = &scenarios[j->scenario];
	const char *calm = board->bases[j->scenario].left;
	struct bytes a = { 0 }, b = { 0 };
	bool may = s->doubt && (j->mode == RUN_KILL || j->mode == RUN_FAIL);

	if (j->doubt && may) {
		without_doubt(calm, &a);
		without_doubt(left, &b);
	} else {
		bytes_str(&a, calm);
		bytes_str(&b, left);
	}
	if (strcmp(a.p, b.p) != 0)
		complain(j, "not as after the calm run:\n%s-- but\n%s", b.p,
			 a.p);
	bytes_free(&a);
	bytes_free(&b);
}

static void
take_base(struct run *r, struct job *j, const char *left)
{
	struct base *b = &board->bases[j->scenario];

	b->points = r->page->passed;
	b->requests = r->requests;
	if (strlen(left) >= sizeof(b->left))
		complain(j, "too much is left to be kept");
	snprintf(b->left, sizeof(b->left), "%s", left);
	if (b->points == 0 || b->points > FAULT_ROOM)
		complain(j, "%u fault points were met", b->points);
}

static bool
was_met(const struct run *r, const struct job *j)
{
	if (j->mode == RUN_LOSE || j->mode == RUN_CUT)
		return r->lost;
	return r->page->hit != 0;
}

static void
do_job(struct run *r, struct job *j)
{
	const struct scenario *s = &scenarios[j->scenario];
	struct bytes left = { 0 };
	double start = phone_now_ms();
	bool ok;

	j->outcome = STARTED;
	ok = run_once(r, s, j->mode, j->k, j->user, &left);
	j->ms = phone_now_ms() - start;
	j->doubt = r->doubt;
	j->outcome = GOOD;
	if (r->page->hit && r->page->at && r->page->at <= FAULT_ROOM)
		snprintf(j->point, sizeof(j->point), "%s",
			 r->page->names[r->page->at - 1]);
	if (!ok)
		complain(j, "%s", r->message);
	else if (j->mode == RUN_CALM)
		take_base(r, j, left.p);
	else
		compare(j, left.p);
	if (j->outcome == BAD)
		keep_log(r, j);
	else if (j->mode != RUN_CALM && !was_met(r, j))
		j->outcome = NOT_MET;
	bytes_free(&left);
}

/* ---- workers -----------------------------------------------------------*/

static void
work(int number)
{
	static struct run r;
	unsigned i;

	run_open(&r, &harness, number);
	for (;;) {
		i = __atomic_fetch_add(&board->next, 1, __ATOMIC_SEQ_CST);
		if (i >= board->n)
			break;
		do_job(&r, &board->jobs[i]);
	}
	run_close(&r);
	_exit(0);
}

static int
workers(void)
{
	const char *env = getenv("FAULT_WORKERS");
	int n = env ? atoi(env) : 4;

	return n < 1 ? 1 : n > MAX_WORKERS ? MAX_WORKERS : n;
}

/* The jobs from `first` on. */
static void
run_jobs(unsigned first)
{
	pid_t pids[MAX_WORKERS];
	int i, n = workers();

	board->next = first;
	for (i = 0; i < n; i++) {
		fflush(NULL);
		pids[i] = fork();
		if (pids[i] == 0)
			work(i);
	}
	for (i = 0; i < n; i++)
		waitpid(pids[i], NULL, 0);
}

/* ---- what is to be done ------------------------------------------------*/

static void
add_job(unsigned scenario, enum mode mode, unsigned k)
{
	struct job *j = &board->jobs[board->n];

	if (!plan_wanted(&scenarios[scenario], mode, k))
		return;
	if (board->n == n_users) {
		fprintf(stderr, "faults: more than %u runs\n", board->n);
		exit(1);
	}
	j->scenario = scenario;
	j->mode = mode;
	j->k = k;
	j->user = (int)++board->n;
}

static void
add_disturbed(unsigned scenario)
{
	const struct base *b = &board->bases[scenario];
	enum mode mode;
	unsigned k, n;

	for (mode = RUN_FAIL; b->points > 0 && mode < RUN_MODES; mode++) {
		n = mode == RUN_LOSE || mode == RUN_CUT ? b->requests
							: b->points + SLACK;
		for (k = 1; k <= n; k++)
			if (plan_chosen(&scenarios[scenario], scenario, mode,
					k))
				add_job(scenario, mode, k);
	}
}

/* Points of a scenario that were to be tried in that mode. */
static unsigned
planned(unsigned scenario, enum mode mode)
{
	unsigned k, n = 0;

	for (k = 1; k <= board->bases[scenario].points; k++)
		n += plan_chosen(&scenarios[scenario], scenario, mode,
				 k);
	return n;
}

/* A point that background work has moved out of reach is tried once more. */
static void
add_missed(unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (board->jobs[i].outcome == NOT_MET &&
		    board->jobs[i].k <=
			    board->bases[board->jobs[i].scenario].points)
			add_job(board->jobs[i].scenario, board->jobs[i].mode,
				board->jobs[i].k);
}

/* ---- mails that left ---------------------------------------------------*/

/* The envelopes of all mails, read once: each stands in a file's first line. */
static void
read_envelopes(struct bytes *out)
{
	struct bytes b = { 0 };
	size_t i, n = sink_count(&harness), line;

	bytes_put(out, "", 0);
	for (i = 0; i < n; i++)
		if (sink_read(&harness, i, &b) && b.p) {
			line = strcspn(b.p, "\n");
			bytes_put(out, b.p, line);
			bytes_put(out, "\n", 1);
		}
	bytes_free(&b);
}

static unsigned
left_for(const struct bytes *envelopes, int user)
{
	char want[64];
	const char *at = envelopes->p;
	unsigned found = 0;

	snprintf(want, sizeof(want), "TO:<run%d@outside.test>", user);
	while (at && (at = strstr(at, want)) != NULL) {
		found++;
		at = strchr(at, '\n');
	}
	return found;
}

/* Until nothing more arrives. */
static void
wait_for_sink(void)
{
	size_t n, before;

	n = sink_count(&harness);
	do {
		before = n;
		harness_sleep(2000);
		n = sink_count(&harness);
	} while (n != before);
}

static void
judge_mails(void)
{
	const struct scenario *s;
	struct bytes envelopes = { 0 };
	struct job *j;
	unsigned i, n;

	wait_for_sink();
	read_envelopes(&envelopes);
	for (i = 0; i < board->n; i++) {
		j = &board->jobs[i];
		s = &scenarios[j->scenario];
		if (j->outcome == BAD || j->outcome == STARTED)
			continue;
		n = left_for(&envelopes, j->user);
		if (n != s->mails && !(j->doubt && n < s->mails))
			complain(j, "%u mails left, not %u%s", n, s->mails,
				 j->doubt ? " (in doubt)" : "");
	}
	bytes_free(&envelopes);
}

/* ---- report ------------------------------------------------------------*/

struct sums {
	unsigned all, runs[RUN_MODES], met[RUN_MODES], bad, doubts;
	double ms;
};

static void
print_bad(const struct job *j)
{
	fprintf(stderr, "\nFAILED scenario %s mode %s k %u at %s:\n%s\n",
		scenarios[j->scenario].name, mode_names[j->mode], j->k,
		*j->point ? j->point : "(no point)",
		j->outcome == STARTED ? "the runner died" : j->message);
}

static struct sums
sum_up(unsigned scenario)
{
	struct sums s = { 0 };
	const struct job *j;
	unsigned i;

	for (i = 0; i < board->n; i++) {
		j = &board->jobs[i];
		if (j->scenario != scenario)
			continue;
		s.all++;
		s.runs[j->mode]++;
		s.ms += j->ms;
		if (j->outcome == BAD || j->outcome == STARTED ||
		    j->outcome == WAITING) {
			s.bad++;
			print_bad(j);
		}
		s.met[j->mode] += j->outcome != NOT_MET;
		s.doubts += j->doubt;
	}
	return s;
}

/* Nine in ten; of few, all but one. */
static void
demand_met(const struct scenario *sc, unsigned met, unsigned planned_runs)
{
	assert_true((met + plan_thinned(sc)) * 10 >= planned_runs * 9);
}

static void
judge_scenario(void **state)
{
	const struct scenario *sc = *state;
	unsigned i = (unsigned)(sc - scenarios);
	const struct base *b = &board->bases[i];
	struct sums s;

	if (!plan_wanted(sc, RUN_CALM, 0))
		skip();
	s = sum_up(i);
	fprintf(stderr,
		"scenario %s: %u points, %u requests; fail %u of %u runs met "
		"theirs, kill %u of %u, late %u of %u, lose %u of %u, cut %u "
		"of %u; %u in doubt; %u failed; %.0f ms a run\n",
		sc->name, b->points, b->requests, s.met[RUN_FAIL],
		s.runs[RUN_FAIL], s.met[RUN_KILL], s.runs[RUN_KILL],
		s.met[RUN_LATE], s.runs[RUN_LATE], s.met[RUN_LOSE],
		s.runs[RUN_LOSE], s.met[RUN_CUT], s.runs[RUN_CUT], s.doubts,
		s.bad, s.ms / s.all);
	assert_int_equal(s.bad, 0);
	assert_true(b->points > 0);
	if (getenv("FAULT_ONLY"))
		return;
	/* Of each mode most points must really have been met. */
	demand_met(sc, s.met[RUN_FAIL], planned(i, RUN_FAIL));
	demand_met(sc, s.met[RUN_KILL], planned(i, RUN_KILL));
	demand_met(sc, s.met[RUN_LATE], planned(i, RUN_LATE));
	assert_true(s.met[RUN_LOSE] + s.met[RUN_CUT] > 0);
	if (!plan_thinned(sc))
		assert_true(s.met[RUN_LOSE] > 0 && s.met[RUN_CUT] > 0);
	if (sc->doubt)
		assert_true((plan_thinned(sc) || s.doubts > 0) &&
			    s.doubts <= DOUBT_POINTS * sc->mails + SLACK +
						sc->beside);
}

static int
all_runs(void **state)
{
	unsigned i, n;

	(void)state;
	for (i = 0; i < n_scenarios; i++)
		add_job(i, RUN_CALM, 0);
	run_jobs(0);
	n = board->n;
	for (i = 0; i < n_scenarios; i++)
		add_disturbed(i);
	run_jobs(n);
	n = board->n;
	add_missed(n);
	run_jobs(n);
	judge_mails();
	return 0;
}

/* How often each point has failed or killed in this program. */
static void
print_points(void)
{
	const struct job *j;
	unsigned i, k, n;

	fprintf(stderr,
		"points by name, runs that failed, died or stalled there:\n");
	for (i = 0; i < board->n; i++) {
		j = &board->jobs[i];
		for (k = 0; k < i; k++)
			if (!strcmp(board->jobs[k].point, j->point))
				break;
		if (k < i || !*j->point)
			continue;
		for (n = 0; k < board->n; k++)
			n += !strcmp(board->jobs[k].point, j->point);
		fprintf(stderr, "  %5u %s\n", n, j->point);
	}
}

static int
end(void **state)
{
	(void)state;
	print_points();
	return harness_down(&harness);
}

int
faults_main(const char *program, const struct scenario *v, size_t n)
{
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));
	char *stack = plan_stack(v, n, &n_users);
	size_t i;

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!tests || board == MAP_FAILED || n > MAX_SCENARIOS)
		return 1;
	scenarios = v;
	n_scenarios = n;
	for (i = 0; i < n; i++) {
		tests[i].name = v[i].name;
		tests[i].test_func = judge_scenario;
		tests[i].initial_state = (void *)(uintptr_t)&v[i];
	}
	harness_up(&harness,
		   &(struct harness_options){ .name = program,
					      .no_daemon = true,
					      .stack = stack });
	return _cmocka_run_group_tests(program, tests, n, all_runs, end);
}
