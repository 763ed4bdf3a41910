#include "gateway/outbox.h"

#include <string.h>
#include <unistd.h>

#include "backends/smtp.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "gateway/folder_tree.h"
#include "gateway/refresh.h"
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

/* ---- the copy in Sent ----------------------------------------------------------*/

static bool
is_in_sent(struct outbox *o, struct source *s, const struct coll *sent,
	   bool *found, struct err *e)
{
	struct search_want want = { 0 };
	uint32_t *uids;
	size_t n;

	want.message_id = span_of(arena_printf(o->r->arena, "<" SPAN_FMT ">",
					       SPAN_ARG(o->mail->message_id)));
	if (!source_search(s, sent->remote, &want, o->r->arena, &uids, &n, e))
		return false;
	*found = n > 0;
	return true;
}

static bool
copy_to_sent(struct outbox *o, struct source *s, const struct coll *sent,
	     bool look_first, struct err *e)
{
	struct span copy = compose_join(o->r->arena, o->mail->sent_head,
					o->mail->body);
	bool found = false;
	uint32_t uid;

	if (look_first && !is_in_sent(o, s, sent, &found, e))
		return false;
	return found || source_append(s, sent->remote, copy, MAIL_SEEN,
				      clock_wall(), &uid, e);
}

/* A mail that left is not an error any more, whatever happens to its copy. */
static void
keep_copy(struct outbox *o, bool look_first)
{
	struct source *s;
	struct coll sent;
	struct err e = { 0 };
	bool ok;

	if (!o->save || !o->r->user->save_sent[o->source])
		return;
	if (!folder_special_of(o->r, source_name(o), FOLDER_SENT, &sent,
			       &e)) {
		log_line(LOG_WARN, "sent-copy", "the account has no Sent");
		return;
	}
	s = account_checkout(o->a, sent.source, o->r->deadline_ms, &e);
	ok = s != NULL && copy_to_sent(o, s, &sent, look_first, &e);
	account_checkin(o->a, &s, !ok && account_broken(&e));
	if (!ok)
		log_line(LOG_WARN, "sent-copy", "error=%s text=\"%s\"",
			 err_name(e.code), e.text);
	else if (sent.cursor.n > 0)
		refresh_ring(o->a, sent.id);
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
	struct source *s =
		account_checkout(o->a, source_name(o), o->r->deadline_ms, e);
	struct coll sent;
	bool found = false, ok = s != NULL;

	if (ok && folder_special_of(o->r, source_name(o), FOLDER_SENT, &sent, e))
		ok = is_in_sent(o, s, &sent, &found, e);
	account_checkin(o->a, &s, !ok && account_broken(e));
	if (!ok)
		return false;
	err_clear(e);
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
