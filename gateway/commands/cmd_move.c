/* MoveItems (MS-ASCMD 2.2.1.12) as SYNC-CORE section 9 has it. Status 3 is
 * success, and a repeated move is answered with the same DstMsgId. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "gateway/accounts/objects.h"
#include "gateway/accounts/sessions.h"
#include "gateway/accounts/views.h"
#include "gateway/commands/commands.h"
#include "gateway/http/status.h"
#include "gateway/items/folder_tree.h"
#include "gateway/items/mail_content.h"
#include "gateway/items/mail_ref.h"
#include "gateway/push/refresh.h"
#include "state/moved.h"

struct move {
	struct span src, from, to; /* as the phone wrote them */
	struct mail_ref mail; /* where it lives ... */
	struct coll dst;      /* ... and where it goes: never views */
	struct coll dst_named; /* as the phone calls that */
	unsigned status;
	uint64_t new_item;    /* in dst_named */
};

/* Sessions of both ends; the same one where both lie in one source. */
struct ends {
	struct source *src, *dst;
	bool two;
};

/* From one source to another: the whole message, byte for byte. The original
 * goes last, when the copy is on record: a power cut in between leaves both,
 * and the repetition finds the copy by its Message-ID. */
static bool
copy_across(struct request *r, struct ends *s, struct move *m,
	    uint32_t *new_uid, struct err *e)
{
	const struct mirror_item *it = &m->mail.item;
	struct mail_want whole = { .uid = mail_uid(it) };

	if (!source_mail_parts(s->src, m->mail.coll.remote,
			       m->mail.coll.uidvalidity, &whole, 1, r->arena,
			       e))
		return false;
	if (!whole.found)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
			       "the mail is gone");
	return source_append(s->dst, m->dst.remote, whole.got,
			     it->flags & ~MAIL_DELETED, it->date, new_uid, e);
}

/* A calendar entry: written there, removed here, in that order. */
static bool
copy_object(struct request *r, struct account *a, struct ends *s,
	    struct move *m, struct mirror_item *moved, struct err *e)
{
	struct object o = { .data = SPAN_NONE };
	struct span name = span_of(arena_printf(
		r->arena, "%016llx%08x", (unsigned long long)moved->item,
		m->mail.coll.id));

	if (!objects_load(a, &m->mail.coll, &m->mail.item, 1, r->arena,
			  &o.data, r->deadline_ms, e))
		return false;
	if (o.data.n == 0)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
			       "it is gone, or cannot be fetched");
	if (!source_put(s->dst, m->dst.remote, m->dst.kind, name, &o,
			r->arena, e))
		return false;
	moved->remote = o.remote;
	moved->etag = o.etag;
	return true;
}

static bool
drop_original(struct account *a, struct request *r, struct ends *s,
	      struct move *m, struct err *e)
{
	uint32_t uid = mail_uid(&m->mail.item);

	if (m->dst.kind != KIND_EMAIL)
		return source_remove_quiet(s->src, m->mail.coll.remote,
					   m->mail.item.remote,
					   m->mail.item.etag, e) &&
		       refresh_locked(a, s->src, m->mail.coll.id,
				      r->deadline_ms, e);
	return source_expunge(s->src, m->mail.coll.remote,
			      m->mail.coll.uidvalidity, &uid, 1, e) &&
	       refresh_locked(a, s->src, m->mail.coll.id, r->deadline_ms, e);
}

/* The source says where the mail went; without COPYUID the refresh of the
 * target adopts it by its Message-ID. */
static bool
move_at_source(struct request *r, struct account *a, struct ends *s,
	       struct move *m, struct err *e)
{
	struct mirror_item moved = m->mail.item;
	uint32_t new_uid = 0;

	if (m->dst.kind != KIND_EMAIL)
		return copy_object(r, a, s, m, &moved, e) &&
		       moved_done(a->gw->store, a->user, r->device_id,
				  m->mail.coll.id, m->mail.item.item,
				  m->dst.id, &moved, clock_wall(),
				  &m->new_item, e);
	if (s->two ? !copy_across(r, s, m, &new_uid, e)
		   : !source_move(s->dst, m->mail.coll.remote,
				  m->mail.coll.uidvalidity,
				  mail_uid(&m->mail.item), m->dst.remote,
				  &new_uid, e))
		return false;
	if (new_uid != 0) {
		moved.remote = span_of(arena_printf(r->arena, "%u", new_uid));
		return moved_done(a->gw->store, a->user, r->device_id,
				  m->mail.coll.id, m->mail.item.item,
				  m->dst.id, &moved, clock_wall(),
				  &m->new_item, e);
	}
	return refresh_locked(a, s->dst, m->dst.id, r->deadline_ms, e);
}

static bool
find_row(struct request *r, struct account *a, struct move *m,
	 struct moved_row *row, struct err *e)
{
	return moved_find(a->gw->store, a->user, r->device_id, m->mail.coll.id,
			  m->mail.item.item, row, e);
}

/* First of all: what the target has now is not the mail to come. */
static bool
begin_move(struct request *r, struct account *a, struct ends *s,
	   struct move *m, struct err *e)
{
	return refresh_locked(a, s->dst, m->dst.id, r->deadline_ms, e) &&
	       moved_begin(a->gw->store, a->user, r->device_id,
			   m->mail.coll.id, m->mail.item.item, m->dst.id,
			   m->mail.item.token, clock_wall(), e);
}

/* Begun before, and nobody knows how it ended: both ends are looked at. */
static bool
resume_move(struct request *r, struct account *a, struct ends *s,
	    struct move *m, struct moved_row *row, struct err *e)
{
	return refresh_locked(a, s->dst, m->dst.id, r->deadline_ms, e) &&
	       refresh_locked(a, s->src, m->mail.coll.id, r->deadline_ms, e) &&
	       mirror_get(a->gw->store, a->user, m->mail.coll.id,
			  m->mail.item.item, r->arena, &m->mail.item, e) &&
	       find_row(r, a, m, row, e);
}

/* The id it has now for the phone. */
static bool
tell_phone(struct request *r, struct account *a, struct move *m,
	   const struct moved_row *row, struct err *e)
{
	struct dev_coll dc = { a->user, r->device_id, m->dst_named.id };

	return place_shown(a->gw, a->user, &m->dst_named, row->dst, row->item,
			   &m->new_item, e) &&
	       (!coll_is_view(&m->dst_named) ||
		moved_shown(a->gw->store, dc, m->new_item, e));
}

static bool
move_locked(struct request *r, struct account *a, struct ends *s,
	    struct move *m, struct err *e)
{
	struct moved_row row = { 0 };

	if (!find_row(r, a, m, &row, e) ||
	    (!row.found && !begin_move(r, a, s, m, e)) ||
	    (row.found && !row.done && !resume_move(r, a, s, m, &row, e)))
		return false;
	if (!row.done) {
		if (m->mail.item.gone)
			return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
				       "the mail is gone");
		if (!move_at_source(r, a, s, m, e) ||
		    !find_row(r, a, m, &row, e))
			return false;
	}
	if (!row.done)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ITEM,
			       "the moved mail was not found in its target");
	if (!tell_phone(r, a, m, &row, e))
		return false;
	if (m->mail.item.gone)
		return true;
	return s->two || m->dst.kind != KIND_EMAIL
		       ? drop_original(a, r, s, m, e)
		      : refresh_locked(a, s->src, m->mail.coll.id,
				       r->deadline_ms, e);
}

static bool
with_locks(struct request *r, struct account *a, struct ends *s,
	   struct move *m, struct err *e)
{
	uint32_t one = m->mail.coll.id, two = m->dst.id;
	uint32_t low = one < two ? one : two, high = one < two ? two : one;
	bool ok = false;

	if (!coll_lock(a, low, r->deadline_ms, e))
		return false;
	if (coll_lock(a, high, r->deadline_ms, e)) {
		ok = move_locked(r, a, s, m, e);
		coll_unlock(a, high);
	}
	coll_unlock(a, low);
	return ok;
}

static bool
move_run(struct request *r, struct account *a, struct move *m, struct err *e)
{
	struct ends s = { .two = !span_eq(m->mail.coll.source,
					  m->dst.source) };
	bool ok;

	s.dst = account_checkout(a, m->dst.source, r->deadline_ms, e);
	if (s.dst == NULL)
		return false;
	s.src = s.two ? account_checkout(a, m->mail.coll.source,
					 r->deadline_ms, e)
		      : s.dst;
	ok = s.src != NULL && with_locks(r, a, &s, m, e);
	if (s.two)
		account_checkin(a, &s.src, !ok && account_broken(e));
	account_checkin(a, &s.dst, !ok && account_broken(e));
	return ok;
}

/* Into a view: where the user's default is, or where an earlier copy of this
 * request has begun to put it. */
static bool
choose_target(struct request *r, struct account *a, struct move *m,
	      struct err *e)
{
	struct moved_row row = { 0 };
	struct coll begun;
	struct err none = { 0 };

	if (!folder_target(r, &m->dst_named, m->mail.coll.source, &m->dst,
			   e) ||
	    !find_row(r, a, m, &row, e))
		return false;
	if (row.found && coll_is_view(&m->dst_named) &&
	    row.dst != m->dst.id &&
	    colls_get(a->gw->store, a->user, row.dst, r->arena, &begun,
		      &none) &&
	    view_has(&m->dst_named, &begun))
		m->dst = begun;
	return true;
}

/* 0, or the Status if nothing can be done. */
static unsigned
read_move(struct request *r, struct account *a, struct move *m,
	  struct err *e)
{
	struct place at;
	uint32_t src, dst, coll;
	uint64_t item;

	/* A source that is gone may still be a move we did: look it up with
	 * the tombstone. */
	if (!coll_parse(m->from, &src) ||
	    !item_parse(m->src, &coll, &item) || src != coll ||
	    !place_find(r->gw, r->user_id, coll, item, r->arena, &at, e))
		return 1; /* MS-ASCMD 2.2.3.177.10 */
	m->mail.coll = at.coll;
	m->mail.item = at.item;
	if (!coll_parse(m->to, &dst) ||
	    !colls_get(r->gw->store, r->user_id, dst, r->arena,
		       &m->dst_named, e) ||
	    !m->dst_named.attached || m->dst_named.no_select ||
	    m->dst_named.kind != m->mail.coll.kind ||
	    !choose_target(r, a, m, e))
		return 2;
	if (m->dst.kind != KIND_EMAIL &&
	    (m->dst.read_only || m->mail.coll.read_only))
		return 5;
	return dst == src || m->dst.id == m->mail.coll.id ? 4 : 0;
}

static void
move_one(struct request *r, struct account *a, struct move *m)
{
	struct err e = { 0 };

	m->status = read_move(r, a, m, &e);
	if (m->status != 0)
		return;
	m->status = 3;
	if (!move_run(r, a, m, &e)) {
		m->status = status_of(STATUS_MOVE_SRC, &e);
		log_line(LOG_WARN, "move", "error=%s text=\"%s\"",
			 err_name(e.code), e.text);
	}
}

static void
write_response(struct request *r, const struct move *m)
{
	struct wbxml_writer *w = &r->w;

	wbxml_open(w, WX_Move_Response);
	wbxml_text(w, WX_Move_SrcMsgId, m->src);
	wbxml_uint(w, WX_Move_Status, m->status);
	if (m->status == 3)
		wbxml_text(w, WX_Move_DstMsgId,
			   item_name(r->arena, m->dst_named.id, m->new_item));
	wbxml_close(w);
}

enum cmd_result
cmd_move(struct request *r)
{
	struct account *a = request_account(r);
	const struct wbxml_node *n;
	unsigned count = 0;

	for (n = wbxml_child(r->body, WX_Move_Move); n != NULL;
	     n = wbxml_again(n))
		count++;
	if (count == 0 || count > MAX_MOVES) {
		request_status(r, 103);
		return CMD_DONE;
	}
	wbxml_open(&r->w, WX_Move_MoveItems);
	for (n = wbxml_child(r->body, WX_Move_Move); n != NULL;
	     n = wbxml_again(n)) {
		struct move m = {
			.src = wbxml_child_text(n, WX_Move_SrcMsgId),
			.from = wbxml_child_text(n, WX_Move_SrcFldId),
			.to = wbxml_child_text(n, WX_Move_DstFldId),
		};

		move_one(r, a, &m);
		write_response(r, &m);
	}
	wbxml_close(&r->w);
	return CMD_DONE;
}
