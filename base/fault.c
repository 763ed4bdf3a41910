#include "base/fault.h"

#ifdef FAULT_POINTS

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fault_page own, *page = &own;
static int count_fd = -1;

static void
use_page(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *p = MAP_FAILED;

	if (fd >= 0)
		p = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
			 MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		perror(path);
		exit(1);
	}
	close(fd);
	page = p;
}

void
fault_init(void)
{
	const char *s = getenv("EASBRIDGE_FAULT");
	char *end;

	if (s == NULL)
		return;
	if (strncmp(s, "page:", 5) == 0) {
		use_page(s + 5);
		return;
	}
	if (strncmp(s, "count:", 6) == 0) {
		count_fd = open(
			s + 6, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		own.mode = FAULT_COUNT;
		return;
	}
	own.mode = strncmp(s, "fail:", 5) == 0   ? FAULT_FAIL
		   : strncmp(s, "kill:", 5) == 0 ? FAULT_KILL
						 : FAULT_OFF;
	if (own.mode == FAULT_OFF)
		return;
	own.at = (uint32_t)strtoul(s + 5, &end, 10);
	if (*end == ':')
		snprintf(own.prefix, sizeof(own.prefix), "%s", end + 1);
}

/* Notes the point; true if it is the one. */
static bool
pass(const char *name, uint32_t mode)
{
	bool hit = false;
	uint32_t n;

	pthread_mutex_lock(&lock);
	if (strncmp(name, page->prefix, strlen(page->prefix)) == 0) {
		n = page->passed++;
		if (n < FAULT_ROOM)
			snprintf(page->names[n], FAULT_NAME, "%s", name);
		hit = mode != FAULT_COUNT && !page->hit && n + 1 == page->at;
		if (hit)
			page->hit = 1;
	}
	pthread_mutex_unlock(&lock);
	return hit;
}

bool
fault_here(const char *name, struct err *e)
{
	uint32_t mode = __atomic_load_n(&page->mode, __ATOMIC_ACQUIRE);
	char line[128];
	int n;

	if (mode == FAULT_OFF)
		return true;
	if (count_fd >= 0) {
		n = snprintf(line, sizeof(line), "%s\n", name);
		(void)!write(count_fd, line, (size_t)n);
		return true;
	}
	if (!pass(name, mode))
		return true;
	if (mode == FAULT_KILL)
		raise(SIGKILL);
	if (mode == FAULT_STALL) {
		usleep(page->stall_ms * 1000);
		__atomic_store_n(&page->over, 1, __ATOMIC_RELEASE);
		return true;
	}
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "fault at %s", name);
}

#else
typedef int fault_points_are_off;
#endif
