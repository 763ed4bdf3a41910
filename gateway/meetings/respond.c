#include "gateway/meetings/respond.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "gateway/accounts/objects.h"
#include "gateway/accounts/sessions.h"
#include "gateway/accounts/views.h"
#include "gateway/items/fetch.h"
#include "gateway/items/folder_tree.h"
#include "gateway/meetings/find_event.h"
#include "gateway/meetings/schedule.h"
#include "gateway/push/park.h"
#include "gateway/push/refresh.h"
#include "state/answers.h"

#define MAX_RETRIES 5
#define DECLINED "declined"

struct work {
	struct respond *p;
	struct request *r;
	struct account *a;
	struct tr_env env;
	struct span message;     /* of the mail; empty: from the calendar */
	struct span uid;
	struct source *s;
	struct event_place at;   /* coll is set even if nothing is there */
	bool there;
	struct schedule sch;
};

static bool
refuse(struct work *w, unsigned status, const char *why)
{
	log_line(LOG_INFO, "meeting", "refused: %s", why);
	w->p->status = status;
	return false;
}

/* ---- what it is about ----------------------------------------------------------*/

/* The instance a message is about, if it is about one. */
static void
take_instance(struct work *w)
{
	struct span at;

	if (w->p->resp.instance.n == 0 &&
	    itip_instance(&w->env, w->message, &at))
		w->p->resp.instance = at;
}

static bool
from_mail(struct work *w, struct err *e)
{
	struct mail_content mc = { .plan = { .n = 0 } };
	struct span ics, method;
	struct itip_facts f;

	if (w->p->resp.instance.n > 0)
		return refuse(w, 2, "InstanceId with a mail"); /* R4185 */
	if (!fetch_mail(w->r, &w->env, &w->p->ref, &mc, e))
		return false;
	if (!email_calendar(&w->env, &mc.info, &mc.plan, &ics, &method) ||
	    !itip_facts(&w->env, ics, &f))
		return refuse(w, 2, "no invitation in this mail");
	if (f.method.n > 0)
		method = f.method;
	if (!span_eq_ci(method, SPAN("REQUEST")))
		return refuse(w, 2, "this mail asks for nothing");
	if (f.mine || !f.has_organizer)
		return refuse(w, 2, "the user's own meeting"); /* R4184 */
	w->message = itip_with_method(&w->env, ics, SPAN("REQUEST"));
	w->uid = f.uid;
	take_instance(w);
	return true;
}

static bool
from_calendar(struct work *w, struct err *e)
{
	struct span text;
	struct itip_facts f;

	if (!objects_load(w->a, &w->p->ref.coll, &w->p->ref.item, 1,
			  w->r->arena, &text, w->r->deadline_ms, e))
		return false;
	if (!itip_facts(&w->env, text, &f) || !f.has_organizer)
		return refuse(w, 2, "no meeting");
	if (f.mine)
		return refuse(w, 2, "the user's own meeting");
	if (w->p->resp.instance.n > 0 && !f.recurring)
		return refuse(w, 146, "not recurring"); /* R3196 */
	w->uid = f.uid;
	return true;
}

/* ---- the object ----------------------------------------------------------------*/

static bool
whole(const struct work *w)
{
	return w->p->resp.instance.n == 0;
}

static bool
leaves(const struct work *w)
{
	return whole(w) && w->p->resp.answer == ITIP_DECLINE;
}

/* The object with the answer in it. `old` is what is there (or empty), `base`
 * that as the message has it. */
static bool
answered(struct work *w, struct span old, struct span *base, struct span *text,
	 struct err *e)
{
	int64_t now = w->env.now;
	struct err mine = { 0 };

	*base = old;
	if (w->message.n > 0 &&
	    !itip_apply(&w->env, old, w->message, now, base, &mine)) {
		if (old.n == 0 || mine.code == ERR_DENIED)
			return refuse(w, 2, mine.text);
		*base = old; /* the calendar knows better */
	}
	err_clear(&mine);
	if (meeting_response_patch(&w->env, *base, &w->p->resp, now, text,
				   &mine))
		return true;
	if (mine.code == ERR_INVALID || mine.code == ERR_UNSUPPORTED)
		return refuse(w, 2, mine.text);
	*e = mine;
	return false;
}

static bool
same_answer(struct work *w, struct span base, struct span text)
{
	return itip_took(&w->env, base, text);
}

static bool
plan(struct work *w, struct span old, struct span text, struct err *e)
{
	struct respond *p = w->p;
	enum itip_action act = p->silent ? ITIP_RESPOND_SILENT : ITIP_RESPOND;

	w->sch = (struct schedule){ .a = w->a, .user = w->r->user, .s = w->s,
				    .c = &w->at.coll, .env = &w->env,
				    .action = act, .response = &p->resp,
				    .old = old, .text = text };
	/* The state it began from tells this answer from the same one given
	 * later. */
	w->sch.key = span_of(arena_printf(
		w->r->arena, "%016llx " SPAN_FMT " %016llx",
		(unsigned long long)w->r->device_id, SPAN_ARG(p->name),
		(unsigned long long)hash64(SPAN("old"), old)));
	return schedule_begin(&w->sch, e);
}

static bool
keep(struct work *w, struct span word, struct err *e)
{
	return answer_keep(w->a->gw->store, w->a->user, w->r->device_id,
			   w->p->name, word, clock_wall(), e);
}

/* ---- writing, under the collection's lock ------------------------------------------*/

static bool
put(struct work *w, struct span text, struct object *o, uint64_t *item,
    struct err *e)
{
	struct change c;
	const char *flaw;
	uint64_t version, seq;
	uint8_t name[16];

	*o = (struct object){ .data = text };
	if (w->there) {
		o->remote = w->at.item.remote;
		o->etag = w->at.item.etag;
	}
	/* Named after its UID: a repetition meets what the first one made. */
	hash128(SPAN("meeting"), w->uid, name);
	if (!source_put(w->s, w->at.coll.remote, KIND_EVENT,
			w->there ? SPAN_NONE
				 : hex_encode(w->r->arena,
					      span_from(name, sizeof(name))),
			o, w->r->arena, e))
		return false;
	c = (struct change){ .remote = o->remote, .etag = o->etag,
			     .data = o->data };
	object_facts(&w->at.coll, &c, &flaw);
	if (!mirror_born(w->a->gw->store, w->a->user, w->at.coll.id, &c, item,
			 &version, &seq, e))
		return false;
	park_post(w->a->gw, w->a->user, w->at.coll.id, seq);
	w->at.item.item = *item;
	w->at.item.remote = o->remote;
	w->at.item.etag = o->etag;
	w->there = true;
	return true;
}

static bool
remove_it(struct work *w, struct err *e)
{
	const struct mirror_item *it = &w->at.item;
	uint64_t seq;

	if (!source_remove_quiet(w->s, w->at.coll.remote, it->remote,
				 it->etag, e) ||
	    !mirror_gone(w->a->gw->store, w->a->user, w->at.coll.id, it->item,
			 &seq, e))
		return false;
	park_post(w->a->gw, w->a->user, w->at.coll.id, seq);
	return true;
}

/* What this phone calls the event; of a calendar that it does not see, what
 * the calendar's own phones would. */
static bool
name_it(struct work *w, uint64_t item, struct span *out, struct err *e)
{
	struct request *r = w->r;
	struct err mine = { 0 };
	uint32_t named;

	if (place_name(r->gw, r->user_id, views_merged(r->user, &r->dev),
		       &w->at.coll, item, r->arena, &named, out, &mine))
		return true;
	*out = item_name(r->arena, w->at.coll.id, item);
	if (mine.code == ERR_NOT_FOUND)
		return true;
	*e = mine;
	return false;
}

/* Accepted, perhaps, or one instance declined: it stays in the calendar. */
static bool
stay(struct work *w, struct span text, bool same, struct err *e)
{
	struct object o = { .data = SPAN_NONE };
	struct span id;
	uint64_t item = w->at.item.item;

	if (!same && !plan(w, w->at.text, text, e))
		return false;
	if (!same && !put(w, w->sch.text, &o, &item, e)) {
		schedule_undo(&w->sch, e);
		return false;
	}
	if (w->p->resp.answer == ITIP_DECLINE)
		id = SPAN(DECLINED);
	else if (!name_it(w, item, &id, e))
		return false;
	else
		w->p->calendar_id = id;
	if (!keep(w, id, e))
		return false;
	if (!same)
		schedule_done(&w->sch, o.data);
	return true;
}

/* Declined as a whole: the item goes (MS-ASCMD_R5072). A server that sends
 * replies does so when it is written with the answer in it; the note comes
 * before the removal, since afterwards nothing tells a repetition from a
 * meeting that was never there. */
static bool
leave(struct work *w, struct span text, bool same, struct err *e)
{
	struct object o = { .data = SPAN_NONE };
	struct span word = SPAN(DECLINED), old = w->at.text;
	uint64_t item;

	/* Written before a power cut: the note is still to be made for the mail
	 * of a phone that writes its own. */
	if ((!same || w->env.version < 160) && !plan(w, old, text, e))
		return false;
	if (same && w->env.version < 160 &&
	    !schedule_note_reply(&w->sch, old, e))
		return false;
	if (!same && w->sch.d.sender == ITIP_BY_SERVER) {
		if (!put(w, w->sch.text, &o, &item, e)) {
			schedule_undo(&w->sch, e);
			return false;
		}
		schedule_done(&w->sch, o.data);
		return schedule_note_reply(&w->sch, o.data, e) &&
		       keep(w, word, e) && remove_it(w, e);
	}
	/* What the calendar shall say is nothing now. */
	if (!same && w->sch.n_due > 0 && !plan(w, old, SPAN_NONE, e))
		return false;
	if (!keep(w, word, e))
		return false;
	if (!remove_it(w, e)) {
		if (!same)
			schedule_undo(&w->sch, e);
		return false;
	}
	if (!same)
		schedule_done(&w->sch, SPAN_NONE);
	return true;
}

/* Nothing to write: no calendar has it, and it is declined. */
static bool
only_reply(struct work *w, struct span text, struct err *e)
{
	struct span word = SPAN(DECLINED);

	w->sch = (struct schedule){
		.a = w->a, .user = w->r->user, .env = &w->env,
		.c = w->at.coll.id != 0 ? &w->at.coll : NULL,
		.action = w->p->silent ? ITIP_RESPOND_SILENT : ITIP_RESPOND,
		.response = &w->p->resp, .text = text, .key = w->p->name
	};
	return schedule_reply_only(&w->sch, e) && keep(w, word, e);
}

static bool
work_once(struct work *w, struct err *e)
{
	struct span base, text;
	bool same;

	if (!event_in(w->a, &w->at.coll, w->uid, w->r->arena,
		      w->r->deadline_ms, &w->at, &w->there, e))
		return false;
	if (!w->there)
		w->at.text = SPAN_NONE;
	if (!answered(w, w->at.text, &base, &text, e))
		return false;
	/* Said already, and nothing new to say: nobody hears of it again. */
	same = w->there && same_answer(w, w->at.text, text) &&
	       span_eq(base, w->at.text) && w->p->resp.comment.n == 0 &&
	       !w->p->resp.proposes;
	if (!leaves(w))
		return stay(w, text, same, e);
	return w->there ? leave(w, text, same, e) : only_reply(w, text, e);
}

/* Another program may have written meanwhile. */
static bool
work_locked(struct work *w, struct err *e)
{
	int i;

	for (i = 0; i < MAX_RETRIES; i++) {
		if (work_once(w, e))
			return true;
		if (w->p->status != 0 ||
		    (e->code != ERR_CONFLICT && e->code != ERR_NOT_FOUND) ||
		    e->scope != SCOPE_ITEM)
			return false;
		err_clear(e);
		if (!refresh_locked(w->a, w->s, w->at.coll.id,
				    w->r->deadline_ms, e))
			return false;
	}
	return err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
		       "the calendar does not hold still");
}

static bool
in_calendar(struct work *w, struct err *e)
{
	bool ok;

	if (w->at.coll.read_only)
		return refuse(w, 2, "the calendar cannot be written");
	w->s = account_checkout(w->a, w->at.coll.source, w->r->deadline_ms,
				e);
	ok = w->s != NULL &&
	     coll_lock(w->a, w->at.coll.id, w->r->deadline_ms, e);
	if (ok) {
		ok = work_locked(w, e);
		coll_unlock(w->a, w->at.coll.id);
	}
	account_checkin(w->a, &w->s, !ok && account_broken(e));
	return ok;
}

/* ---- the mail afterwards -------------------------------------------------------------*/

static bool
trash_once(struct request *r, struct account *a, const struct mail_ref *m,
	   const struct coll *trash, struct err *e)
{
	struct source *s =
		account_checkout(a, m->coll.source, r->deadline_ms, e);
	bool ok = s != NULL && coll_lock(a, m->coll.id, r->deadline_ms, e);
	uint32_t new_uid;
	uint64_t seq;

	if (ok) {
		ok = source_move(s, m->coll.remote, m->coll.uidvalidity,
				 mail_uid(&m->item), trash->remote, &new_uid,
				 e);
		if (!ok && e->code == ERR_NOT_FOUND &&
		    e->scope == SCOPE_ITEM) { /* moved before */
			err_clear(e);
			ok = true;
		}
		ok = ok && mirror_gone(a->gw->store, a->user, m->coll.id,
				       m->item.item, &seq, e);
		coll_unlock(a, m->coll.id);
	}
	account_checkin(a, &s, !ok && account_broken(e));
	if (ok)
		park_post(a->gw, a->user, m->coll.id, seq);
	return ok;
}

/* As Exchange does. Where there is no Trash it stays: nothing of the user's is
 * destroyed over an answer. What fails twice is only logged: the answer has
 * left. */
void
respond_trash(struct request *r, const struct mail_ref *m)
{
	struct account *a = request_account(r);
	struct err e = { 0 };
	struct coll trash;
	int i;

	if (m->coll.type == FOLDER_TRASH ||
	    !account_special(a, r->arena, m->coll.source, FOLDER_TRASH,
			     &trash, &e))
		return;
	for (i = 0; i < 2; i++) {
		err_clear(&e);
		if (!trash_once(r, a, m, &trash, &e))
			continue;
		if (trash.cursor.n > 0)
			refresh_ring(a, trash.id);
		return;
	}
	log_line(LOG_WARN, "meeting", "mail not moved: %s", e.text);
}

/* ---- all of it ------------------------------------------------------------------------*/

static bool
find_place(struct work *w, bool *any, struct err *e)
{
	struct err none = { 0 };

	if (w->message.n == 0) {
		w->at.coll = w->p->ref.coll;
		*any = true;
		return true;
	}
	if (!event_find(w->a, w->uid, true, w->r->arena, w->r->deadline_ms,
			&w->at, &w->there, e))
		return false;
	*any = w->there ||
	       folder_special(w->r, FOLDER_CALENDAR, &w->at.coll, &none);
	return *any || event_home(w->a, w->r->arena, &w->at.coll, any, e);
}

bool
respond(struct respond *p, struct err *e)
{
	struct work w = { .p = p, .r = p->r, .env = request_env(p->r) };
	bool mail = p->ref.coll.kind == KIND_EMAIL, any, ok;
	struct span base, text;

	p->status = 0;
	w.a = request_account(p->r);
	w.env.version = schedule_version(p->r, ITIP_RESPOND);
	if (!(mail ? from_mail(&w, e) : from_calendar(&w, e)) ||
	    !find_place(&w, &any, e))
		return false;
	if (any)
		ok = in_calendar(&w, e);
	else /* a user without calendars */
		ok = answered(&w, SPAN_NONE, &base, &text, e) &&
		     only_reply(&w, text, e);
	if (ok && mail)
		respond_trash(p->r, &p->ref);
	return ok;
}
