#include "tests/phone/tokens.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
tokens_write_user(struct harness *h)
{
	char *text = bytes_format(
		"login = user1@example.test\npassword = phone1\n"
		"email = user1@example.test\n"
		"[mail]\nimap = imap+insecure://%s:%d\n"
		"smtp = smtp+insecure://%s:%d\nauth = oauth\n"
		"[dav]\nurl = %s\nauth = oauth\npoll = 1\n"
		"[mail other]\nimap = imap+insecure://%s:%d\n"
		"smtp = smtp+insecure://%s:%d\nusername = user2\n"
		"password = pass2\nemail = user2@example.test\n",
		h->imap_host, h->imap_port, h->smtp_host, h->smtp_port,
		h->oauth_dav, h->imap_host, h->imap_port, h->smtp_host,
		h->smtp_port);

	cli_write(h, "users.d/user1.conf", text);
	free(text);
}

void
tokens_write_main(struct harness *h, const char *more)
{
	char *text = bytes_format(
		"[server]\nlisten = 127.0.0.1:0\nstate = state\n"
		"users = users.d\nlog-level = debug\n"
		"[oauth test]\nclient-id = easbridge-test\n"
		"authorize-url = %s/authorize\ntoken-url = %s/token\n"
		"revoke-url = %s/revoke\nscope = openid email\n"
		"mail-scope = mail\ndav-scope = contacts calendars\n%s",
		h->oauth, h->oauth, h->oauth, more);

	cli_write(h, "easbridge.conf", text);
	free(text);
}

void
tokens_up(struct harness *h, const char *name)
{
	harness_up(h, &(struct harness_options){
			      .name = name, .no_daemon = true,
			      .stack = "--with radicale,oauth" });
	snprintf(h->users[0].password, sizeof(h->users[0].password),
		 "phone1");
	tokens_write_main(h, "");
	tokens_write_user(h);
	if (!harness_start(h)) {
		fprintf(stderr, "%s: no daemon\n", name);
		exit(99);
	}
}

void
tokens_reset(struct harness *h)
{
	provider_do(h, "{\"do\": \"reset\"}", "");
}

void
tokens_sign_in(struct harness *h, const char *mode, struct bytes *out)
{
	if (cli_browse(h, out, mode, TOKENS_SIGN_IN) != 0)
		phone_failf("%s", out->p);
}

char *
tokens_file(struct harness *h)
{
	char *dir = bytes_format("%s/state/oauth", h->dir), *path = NULL;
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n;

	while (d && (e = readdir(d)) != NULL) {
		n = strlen(e->d_name);
		if (n < 6 || strcmp(e->d_name + n - 6, ".token") != 0)
			continue;
		if (path)
			phone_failf("more than one token file");
		path = bytes_format("%s/%s", dir, e->d_name);
	}
	if (d)
		closedir(d);
	free(dir);
	return path;
}

void
tokens_fill(struct harness *h, const char *subject)
{
	struct harness_user *u = &h->users[0];

	snprintf(u->password, sizeof(u->password), "pass1");
	imap_fill(h, 0, "INBOX", subject, 0, NULL);
	snprintf(u->password, sizeof(u->password), "phone1");
}

struct phone_folder *
tokens_other_inbox(struct phone *p)
{
	struct phone_folder *branch = phone_need_name(p, "other"), *f;

	for (f = p->folders; f != NULL; f = f->next)
		if (strcmp(f->parent, branch->id) == 0 &&
		    strcasecmp(f->name, "INBOX") == 0)
			return f;
	phone_failf("no inbox below \"other\"");
	return NULL;
}

struct phone_folder *
tokens_calendar(struct phone *p)
{
	struct phone_folder *f;

	for (f = p->folders; f != NULL; f = f->next)
		if (f->type == 8)
			return f;
	phone_failf("no calendar");
	return NULL;
}
