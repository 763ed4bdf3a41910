#include "gateway/outgoing/outbox.h"

#include "backends/smtp.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/fault.h"
#include "base/log.h"
#include "gateway/accounts/sessions.h"
#include "gateway/outgoing/notice.h"
#include "gateway/outgoing/sent_copy.h"
#include "state/sent.h"

static bool
mark(struct outbox *o, enum sent_state state, struct err *e)
{
	return o->client_id.n == 0 ||
	       sent_mark(o->a->gw->store, o->a->user, o->device,
			 o->client_id, state, clock_wall(), e);
}

/* The last moment in which it is certain that nothing has left. */
static bool
before_last(void *ctx)
{
	struct err e = { 0 };

	return mark(ctx, SENT_DOUBT, &e) &&
	       fault_here("outbox.final-dot", &e);
}

static struct span
source_name(const struct outbox *o)
{
	return span_of(o->user->sources[o->source].name);
}

static void
keep_copy(struct outbox *o, bool look_first)
{
	struct copy c = { .message_id = o->mail->message_id,
			  .source = source_name(o),
			  .since = clock_wall() };

	if (!o->save || !o->user->save_sent[o->source])
		return;
	c.message = compose_join(o->arena, o->mail->sent_head,
				 o->mail->body);
	sent_copy_keep(o->a, &c, look_first, o->deadline_ms);
}

/* ---- in doubt --------------------------------------------------------------------*/

/* Never send again: the mail goes into the inbox with a word on top. */
static bool
tell_user(struct outbox *o, struct err *e)
{
	struct notice n = {
		.subject = SPAN("It is not certain that this mail left"),
		.words = SPAN("The connection to the mail server broke in the "
			      "very moment in which it took the attached mail. "
			      "Please ask the recipients, and send it again "
			      "if it did not arrive.\r\n"),
		.mail = compose_join(o->arena, o->mail->sent_head,
				     o->mail->body),
		.name = o->mail->message_id,
	};

	return notice_put(o->a, o->user, &n, o->arena, o->deadline_ms, e) &&
	       mark(o, SENT_TOLD, e);
}

static bool
resolve_doubt(struct outbox *o, struct err *e)
{
	bool found;

	if (!sent_copy_found(o->a, source_name(o), o->mail->message_id,
			     o->deadline_ms, &found, e))
		return false;
	return found ? mark(o, SENT_DONE, e) : tell_user(o, e);
}

/* ---- sending ---------------------------------------------------------------------*/

/* A token that is refused is replaced once; nothing has left then. */
static bool
hand_over(struct outbox *o, const struct smtp_mail *m, bool *in_doubt,
	  struct err *e)
{
	const struct user_conf *u = o->user;
	struct login l = { 0 };
	struct err why;
	bool ok = false, again = true;
	int tries;

	for (tries = 0; tries < 2 && !ok && again; tries++) {
		why = (struct err){ .code = ERR_NONE };
		again = false;
		if (!account_login(o->a, u, o->source, &l, &why))
			break;
		ok = smtp_send(&u->sources[o->source], &l, m,
			       o->deadline_ms, in_doubt, &why);
		again = !ok && account_refused(u, o->source, &l, &why);
		login_wipe(&l);
	}
	login_wipe(&l);
	return ok || err_set(e, why.code, why.scope, "%s", why.text);
}

static bool
submit(struct outbox *o, struct err *e)
{
	const char **to = arena_array(o->arena, o->mail->n_rcpt + 1,
				      sizeof(*to));
	struct smtp_mail m = { .to = to, .n_to = o->mail->n_rcpt,
			       .before_last = before_last, .ctx = o };
	struct err none = { 0 };
	bool in_doubt = false, ok;
	size_t i;

	for (i = 0; i < o->mail->n_rcpt; i++)
		to[i] = arena_str(o->arena, o->mail->rcpt[i]);
	m.from = arena_str(o->arena, o->mail->from);
	m.message = compose_join(o->arena, o->mail->wire_head,
				 o->mail->body);
	ok = hand_over(o, &m, &in_doubt, e);
	if (ok && !fault_here("outbox.after-dot", e)) {
		ok = false;
		in_doubt = true; /* as if the 250 had not come through */
	}
	if (ok) {
		/* It left, whatever our records say: a repetition finds its
		 * copy in Sent. */
		if (!mark(o, SENT_DONE, &none))
			log_line(LOG_WARN, "send", "not on record: %s",
				 none.text);
		return true;
	}
	if (in_doubt) {
		log_line(LOG_WARN, "send", "in doubt: %s", e->text);
		err_clear(e);
		return resolve_doubt(o, e);
	}
	mark(o, SENT_NONE, &none); /* a clear refusal: nothing left */
	return false;
}

/* Another process began and nothing left, or this one and it is over: whoever
 * holds the lock is the only one who sends. */
static bool
begin(struct outbox *o, enum sent_state *was, struct err *e)
{
	*was = SENT_NONE;
	if (o->client_id.n == 0)
		return true;
	if (!sent_begin(o->a->gw->store, o->a->user, o->device,
			o->client_id, clock_wall(), was, e))
		return false;
	if (*was == SENT_BEGUN)
		*was = SENT_NONE;
	return true;
}

static bool
send_locked(struct outbox *o, struct err *e)
{
	enum sent_state was;
	bool ok;

	if (!begin(o, &was, e))
		return false;
	o->repeated = was == SENT_TOLD || was == SENT_DONE;
	if (was == SENT_TOLD)
		return true;
	if (was == SENT_DOUBT)
		return resolve_doubt(o, e);
	if (o->mail->n_rcpt == 0) { /* others have told them already */
		keep_copy(o, true);
		return mark(o, SENT_DONE, e);
	}
	ok = was == SENT_DONE || submit(o, e);
	if (ok)
		keep_copy(o, was == SENT_DONE);
	return ok;
}

/* A second copy of the request waits for the one that is working. */
bool
outbox_send(struct outbox *o, struct err *e)
{
	device_id lock = o->device ^ hash64(SPAN("outbox"), o->client_id);
	bool ok;

	if (o->client_id.n == 0)
		return send_locked(o, e);
	if (!dev_lock(o->a, lock, 0, o->deadline_ms, e))
		return false;
	ok = send_locked(o, e);
	dev_unlock(o->a, lock, 0);
	return ok;
}
