/* The generic part in front of a driver: fault points and bookkeeping. */
#include "backends/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/dav/dav.h"
#include "backends/driver.h"
#include "backends/imap/imap_notes.h"
#include "base/buf.h"
#include "base/fault.h"

struct source {
	const struct source_ops *ops;
	void *s;
	enum login_kind kind;
	bool refused;
};

bool
remote_is_notes(struct span remote)
{
	return span_ends_ci(remote, SPAN(NOTES_MARK));
}

struct span
remote_mailbox(struct span remote)
{
	if (remote_is_notes(remote))
		remote.n -= sizeof(NOTES_MARK) - 1;
	return remote;
}

struct span
object_path(struct arena *a, struct span coll, enum item_kind kind,
	    struct span name)
{
	return remote_is_notes(coll) ? note_name_made(a, name)
				     : dav_object_path(a, coll, kind, name);
}

void
login_judge(enum login_kind kind, struct err *e)
{
	if (e->code == ERR_DENIED && e->scope == SCOPE_ACCOUNT &&
	    kind != LOGIN_TYPED)
		e->code = ERR_UNAVAILABLE;
}

static bool
judged(struct source *s, bool ok, struct err *e)
{
	if (ok || e == NULL || e->code != ERR_DENIED ||
	    e->scope != SCOPE_ACCOUNT)
		return ok;
	s->refused = true;
	login_judge(s->kind, e);
	return false;
}

/* A write to the source between its two fault points. A fault behind it
 * means: it was done, and nobody learns it. */
#define WRITE(what, call) \
	judged(s, fault_here("source.before-" what, e) && (call) && \
		  fault_here("source.after-" what, e), e)
/* A read: one point, in front. */
#define READ(what, call) \
	judged(s, fault_here("source.before-" what, e) && (call), e)

/* Mailboxes have no calendars, and calendars no mails. */
#define CAN(fn)                                                              \
	(s->ops->fn != NULL ||                                               \
	 err_set(e, ERR_UNSUPPORTED, SCOPE_COLLECTION,                       \
		 "a source of kind %s has no " #fn, s->ops->name))

void
sources_stop(int64_t mono_ms)
{
	dav_stop(mono_ms);
}

void
login_wipe(struct login *l)
{
	explicit_bzero(l, sizeof(*l));
}

struct source *
source_open_with(const struct source_ops *ops, const struct source_conf *conf,
		 const struct login *login, int64_t deadline_ms,
		 struct err *e)
{
	struct source *s;
	void *inner;

	if (!fault_here("source.before-open", e))
		return NULL;
	inner = ops->open(conf, login, deadline_ms, e);
	if (!inner)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->ops = ops;
	s->s = inner;
	s->kind = login->kind;
	return s;
}

struct source *
source_open(const struct source_conf *conf, const struct login *login,
	    int64_t deadline_ms, struct err *e)
{
	return source_open_with(conf->kind == SOURCE_DAV ? &dav_ops
							  : &imap_ops,
				conf, login, deadline_ms, e);
}

void
source_close(struct source **s)
{
	if (!*s)
		return;
	(*s)->ops->close((*s)->s);
	free(*s);
	*s = NULL;
}

bool
source_refused(const struct source *s)
{
	return s->refused;
}

void
source_deadline(struct source *s, int64_t deadline_ms)
{
	s->ops->deadline(s->s, deadline_ms);
}

bool
source_alive(struct source *s, struct err *e)
{
	return CAN(alive) &&
	       READ("alive", s->ops->alive(s->s, e));
}

bool
source_list(struct source *s, struct arena *a, struct folder **v_out,
	    size_t *n_out, struct err *e)
{
	return CAN(list) &&
	       READ("list", s->ops->list(s->s, a, v_out, n_out, e));
}

bool
source_changes(struct source *s, struct span remote, struct span cursor,
	       struct arena *a, struct harvest *out, struct err *e)
{
	return CAN(changes) &&
	       READ("changes",
		    s->ops->changes(s->s, remote, cursor, a, out, e));
}

bool
source_inventory(struct source *s, struct span remote, struct arena *a,
		 struct harvest *out, struct err *e)
{
	return CAN(inventory) &&
	       READ("inventory",
		    s->ops->inventory(s->s, remote, a, out, e));
}

bool
source_notes_use(struct source *s, struct span mailbox, enum notes_use *out,
		 struct err *e)
{
	return CAN(notes_use) &&
	       READ("notes", s->ops->notes_use(s->s, mailbox, out, e));
}

bool
source_status_round(struct source *s, const struct span *remotes, size_t n,
		    struct arena *a, struct folder_status *out, struct err *e)
{
	return CAN(status_round) &&
	       READ("status",
		    s->ops->status_round(s->s, remotes, n, a, out, e));
}

bool
source_mail_info(struct source *s, struct span remote, uint32_t uidvalidity,
		 const uint32_t *uids, size_t n, struct arena *a,
		 struct mail_info *out, struct err *e)
{
	return CAN(mail_info) &&
	       READ("info", s->ops->mail_info(s->s, remote, uidvalidity, uids,
					      n, a, out, e));
}

bool
source_mail_parts(struct source *s, struct span remote, uint32_t uidvalidity,
		  struct mail_want *w, size_t n, struct arena *a,
		  struct err *e)
{
	return CAN(mail_parts) &&
	       READ("parts", s->ops->mail_parts(s->s, remote, uidvalidity, w,
						n, a, e));
}

bool
source_set_flags(struct source *s, struct span remote, uint32_t uidvalidity,
		 const uint32_t *uids, size_t n, uint32_t mask,
		 uint32_t flags, struct span add, struct span remove,
		 struct err *e)
{
	return CAN(set_flags) &&
	       WRITE("flags",
		     s->ops->set_flags(s->s, remote, uidvalidity, uids, n,
				       mask, flags, add, remove, e));
}

bool
source_expunge(struct source *s, struct span remote, uint32_t uidvalidity,
	       const uint32_t *uids, size_t n, struct err *e)
{
	return CAN(expunge) &&
	       WRITE("expunge", s->ops->expunge(s->s, remote, uidvalidity,
						uids, n, e));
}

bool
source_move(struct source *s, struct span from, uint32_t uidvalidity,
	    uint32_t uid, struct span to, uint32_t *new_uid, struct err *e)
{
	return CAN(move) &&
	       WRITE("move", s->ops->move(s->s, from, uidvalidity, uid, to,
					  new_uid, e));
}

bool
source_append(struct source *s, struct span remote, struct span message,
	      uint32_t flags, int64_t date, uint32_t *uid_out, struct err *e)
{
	return CAN(append) &&
	       WRITE("append", s->ops->append(s->s, remote, message, flags,
					      date, uid_out, e));
}

bool
source_search(struct source *s, struct span remote,
	      const struct search_want *want, struct arena *a,
	      uint32_t **uids_out, size_t *n_out, struct err *e)
{
	return CAN(search) &&
	       READ("search", s->ops->search(s->s, remote, want, a, uids_out,
					     n_out, e));
}

bool
source_create_folder(struct source *s, struct span parent, struct span name,
		     struct arena *a, struct span *remote_out, struct err *e)
{
	return CAN(create_folder) &&
	       WRITE("create", s->ops->create_folder(s->s, parent, name, a,
						     remote_out, e));
}

bool
source_rename_folder(struct source *s, struct span remote, struct span parent,
		     struct span name, struct arena *a,
		     struct span *remote_out, struct err *e)
{
	return CAN(rename_folder) &&
	       WRITE("rename", s->ops->rename_folder(s->s, remote, parent,
						     name, a, remote_out, e));
}

bool
source_delete_folder(struct source *s, struct span remote, struct err *e)
{
	return CAN(delete_folder) &&
	       WRITE("delete", s->ops->delete_folder(s->s, remote, e));
}

/* ---- whole objects ---------------------------------------------------------*/

bool
source_pour(struct source *s, struct span coll, object_fn *take, void *ctx,
	    struct err *e)
{
	return CAN(pour) &&
	       READ("pour", s->ops->pour(s->s, coll, take, ctx, e));
}

bool
source_get(struct source *s, struct span coll, struct object *v, size_t n,
	   struct arena *a, struct err *e)
{
	return CAN(get) &&
	       READ("get", s->ops->get(s->s, coll, v, n, a, e));
}

bool
source_put(struct source *s, struct span coll, enum item_kind kind,
	   struct span name, struct object *io, struct arena *a,
	   struct err *e)
{
	return CAN(put) &&
	       WRITE("put", s->ops->put(s->s, coll, kind, name, io, a, e));
}

bool
source_remove(struct source *s, struct span coll, struct span remote,
	      struct span etag, struct err *e)
{
	return CAN(remove) &&
	       WRITE("remove",
		     s->ops->remove(s->s, coll, remote, etag, false, e));
}

bool
source_remove_quiet(struct source *s, struct span coll, struct span remote,
		    struct span etag, struct err *e)
{
	return CAN(remove) &&
	       WRITE("remove",
		     s->ops->remove(s->s, coll, remote, etag, true, e));
}

bool
source_create_coll(struct source *s, enum item_kind kind, struct span place,
		   struct span name, struct arena *a, struct span *remote_out,
		   struct err *e)
{
	return CAN(create_coll) &&
	       WRITE("create", s->ops->create_coll(s->s, kind, place, name, a,
						   remote_out, e));
}

bool
source_rename_coll(struct source *s, struct span coll, struct span name,
		   struct err *e)
{
	return CAN(rename_coll) &&
	       WRITE("rename", s->ops->rename_coll(s->s, coll, name, e));
}

bool
source_delete_coll(struct source *s, struct span coll, struct err *e)
{
	return CAN(delete_coll) &&
	       WRITE("delete", s->ops->delete_coll(s->s, coll, e));
}

bool
source_free_busy(struct source *s, int64_t from, int64_t to, struct arena *a,
		 struct span *ics_out, struct err *e)
{
	return CAN(free_busy) &&
	       READ("freebusy", s->ops->free_busy(s->s, SPAN_NONE, from, to,
						  a, ics_out, e));
}

bool
source_free_busy_of(struct source *s, struct span who, int64_t from,
		    int64_t to, struct arena *a, struct span *ics_out,
		    struct err *e)
{
	return CAN(free_busy) &&
	       READ("freebusy", s->ops->free_busy(s->s, who, from, to, a,
						  ics_out, e));
}

bool
source_schedules(struct source *s, bool *out, struct err *e)
{
	if (s->ops->schedules == NULL) {
		*out = false;
		return true;
	}
	return READ("schedules", s->ops->schedules(s->s, out, e));
}

/* A cursor under way ("v1p ...") always differs: more is to come. */
bool
cursor_differs(struct span cursor, const struct folder_status *st)
{
	struct span whole = cursor;
	struct span word = span_take_until(&cursor, ' '), rest = cursor;
	uint64_t v[4] = { 0 };
	size_t i;

	if (st->found && st->token.n > 0) /* DAV: cursors as they are */
		return !span_eq(whole, st->token) ||
		       span_eq(whole, SPAN("n"));

	if (!st->found || !span_eq(word, SPAN("v1")))
		return true;
	for (i = 0; i < 4; i++)
		if (!span_u64(span_take_until(&rest, ' '), &v[i]))
			return true;
	return (st->has & STATUS_UIDVALIDITY && st->uidvalidity != v[0]) ||
	       (st->has & STATUS_UIDNEXT && st->uidnext != v[1]) ||
	       (st->has & STATUS_MODSEQ && v[2] && st->modseq != v[2]) ||
	       (st->has & STATUS_MESSAGES && st->messages != v[3]);
}
