/* Passwords from files and commands. */
#include "gateway/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define COMMAND_MS 10000

static bool
fail(struct err *e, const char *what, const char *why)
{
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
		       "password from %s: %s", what, why);
}

/* Reads until the end, the deadline or a full buffer; -1: deadline. */
static ssize_t
read_until(int fd, char *out, size_t size, int64_t deadline_ms)
{
	size_t n = 0;

	while (n < size) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = deadline_ms - clock_mono_ms();
		ssize_t got;

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return -1;
		got = read(fd, out + n, size - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

/* First line of fd as a C string. */
static bool
first_line(int fd, char *out, size_t size, const char *what, struct err *e)
{
	ssize_t n = read_until(fd, out, size - 1,
			       clock_mono_ms() + COMMAND_MS);

	if (n < 0)
		return fail(e, what, "took longer than 10 s");
	out[n] = '\0';
	if (memchr(out, '\n', (size_t)n) == NULL && (size_t)n == size - 1)
		return fail(e, what, "first line is too long");
	out[strcspn(out, "\r\n")] = '\0';
	return out[0] != '\0' || fail(e, what, "first line is empty");
}

static bool
from_file(const char *path, char *out, size_t size, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return fail(e, path, strerror(errno));
	ok = first_line(fd, out, size, path, e);
	close(fd);
	return ok;
}

static bool
spawn(const char *command, int out, pid_t *pid)
{
	char *argv[] = { (char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c",
			 (char *)(uintptr_t)command, NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none;
	int rc;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&at);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, out, 1);
	posix_spawnattr_setsigmask(&at, &none);
	posix_spawnattr_setpgroup(&at, 0);
	posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(pid, "/bin/sh", &fa, &at, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&at);
	return rc == 0;
}

static bool
from_command(const char *command, char *out, size_t size, struct err *e)
{
	int fd[2], status = 0;
	pid_t pid;
	bool ok;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return fail(e, "password-command", strerror(errno));
	ok = spawn(command, fd[1], &pid);
	close(fd[1]);
	if (!ok) {
		close(fd[0]);
		return fail(e, "password-command", "cannot start sh");
	}
	ok = first_line(fd[0], out, size, "password-command", e);
	close(fd[0]);
	if (!ok)
		kill(-pid, SIGKILL); /* a process group of ours */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ok && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		return fail(e, "password-command", "ended with an error");
	return ok;
}

bool
secret_get(const struct secret *s, char *out, size_t size, struct err *e)
{
	switch (s->kind) {
	case SECRET_FILE:
		return from_file(s->value, out, size, e);
	case SECRET_COMMAND:
		return from_command(s->value, out, size, e);
	case SECRET_PLAIN:
		if (strlen(s->value) >= size)
			return fail(e, "the user file", "too long");
		memcpy(out, s->value, strlen(s->value) + 1);
		return true;
	case SECRET_NONE:
		break;
	}
	return fail(e, "nowhere", "none is set");
}

bool
source_login(const struct user_conf *u, size_t i, const char *login,
	     const char *password, struct login *out, struct err *e)
{
	const char *user = u->sources[i].username;
	struct login l = { .user = "" };

	if (user == NULL)
		user = login;
	if (strlen(user) >= sizeof(l.user) ||
	    strlen(password) >= sizeof(l.password))
		return err_set(e, ERR_DENIED, SCOPE_ACCOUNT,
			       "login or password is too long");
	/* The phone's is one of the gateway's own (auth_passwords.h). */
	if (u->source_passwords[i].kind == SECRET_NONE && password[0] == '\0')
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "no password for source %s: add password-file "
			       "to its section in %s", u->sources[i].name,
			       u->file);
	memcpy(l.user, user, strlen(user) + 1);
	if (u->source_passwords[i].kind == SECRET_NONE)
		memcpy(l.password, password, strlen(password) + 1);
	else if (!secret_get(&u->source_passwords[i], l.password,
			     sizeof(l.password), e))
		return false;
	*out = l;
	explicit_bzero(&l, sizeof(l));
	return true;
}
