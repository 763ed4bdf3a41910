#include "gateway/meetings/due_mails.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/accounts/sessions.h"
#include "gateway/outgoing/notice.h"
#include "gateway/outgoing/outbox.h"
#include "gateway/items/mail_ref.h"
#include "gateway/meetings/arrivals.h"
#include "gateway/meetings/find_event.h"
#include "gateway/meetings/schedule.h"
#include "gateway/push/refresh.h"
#include "state/due.h"

#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 300000
#define CALL_MS 60000
#define GIVE_UP_SECONDS (3 * 86400)
#define NO_DEVICE 0

struct run {
	struct account *a;
	struct user_conf *conf;
	struct arena *arena; /* of one row */
	struct tr_env env;
	int64_t deadline_ms;
	bool left; /* something has to wait */
};

/* ---- did the calendar take it ------------------------------------------------*/

static bool
judge(struct run *u, struct source *s, const struct coll *c,
      const struct due *d, struct err *e)
{
	struct event_place p = { .text = SPAN_NONE };
	struct store *st = u->a->gw->store;
	struct span to = SPAN_NONE;
	bool found;

	if (!refresh_locked(u->a, s, c->id, u->deadline_ms, e) ||
	    !event_in(u->a, c, d->uid, u->arena, u->deadline_ms, &p, &found,
		      e))
		return false;
	if (!itip_took(&u->env, found ? p.text : SPAN_NONE, d->text) ||
	    (d->rest &&
	     !schedule_unreached(&u->env, p.text, d->to, &to)))
		return due_drop(st, u->a->user, d->id, e);
	return due_go(st, u->a->user, d->id, to, e);
}

/* An act in progress holds the collection's lock: its row is not judged
 * before the write is over. */
static bool
settle(struct run *u, const struct due *d, struct err *e)
{
	struct store *st = u->a->gw->store;
	struct source *s;
	struct coll c;
	bool ok;

	if (!colls_get(st, u->a->user, d->coll, u->arena, &c, e)) {
		if (e->code != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		return due_drop(st, u->a->user, d->id, e);
	}
	s = account_checkout(u->a, c.source, u->deadline_ms, e);
	ok = s != NULL && coll_lock(u->a, c.id, u->deadline_ms, e);
	if (ok) {
		ok = judge(u, s, &c, d, e);
		coll_unlock(u->a, c.id);
	}
	account_checkin(u->a, &s, !ok && account_broken(e));
	return ok;
}

/* ---- sending -----------------------------------------------------------------*/

static bool
listed(struct span list, struct span mail)
{
	while (list.n > 0)
		if (span_eq_ci(span_take_until(&list, ' '), mail))
			return true;
	return false;
}

/* The mail, from the address that the meeting knows, to those it is for. */
static bool
make_mail(struct run *u, const struct due *d, struct outgoing *mail)
{
	struct span *own = arena_array(u->arena, u->env.n_own + 1,
				       sizeof(*own));
	struct compose_user user = {
		.own = own, .name = span_of(u->conf->name), .now = d->since,
		.token = span_of(arena_printf(u->arena, "due%016llx",
					      (unsigned long long)d->id))
	};
	size_t i, n = 0;

	for (i = 0; i < u->env.n_own; i++)
		if (span_eq_ci(u->env.own[i], d->from))
			own[user.n_own++] = u->env.own[i];
	for (i = 0; i < u->env.n_own; i++)
		if (!span_eq_ci(u->env.own[i], d->from))
			own[user.n_own++] = u->env.own[i];
	if (compose_check(u->arena, d->mime, &user, mail) != COMPOSE_OK)
		return false;
	for (i = 0; i < mail->n_rcpt; i++)
		if (listed(d->to, mail->rcpt[i]))
			mail->rcpt[n++] = mail->rcpt[i];
	mail->n_rcpt = n;
	return n > 0;
}

static bool
is_final(const struct err *e, const struct due *d)
{
	return clock_wall() - d->since > GIVE_UP_SECONDS ||
	       ((e->code == ERR_DENIED || e->code == ERR_INVALID ||
		 e->code == ERR_TOO_BIG) &&
		e->scope != SCOPE_ACCOUNT);
}

static bool
tell_user(struct run *u, const struct due *d, const struct outgoing *mail,
	  struct err *e)
{
	struct notice n = {
		.subject = SPAN("This message about a meeting could not be "
				"sent"),
		.words = SPAN("The mail server refused the attached message "
			      "about a meeting in your calendar. None of its "
			      "recipients got it. Please check their "
			      "addresses.\r\n"),
		.mail = compose_join(u->arena, mail->sent_head, mail->body),
		.name = mail->message_id,
	};

	return notice_put(u->a, u->conf, &n, u->arena, u->deadline_ms, e) &&
	       due_drop(u->a->gw->store, u->a->user, d->id, e);
}

static bool
send_one(struct run *u, const struct due *d, struct err *e)
{
	struct outgoing mail;
	struct outbox out = { .a = u->a, .arena = u->arena, .user = u->conf,
			      .device = NO_DEVICE, .mail = &mail,
			      .deadline_ms = u->deadline_ms, .save = true };
	struct store *st = u->a->gw->store;

	if (!make_mail(u, d, &mail)) {
		log_line(LOG_WARN, "meeting", "a mail to nobody");
		return due_drop(st, u->a->user, d->id, e);
	}
	out.source = user_conf_mailbox(u->conf, mail.from);
	/* The act names the mail: announced again after it has left, it does
	 * not leave again. */
	out.client_id = span_of(arena_printf(u->arena, "due %016llx",
					     (unsigned long long)d->id));
	if (outbox_send(&out, e))
		return due_drop(st, u->a->user, d->id, e);
	log_line(LOG_WARN, "meeting", "mail not sent: error=%s text=\"%s\"",
		 err_name(e->code), e->text);
	if (!is_final(e, d))
		return false;
	err_clear(e);
	return tell_user(u, d, &mail, e);
}

/* ---- the job -----------------------------------------------------------------*/

/* A row that is due once it is settled is sent right away. */
static bool
one_row(struct run *u, struct due *d, struct err *e)
{
	uint64_t id = d->id;
	bool there = true;

	u->env = user_env(u->arena, u->conf, 161);
	u->deadline_ms = clock_mono_ms() + CALL_MS;
	if (d->kind == DUE_APPLY)
		return arrivals_apply(u->a, u->conf, &u->env, d,
				      u->deadline_ms, e) &&
		       due_drop(u->a->gw->store, u->a->user, id, e);
	if (!d->go) {
		if (!settle(u, d, e) ||
		    !due_next(u->a->gw->store, u->a->user, id - 1, u->arena,
			      d, &there, e))
			return false;
		if (!there || d->id != id || !d->go)
			return true;
	}
	return send_one(u, d, e);
}

static void
all_rows(struct run *u)
{
	uint64_t after = 0;
	bool found = true;

	while (found) {
		struct err e = { 0 };
		struct due d;

		u->arena = arena_new();
		found = due_next(u->a->gw->store, u->a->user, after, u->arena,
				 &d, &found, &e) && found;
		if (found) {
			after = d.id;
			one_row(u, &d, &e);
		}
		arena_free(&u->arena);
		if (e.code == ERR_NONE)
			continue;
		u->left = true;
		log_line(LOG_WARN, "meeting", "later error=%s text=\"%s\"",
			 err_name(e.code), e.text);
	}
}

static void
try_again_at(struct account *a, int64_t when_ms)
{
	pthread_mutex_lock(&a->lock);
	if (a->mails_due_ms > when_ms)
		a->mails_due_ms = when_ms;
	pthread_mutex_unlock(&a->lock);
}

/* Twice as long after each failure. */
static void
wait_after(struct account *a, bool failed)
{
	int64_t ms;

	pthread_mutex_lock(&a->lock);
	ms = a->mails_wait_ms * 2;
	if (ms < RETRY_MIN_MS)
		ms = RETRY_MIN_MS;
	if (ms > RETRY_MAX_MS)
		ms = RETRY_MAX_MS;
	a->mails_wait_ms = failed ? ms : 0;
	pthread_mutex_unlock(&a->lock);
	if (failed)
		try_again_at(a, clock_mono_ms() + ms);
}

static void
run_all(void *arg)
{
	struct account *a = arg;
	struct run u = { .a = a, .conf = account_conf(a) };

	all_rows(&u);
	user_conf_put(&u.conf);
	wait_after(a, u.left);
	account_put(&a);
}

void
due_mails_later(struct account *a)
{
	bool due;

	pthread_mutex_lock(&a->lock);
	due = a->mails_due_ms <= clock_mono_ms();
	if (due)
		a->mails_due_ms = INT64_MAX;
	pthread_mutex_unlock(&a->lock);
	if (!due)
		return;
	account_ref(a);
	if (pool_submit(a->gw->pool, JOB_BACKGROUND, run_all, a))
		return;
	try_again_at(a, clock_mono_ms() + RETRY_MIN_MS);
	account_put(&a);
}

void
due_mails_announced(struct account *a)
{
	try_again_at(a, clock_mono_ms() + RETRY_MIN_MS);
}

void
due_mails_kick(struct account *a)
{
	try_again_at(a, 0);
	due_mails_later(a);
}
