#include "gateway/meetings/arrivals.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "gateway/accounts/objects.h"
#include "gateway/accounts/sessions.h"
#include "gateway/meetings/due_mails.h"
#include "gateway/meetings/find_event.h"
#include "gateway/meetings/schedule.h"
#include "gateway/push/park.h"
#include "gateway/push/refresh.h"
#include "state/sent.h"
#include "translate/calendar/itip.h"
#include "translate/mail/headers.h"

#define MAX_RETRIES 5
#define NO_DEVICE 0

/* ---- what comes in ---------------------------------------------------------------*/

/* Is it said by whom it speaks for? */
static bool
from_the_right_one(const struct itip_facts *f, struct span from)
{
	if (from.n == 0)
		return false;
	if (span_eq_ci(f->method, SPAN("REPLY")))
		return f->mine && f->n_guest == 1 &&
		       span_eq_ci(f->guest[0].mail, from);
	if (span_eq_ci(f->method, SPAN("CANCEL")) ||
	    span_eq_ci(f->method, SPAN("REQUEST")))
		return f->has_organizer && !f->mine &&
		       span_eq_ci(f->organizer, from);
	return false;
}

/* The one address it is from; several are nobody's. */
static struct span
sender(struct arena *a, struct span header)
{
	struct addresses as =
		header_addresses(a, header_raw(header, "From", 0));

	return as.n == 1 && header_raw(header, "From", 1).n == 0
		       ? as.v[0].addr
		       : SPAN_NONE;
}

static bool
seen_before(struct account *a, struct span name)
{
	enum sent_state st = SENT_NONE;
	struct err e = { 0 };

	return !sent_look(a->gw->store, a->user, NO_DEVICE, name,
			  clock_wall(), &st, &e) ||
	       st == SENT_DONE;
}

void
arrivals_see(struct account *a, const struct coll *c,
	     const struct mirror_item *item, const struct tr_env *env,
	     const struct mail_content *mail)
{
	struct due d = { .kind = DUE_APPLY, .go = true,
			 .since = clock_wall() };
	struct span ics, method, name;
	struct itip_facts f;
	struct err e = { 0 };

	if (mail->plan.calendar == NULL || c->type == FOLDER_JUNK ||
	    c->type == FOLDER_TRASH || c->type == FOLDER_SENT ||
	    c->type == FOLDER_DRAFTS)
		return;
	name = span_of(arena_printf(env->arena, "arrived %llx %08x",
				    (unsigned long long)item->token,
				    item->token != 0 ? 0 : c->id));
	d.id = hash64(name, SPAN("arrived")) | 1;
	if (!email_calendar(env, &mail->info, &mail->plan, &ics, &method) ||
	    !itip_facts(env, ics, &f))
		return;
	if (f.method.n == 0)
		f.method = method;
	d.from = sender(env->arena, mail->info.header);
	if (!from_the_right_one(&f, d.from) || seen_before(a, name))
		return;
	d.uid = f.uid;
	d.to = name;
	d.mime = itip_with_method(env, ics, f.method);
	if (!due_put(a->gw->store, a->user, &d, &e)) {
		log_line(LOG_WARN, "meeting", "not applied: %s", e.text);
		return;
	}
	due_mails_kick(a);
}

/* ---- applying ---------------------------------------------------------------------*/

struct job {
	struct account *a;
	const struct tr_env *env;
	const struct due *d;
	struct source *s;
	struct event_place at;
	int64_t deadline_ms;
};

static bool
store(struct job *j, struct span text, struct err *e)
{
	struct object o = { .remote = j->at.item.remote,
			    .etag = j->at.item.etag, .data = text };
	struct change c;
	const char *flaw;
	uint64_t item, version, seq;

	if (!source_put(j->s, j->at.coll.remote, KIND_EVENT, SPAN_NONE, &o,
			j->env->arena, e))
		return false;
	c = (struct change){ .remote = o.remote, .etag = o.etag,
			     .data = o.data };
	object_facts(&j->at.coll, &c, &flaw);
	if (!mirror_born(j->a->gw->store, j->a->user, j->at.coll.id, &c,
			 &item, &version, &seq, e))
		return false;
	park_post(j->a->gw, j->a->user, j->at.coll.id, seq);
	return true;
}

static bool
apply_once(struct job *j, struct err *e)
{
	struct itip_facts f;
	struct err mine = { 0 };
	struct span text;
	bool there;

	if (!event_in(j->a, &j->at.coll, j->d->uid, j->env->arena,
		      j->deadline_ms, &j->at, &there, e))
		return false;
	if (!there || j->at.text.n == 0)
		return true;
	if (!itip_apply(j->env, j->at.text, j->d->mime, j->env->now, &text,
			&mine)) {
		log_line(LOG_INFO, "meeting", "not applied: %s", mine.text);
		return true;
	}
	if (span_eq(text, j->at.text))
		return true;
	if (itip_facts(j->env, j->at.text, &f) && f.by_client)
		text = itip_agent(j->env, text, true);
	return store(j, text, e);
}

static bool
apply_locked(struct job *j, struct err *e)
{
	int i;

	for (i = 0; i < MAX_RETRIES; i++) {
		if (apply_once(j, e))
			return true;
		if (e->code == ERR_NOT_FOUND && e->scope == SCOPE_ITEM) {
			err_clear(e);
			return true;
		}
		if (e->code != ERR_CONFLICT)
			return false;
		err_clear(e);
		if (!refresh_locked(j->a, j->s, j->at.coll.id,
				    j->deadline_ms, e))
			return false;
	}
	return err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
		       "the calendar does not hold still");
}

/* A server that schedules keeps the user's own meetings itself, and would tell
 * everybody of what is written there; nothing is told of a cancellation. */
static bool
ours(struct job *j, const struct user_conf *user, bool *out, struct err *e)
{
	struct itip_facts f;
	bool server;

	if (!schedule_by_server(j->a, user, j->at.coll.source, NULL,
				j->deadline_ms, &server, e))
		return false;
	*out = !j->at.coll.read_only &&
	       (!server || (itip_facts(j->env, j->d->mime, &f) &&
			    span_eq_ci(f.method, SPAN("CANCEL"))));
	return true;
}

static bool
apply(struct job *j, const struct user_conf *user, struct err *e)
{
	bool found, mine = false, ok;

	if (!event_find(j->a, j->d->uid, true, j->env->arena, j->deadline_ms,
			&j->at, &found, e))
		return false;
	if (!found)
		return true;
	if (!ours(j, user, &mine, e) || !mine)
		return e->code == ERR_NONE;
	j->s = account_checkout(j->a, j->at.coll.source, j->deadline_ms, e);
	ok = j->s != NULL &&
	     coll_lock(j->a, j->at.coll.id, j->deadline_ms, e);
	if (ok) {
		ok = apply_locked(j, e);
		coll_unlock(j->a, j->at.coll.id);
	}
	account_checkin(j->a, &j->s, !ok && account_broken(e));
	return ok;
}

bool
arrivals_apply(struct account *a, const struct user_conf *user,
	       const struct tr_env *env, const struct due *d,
	       int64_t deadline_ms, struct err *e)
{
	struct job j = { .a = a, .env = env, .d = d,
			 .deadline_ms = deadline_ms };

	if (!apply(&j, user, e) && (e->scope != SCOPE_ITEM))
		return false;
	if (e->code != ERR_NONE)
		log_line(LOG_WARN, "meeting", "not applied: error=%s %s",
			 err_name(e->code), e->text);
	err_clear(e);
	return sent_mark(a->gw->store, a->user, NO_DEVICE, d->to, SENT_DONE,
			 clock_wall(), e);
}
