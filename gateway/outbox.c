#include "gateway/outbox.h"

#include <string.h>
#include <unistd.h>

#include "backends/smtp.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "gateway/sent_copy.h"
#include "gateway/sessions.h"
#include "state/sent.h"

#define POLL_US 50000

static bool
mark(struct outbox *o, enum sent_state state, struct err *e)
{
	return o->client_id.n == 0 ||
	       sent_mark(o->r->gw->store, o->r->user_id, o->r->device_id,
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
	return span_of(o->r->user->sources[o->source].name);
}

static void
keep_copy(struct outbox *o, bool look_first)
{
	struct copy c = { .message_id = o->mail->message_id,
			  .source = source_name(o),
			  .since = clock_wall() };

	if (!o->save || !o->r->user->save_sent[o->source])
		return;
	c.message = compose_join(o->r->arena, o->mail->sent_head,
				 o->mail->body);
	sent_copy_keep(o->a, &c, look_first, o->r->deadline_ms);
}

/* ---- in doubt --------------------------------------------------------------------*/

/* Never send again: the mail goes into the inbox with a word on top. */
static bool
tell_user(struct outbox *o, struct err *e)
{
	struct compose_attachment original = {
		.name = SPAN("message.eml"),
		.content_type = SPAN("message/rfc822"),
		.content = compose_join(o->r->arena, o->mail->sent_head,
					o->mail->body),
	};
	struct compose_fields f = {
		.to = span_of(o->r->user->emails[0]),
		.subject = SPAN("It is not certain that this mail left"),
		.importance = 2,
		.body = SPAN("The connection to the mail server broke in the "
			     "very moment in which it took the attached mail. "
			     "Please ask the recipients, and send it again "
			     "if it did not arrive.\r\n"),
		.attachments = &original,
		.n_attachments = 1,
	};
	struct span own = span_of(o->r->user->emails[0]);
	struct compose_user user = {
		.own = &own,
		.n_own = 1,
		.now = clock_wall(),
		.token = SPAN("notice"),
	};
	struct span notice = compose_fields(o->r->arena, &f, &user);
	struct source *s =
		account_checkout_mail(o->a, o->r->deadline_ms, e);
	uint32_t uid;
	bool ok = s != NULL && source_append(s, SPAN("INBOX"), notice, 0,
					     clock_wall(), &uid, e);

	account_checkin(o->a, &s, !ok && account_broken(e));
	return ok && mark(o, SENT_TOLD, e);
}

static bool
resolve_doubt(struct outbox *o, struct err *e)
{
	bool found;

	if (!sent_copy_found(o->a, source_name(o), o->mail->message_id,
			     o->r->deadline_ms, &found, e))
		return false;
	return found ? mark(o, SENT_DONE, e) : tell_user(o, e);
}

/* ---- sending ---------------------------------------------------------------------*/

static bool
submit(struct outbox *o, struct err *e)
{
	const char **to = arena_array(o->r->arena, o->mail->n_rcpt + 1,
				      sizeof(*to));
	struct smtp_mail m = { .to = to, .n_to = o->mail->n_rcpt,
			       .before_last = before_last, .ctx = o };
	struct login login = { 0 };
	struct err none = { 0 };
	bool in_doubt = false, ok;
	size_t i;

	for (i = 0; i < o->mail->n_rcpt; i++)
		to[i] = arena_str(o->r->arena, o->mail->rcpt[i]);
	m.from = arena_str(o->r->arena, o->mail->from);
	m.message = compose_join(o->r->arena, o->mail->wire_head,
				 o->mail->body);
	if (!account_login(o->a, o->r->user, o->source, &login, e))
		return false;
	ok = smtp_send(&o->r->user->sources[o->source], &login, &m, o->r->deadline_ms,
		       &in_doubt, e);
	login_wipe(&login);
	if (ok)
		return mark(o, SENT_DONE, e);
	if (in_doubt) {
		log_line(LOG_WARN, "send", "in doubt: %s", e->text);
		err_clear(e);
		return resolve_doubt(o, e);
	}
	mark(o, SENT_NONE, &none); /* a clear refusal: nothing left */
	return false;
}

/* A second copy of the request waits for the one that is working. */
static bool
begin(struct outbox *o, enum sent_state *was, struct err *e)
{
	*was = SENT_NONE;
	if (o->client_id.n == 0)
		return true;
	for (;;) {
		if (!sent_begin(o->r->gw->store, o->r->user_id,
				o->r->device_id, o->client_id, clock_wall(),
				was, e))
			return false;
		if (*was != SENT_BEGUN)
			return true;
		if (clock_mono_ms() > o->r->deadline_ms)
			return err_set(e, ERR_UNAVAILABLE, SCOPE_ITEM,
				       "the same mail is being sent");
		usleep(POLL_US);
	}
}

bool
outbox_send(struct outbox *o, struct err *e)
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
	ok = was == SENT_DONE || submit(o, e);
	if (ok)
		keep_copy(o, was == SENT_DONE);
	return ok;
}
