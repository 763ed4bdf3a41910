/* Passwords from files, commands, systemd and sealed texts; logins. */
#include "gateway/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "gateway/oauth/oauth.h"

#define COMMAND_MS 10000
#define TOKEN_MS 25000 /* a renewal, waiting for others included */

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

/* The service has them, commands typed by hand do not. */
static bool
from_credential(const char *name, char *out, size_t size, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[1024];

	if (dir == NULL)
		return fail(e, name, "a credential of systemd, and this "
			    "process was not started by systemd with "
			    "LoadCredential");
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return from_file(path, out, size, e);
}

bool
seal_key_get(const struct seal_where *w, struct seal_key *out, struct err *e)
{
	char text[256];
	bool ok;

	if (w->file == NULL && w->credential == NULL)
		return fail(e, "a sealed setting", "there is no key: make one "
			    "(\"easbridge secret key\") and name it with "
			    "seal-key in [server]");
	ok = w->file != NULL
		     ? from_file(w->file, text, sizeof(text), e)
		     : from_credential(w->credential, text, sizeof(text), e);
	ok = ok && seal_key_read(span_of(text), out, e);
	explicit_bzero(text, sizeof(text));
	return ok;
}

static bool
from_sealed(const struct secret *s, char *out, size_t size, struct err *e)
{
	struct arena *a = arena_new();
	struct err why = { .code = ERR_NONE };
	struct span plain = SPAN_NONE;
	struct seal_key k;
	bool ok = seal_key_get(&s->key, &k, &why) &&
		  seal_open(a, &k, span_of(s->value), &plain, &why);

	if (ok && plain.n < size) {
		memcpy(out, plain.p, plain.n);
		out[plain.n] = '\0';
	} else if (ok) {
		ok = fail(&why, "a sealed setting", "too long");
	}
	if (plain.n > 0)
		explicit_bzero((char *)(uintptr_t)plain.p, plain.n);
	seal_key_wipe(&k);
	arena_free(&a);
	return ok || err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			     "sealed password: %s", why.text);
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
	case SECRET_CREDENTIAL:
		return from_credential(s->value, out, size, e);
	case SECRET_SEALED:
		return from_sealed(s, out, size, e);
	case SECRET_NONE:
		break;
	}
	return fail(e, "nowhere", "none is set");
}

bool
source_takes_typed(const struct user_conf *u, size_t i)
{
	return u->source_passwords[i].kind == SECRET_NONE &&
	       u->oauth[i] == NULL;
}

static bool
fill_login(const struct user_conf *u, size_t i, const char *password,
	   struct login *l, struct err *e)
{
	if (u->oauth[i] != NULL)
		return oauth_login(u->oauth[i], clock_mono_ms() + TOKEN_MS, l,
				   e);
	if (!source_takes_typed(u, i)) {
		l->kind = LOGIN_KEPT;
		return secret_get(&u->source_passwords[i], l->password,
				  sizeof(l->password), e);
	}
	/* The phone's is one of the gateway's own (auth_passwords.h). */
	if (password[0] == '\0')
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "no password for source %s: add password-file "
			       "to its section in %s", u->sources[i].name,
			       u->file);
	l->kind = LOGIN_TYPED;
	memcpy(l->password, password, strlen(password) + 1);
	return true;
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
	memcpy(l.user, user, strlen(user) + 1);
	if (!fill_login(u, i, password, &l, e))
		return false;
	*out = l;
	explicit_bzero(&l, sizeof(l));
	return true;
}
