/* The file: a line for each password, login TAB name TAB time TAB id TAB
 * hash. It is written anew and renamed, under a lock on its folder. */
#include "gateway/http/auth_passwords.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/utf8.h"

#define FILE_MAX (16u << 20)
#define LETTERS 20
#define ID_LETTERS 4
/* OWASP's least for Argon2id; the password itself has 80 secret bits. */
#define OPS 2
#define MEMORY (19u << 20)

static const char alphabet[33] = "abcdefghijkmnpqrstuvwxyz23456789";

/* ---- reading ---------------------------------------------------------------*/

static bool
fail(struct err *e, const char *file, const char *what)
{
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s: %s: %s", file,
		       what, strerror(errno));
}

static bool
load(const char *file, struct buf *out, struct err *e)
{
	FILE *f = fopen(file, "re");
	char piece[4096];
	size_t n;
	bool ok;

	if (f == NULL)
		return errno == ENOENT ||
		       fail(e, file, "cannot be opened");
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(out, piece, n);
	ok = !ferror(f) || fail(e, file, "cannot be read");
	fclose(f);
	return ok && buf_ok(out, e);
}

static bool
take_row(struct arena *a, struct span line, struct own_password *p)
{
	struct span f[5];
	uint64_t at;
	size_t i;

	for (i = 0; i < 5; i++) {
		f[i] = span_take_until(&line, '\t');
		if (f[i].n == 0)
			return false;
	}
	if (line.n > 0 || !span_u64(f[2], &at) || f[3].n != ID_LETTERS ||
	    f[4].n >= crypto_pwhash_STRBYTES)
		return false;
	p->login = arena_str(a, f[0]);
	p->name = arena_str(a, f[1]);
	p->created = (int64_t)at;
	p->id = arena_str(a, f[3]);
	p->hash = arena_str(a, f[4]);
	return true;
}

bool
own_passwords_read(const char *file, struct arena *a,
		   struct own_password **v_out, size_t *n_out, struct err *e)
{
	struct buf b = BUF_INIT(FILE_MAX);
	struct own_password *v = NULL;
	size_t n = 0, room = 0, line_no = 0;
	struct span rest;
	bool ok = load(file, &b, e);

	for (rest = buf_view(&b); ok && rest.n > 0;) {
		struct span line = span_take_until(&rest, '\n');

		line_no++;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		v = arena_grow(a, v, n, &room, sizeof(*v));
		ok = take_row(a, line, &v[n]) ||
		     err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			     "%s:%zu: not a line of ours: remove it, or put "
			     "the file back from a backup", file, line_no);
		n++;
	}
	buf_free(&b);
	if (!ok)
		return false;
	*v_out = v;
	*n_out = n;
	return true;
}

uint64_t
own_passwords_stamp(const char *file)
{
	struct stat st;
	uint64_t v[5];

	if (stat(file, &st) != 0)
		return 0;
	v[0] = (uint64_t)st.st_ino;
	v[1] = (uint64_t)st.st_size;
	v[2] = (uint64_t)st.st_mtim.tv_sec;
	v[3] = (uint64_t)st.st_mtim.tv_nsec;
	v[4] = (uint64_t)st.st_dev;
	return hash64(SPAN("passwords"), span_from(v, sizeof(v)));
}

/* ---- writing ---------------------------------------------------------------*/

static const char *
folder_of(struct arena *a, const char *file)
{
	const char *slash = strrchr(file, '/');

	if (slash == NULL)
		return ".";
	return slash == file ? "/" : arena_str(a, span_from(file,
						(size_t)(slash - file)));
}

/* The open folder, locked until it is closed; -1 with e set. */
static int
lock_folder(struct arena *a, const char *file, struct err *e)
{
	const char *dir = folder_of(a, file);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		fail(e, dir, "cannot be opened (has easbridge ever run?)");
		return -1;
	}
	if (flock(fd, LOCK_EX) == 0)
		return fd;
	fail(e, dir, "cannot be locked");
	close(fd);
	return -1;
}

static void
put_row(struct buf *b, const struct own_password *p)
{
	buf_printf(b, "%s\t%s\t%lld\t%s\t%s\n", p->login, p->name,
		   (long long)p->created, p->id, p->hash);
}

static bool
write_all(int fd, struct span s)
{
	ssize_t n;

	while (s.n > 0) {
		n = write(fd, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = span_from_at(s, (size_t)n);
	}
	return true;
}

/* root's commands and the daemon's account share the file. */
static bool
write_fresh(const char *path, const char *state, struct span text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
		      O_NOFOLLOW, 0600);
	struct stat st;
	bool ok;

	if (fd < 0)
		return false;
	ok = fchmod(fd, 0600) == 0 && write_all(fd, text);
	if (ok && geteuid() == 0 && stat(state, &st) == 0)
		ok = fchown(fd, st.st_uid, st.st_gid) == 0;
	ok = fsync(fd) == 0 && ok;
	return close(fd) == 0 && ok;
}

static bool
save(struct arena *a, const char *file, const char *state, int dir,
     const struct own_password *v, size_t n, struct err *e)
{
	const char *fresh = arena_printf(a, "%s.new", file);
	struct buf b = BUF_INIT(FILE_MAX);
	size_t i;
	bool ok;

	for (i = 0; i < n; i++)
		if (v[i].login != NULL)
			put_row(&b, &v[i]);
	ok = buf_ok(&b, e) &&
	     ((write_fresh(fresh, state, buf_view(&b)) &&
	       rename(fresh, file) == 0 && fsync(dir) == 0) ||
	      fail(e, file, "cannot be written"));
	buf_free(&b);
	return ok;
}

static bool
good_name(const char *name, struct err *e)
{
	const unsigned char *p = (const unsigned char *)name;
	size_t n = strlen(name);

	for (; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f || *p == '"' || *p == '\\')
			n = 0;
	if (n > 0 && n <= OWN_PASSWORD_NAME && utf8_valid(span_of(name)))
		return true;
	return err_set(e, ERR_INVALID, SCOPE_ITEM,
		       "a name has 1 to %d bytes, without quotation marks "
		       "and backslashes", OWN_PASSWORD_NAME);
}

static void
draw(char out[OWN_PASSWORD_ROOM])
{
	uint8_t r[LETTERS];
	size_t i, n = 0;

	random_bytes(r, sizeof(r));
	for (i = 0; i < LETTERS; i++) {
		if (i > 0 && i % 4 == 0)
			out[n++] = '-';
		out[n++] = alphabet[r[i] % 32];
	}
	out[n] = '\0';
	explicit_bzero(r, sizeof(r));
}

/* Letters alone, as they are hashed; false if it is not of our shape. People
 * type blanks for dashes or nothing, and phones write the first one large. */
static bool
letters_of(const char *password, char out[LETTERS + 1])
{
	size_t n = 0;

	for (; *password != '\0'; password++) {
		char c = *password;

		if (c == '-' || c == ' ')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (n == LETTERS || strchr(alphabet, c) == NULL)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n == LETTERS;
}

static bool
check_free(const struct own_password *v, size_t n, const char *login,
	   const char *name, struct err *e)
{
	size_t i, own = 0;

	for (i = 0; i < n; i++) {
		if (strcmp(v[i].login, login) != 0)
			continue;
		own++;
		if (strcmp(v[i].name, name) == 0)
			return err_set(e, ERR_EXISTS, SCOPE_ITEM,
				       "%s has a password \"%s\" already: "
				       "choose another name, or revoke it",
				       login, name);
	}
	return own < OWN_PASSWORDS_MAX ||
	       err_set(e, ERR_QUOTA, SCOPE_ITEM,
		       "%s has %zu passwords already: revoke some", login,
		       own);
}

/* Two rows with one id would hide the second. */
static bool
id_taken(const struct own_password *v, size_t n, const char *login,
	 const char *id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(v[i].login, login) == 0 &&
		    strcmp(v[i].id, id) == 0)
			return true;
	return false;
}

static bool
make_row(struct arena *a, const struct own_password *v, size_t n,
	 struct own_password *row, char out[OWN_PASSWORD_ROOM], struct err *e)
{
	char letters[LETTERS + 1];
	char *hash = arena_alloc(a, crypto_pwhash_STRBYTES);
	bool ok;

	do {
		draw(out);
		letters_of(out, letters);
		row->id = arena_str(a, span_from(letters, ID_LETTERS));
	} while (id_taken(v, n, row->login, row->id));
	ok = sodium_init() >= 0 &&
	     crypto_pwhash_str(hash, letters, LETTERS, OPS,
			       MEMORY) == 0;
	explicit_bzero(letters, sizeof(letters));
	row->hash = hash;
	row->created = clock_wall();
	return ok || err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			     "not enough memory for Argon2");
}

bool
own_password_add(const char *file, const char *state, const char *login,
		 const char *name, char out[OWN_PASSWORD_ROOM],
		 struct err *e)
{
	struct own_password *v = NULL, row = { .login = login, .name = name };
	struct arena *a = arena_new();
	size_t n = 0, room = 0;
	int dir = -1;
	bool ok = good_name(name, e) && (dir = lock_folder(a, file, e)) >= 0 &&
		  own_passwords_read(file, a, &v, &n, e) &&
		  check_free(v, n, login, name, e) &&
		  make_row(a, v, n, &row, out, e);

	if (ok) {
		room = n;
		v = arena_grow(a, v, n, &room, sizeof(*v));
		v[n++] = row;
		ok = save(a, file, state, dir, v, n, e);
	}
	if (dir >= 0)
		close(dir);
	arena_free(&a);
	return ok;
}

bool
own_password_revoke(const char *file, const char *state, const char *login,
		    const char *name, struct err *e)
{
	struct arena *a = arena_new();
	struct own_password *v = NULL;
	size_t n = 0, i;
	int dir = lock_folder(a, file, e);
	bool ok = dir >= 0 && own_passwords_read(file, a, &v, &n, e);

	for (i = 0; ok && i < n; i++)
		if (strcmp(v[i].login, login) == 0 &&
		    strcmp(v[i].name, name) == 0)
			break;
	if (ok && i == n)
		ok = err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
			     "%s has no password \"%s\": \"easbridge "
			     "password list %s\" shows them", login, name,
			     login);
	if (ok) {
		v[i].login = NULL;
		ok = save(a, file, state, dir, v, n, e);
	}
	if (dir >= 0)
		close(dir);
	arena_free(&a);
	return ok;
}

/* ---- checking --------------------------------------------------------------*/

bool
own_password_shape(const char *password)
{
	char letters[LETTERS + 1];
	size_t i, n = strlen(password);
	bool ok = n == LETTERS + LETTERS / 4 - 1 &&
		  letters_of(password, letters);

	for (i = 4; ok && i < n; i += 5)
		ok = password[i] == '-';
	explicit_bzero(letters, sizeof(letters));
	return ok;
}

/* One at a time: a crowd of guesses must not take the memory of many. */
static bool
hash_matches(const char *hash, const char *letters)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	bool ok;

	pthread_mutex_lock(&one);
	ok = sodium_init() >= 0 &&
	     crypto_pwhash_str_verify(hash, letters, LETTERS) == 0;
	pthread_mutex_unlock(&one);
	return ok;
}

bool
own_password_check(const char *file, const char *login, const char *password,
		   struct arena *a, const char **name_out, struct err *e)
{
	struct own_password *v = NULL;
	char letters[LETTERS + 1];
	size_t n = 0, i;
	bool ok = false;

	if (!letters_of(password, letters))
		return false;
	if (!own_passwords_read(file, a, &v, &n, e))
		n = 0;
	for (i = 0; i < n && !ok; i++) {
		if (strcmp(v[i].login, login) != 0 ||
		    memcmp(v[i].id, letters, ID_LETTERS) != 0)
			continue;
		ok = hash_matches(v[i].hash, letters);
		if (ok)
			*name_out = v[i].name;
	}
	explicit_bzero(letters, sizeof(letters));
	return ok;
}
