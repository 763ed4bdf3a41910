/* Start, signals, reload, stop. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "gateway/cli/cli.h"
#include "gateway/config/config.h"
#include "gateway/gateway.h"

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

static int
serve(const char *file)
{
	struct config *conf = config_load(file, NULL);
	struct err e = { .code = ERR_NONE };
	struct gateway *gw;
	sigset_t set;
	int sig = 0;

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
	while (sigwait(&set, &sig) == 0 && sig == SIGHUP)
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
