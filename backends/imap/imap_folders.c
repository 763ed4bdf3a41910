/* The tree of mailboxes. */
#include <stdlib.h>
#include <string.h>

#include "backends/imap/imap_private.h"

#define MOST_FOLDERS (4 * MAX_FOLDERS)

struct listing {
	struct imap *s;
	struct arena *a;
	struct folder *v;
	size_t n, room;
	struct span *wire; /* beside v */
	size_t wire_room;
};

static struct folder *
folder_of(struct listing *l, struct span remote)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (span_eq(l->v[i].remote, remote))
			return &l->v[i];
	return NULL;
}

static void
split(struct folder *f, char delimiter)
{
	size_t i = f->remote.n;

	f->name = f->remote;
	f->parent = SPAN_NONE;
	if (!delimiter)
		return;
	while (i > 0 && f->remote.p[i - 1] != delimiter)
		i--;
	if (i < 2)
		return;
	f->parent = span_first(f->remote, i - 1);
	f->name = span_from_at(f->remote, i);
}

static struct folder *
add(struct listing *l, struct span wire)
{
	struct folder *f;

	l->v = arena_grow(l->a, l->v, l->n, &l->room, sizeof(*l->v));
	l->wire = arena_grow(l->a, l->wire, l->n, &l->wire_room,
			     sizeof(*l->wire));
	f = &l->v[l->n];
	memset(f, 0, sizeof(*f));
	l->wire[l->n++] = arena_dup(l->a, wire);
	f->remote = name_decode(l->a, wire);
	f->kind = KIND_EMAIL;
	f->type = FOLDER_USER_MAIL;
	if (span_eq_ci(f->remote, SPAN("INBOX")))
		f->type = FOLDER_INBOX;
	split(f, l->s->delimiter);
	return f;
}

static enum folder_type
special_use(const char *flag)
{
	static const struct {
		const char *flag;
		enum folder_type type;
	} uses[] = { { "Sent", FOLDER_SENT },	  { "Trash", FOLDER_TRASH },
		     { "Drafts", FOLDER_DRAFTS }, { "Junk", FOLDER_JUNK },
		     { "Archive", FOLDER_ARCHIVE }, { "All", FOLDER_ALL } };
	size_t i;

	if (*flag == '\\')
		flag++;
	for (i = 0; i < sizeof(uses) / sizeof(*uses); i++)
		if (span_eq_ci(span_of(flag), span_of(uses[i].flag)))
			return uses[i].type;
	return FOLDER_USER_MAIL;
}

static bool
taken(const struct listing *l, enum folder_type type)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].type == type)
			return true;
	return false;
}

static void
give(struct listing *l, struct folder *f, enum folder_type type)
{
	if (type != FOLDER_USER_MAIL && f->type == FOLDER_USER_MAIL &&
	    !f->no_select && !taken(l, type))
		f->type = type;
}

bool
imap_list_is_holder(const struct mailimap_mbx_list_flags *flags)
{
	clistiter *i;

	if (!flags)
		return false;
	if (flags->mbf_type == MAILIMAP_MBX_LIST_FLAGS_SFLAG &&
	    flags->mbf_sflag == MAILIMAP_MBX_LIST_SFLAG_NOSELECT)
		return true;
	for (i = flags->mbf_oflags ? clist_begin(flags->mbf_oflags) : NULL; i;
	     i = clist_next(i)) {
		struct mailimap_mbx_list_oflag *o = clist_content(i);

		if (o->of_type == MAILIMAP_MBX_LIST_OFLAG_FLAG_EXT &&
		    span_find_ci(span_of(o->of_flag_ext),
				 SPAN("NonExistent")) >= 0)
			return true;
	}
	return false;
}

static void
read_flags(struct listing *l, struct folder *f,
	   const struct mailimap_mbx_list_flags *flags)
{
	clistiter *i;

	f->no_select = imap_list_is_holder(flags);
	for (i = flags && flags->mbf_oflags ? clist_begin(flags->mbf_oflags)
					    : NULL;
	     i; i = clist_next(i)) {
		struct mailimap_mbx_list_oflag *o = clist_content(i);

		if (o->of_type == MAILIMAP_MBX_LIST_OFLAG_FLAG_EXT)
			give(l, f, special_use(o->of_flag_ext));
	}
}

static void
read_list(struct listing *l)
{
	struct mailimap_response_info *info = l->s->m->imap_response_info;
	clistiter *i = info && info->rsp_mailbox_list
			       ? clist_begin(info->rsp_mailbox_list)
			       : NULL;

	for (; i && l->n < MOST_FOLDERS; i = clist_next(i)) {
		struct mailimap_mailbox_list *m = clist_content(i);

		if (m->mb_delimiter)
			l->s->delimiter = m->mb_delimiter;
		if (!m->mb_name || !*m->mb_name)
			continue;
		read_flags(l, add(l, span_of(m->mb_name)), m->mb_flag);
	}
}

static struct folder *
of_wire(struct listing *l, struct span wire)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (span_eq(l->wire[i], wire))
			return &l->v[i];
	return NULL;
}

struct status_note {
	struct span box, objectid;
	struct folder_status st;
};

struct notes {
	struct arena *a;
	struct status_note *v;
	size_t n, room;
};

static void
status_line(void *ctx, struct span line)
{
	struct notes *t = ctx;
	struct status_note note = { 0 };

	if (!span_eq_ci(scan_atom(&line), SPAN("STATUS")) ||
	    t->n >= 2 * MOST_FOLDERS ||
	    !scan_status(arena_dup(t->a, line), t->a, &note.box, &note.st,
			 &note.objectid))
		return;
	t->v = arena_grow(t->a, t->v, t->n, &t->room, sizeof(*t->v));
	t->v[t->n++] = note;
}

/* STATUS of many, sent ahead of the answers, in rounds of 50. Those that
 * are refused are simply not noted. */
static bool
ask_status(struct imap *s, const struct span *wire, size_t n,
	   const char *items, struct notes *t, struct err *e)
{
	size_t i, j;

	s->on_line = status_line;
	s->ctx = t;
	for (i = 0; i < n; i += j) {
		unsigned first = s->tag + 1;

		for (j = 0; j < 50 && i + j < n; j++) {
			const char *q = name_quote(t->a, wire[i + j]);

			if (!imap_send(s, e, "STATUS %s (%s)", q ? q : "\"\"",
				       items))
				return false;
		}
		for (; first <= s->tag; first++)
			if (!imap_wait(s, first, e))
				return false;
	}
	s->on_line = NULL;
	return true;
}

static void
apply_notes(struct listing *l, const struct notes *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		struct folder *f = of_wire(l, t->v[i].box);

		if (!f)
			continue;
		if (t->v[i].st.has & STATUS_UIDVALIDITY)
			f->uidvalidity = t->v[i].st.uidvalidity;
		if (t->v[i].objectid.n)
			f->objectid = arena_dup(l->a, t->v[i].objectid);
	}
}

static size_t
selectable(struct listing *l, struct span **out)
{
	size_t i, n = 0;

	*out = arena_array(l->a, l->n + 1, sizeof(**out));
	for (i = 0; i < l->n; i++)
		if (!l->v[i].no_select)
			(*out)[n++] = l->wire[i];
	return n;
}

/* MAILBOXID never together with other items in LIST-STATUS: Cyrus 3.6
 * answers that with freed memory. */
static bool
list_all(struct listing *l, struct notes *t, struct err *e)
{
	struct imap *s = l->s;
	struct span *some;
	size_t n;
	bool ok;

	s->on_line = status_line;
	s->ctx = t;
	if (s->caps & CAP_LIST_STATUS)
		ok = imap_do(s, "LIST", e,
			     "LIST \"\" \"*\" RETURN (%sSTATUS (UIDVALIDITY))",
			     s->caps & CAP_SPECIAL_USE ? "SPECIAL-USE " : "");
	else if (s->caps & CAP_LIST_EXTENDED && s->caps & CAP_SPECIAL_USE)
		ok = imap_do(s, "LIST", e,
			     "LIST \"\" \"*\" RETURN (SPECIAL-USE)");
	else
		ok = imap_do(s, "LIST", e, "LIST \"\" \"*\"");
	s->on_line = NULL;
	if (!ok)
		return false;
	read_list(l);
	n = selectable(l, &some);
	if (s->caps & CAP_OBJECTID)
		ok = ask_status(s, some, n, "MAILBOXID", t, e);
	if (ok && !(s->caps & CAP_LIST_STATUS))
		ok = ask_status(s, some, n, "UIDVALIDITY", t, e);
	return ok;
}

/* A parent the server does not list holds its children all the same. */
static void
add_parents(struct listing *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		struct span up = l->v[i].parent;

		if (!up.n || folder_of(l, up) || l->n >= MOST_FOLDERS)
			continue;
		if (span_eq_ci(up, SPAN("INBOX")) && taken(l, FOLDER_INBOX)) {
			l->v[i].parent = SPAN("INBOX");
			continue;
		}
		add(l, name_encode(l->a, up))->no_select = true;
	}
}

static void
by_name(struct listing *l, const char *name, enum folder_type type)
{
	struct folder *f = name ? folder_of(l, span_of(name)) : NULL;
	size_t i;

	if (!f)
		return;
	for (i = 0; i < l->n; i++)
		if (l->v[i].type == type)
			l->v[i].type = FOLDER_USER_MAIL;
	f->type = type;
}

/* At the top, or right below INBOX or a [Gmail]-like holder. */
static bool
may_guess(struct listing *l, const struct folder *f)
{
	struct folder *up = f->parent.n ? folder_of(l, f->parent) : NULL;

	return !up || (!up->parent.n &&
		       (up->type == FOLDER_INBOX || up->no_select));
}

static void
special_folders(struct listing *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (may_guess(l, &l->v[i]))
			give(l, &l->v[i], name_guess(l->v[i].name));
	by_name(l, l->s->sent, FOLDER_SENT);
	by_name(l, l->s->trash, FOLDER_TRASH);
	by_name(l, l->s->drafts, FOLDER_DRAFTS);
	by_name(l, l->s->junk, FOLDER_JUNK);
}

static int
cmp_folder(const void *x, const void *y)
{
	const struct folder *a = x, *b = y;
	size_t n = a->remote.n < b->remote.n ? a->remote.n : b->remote.n;
	int r = n ? memcmp(a->remote.p, b->remote.p, n) : 0;

	if (r)
		return r;
	return a->remote.n < b->remote.n ? -1 : a->remote.n > b->remote.n;
}

bool
imap_list(void *v, struct arena *a, struct folder **v_out, size_t *n_out,
	  struct err *e)
{
	struct listing l = { .s = v, .a = a };
	struct notes t = { .a = a };

	if (!list_all(&l, &t, e))
		return false;
	if (!l.n)
		return err_set(e, ERR_PEER, SCOPE_ACCOUNT, "empty LIST");
	apply_notes(&l, &t);
	add_parents(&l);
	special_folders(&l);
	qsort(l.v, l.n, sizeof(*l.v), cmp_folder); /* parents first */
	*v_out = l.v;
	*n_out = l.n;
	return true;
}

#define STATUS_ITEMS "MESSAGES UIDNEXT UIDVALIDITY UNSEEN"

static bool
status_by_list(struct imap *s, struct notes *t, struct err *e)
{
	bool ok;

	s->on_line = status_line;
	s->ctx = t;
	ok = imap_do(s, "LIST", e,
		     "LIST \"\" \"*\" RETURN (STATUS (" STATUS_ITEMS "%s))",
		     s->caps & CAP_CONDSTORE ? " HIGHESTMODSEQ" : "");
	s->on_line = NULL;
	return ok;
}

bool
imap_status_round(void *v, const struct span *remotes, size_t n,
		  struct arena *a, struct folder_status *out, struct err *e)
{
	struct imap *s = v;
	struct notes t = { .a = a };
	struct span *wire = arena_array(a, n + 1, sizeof(*wire));
	size_t i, j;
	bool ok;

	for (i = 0; i < n; i++)
		wire[i] = name_encode(a, remotes[i]);
	/* STATUS of the selected mailbox is as old as its last update. */
	if (s->selected && !imap_do(s, "NOOP", e, "NOOP"))
		return false;
	if (s->caps & CAP_LIST_STATUS && n > 3)
		ok = status_by_list(s, &t, e);
	else
		ok = ask_status(s, wire, n,
				s->caps & CAP_CONDSTORE
					? STATUS_ITEMS " HIGHESTMODSEQ"
					: STATUS_ITEMS,
				&t, e);
	if (!ok)
		return false;
	memset(out, 0, n * sizeof(*out));
	for (j = 0; j < t.n; j++)
		for (i = 0; i < n; i++)
			if (span_eq(wire[i], t.v[j].box))
				out[i] = t.v[j].st;
	return true;
}

static void
namespace_line(void *ctx, struct span line)
{
	struct imap *s = ctx;
	struct arena *a = arena_new();
	struct span prefix = SPAN_NONE, d = SPAN_NONE;

	line = arena_dup(a, line);
	if (span_eq_ci(scan_atom(&line), SPAN("NAMESPACE")) &&
	    scan_char(&line, '(') && scan_char(&line, '(')) {
		if (scan_string(&line, a, &prefix) && !s->prefix)
			s->prefix = xstrdup(
				arena_str(a, name_decode(a, prefix)));
		if (scan_string(&line, a, &d) && d.n == 1 && !s->delimiter)
			s->delimiter = *d.p;
	}
	arena_free(&a);
}

bool
imap_learn_shape(struct imap *s, struct err *e)
{
	struct listing l = { .s = s, .a = arena_new() };
	bool ok = true;

	if (s->caps & CAP_NAMESPACE && !s->prefix) {
		s->on_line = namespace_line;
		s->ctx = s;
		ok = imap_do(s, "NAMESPACE", e, "NAMESPACE");
		s->on_line = NULL;
	}
	if (ok && !s->delimiter) {
		ok = imap_do(s, "LIST", e, "LIST \"\" \"\"");
		if (ok)
			read_list(&l);
	}
	arena_free(&l.a);
	if (ok && !s->prefix)
		s->prefix = xstrdup("");
	return ok;
}

static bool
full_name(struct imap *s, struct span parent, struct span name,
	  struct arena *a, struct span *out, struct err *e)
{
	if (!imap_learn_shape(s, e))
		return false;
	if (!name.n || name.n > 1000 ||
	    (s->delimiter && span_find_byte(name, s->delimiter) >= 0) ||
	    (parent.n && !s->delimiter))
		return err_set(e, ERR_INVALID, SCOPE_COLLECTION,
			       "folder name not possible on this server");
	if (parent.n)
		*out = span_of(arena_printf(a, SPAN_FMT "%c" SPAN_FMT,
					    SPAN_ARG(parent), s->delimiter,
					    SPAN_ARG(name)));
	else
		*out = span_of(arena_printf(a, "%s" SPAN_FMT, s->prefix,
					    SPAN_ARG(name)));
	return true;
}

bool
imap_create_folder(void *v, struct span parent, struct span name,
		   struct arena *a, struct span *remote_out, struct err *e)
{
	struct imap *s = v;
	struct span remote;
	const char *box;

	if (!full_name(s, parent, name, a, &remote, e))
		return false;
	box = imap_box(a, remote, e);
	if (!box || !imap_do(s, "CREATE", e, "CREATE %s", box))
		return false;
	*remote_out = remote;
	if (imap_do(s, "SUBSCRIBE", NULL, "SUBSCRIBE %s", box))
		return true;
	return s->dead ? imap_lost(s, e) : true;
}

bool
imap_rename_folder(void *v, struct span remote, struct span parent,
		   struct span name, struct arena *a, struct span *remote_out,
		   struct err *e)
{
	struct imap *s = v;
	struct span to;
	const char *from_box = imap_box(a, remote, e), *to_box;

	if (!from_box || !full_name(s, parent, name, a, &to, e))
		return false;
	to_box = imap_box(a, to, e);
	if (!to_box ||
	    !imap_do(s, "RENAME", e, "RENAME %s %s", from_box, to_box))
		return false;
	free(s->selected);
	s->selected = NULL;
	*remote_out = to;
	imap_do(s, "UNSUBSCRIBE", NULL, "UNSUBSCRIBE %s", from_box);
	imap_do(s, "SUBSCRIBE", NULL, "SUBSCRIBE %s", to_box);
	return true;
}

bool
imap_delete_folder(void *v, struct span remote, struct err *e)
{
	struct imap *s = v;
	struct arena *a = arena_new();
	const char *box = imap_box(a, remote, e);
	bool ok = box != NULL;

	/* A selected mailbox cannot be deleted everywhere: step aside. */
	if (ok && s->selected && !strcmp(s->selected, box)) {
		free(s->selected);
		s->selected = NULL;
		ok = imap_do(s, "EXAMINE", e, "EXAMINE INBOX");
	}
	ok = ok && imap_do(s, "DELETE", e, "DELETE %s", box);
	if (ok)
		imap_do(s, "UNSUBSCRIBE", NULL, "UNSUBSCRIBE %s", box);
	arena_free(&a);
	return ok;
}
