/* What setup writes: a user file, or one more source in it, and the file of
 * its password. A power cut leaves each as it was or as it is to be; a
 * password without a user file is nobody's, and written anew next time. */
#include "gateway/cli/setup_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- texts -----------------------------------------------------------------*/

/* Beside the user file; "" if it is not to be kept. */
static const char *
secret_line(const struct plan *p)
{
	return p->keep ? arena_printf(p->a, "password-file = %s.secret\n",
				      p->address) : "";
}

/* How it logs in: tokens, a password's file, or as the phone does. */
static const char *
login_lines(const struct plan *p)
{
	return p->oauth ? arena_printf(p->a, "auth = oauth\noauth = %s\n",
				       p->client)
			: secret_line(p);
}

/* "[mail]", or the further one of somebody. */
static const char *
title(const struct plan *p, const char *kind)
{
	return p->to == NULL ? arena_printf(p->a, "\n[%s]\n", kind)
			     : arena_printf(p->a, "\n[%s %s%s]\n", kind,
					    p->section,
					    strcmp(kind, "dav") == 0
						    ? "-dav" : "");
}

static void
put_common(struct buf *b, const struct plan *p)
{
	const struct found *f = &p->found;

	buf_printf(b, "username = %s\n",
		   f->username != NULL ? f->username : p->address);
	if (p->ca_file != NULL)
		buf_printf(b, "ca-file = %s\n", p->ca_file);
	buf_str(b, login_lines(p));
}

static void
put_mail(struct buf *b, const struct plan *p)
{
	const struct found *f = &p->found;

	buf_printf(b, "%simap = %s\nsmtp = %s\n", title(p, "mail"), f->imap,
		   f->smtp);
	if (p->to != NULL)
		buf_printf(b, "email = %s\n", p->address);
	put_common(b, p);
}

static void
put_dav(struct buf *b, const struct plan *p)
{
	const struct found *f = &p->found;

	buf_str(b, title(p, "dav"));
	if (f->contacts != NULL)
		buf_printf(b, "contacts = %s\n", f->contacts);
	if (f->calendars != NULL)
		buf_printf(b, "calendars = %s\n", f->calendars);
	if (f->dav != NULL)
		buf_printf(b, "url = %s\n", f->dav);
	put_common(b, p);
}

/* At the top it brings contacts and calendars along, which share the
 * password of [mail]. */
static void
put_provider(struct buf *b, const struct plan *p)
{
	const char *name = p->found.preset->name;
	const char *login = login_lines(p);

	if (!p->dav)
		buf_printf(b, "\n[mail]\nprovider = %s\n%s", name, login);
	else
		buf_printf(b, "provider = %s\n%s%s", name,
			   login[0] ? "\n[mail]\n" : "", login);
}

static void
put_provider_sections(struct buf *b, const struct plan *p)
{
	const char *name = p->found.preset->name;
	bool dav_oauth = preset_wants_oauth(p->found.preset);

	buf_printf(b, "%sprovider = %s\nemail = %s\nusername = %s\n%s",
		   title(p, "mail"), name, p->address, p->address,
		   login_lines(p));
	if (p->dav)
		buf_printf(b, "%sprovider = %s\nusername = %s\n%s",
			   title(p, "dav"), name, p->address,
			   dav_oauth ? "" : secret_line(p));
}

static void
put_user(struct buf *b, const struct plan *p, const char *name)
{
	buf_printf(b, "# Made by easbridge setup; see easbridge help-config."
		   "\nlogin = %s\n", p->address);
	if (name[0] != '\0')
		buf_printf(b, "name = %s\n", name);
	buf_printf(b, "email = %s\n", p->address);
	if (p->found.preset != NULL)
		put_provider(b, p);
	else
		put_mail(b, p);
	if (p->found.preset == NULL && p->dav)
		put_dav(b, p);
	buf_str(b, p->oauth || p->keep
			   ? "\n# Phones log in by passwords of their own: "
			     "easbridge password add.\n"
			   : "\n# The phone's password goes to these "
			     "servers. To give each phone one of\n# its own, "
			     "write password-file = FILE into the sections "
			     "and see\n# easbridge help password add.\n");
}

/* What stands in the user's file by now; false with a complaint. */
static bool
put_present(struct buf *b, const struct plan *p)
{
	FILE *f = fopen(p->path, "re");
	char piece[4096];
	size_t n;

	if (f == NULL) {
		cli_fail(CLI_FAILED, "%s: %s", p->path, strerror(errno));
		return false;
	}
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(b, piece, n);
	fclose(f);
	if (b->n > 0 && b->p[b->n - 1] != '\n')
		buf_byte(b, '\n');
	return true;
}

const char *
setup_text(struct plan *p, const char *name)
{
	struct buf b = BUF_INIT(1024 * 1024);
	const char *out = NULL;
	bool ok = true;

	if (p->to == NULL)
		put_user(&b, p, name);
	else
		ok = put_present(&b, p);
	if (ok && p->to != NULL && p->found.preset != NULL)
		put_provider_sections(&b, p);
	else if (ok && p->to != NULL) {
		put_mail(&b, p);
		if (p->dav)
			put_dav(&b, p);
	}
	if (ok)
		out = arena_str(p->a, buf_view(&b));
	buf_free(&b);
	return out;
}

/* ---- files -----------------------------------------------------------------*/

static const char *
folder_of(const struct plan *p)
{
	const char *slash = strrchr(p->path, '/');

	return slash == NULL ? "." : slash == p->path ? "/" :
	       arena_str(p->a, span_from(p->path, (size_t)(slash - p->path)));
}

const char *
setup_secret_path(const struct plan *p)
{
	return arena_printf(p->a, "%s/%s.secret", folder_of(p), p->address);
}

/* root's command, the daemon's file. One that is extended stays whose it
 * is. */
static bool
hand_over(const struct plan *p, int fd, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return fchmod(fd, st.st_mode & 07777) == 0 &&
		       (geteuid() != 0 ||
			fchown(fd, st.st_uid, st.st_gid) == 0);
	return geteuid() != 0 || stat(p->conf->state, &st) != 0 ||
	       fchown(fd, st.st_uid, st.st_gid) == 0;
}

static bool
write_new(const struct plan *p, const char *temp, const char *path,
	  const char *text)
{
	size_t n = strlen(text);
	int fd;
	bool ok;

	unlink(temp);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	ok = write(fd, text, n) == (ssize_t)n && hand_over(p, fd, path) &&
	     fsync(fd) == 0;
	return close(fd) == 0 && ok;
}

static bool
sync_folder(const struct plan *p)
{
	int fd = open(folder_of(p), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Names that begin with a dot are read by nobody. */
static int
write_file(const struct plan *p, const char *path, const char *text,
	   bool replace)
{
	const char *slash = strrchr(path, '/');
	const char *temp = arena_printf(p->a, "%s/.%s.new", folder_of(p),
					slash != NULL ? slash + 1 : path);
	bool ok = write_new(p, temp, path, text) &&
		  (replace ? rename(temp, path)
			   : renameat2(AT_FDCWD, temp, AT_FDCWD, path,
				       RENAME_NOREPLACE)) == 0 &&
		  sync_folder(p);
	int why = errno;

	if (ok)
		return CLI_OK;
	unlink(temp);
	return cli_fail(CLI_FAILED, "%s: %s", path, strerror(why));
}

int
setup_write(struct plan *p, const char *name)
{
	const char *secret = setup_secret_path(p);
	const char *text = setup_text(p, name);
	int rc = text != NULL ? CLI_OK : CLI_FAILED;

	if (rc == CLI_OK && p->keep)
		rc = write_file(p, secret,
				arena_printf(p->a, "%s\n", p->password),
				true);
	if (rc != CLI_OK)
		return rc;
	rc = write_file(p, p->path, text, p->to != NULL);
	if (rc != CLI_OK && p->keep)
		unlink(secret);
	if (rc == CLI_OK)
		printf("wrote %s%s%s\n", p->path, p->keep ? " and " : "",
		       p->keep ? secret : "");
	return rc;
}
