/* What scenarios are made of. */
#include <stdlib.h>
#include <string.h>

#include "tests/fault/helper_dav.h"

bool
run_is_synced(const struct run *r, const struct phone_folder *f)
{
	if (r->objects)
		return dav_kind(f) != NULL;
	return (f->type >= 1 && f->type <= 6) || f->type == 12;
}

static void
demand(const struct answer *a, const char *path, const char *want)
{
	const char *have = answer_text(a, path);
	char *show;

	if (have && !strcmp(have, want))
		return;
	show = answer_show(a);
	run_failf("%s is %s, not %s, in\n%s", path, have ? have : "(absent)",
		  want, show);
}

void
run_sync_all(struct run *r)
{
	struct phone_folder *f;

	demand(phone_folder_sync(r->p), "/FolderSync/Status", "1");
	for (f = r->p->folders; f; f = f->next)
		if (run_is_synced(r, f))
			phone_sync_all(r->p, f);
}

void
run_set_up(struct run *r)
{
	phone_set_up(r->p);
	run_sync_all(r);
}

static void
fill(struct imap *c, const char *mailbox, const char *subject, int n)
{
	char *name, *mail;
	int i;

	for (i = 1; i <= (n ? n : 1); i++) {
		name = n ? bytes_format("%s %d", subject, i) : strdup(subject);
		mail = mail_plain(name, "Just a few words.");
		imap_append(c, mailbox, NULL, NULL, mail, strlen(mail));
		free(mail);
		free(name);
	}
}

void
run_fill(struct run *r, const char *mailbox, const char *subject, int n)
{
	fill(r->c, mailbox, subject, n);
}

void
run_fill_second(struct run *r, const char *mailbox, const char *subject, int n)
{
	fill(r->c2, mailbox, subject, n);
}

struct phone_folder *
run_second_inbox(struct run *r)
{
	struct phone_folder *top = phone_need_name(r->p, SECOND), *f;

	for (f = r->p->folders; f; f = f->next)
		if (!strcmp(f->parent, top->id) && !strcmp(f->name, "INBOX"))
			return f;
	run_failf("no inbox below the second mailbox");
}

void
run_restart(struct run *r)
{
	harness_kill(&r->h);
	if (harness_start(&r->h))
		return;
	r->kill_armed = false; /* the point lay in the start */
	if (!harness_start(&r->h))
		run_failf("the daemon does not start");
}

void
run_commands(struct run *r, struct phone_folder *f, const char *fmt, ...)
{
	struct bytes b = { 0 };
	struct sync_result s;
	va_list ap;

	va_start(ap, fmt);
	bytes_vprintf(&b, fmt, ap);
	va_end(ap);
	s = phone_sync(r->p, f, b.p);
	if (s.root != 1 || s.status != 1 || s.failed || s.unknown)
		run_failf("Sync of %s: root %d, Status %d, %u refused, %u "
			  "unknown, in\n%s",
			  f->name, s.root, s.status, s.failed, s.unknown,
			  answer_show(s.a));
	bytes_free(&b);
}

const char *
run_item(struct run *r, struct phone_folder *f, const char *subject)
{
	struct phone_item *it = folder_subject(f, subject);

	(void)r;
	if (!it)
		run_failf("no '%s' on the phone in %s", subject, f->name);
	return it->id;
}

unsigned
run_uid(struct run *r, const char *mailbox, const char *subject)
{
	unsigned uid = imap_uid(r->c, mailbox, subject);

	if (!uid)
		run_failf("'%s' is not once in %s", subject, mailbox);
	return uid;
}

char *
run_letter(struct run *r, const char *subject)
{
	char *lf = bytes_format("From: <%s>\nTo: Dora <%s>\nSubject: %s\n"
				"MIME-Version: 1.0\nContent-Type: text/plain; "
				"charset=utf-8\n\nFrom the phone.\n",
				r->h.users[0].email, r->to, subject);
	char *mail = crlf(lf);

	free(lf);
	return mail;
}
