#include "gateway/commands/profile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/codec.h"

#define PATH "/autodiscover/profile/"
#define END ".mobileconfig"
#define TEXT_MAX 65536

/* ---- the document ----------------------------------------------------------*/

static void
put_text(struct buf *b, struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '<':
			buf_str(b, "&lt;");
			break;
		case '>':
			buf_str(b, "&gt;");
			break;
		case '&':
			buf_str(b, "&amp;");
			break;
		default:
			if ((unsigned char)s.p[i] >= ' ')
				buf_byte(b, s.p[i]);
		}
}

static void
put_key(struct buf *b, const char *key, struct span value)
{
	buf_printf(b, "<key>%s</key><string>", key);
	put_text(b, value);
	buf_str(b, "</string>\n");
}

/* A UUID that is a function of user and purpose (RFC 9562, version 8). */
static void
put_uuid(struct buf *b, const char *purpose, const char *login)
{
	uint8_t h[16];
	char text[40];

	hash128(span_of(purpose), span_of(login), h);
	h[6] = (uint8_t)((h[6] & 0x0f) | 0x80);
	h[8] = (uint8_t)((h[8] & 0x3f) | 0x80);
	snprintf(text, sizeof(text), "%02X%02X%02X%02X-%02X%02X-%02X%02X-"
		 "%02X%02X-%02X%02X%02X%02X%02X%02X", h[0], h[1], h[2], h[3],
		 h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12],
		 h[13], h[14], h[15]);
	put_key(b, "PayloadUUID", span_of(text));
}

static void
put_head(struct buf *b, const char *type, const char *login)
{
	char id[80];

	snprintf(id, sizeof(id), "org.easbridge.%016llx.%s",
		 (unsigned long long)hash64(SPAN("profile"), span_of(login)),
		 type);
	put_key(b, "PayloadType", span_of(type));
	put_key(b, "PayloadIdentifier", span_of(id));
	put_uuid(b, type, login);
	buf_str(b, "<key>PayloadVersion</key><integer>1</integer>\n");
}

void
profile_write(struct buf *b, const struct user_conf *u, const char *url)
{
	bool tls = strncmp(url, "https://", 8) == 0;
	struct span host = span_from_at(span_of(url), tls ? 8 : 7);

	while (host.n > 0 && host.p[host.n - 1] == '/')
		host.n--;
	buf_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		   "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		   "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
		   "<plist version=\"1.0\">\n<dict>\n"
		   "<key>PayloadContent</key>\n<array>\n<dict>\n");
	put_head(b, "com.apple.eas.account", u->logins[0]);
	put_key(b, "PayloadDisplayName", span_of(u->emails[0]));
	put_key(b, "Host", host);
	put_key(b, "UserName", span_of(u->logins[0]));
	put_key(b, "EmailAddress", span_of(u->emails[0]));
	buf_printf(b, "<key>SSL</key><%s/>\n</dict>\n</array>\n",
		   tls ? "true" : "false");
	put_head(b, "Configuration", u->logins[0]);
	put_key(b, "PayloadDisplayName", span_of(u->emails[0]));
	put_key(b, "PayloadDescription",
		SPAN("Mail, contacts and calendars"));
	buf_str(b, "<key>PayloadRemovalDisallowed</key><false/>\n"
		   "</dict>\n</plist>\n");
}

/* ---- for a day -------------------------------------------------------------*/

static bool
failed(struct err *e, const char *what)
{
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s: %s", what,
		       strerror(errno));
}

/* root's command, the daemon's file. */
static bool
give_to_owner(const char *state, int fd)
{
	struct stat st;

	return geteuid() != 0 || (stat(state, &st) == 0 &&
				  fchown(fd, st.st_uid, st.st_gid) == 0);
}

static int
open_folder(struct arena *a, const char *state, struct err *e)
{
	const char *dir = arena_printf(a, "%s/profiles", state);
	int fd;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		failed(e, dir);
		return -1;
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || !give_to_owner(state, fd))
		failed(e, dir);
	return fd;
}

/* What nobody fetched any more. */
static void
drop_old(int dir)
{
	DIR *d = fdopendir(dup(dir));
	const struct dirent *f;
	struct stat st;

	while (d != NULL && (f = readdir(d)) != NULL)
		if (f->d_name[0] != '.' &&
		    fstatat(dir, f->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    time(NULL) - st.st_mtime > PROFILE_HOURS * 3600)
			unlinkat(dir, f->d_name, 0);
	if (d != NULL)
		closedir(d);
}

bool
profile_publish(const char *state, struct span text,
		char token[PROFILE_TOKEN], struct err *e)
{
	struct arena *a = arena_new();
	int dir = open_folder(a, state, e), fd;
	uint8_t r[16];
	bool ok = false;

	if (dir >= 0)
		drop_old(dir);
	random_bytes(r, sizeof(r));
	snprintf(token, PROFILE_TOKEN, "%s",
		 arena_str(a, hex_encode(a, span_from(r, sizeof(r)))));
	fd = dir < 0 ? -1 : openat(dir, token, O_WRONLY | O_CREAT | O_EXCL |
				   O_CLOEXEC, 0600);
	if (fd >= 0) {
		ok = write(fd, text.p, text.n) == (ssize_t)text.n &&
		     give_to_owner(state, fd);
		ok = close(fd) == 0 && ok;
	}
	if (!ok)
		failed(e, "profiles");
	if (dir >= 0)
		close(dir);
	arena_free(&a);
	return ok;
}

static bool
token_of(const char *path, char token[PROFILE_TOKEN])
{
	size_t n = strlen(PATH);

	if (strncmp(path, PATH, n) != 0 ||
	    strspn(path + n, "0123456789abcdef") != PROFILE_TOKEN - 1 ||
	    strcmp(path + n + PROFILE_TOKEN - 1, END) != 0)
		return false;
	memcpy(token, path + n, PROFILE_TOKEN - 1);
	token[PROFILE_TOKEN - 1] = '\0';
	return true;
}

bool
profile_find(struct arena *a, const struct config *conf, const char *path,
	     struct span *out)
{
	char token[PROFILE_TOKEN], *text;
	const char *file;
	struct stat st;
	ssize_t n;
	int fd;

	if (!token_of(path, token))
		return false;
	file = arena_printf(a, "%s/profiles/%s", conf->state, token);
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) != 0 ||
	    time(NULL) - st.st_mtime > PROFILE_HOURS * 3600) {
		unlink(file);
		close(fd);
		return false;
	}
	text = arena_alloc(a, TEXT_MAX);
	n = read(fd, text, TEXT_MAX);
	close(fd);
	*out = span_from(text, n > 0 ? (size_t)n : 0);
	return n > 0;
}
