#include "gateway/config/switches.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define NAME "sources-off"
#define FILE_MAX (1024 * 1024)

static bool
load(const char *path, struct buf *out, struct err *e)
{
	FILE *f = fopen(path, "re");
	char piece[4096];
	size_t n;
	bool ok;

	if (f == NULL)
		return errno == ENOENT || errno == ENOTDIR ||
		       errno == EACCES || /* a command of somebody else's */
		       err_set(e, ERR_INVALID, SCOPE_ACCOUNT, "%s: %s", path,
			       strerror(errno));
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(out, piece, n);
	ok = (!ferror(f) && !out->full) ||
	     err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
		     "%s cannot be read, or is over 1 MB", path);
	fclose(f);
	return ok;
}

/* Both names may hold blanks. */
static void
take_lines(struct arena *a, struct span text, struct switches *out)
{
	size_t room = 0;

	while (text.n > 0) {
		struct span line = span_trim(span_take_until(&text, '\n'));
		struct span login = span_take_until(&line, '\t');

		if (login.n == 0 || login.p[0] == '#' || line.n == 0)
			continue;
		out->v = arena_grow(a, out->v, out->n, &room,
				    sizeof(*out->v));
		out->v[out->n++] = (struct switched){ arena_str(a, login),
						      arena_str(a, line) };
	}
}

bool
switches_read(struct arena *a, const char *state, struct switches *out,
	      struct err *e)
{
	struct buf b = BUF_INIT(FILE_MAX);
	bool ok = load(arena_printf(a, "%s/" NAME, state), &b, e);

	*out = (struct switches){ .v = NULL };
	if (ok)
		take_lines(a, arena_dup(a, buf_view(&b)), out);
	buf_free(&b);
	return ok;
}

bool
switches_off(const struct switches *s, const char *login, const char *source)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->v[i].login, login) == 0 &&
		    strcmp(s->v[i].source, source) == 0)
			return true;
	return false;
}

static bool
failed(const char *path, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s: %s", path,
		       strerror(errno));
}

/* Renamed into place: after a power cut it is the old one or the new. */
static bool
write_file(struct arena *a, const char *state, struct span text,
	   struct err *e)
{
	const char *path = arena_printf(a, "%s/" NAME, state);
	const char *fresh = arena_printf(a, "%s.new", path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int dir = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	ok = fd >= 0 && dir >= 0 &&
	     write(fd, text.p, text.n) == (ssize_t)text.n &&
	     fsync(fd) == 0 && rename(fresh, path) == 0 && fsync(dir) == 0;
	if (!ok)
		failed(path, e);
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	return ok;
}

bool
switches_set(const char *state, const char *login, const char *source,
	     bool off, struct err *e)
{
	struct arena *a = arena_new();
	struct buf b = BUF_INIT(FILE_MAX);
	struct switches s;
	size_t i;
	bool ok = switches_read(a, state, &s, e);

	buf_printf(&b, "# Written by \"easbridge source off\" and \"on\".\n");
	for (i = 0; ok && i < s.n; i++)
		if (strcmp(s.v[i].login, login) != 0 ||
		    strcmp(s.v[i].source, source) != 0)
			buf_printf(&b, "%s\t%s\n", s.v[i].login,
				   s.v[i].source);
	if (off)
		buf_printf(&b, "%s\t%s\n", login, source);
	ok = ok && buf_ok(&b, e) && write_file(a, state, buf_view(&b), e);
	buf_free(&b);
	arena_free(&a);
	return ok;
}
