#include "base/fault.h"

#ifdef FAULT_POINTS

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum { OFF, COUNT, FAIL, KILL } mode;
static unsigned long at, passed;
static const char *prefix = "";
static int count_fd = -1;

void
fault_init(void)
{
	const char *s = getenv("EASBRIDGE_FAULT");
	char *end;

	if (s == NULL)
		return;
	if (strncmp(s, "count:", 6) == 0) {
		count_fd = open(s + 6, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
				0600);
		mode = COUNT;
		return;
	}
	mode = strncmp(s, "fail:", 5) == 0   ? FAIL
	       : strncmp(s, "kill:", 5) == 0 ? KILL
					     : OFF;
	if (mode == OFF)
		return;
	at = strtoul(s + 5, &end, 10);
	if (*end == ':')
		prefix = end + 1;
}

static bool
is_the_one(const char *name)
{
	bool hit;

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return false;
	pthread_mutex_lock(&lock);
	hit = ++passed == at;
	pthread_mutex_unlock(&lock);
	return hit;
}

bool
fault_here(const char *name, struct err *e)
{
	if (mode == OFF)
		return true;
	if (mode == COUNT) {
		char line[128];
		int n = snprintf(line, sizeof(line), "%s\n", name);

		(void)!write(count_fd, line, (size_t)n);
		return true;
	}
	if (!is_the_one(name))
		return true;
	if (mode == KILL)
		raise(SIGKILL);
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "fault at %s", name);
}

#else
typedef int fault_points_are_off;
#endif
