/* Which runs of a scenario are made, and the servers they need. */
#ifndef TESTS_FAULT_HELPER_PLAN_H
#define TESTS_FAULT_HELPER_PLAN_H

#include "tests/fault/helper_run.h"

/* Runs of a program; each has a user of its own. */
#define PLAN_JOBS SECOND_USERS

/* FAULT_ONLY=scenario:mode:k; true without it. */
bool plan_wanted(const struct scenario *s, enum mode mode, unsigned k);
/* Runs with a DAV server are slow: every fourth point is tried (.thin: fewer),
 * in one mode, and each request in one way, others in each scenario (number).
 * FAULT_ALL: all of them, as for mail. */
bool plan_thinned(const struct scenario *s);
bool plan_chosen(const struct scenario *s, unsigned number, enum mode mode,
		 unsigned k);
/* Arguments of tests/servers/stack up: servers with as many users as there
 * may be runs; *users. Caller frees. */
char *plan_stack(const struct scenario *v, size_t n, unsigned *users);

#endif
