/* Start, signals, reload, stop. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "gateway/cli/cli.h"
#include "gateway/config/config.h"
#include "gateway/gateway.h"
#include "gateway/operate/alive.h"

/* systemd's readiness protocol is one datagram; no library for that. */
static void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (path == NULL || strlen(path) >= sizeof(sa.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(sa.sun_path, path, strlen(path));
	if (path[0] == '@')
		sa.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		   (struct sockaddr *)&sa,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			       strlen(path))) < 0)
		log_line(LOG_WARN, "notify", "text=\"systemd not reached\"");
	close(fd);
}

/* Every waiting phone is a socket. */
static void
raise_limits(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) != 0)
		return;
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) != 0)
		log_line(LOG_WARN, "limits", "files=%llu",
			 (unsigned long long)rl.rlim_cur);
}

/* Blocked before the first thread is made, so that all threads inherit it
 * and only sigwait sees them. */
static void
take_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* How many seconds systemd's watchdog may go without a word of us; 0: none
 * waits (sd_watchdog_enabled(3)). */
static unsigned long
watchdog_seconds(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (us == NULL ||
	    (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	return strtoul(us, NULL, 10) / 1000000;
}

/* The next signal; meanwhile, three times in each period, systemd hears that
 * we are well. Else it starts us again: what phones were told is on disk. */
static int
next_signal(const sigset_t *set, struct gateway *gw)
{
	unsigned long period = watchdog_seconds();
	struct timespec ts = { .tv_sec = (time_t)(period / 3),
			       .tv_nsec = period < 3 ? 300000000 : 0 };
	const char *wrong;
	int sig;

	if (period == 0)
		return sigwait(set, &sig) == 0 ? sig : -1;
	for (;;) {
		sig = sigtimedwait(set, NULL, &ts);
		if (sig > 0)
			return sig;
		if (errno != EAGAIN && errno != EINTR)
			return -1;
		wrong = gateway_alive(gw);
		if (wrong == NULL)
			notify("WATCHDOG=1");
		else
			log_line(LOG_ERROR, "not-well", "what=%s", wrong);
	}
}

static int
serve(const char *file)
{
	struct config *conf = config_load(file, NULL);
	struct err e = { .code = ERR_NONE };
	struct gateway *gw;
	sigset_t set;
	int sig;

	if (conf == NULL)
		return 2;
	raise_limits();
	/* One heap for each worker would keep, for good, what its largest
	 * answer ever took. */
	mallopt(M_ARENA_MAX, 2);
	take_signals(&set);
	fault_init();
	gw = gateway_start(conf, &e);
	config_put(&conf);
	if (gw == NULL) {
		log_line(LOG_ERROR, "start", "text=\"%s\"", e.text);
		return 1;
	}
	notify("READY=1");
	while ((sig = next_signal(&set, gw)) == SIGHUP)
		gateway_reload(gw, NULL);
	notify("STOPPING=1");
	log_line(LOG_INFO, "stopping", "signal=%d", sig);
	gateway_stop(&gw);
	log_line(LOG_INFO, "stopped", "%s", "");
	return 0;
}

int
main(int argc, char **argv)
{
	return cli_main(argc, argv, serve);
}
