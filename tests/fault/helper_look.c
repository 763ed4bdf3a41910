/* What is left after a run: mailbox, phone, state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/dump.h"
#include "tests/fault/helper_run.h"

#define NOTICE "It is not certain that this mail left"

struct lines {
	char **v;
	size_t n, room;
};

static void
lines_add(struct lines *l, char *line)
{
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->v = realloc(l->v, l->room * sizeof(*l->v));
		if (!l->v)
			abort();
	}
	l->v[l->n++] = line;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, one each line, appended to out; frees the lines. */
static void
lines_join(struct lines *l, struct bytes *out)
{
	size_t i;

	bytes_put(out, "", 0);
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_text);
	for (i = 0; i < l->n; i++) {
		bytes_printf(out, "%s\n", l->v[i]);
		free(l->v[i]);
	}
	free(l->v);
	memset(l, 0, sizeof(*l));
}

/* ---- the mailbox -------------------------------------------------------*/

/* "\Answered \Seen" in order, without \Recent, which belongs to the asker. */
static char *
sorted_flags(const char *fetch)
{
	const char *at = strstr(fetch, "FLAGS (");
	struct lines l = { 0 };
	struct bytes b = { 0 };
	size_t n, i;

	for (at = at ? at + 7 : ""; *at && *at != ')'; at += n) {
		at += strspn(at, " ");
		n = strcspn(at, " )");
		if (n && strncmp(at, "\\Recent", n) != 0)
			lines_add(&l, strndup(at, n));
	}
	lines_join(&l, &b);
	for (i = 0; i < b.n; i++)
		if (b.p[i] == '\n')
			b.p[i] = ' ';
	return b.p;
}

static char *
subject_of(const char *fetch)
{
	const char *at = strcasestr(fetch, "\nSubject: ");

	return at ? strndup(at + 10, strcspn(at + 10, "\r\n")) : strdup("?");
}

static void
look_mailbox(struct run *r, struct imap *c, const char *above,
	     const char *mailbox, struct lines *all, struct lines *common)
{
	bool folded = r->merged && *above && !strcmp(mailbox, "INBOX");
	char *flags, *subject, *name;
	const char *shown;
	size_t i;

	if (!imap_cmd(c, "EXAMINE \"%s\"", mailbox))
		return; /* \NoSelect */
	imap_cmd(c, "UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS "
		    "(SUBJECT)])");
	name = bytes_format("%s%s", above, mailbox);
	/* The phone has it as its inbox, once. */
	shown = folded ? mailbox : name;
	lines_add(all, bytes_format("box %s", name));
	if (!folded)
		lines_add(common, strdup(name));
	for (i = 0; i < c->n_lines; i++) {
		if (!strstr(c->lines[i].p, " FETCH ("))
			continue;
		flags = sorted_flags(c->lines[i].p);
		subject = subject_of(c->lines[i].p);
		r->doubt |= !strcmp(subject, NOTICE);
		lines_add(all,
			  bytes_format("box %s|%s|%s", name, subject, flags));
		lines_add(common,
			  bytes_format("%s|%s|%d%d", shown, subject,
				       strstr(flags, "\\Seen") != NULL,
				       strstr(flags, "\\Flagged") != NULL));
		free(flags);
		free(subject);
	}
	free(name);
}

/* "* LIST (\HasNoChildren) "/" Sent", the name perhaps in quotes. */
static char *
listed_name(const char *line)
{
	const char *at = strstr(line, "\"/\" ");
	char *name;

	if (strncmp(line, "* LIST", 6) != 0 || !at)
		return NULL;
	at += 4;
	name = strdup(*at == '"' ? at + 1 : at);
	if (*at == '"' && *name)
		name[strlen(name) - 1] = '\0';
	return name;
}

static void
look_mailboxes(struct run *r, struct imap *c, const char *above,
	       struct lines *all, struct lines *common)
{
	struct lines names = { 0 };
	char *name;
	size_t i;

	if (!imap_cmd(c, "LIST \"\" \"*\""))
		run_failf("LIST: %s", c->status);
	for (i = 0; i < c->n_lines; i++)
		if ((name = listed_name(c->lines[i].p)))
			lines_add(&names, name);
	for (i = 0; i < names.n; i++) {
		look_mailbox(r, c, above, names.v[i], all, common);
		free(names.v[i]);
	}
	free(names.v);
}

/* ---- the phone ---------------------------------------------------------*/

static char *
folder_path(struct phone *p, const struct phone_folder *f)
{
	const struct phone_folder *up = phone_folder_id(p, f->parent);
	char *above, *path;

	if (f->type == 2)
		return strdup("INBOX");
	if (!up)
		return strdup(f->name);
	above = folder_path(p, up);
	path = bytes_format("%s/%s", above, f->name);
	free(above);
	return path;
}

static const char *
text_or(const struct phone_item *it, const char *path, const char *otherwise)
{
	const char *s = item_text(it, path);

	return s ? s : otherwise;
}

static void
look_folder(const struct run *r, struct phone *p, const struct phone_folder *f,
	    struct lines *all, struct lines *common)
{
	char *path = folder_path(p, f);
	const struct phone_item *it;
	const char *subject, *flag;

	lines_add(all, bytes_format("phone %s type %d resets %u", path, f->type,
				    f->resets));
	lines_add(common, bytes_format("%s", path));
	for (it = f->items; it; it = it->next) {
		subject = text_or(it, "Subject", "?");
		flag = text_or(it, "Flag/Status", "0");
		lines_add(all,
			  bytes_format("phone %s|%s|read %s|flag %s|body %zu",
				       path, subject, text_or(it, "Read", "?"),
				       flag,
				       r->dav ? 0 /* it names the user */
					      : strlen(text_or(it, "Body/Data",
							       ""))));
		lines_add(common, bytes_format("%s|%s|%s%d", path, subject,
					       text_or(it, "Read", "?"),
					       !strcmp(flag, "2")));
	}
	free(path);
}

void
look(struct run *r, struct phone *p, struct bytes *out)
{
	struct lines all = { 0 }, box = { 0 }, own = { 0 }, unused = { 0 };
	struct bytes there = { 0 }, here = { 0 }, rest = { 0 };
	struct phone_folder *f;

	look_mailboxes(r, r->c, "", &all, &box);
	if (r->second) {
		lines_add(&box, strdup(SECOND));
		look_mailboxes(r, r->c2, SECOND "/", &all, &box);
	}
	/* Calendars are the scenario's to compare. */
	for (f = p->folders; f; f = f->next)
		look_folder(r, p, f, &all, run_is_mail(f) ? &own : &unused);
	lines_join(&box, &there);
	lines_join(&own, &here);
	lines_join(&all, out);
	lines_join(&unused, &rest);
	bytes_free(&rest);
	if (strcmp(there.p, here.p) != 0)
		run_failf("phone and mailbox differ (name|subject|read, "
			  "flagged). Mailbox:\n%s-- phone %s:\n%s",
			  there.p, p->device_id, here.p);
	bytes_free(&there);
	bytes_free(&here);
}

void
look_second(struct run *r)
{
	struct phone *first = r->p;
	struct bytes unused = { 0 };

	r->p = harness_phone(&r->h, 0, "witness");
	r->p->may_fail = false;
	run_set_up(r);
	look(r, r->p, &unused);
	r->p = first;
	bytes_free(&unused);
}

/* ---- the state ---------------------------------------------------------*/

static void
demand_sound(struct store *s, user_id user, struct arena *a)
{
	struct dump_line *rows;
	struct span *breaches;
	struct err e = { 0 };
	size_t n = 0;

	if (!dump_user(s, user, a, &rows, &n, &e) || !n)
		run_failf("no state of this user: %s", e.text);
	if (!dump_check(s, user, a, &breaches, &n, &e))
		run_failf("state: %s", e.text);
	if (n)
		run_failf("state: %zu breaches, the first: " SPAN_FMT, n,
			  SPAN_ARG(breaches[0]));
}

void
look_state(struct run *r)
{
	struct err e = { 0 };
	struct arena *a;
	struct store *s;
	char dir[4096];

	snprintf(dir, sizeof(dir), "%s/state", r->h.dir);
	s = store_open(dir, &e);
	if (!s)
		run_failf("state: %s", e.text);
	a = arena_new();
	demand_sound(s, user_of(span_of(r->h.users[0].email)), a);
	arena_free(&a);
	store_close(&s);
}
