#include "tests/fault/helper_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Radicale reads the list of users for every request, and at Cyrus each is
 * made by a login. */
#define DAV_USERS 2500
#define DAV_USERS_THINNED 700
#define CYRUS_USERS_THINNED 180

bool
plan_wanted(const struct scenario *s, enum mode mode, unsigned k)
{
	const char *only = getenv("FAULT_ONLY");
	char full[128];
	size_t n;

	if (!only)
		return true;
	snprintf(full, sizeof(full), "%s:%s:%u", s->name,
		 mode_names[mode], k);
	n = strlen(only);
	if (mode == RUN_CALM)
		n = strcspn(only, ":");
	return !strncmp(only, full, n) && (!full[n] || full[n] == ':');
}

bool
plan_thinned(const struct scenario *s)
{
	return (s->dav || s->objects) && !getenv("FAULT_ALL");
}

bool
plan_chosen(const struct scenario *s, unsigned number, enum mode mode,
	    unsigned k)
{
	static const enum mode points[] = { RUN_FAIL, RUN_KILL, RUN_LATE };
	static const enum mode requests[] = { RUN_LOSE, RUN_CUT };
	unsigned third = (s->thin ? s->thin : 12) / 3, n = k + number;

	if (!plan_thinned(s) || getenv("FAULT_ONLY"))
		return true;
	if (mode == RUN_LOSE || mode == RUN_CUT)
		return mode == requests[n % 2];
	return n % third == 0 && mode == points[n / third % 3];
}

char *
plan_stack(const struct scenario *v, size_t n, unsigned *users)
{
	bool dav = false, objects = false, radicale = false, cyrus = false;
	size_t i;

	for (i = 0; i < n; i++) {
		dav |= v[i].dav;
		objects |= v[i].objects;
		cyrus |= v[i].scheduling;
		radicale |= v[i].objects || (v[i].dav && !v[i].scheduling);
	}
	*users = PLAN_JOBS;
	if (dav || objects)
		*users = getenv("FAULT_ALL") ? DAV_USERS
			 : cyrus	     ? CYRUS_USERS_THINNED
					     : DAV_USERS_THINNED;
	return bytes_format("--users %u%s%s%s%s",
			    dav || objects ? *users : *users + SECOND_USERS,
			    radicale || cyrus ? " --with " : "",
			    radicale ? "radicale" : "",
			    radicale && cyrus ? "," : "",
			    cyrus ? "cyrus" : "");
}
