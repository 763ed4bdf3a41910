#include "gateway/oauth/oauth_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"

#define FILE_MAX (64 * 1024)
#define ROOM (32 * 1024) /* two tokens of 4 KB, sealed, and the rest */

struct oauth_tokens *
oauth_tokens_new(void)
{
	return xcalloc(1, sizeof(struct oauth_tokens));
}

void
oauth_tokens_free(struct oauth_tokens **t)
{
	if (*t == NULL)
		return;
	explicit_bzero(*t, sizeof(**t));
	free(*t);
	*t = NULL;
}

static bool
fail(struct err *e, const char *path, const char *why)
{
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
		       "tokens: %s: %s", path, why);
}

/* ---- the folder ------------------------------------------------------------*/

static const char *
folder_of(const struct oauth_conf *o, struct arena *a)
{
	return arena_str(a, span_from(o->file, (size_t)(strrchr(o->file, '/') -
							o->file)));
}

static const char *
new_name(const struct oauth_conf *o, struct arena *a)
{
	return arena_printf(a, "%s.new", o->file);
}

/* root's command, the daemon's file: it belongs to whom the state does. */
static bool
hand_over(int fd, const struct oauth_conf *o, struct arena *a)
{
	const char *dir = folder_of(o, a);
	struct stat st;
	const char *state = arena_str(a, span_from(dir,
				(size_t)(strrchr(dir, '/') - dir)));

	return geteuid() != 0 || stat(state, &st) != 0 ||
	       fchown(fd, st.st_uid, st.st_gid) == 0;
}

static bool
sync_folder(const struct oauth_conf *o, struct arena *a)
{
	int fd = open(folder_of(o, a), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool
make_folder(const struct oauth_conf *o, struct arena *a, struct err *e)
{
	const char *dir = folder_of(o, a);
	int fd;
	bool ok;

	if (mkdir(dir, 0700) != 0)
		return errno == EEXIST || fail(e, dir, strerror(errno));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd >= 0 && hand_over(fd, o, a);
	if (fd >= 0)
		close(fd);
	return ok || fail(e, dir, strerror(errno));
}

/* ---- the lock --------------------------------------------------------------*/

static int
open_own(const struct oauth_conf *o, const char *path, int flags,
	 struct arena *a)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags,
		      0600);

	if (fd >= 0 && !hand_over(fd, o, a)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
wait_lock(int fd, int64_t deadline_ms)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000000 };

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) ||
		    clock_mono_ms() > deadline_ms)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

int
oauth_file_lock(const struct oauth_conf *o, int64_t deadline_ms,
		struct err *e)
{
	struct arena *a = arena_new();
	const char *path;
	int fd = -1;

	if (o->file == NULL) {
		err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			"tokens: no state folder is known");
	} else if (make_folder(o, a, e)) {
		path = arena_printf(a, "%s.lock", o->file);
		fd = open_own(o, path, 0, a);
		if (fd < 0) {
			fail(e, path, strerror(errno));
		} else if (!wait_lock(fd, deadline_ms)) {
			close(fd);
			fd = -1;
			fail(e, path, "somebody else is renewing them");
		}
	}
	arena_free(&a);
	return fd;
}

/* ---- reading ---------------------------------------------------------------*/

static void
take_text(const json_t *o, const char *key, char *out, size_t room)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (s != NULL && strlen(s) < room)
		memcpy(out, s, strlen(s) + 1);
}

static int64_t
take_number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static bool
is_text(const json_t *o, const char *key, const char *want)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL && strcmp(s, want) == 0;
}

static bool
take_doc(const struct oauth_conf *o, const json_t *doc,
	 struct oauth_tokens *t)
{
	if (!is_text(doc, "user", o->user) ||
	    !is_text(doc, "provider", o->client.name))
		return false;
	take_text(doc, "account", t->account, sizeof(t->account));
	take_text(doc, "access", t->access, sizeof(t->access));
	take_text(doc, "refresh", t->refresh, sizeof(t->refresh));
	take_text(doc, "scope", t->scope, sizeof(t->scope));
	take_text(doc, "trouble", t->trouble, sizeof(t->trouble));
	t->signed_in = take_number(doc, "signed-in");
	t->obtained = take_number(doc, "obtained");
	t->expires = take_number(doc, "expires");
	t->sign_in_ends = take_number(doc, "sign-in-ends");
	t->clock_off = take_number(doc, "clock-off");
	t->trouble_at = take_number(doc, "trouble-at");
	t->retry_at = take_number(doc, "retry-at");
	t->failures = (unsigned)take_number(doc, "failures");
	t->dead = json_is_true(json_object_get(doc, "dead"));
	t->refused = json_is_true(json_object_get(doc, "refused"));
	t->unsure = json_is_true(json_object_get(doc, "unsure"));
	return t->access[0] != '\0' || t->refresh[0] != '\0';
}

static bool
unseal(const struct oauth_conf *o, struct arena *a, struct span *text,
       struct err *e)
{
	struct seal_key k;
	bool ok;

	if (!seal_is(*text))
		return true;
	ok = seal_key_get(&o->key, &k, e) &&
	     seal_open(a, &k, *text, text, e);
	seal_key_wipe(&k);
	return ok;
}

/* False without e: no such file, or nothing in it. */
static bool
read_text(const char *path, struct arena *a, struct span *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *p;
	ssize_t n;

	if (fd < 0)
		return errno != ENOENT && fail(e, path, strerror(errno));
	p = arena_alloc(a, FILE_MAX);
	n = read(fd, p, FILE_MAX);
	close(fd);
	if (n < 0)
		return fail(e, path, strerror(errno));
	*out = span_trim(span_from(p, (size_t)n));
	return out->n > 0 && out->p[0] != '\0';
}

/* False without e: as read_text. */
static bool
read_tokens(const struct oauth_conf *o, const char *path,
	    struct oauth_tokens *out, struct err *e)
{
	struct arena *a = arena_new();
	struct span text = SPAN_NONE;
	json_t *doc = NULL;
	bool ok = false;

	if (read_text(path, a, &text, e) && unseal(o, a, &text, e)) {
		doc = json_loadb(text.p, text.n, 0, NULL);
		memset(out, 0, sizeof(*out));
		ok = doc != NULL && take_doc(o, doc, out);
		if (!ok)
			err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
				"tokens: %s is damaged, or another user's: "
				"sign in again", path);
	}
	if (text.n > 0)
		explicit_bzero((char *)(uintptr_t)text.p, text.n);
	json_decref(doc);
	arena_free(&a);
	return ok;
}

bool
oauth_file_read(const struct oauth_conf *o, struct oauth_tokens *out,
		bool *missing, struct err *e)
{
	struct err why = { .code = ERR_NONE };

	*missing = o->file == NULL;
	if (*missing || read_tokens(o, o->file, out, &why))
		return !*missing;
	*missing = why.code == ERR_NONE;
	return *missing ? false : err_set(e, why.code, why.scope, "%s",
					  why.text);
}

bool
oauth_file_recover(const struct oauth_conf *o, struct oauth_tokens *out,
		   bool *missing, struct err *e)
{
	struct oauth_tokens *half = oauth_tokens_new();
	struct arena *a = arena_new();
	struct err why = { .code = ERR_NONE };
	bool left = access(new_name(o, a), F_OK) == 0, ok;

	if (left && read_tokens(o, new_name(o, a), half, &why)) {
		if (rename(new_name(o, a), o->file) == 0)
			sync_folder(o, a);
		left = false;
	}
	ok = oauth_file_read(o, out, missing, e);
	if (ok && left)
		out->unsure = true;
	oauth_tokens_free(&half);
	arena_free(&a);
	return ok;
}

/* ---- writing ---------------------------------------------------------------*/

static json_t *
doc_of(const struct oauth_conf *o, const struct oauth_tokens *t)
{
	return json_pack(
		"{si ss ss ss ss ss ss sI sI sI sI sI ss sI sI si sb sb sb}",
		"version", 1, "user", o->user, "provider", o->client.name,
		"account", t->account, "access", t->access, "refresh",
		t->refresh, "scope", t->scope, "signed-in",
		(json_int_t)t->signed_in, "obtained", (json_int_t)t->obtained,
		"expires", (json_int_t)t->expires, "sign-in-ends",
		(json_int_t)t->sign_in_ends, "clock-off",
		(json_int_t)t->clock_off, "trouble", t->trouble, "trouble-at",
		(json_int_t)t->trouble_at, "retry-at",
		(json_int_t)t->retry_at, "failures", (int)t->failures, "dead",
		(int)t->dead, "refused", (int)t->refused, "unsure",
		(int)t->unsure);
}

/* NULL with e if it cannot be sealed. */
static const char *
text_of(const struct oauth_conf *o, const struct oauth_tokens *t,
	struct arena *a, struct err *e)
{
	json_t *doc = doc_of(o, t);
	char *s = doc != NULL ? json_dumps(doc, JSON_INDENT(1)) : NULL;
	const char *out = NULL;
	struct seal_key k;

	json_decref(doc);
	if (s == NULL) {
		err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
			"tokens: what the provider gave is no UTF-8");
		return NULL;
	}
	if (o->key.file == NULL && o->key.credential == NULL)
		out = arena_printf(a, "%s\n", s);
	else if (seal_key_get(&o->key, &k, e))
		out = arena_printf(a, "%s\n", seal_put(a, &k, span_of(s)));
	seal_key_wipe(&k);
	explicit_bzero(s, strlen(s));
	free(s);
	return out;
}

static bool
write_all(int fd, const char *s)
{
	size_t n = strlen(s);

	return pwrite(fd, s, n, 0) == (ssize_t)n &&
	       ftruncate(fd, (off_t)n) == 0 && fsync(fd) == 0;
}

bool
oauth_file_reserve(const struct oauth_conf *o, struct err *e)
{
	struct arena *a = arena_new();
	const char *path = new_name(o, a);
	int fd = open_own(o, path, O_TRUNC, a), rc = errno;
	bool ok = fd >= 0;

	if (ok) {
		rc = posix_fallocate(fd, 0, ROOM);
		ok = rc == 0 && fsync(fd) == 0 && sync_folder(o, a);
		close(fd);
	}
	if (!ok) {
		fail(e, path, strerror(rc));
		unlink(path);
	}
	arena_free(&a);
	return ok;
}

void
oauth_file_unreserve(const struct oauth_conf *o)
{
	struct arena *a = arena_new();

	unlink(new_name(o, a));
	arena_free(&a);
}

bool
oauth_file_write(const struct oauth_conf *o, const struct oauth_tokens *t,
		 struct err *e)
{
	struct arena *a = arena_new();
	const char *path = new_name(o, a), *text = text_of(o, t, a, e);
	int fd = text != NULL ? open_own(o, path, 0, a) : -1;
	bool ok = fd >= 0;

	if (ok) {
		ok = write_all(fd, text);
		ok = close(fd) == 0 && ok;
		ok = ok && fault_here("oauth.written", e) &&
		     rename(path, o->file) == 0 && sync_folder(o, a) &&
		     fault_here("oauth.renamed", e);
	}
	if (!ok && text != NULL)
		fail(e, path, strerror(errno));
	if (text != NULL)
		explicit_bzero((char *)(uintptr_t)text, strlen(text));
	arena_free(&a);
	return ok;
}

bool
oauth_file_remove(const struct oauth_conf *o, struct err *e)
{
	struct arena *a = arena_new();
	bool ok = (unlink(o->file) == 0 || errno == ENOENT) &&
		  (unlink(new_name(o, a)) == 0 || errno == ENOENT) &&
		  sync_folder(o, a);

	if (!ok)
		fail(e, o->file, strerror(errno));
	arena_free(&a);
	return ok;
}
