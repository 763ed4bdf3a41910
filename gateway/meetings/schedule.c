#include "gateway/meetings/schedule.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "gateway/accounts/sessions.h"
#include "gateway/meetings/due_mails.h"
#include "gateway/meetings/told.h"
#include "state/due.h"

/* ---- who -------------------------------------------------------------------*/

static enum itip_schedule
mode_of(const struct user_conf *u, struct span source)
{
	int i = user_conf_source(u, source);

	return i < 0 ? ITIP_AUTO : u->schedule[i];
}

bool
schedule_by_server(struct account *a, const struct user_conf *user,
		   struct span source, struct source *s, int64_t deadline_ms,
		   bool *out, struct err *e)
{
	enum itip_schedule mode = mode_of(user, source);
	struct source *mine = NULL;
	bool ok;

	*out = mode == ITIP_SERVER;
	if (mode != ITIP_AUTO)
		return true;
	if (s == NULL)
		s = mine = account_checkout(a, source, deadline_ms, e);
	ok = s != NULL && source_schedules(s, out, e);
	account_checkin(a, &mine, !ok && account_broken(e));
	return ok;
}

/* iOS 12.4 to 13 (builds 1607 to 1707) send no reply at 14.1 (field/clients 9,
 * Z-Push): "Apple-iPhone9C1/1607.83". */
unsigned
schedule_version(const struct request *r, enum itip_action action)
{
	struct span ua = span_of(r->x->in[IN_USER_AGENT]);
	uint32_t build;

	if (r->version >= 160 || action < ITIP_RESPOND ||
	    !span_starts(ua, SPAN("Apple-iP")))
		return (unsigned)r->version;
	span_take_until(&ua, '/');
	if (!span_u32(span_take_until(&ua, '.'), &build) || build < 1607 ||
	    build > 1707)
		return (unsigned)r->version;
	return 160;
}

static struct span
word_of(enum itip_answer answer)
{
	static const char *const words[] = { "", "ACCEPTED", "TENTATIVE",
					     "DECLINED" };

	return span_of(words[answer]);
}

static struct span
uid_of(const struct schedule *p)
{
	return p->is.uid.n > 0 ? p->is.uid : p->was.uid;
}

/* Has the phone's own mail been before its write? Then it counts. */
static bool
phone_was_first(struct schedule *p, bool *first, struct err *e)
{
	*first = false;
	if (p->env->version >= 160)
		return true;
	if (p->action == ITIP_CREATE && p->is.mine)
		return told_find(p->a, TOLD_BY_PHONE, p->is.uid,
				 SPAN("REQUEST"), SPAN_NONE, first, e);
	if (p->action == ITIP_RESPOND)
		return told_find(p->a, TOLD_BY_PHONE, uid_of(p),
				 SPAN("REPLY"), word_of(p->response->answer),
				 first, e);
	return true;
}

static bool
decide(struct schedule *p, bool *schedules, struct err *e)
{
	enum itip_schedule mode = mode_of(p->user, p->c->source);
	const struct itip_facts *f = p->text.n > 0 ? &p->is : &p->was;
	bool first;

	if (!source_schedules(p->s, schedules, e) ||
	    !phone_was_first(p, &first, e))
		return false;
	/* What the server has sent once is its own: taken from it, it would
	 * cancel (itip_decide.c). */
	if (*schedules && p->was.mine && p->was.n_guest > 0 &&
	    !p->was.by_client)
		mode = ITIP_SERVER;
	p->d = itip_decide(p->env->version, mode, *schedules, f->mine,
			   p->action);
	/* No server proposes another time (RFC 6638 has no COUNTER). */
	if (p->response != NULL && p->response->proposes &&
	    p->d.sender == ITIP_BY_SERVER)
		p->d = (struct itip_decision){ .sender = ITIP_BY_GATEWAY,
					       .hush_server = true };
	if (first && p->d.sender == ITIP_BY_SERVER)
		p->d = (struct itip_decision){ .sender = ITIP_BY_PHONE,
					       .hush_server = true };
	return true;
}

/* ---- what --------------------------------------------------------------------*/

static struct span
joined(struct arena *a, const struct span *v, size_t n)
{
	struct buf b = BUF_INIT(1u << 20);
	struct span s;
	size_t i;

	for (i = 0; i < n; i++) {
		buf_str(&b, i > 0 ? " " : "");
		buf_span(&b, v[i]);
	}
	s = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return s;
}

static size_t
messages(struct schedule *p, struct itip_message m[MAX_ITIP_MESSAGES])
{
	int64_t now = p->env->now;

	if (p->action < ITIP_RESPOND)
		return itip_invite(p->env, p->old, p->text, now, m);
	return itip_respond(p->env, p->text.n > 0 ? p->text : p->old,
			    p->response, now, &m[0]);
}

static bool
announce(struct schedule *p, struct err *e)
{
	struct itip_message m[MAX_ITIP_MESSAGES];
	size_t i, n = messages(p, m);
	struct due d = { .coll = p->c->id, .rest = p->rest,
			 .uid = uid_of(p),
			 .text = p->text, .since = p->env->now };

	for (i = 0; i < n; i++) {
		d.id = hash64(p->key, span_from(&i, sizeof(i))) | 1;
		d.from = m[i].from;
		d.to = p->to[i] = joined(p->env->arena, m[i].to, m[i].n_to);
		d.mime = m[i].mime;
		if (!due_put(p->a->gw->store, p->a->user, &d, e))
			return false;
		p->due[p->n_due++] = d.id;
	}
	due_mails_announced(p->a);
	return true;
}

static bool
is_guest(const struct itip_facts *f, struct span mail)
{
	size_t i;

	for (i = 0; i < f->n_guest; i++)
		if (span_eq_ci(f->guest[i].mail, mail))
			return true;
	return false;
}

/* Guests whom the write takes out of the calendar, which cannot answer for
 * them any more when the phone's own mail comes. Noted before, since after a
 * power cut nothing would tell who they were; as long as the calendar has them
 * the note does not count (phone_mail.c). */
static bool
note_cancel(struct schedule *p, struct err *e)
{
	bool all = p->text.n == 0 || p->is.cancelled, any = all;
	size_t i;

	if (p->d.sender != ITIP_BY_SERVER || p->env->version >= 160 ||
	    p->action >= ITIP_RESPOND)
		return true;
	for (i = 0; i < p->was.n_guest; i++) {
		const struct itip_guest *g = &p->was.guest[i];

		if (!all && is_guest(&p->is, g->mail))
			continue;
		any = true;
		if (g->unreached &&
		    !told_keep(p->a, TOLD_UNREACHED, p->was.uid,
			       SPAN("CANCEL"), g->mail, e))
			return false;
	}
	return !any || told_keep(p->a, TOLD_BY_SERVER, p->was.uid,
				 SPAN("CANCEL"), SPAN_NONE, e);
}

bool
schedule_begin(struct schedule *p, struct err *e)
{
	bool schedules;

	p->meeting = p->quiet = p->rest = false;
	p->n_due = 0;
	p->d = (struct itip_decision){ .sender = ITIP_NOBODY };
	p->was = p->is = (struct itip_facts){ .n_guest = 0 };
	itip_facts(p->env, p->old, &p->was);
	itip_facts(p->env, p->text, &p->is);
	p->meeting = (p->was.has_organizer && !p->was.mine) ||
		     (p->is.has_organizer && !p->is.mine) ||
		     p->was.n_guest + p->is.n_guest > 0;
	if (!p->meeting)
		return true;
	if (!decide(p, &schedules, e))
		return false;
	p->quiet = p->d.hush_server && !p->was.mine;
	if (schedules && p->text.n > 0 &&
	    (p->d.hush_server || p->d.sender == ITIP_BY_SERVER))
		p->text = itip_agent(p->env, p->text, p->d.hush_server);
	if (!note_cancel(p, e))
		return false;
	p->rest = p->d.sender == ITIP_BY_SERVER && p->env->version >= 160;
	if (p->d.sender == ITIP_BY_GATEWAY || p->rest)
		return announce(p, e);
	return true;
}

bool
schedule_reply_only(struct schedule *p, struct err *e)
{
	enum itip_schedule mode =
		p->c != NULL ? mode_of(p->user, p->c->source) : ITIP_AUTO;
	struct itip_message m;
	struct due d = { .go = true, .since = p->env->now };

	/* The server does not know the meeting. */
	if (mode != ITIP_OFF)
		mode = ITIP_GATEWAY;
	p->d = itip_decide(p->env->version, mode, false, false, p->action);
	if (p->d.sender != ITIP_BY_GATEWAY ||
	    !itip_respond(p->env, p->text, p->response, p->env->now, &m))
		return true;
	d.id = hash64(p->key, SPAN("reply")) | 1;
	d.from = m.from;
	d.to = joined(p->env->arena, m.to, m.n_to);
	d.mime = m.mime;
	if (!due_put(p->a->gw->store, p->a->user, &d, e))
		return false;
	due_mails_kick(p->a);
	return true;
}

/* ---- afterwards ----------------------------------------------------------------*/

bool
schedule_unreached(const struct tr_env *env, struct span stored,
		   struct span to, struct span *out)
{
	struct span *v = arena_array(env->arena, to.n + 1, sizeof(*v));
	struct itip_facts f;
	size_t i, n = 0;

	if (!itip_facts(env, stored, &f))
		return false;
	while (to.n > 0) {
		struct span one = span_take_until(&to, ' ');

		if (!f.mine && f.organizer_unreached &&
		    span_eq_ci(one, f.organizer))
			v[n++] = one;
		for (i = 0; f.mine && i < f.n_guest; i++)
			if (f.guest[i].unreached &&
			    span_eq_ci(one, f.guest[i].mail))
				v[n++] = one;
	}
	*out = joined(env->arena, v, n);
	return n > 0;
}

bool
schedule_note_reply(struct schedule *p, struct span stored, struct err *e)
{
	struct itip_facts f;

	if (p->d.sender != ITIP_BY_SERVER || p->env->version >= 160 ||
	    p->action != ITIP_RESPOND)
		return true;
	if (itip_facts(p->env, stored, &f) && f.organizer_unreached &&
	    !told_keep(p->a, TOLD_UNREACHED, uid_of(p), SPAN("REPLY"),
		       f.organizer, e))
		return false;
	return told_keep(p->a, TOLD_BY_SERVER, uid_of(p), SPAN("REPLY"),
			 word_of(p->response->answer), e);
}

void
schedule_done(struct schedule *p, struct span stored)
{
	struct store *st = p->a->gw->store;
	struct err e = { 0 };
	size_t i;

	if (p->meeting && !schedule_note_reply(p, stored, &e))
		log_line(LOG_WARN, "meeting", "not on record: %s", e.text);
	for (i = 0; i < p->n_due; i++) {
		struct span to = SPAN_NONE;
		bool go = !p->rest ||
			  schedule_unreached(p->env,
					     stored.n > 0 ? stored : p->old,
					     p->to[i], &to);

		if (go ? !due_go(st, p->a->user, p->due[i], to, &e)
		       : !due_drop(st, p->a->user, p->due[i], &e))
			log_line(LOG_WARN, "meeting", "not on record: %s",
				 e.text); /* due_mails.c settles it */
	}
	if (p->n_due > 0)
		due_mails_kick(p->a);
	p->n_due = 0;
}

void
schedule_undo(struct schedule *p, const struct err *why)
{
	struct err e = { 0 };
	size_t i;

	if (why->scope != SCOPE_ITEM)
		return;
	for (i = 0; i < p->n_due; i++)
		due_drop(p->a->gw->store, p->a->user, p->due[i], &e);
	p->n_due = 0;
}
