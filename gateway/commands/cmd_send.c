/* SendMail, SmartReply, SmartForward: WBXML from 14.0 on, the bare message
 * before (MS-ASCMD 2.2.1.17 to .20). Success is an empty answer. */
#include "base/codec.h"
#include "base/log.h"
#include "gateway/accounts/objects.h"
#include "gateway/accounts/sessions.h"
#include "gateway/commands/commands.h"
#include "gateway/outgoing/outbox.h"
#include "gateway/http/status.h"
#include "gateway/items/fetch.h"
#include "gateway/items/sender.h"
#include "gateway/meetings/phone_mail.h"
#include "gateway/push/park.h"
#include "translate/calendar/itip.h"
#include "translate/mail/compose.h"
#include "translate/mail/headers.h"
#include "translate/text/html.h"

#define MAX_FORWARD_WORDS (256u << 10)

struct send {
	struct request *r;
	enum smart_kind kind;
	bool smart, replace, save;
	struct span client_id, mime, source;
	const struct wbxml_node *forward; /* 16.x: a calendar item sent on */
	struct mail_ref ref;
};

static unsigned
status_of_compose(enum compose_result res)
{
	switch (res) {
	case COMPOSE_NO_RECIPIENT:
		return 119;
	case COMPOSE_BAD_MIME:
		return 107;
	case COMPOSE_TOO_BIG:
		return 122;
	case COMPOSE_OK:
		break;
	}
	return 0;
}

/* MS-ASCMD_R7176: what a client writes itself has no place beside them. */
static unsigned
read_forward(struct send *s, const struct wbxml_node *n)
{
	if (wbxml_has(n, WX_ComposeMail_Mime) ||
	    wbxml_has(n, WX_ComposeMail_SaveInSentItems) ||
	    wbxml_has(n, WX_ComposeMail_ReplaceMime))
		return 178;
	s->forward = n;
	s->save = true;
	return s->source.n == 0 ? 150 : 0;
}

/* 0 or a common code. evolution sends WBXML for SmartReply at 12.1 too
 * (captures.md), so the body decides, not the version. */
static unsigned
read_send(struct send *s)
{
	struct request *r = s->r;
	const struct wbxml_node *src, *n = r->body;
	struct wbxml_node *root;
	struct err e = { 0 };

	if (n == NULL && s->smart && r->raw_body.n > 4 &&
	    wbxml_read(r->arena, r->raw_body, &root, &e))
		n = root;
	if (n == NULL) {
		s->mime = r->raw_body;
		s->save = r->q.save_in_sent;
		s->source = r->q.long_id.n > 0 ? r->q.long_id : r->q.item_id;
		return s->mime.n == 0 ? 101 : 0;
	}
	s->mime = wbxml_child_text(n, WX_ComposeMail_Mime);
	s->client_id = wbxml_child_text(n, WX_ComposeMail_ClientId);
	s->save = wbxml_child_bool(n, WX_ComposeMail_SaveInSentItems, false);
	s->replace = wbxml_child_bool(n, WX_ComposeMail_ReplaceMime, false);
	src = wbxml_child(n, WX_ComposeMail_Source);
	s->source = wbxml_child_text(src, WX_ComposeMail_LongId);
	if (s->source.n == 0)
		s->source = wbxml_child_text(src, WX_ComposeMail_ItemId);
	if (s->client_id.n == 0 || s->client_id.n > 40)
		return 103;
	if (r->version >= 160 && s->smart && s->kind == SMART_FORWARD &&
	    (wbxml_has(n, WX_ComposeMail_Forwardees) ||
	     wbxml_has(n, WX_AirSyncBase_Body)))
		return read_forward(s, n);
	return s->mime.n == 0 ? 107 : 0;
}

static struct span
token_of(struct send *s)
{
	struct span key = s->client_id.n > 0 ? s->client_id : s->mime;
	uint8_t h[16];

	hash128(span_from(&s->r->device_id, sizeof(s->r->device_id)), key, h);
	return hex_encode(s->r->arena, span_from(h, sizeof(h)));
}

/* The original and the pieces of it that go into the mail. */
static unsigned
add_original(struct send *s, struct err *e)
{
	struct request *r = s->r;
	struct account *a = request_account(r);
	struct source *src;
	struct mail_info info;
	struct smart_plan plan;
	uint32_t uid;
	size_t missing = 0;
	bool ok;

	if (!mail_find(r, s->source, &s->ref, e)) {
		err_clear(e);
		return 150; /* MS-ASCMD 2.2.2, table of common codes */
	}
	uid = mail_uid(&s->ref.item);
	src = account_checkout(a, s->ref.coll.source, r->deadline_ms, e);
	ok = src != NULL &&
	     source_mail_info(src, s->ref.coll.remote,
			      s->ref.coll.uidvalidity, &uid, 1, r->arena,
			      &info, e);
	if (ok && info.found) {
		compose_smart_plan(r->arena, s->kind, &info, s->replace,
				   &plan);
		ok = plan.n == 0 ||
		     source_mail_parts(src, s->ref.coll.remote,
				       s->ref.coll.uidvalidity, plan.want,
				       plan.n, r->arena, e);
	}
	account_checkin(a, &src, !ok && account_broken(e));
	if (!ok)
		return status_of(STATUS_SEND, e);
	if (!info.found)
		return 150;
	ok = compose_smart(r->arena, s->kind, s->mime, s->replace, &info,
			   &plan, &missing, &s->mime) == COMPOSE_OK;
	if (!ok)
		return 107;
	return missing > 0 && s->kind == SMART_FORWARD ? 121 : 0;
}

/* The addresses; 0 or the Status (R7470: 179 if they cannot be read). */
static unsigned
read_forwardees(struct send *s, struct span **to, size_t *n_to)
{
	const struct wbxml_node *list =
		wbxml_child(s->forward, WX_ComposeMail_Forwardees);
	const struct wbxml_node *n =
		wbxml_child(list, WX_ComposeMail_Forwardee);
	size_t room = 0;
	struct span mail;

	*to = NULL;
	for (*n_to = 0; n != NULL; n = wbxml_again(n)) {
		mail = span_trim(wbxml_child_text(
			n, WX_ComposeMail_Email));
		if (span_find_byte(mail, '@') <= 0)
			return 179;
		*to = arena_grow(s->r->arena, *to, *n_to, &room, sizeof(**to));
		(*to)[(*n_to)++] = mail;
	}
	return *n_to == 0 ? 119 : 0;
}

/* The mail that sends a calendar item on; the gateway writes it (MS-ASCMD
 * 2.2.3.169). */
static unsigned
compose_forward(struct send *s, struct err *e)
{
	struct request *r = s->r;
	const struct wbxml_node *src =
		wbxml_child(s->forward, WX_ComposeMail_Source);
	const struct wbxml_node *body =
		wbxml_child(s->forward, WX_AirSyncBase_Body);
	struct tr_env env = request_env(r);
	struct itip_message m = { 0 };
	struct span *to, ics, words;
	uint32_t type = 1;
	unsigned status;
	size_t n;

	status = read_forwardees(s, &to, &n);
	if (status != 0)
		return status;
	if (!ref_find(r, s->source, &s->ref, e)) {
		err_clear(e);
		return 150;
	}
	if (s->ref.coll.kind != KIND_EVENT) /* R7177 */
		return 178;
	if (!objects_load(request_account(r), &s->ref.coll, &s->ref.item, 1,
			  r->arena, &ics, r->deadline_ms, e))
		return status_of(STATUS_SEND, e);
	words = wbxml_child_text(body, WX_AirSyncBase_Data);
	wbxml_child_u32(body, WX_AirSyncBase_Type, &type);
	if (type == BODY_HTML)
		words = html_to_text(r->arena, words, HTML_TEXT_BODY,
				     MAX_FORWARD_WORDS, NULL);
	status = itip_forward(&env, ics, to, n,
			      wbxml_child_text(src, WX_ComposeMail_InstanceId),
			      words, &m);
	s->mime = m.mime;
	return status;
}

static bool
mark_once(struct send *s, struct err *e)
{
	struct request *r = s->r;
	struct account *a = request_account(r);
	uint32_t flag = s->kind == SMART_REPLY ? MAIL_ANSWERED
					       : MAIL_FORWARDED;
	struct mirror_edit ed = { .mask = flag, .flags = flag };
	uint32_t uid = mail_uid(&s->ref.item);
	uint64_t version, seq;
	struct source *src;
	bool ok = false;

	src = account_checkout(a, s->ref.coll.source, r->deadline_ms, e);
	if (src != NULL && coll_lock(a, s->ref.coll.id, r->deadline_ms, e)) {
		ok = source_set_flags(src, s->ref.coll.remote,
				      s->ref.coll.uidvalidity, &uid, 1, flag,
				      flag, SPAN_NONE, SPAN_NONE, e) &&
		     mirror_edit(r->gw->store, r->user_id, s->ref.coll.id,
				 s->ref.item.item, &ed, &version, &seq, e);
		coll_unlock(a, s->ref.coll.id);
		if (ok)
			park_post(r->gw, r->user_id, s->ref.coll.id, seq);
	}
	account_checkin(a, &src, !ok && account_broken(e));
	return ok;
}

/* \Answered or $Forwarded on the original. The mail has left and no phone asks
 * again, so a session that broke meanwhile gets a second chance; what fails
 * then is only logged. */
static void
mark_original(struct send *s)
{
	struct err e = { 0 };
	unsigned i;

	for (i = 0; i < 2; i++) {
		err_clear(&e);
		if (mark_once(s, &e))
			return;
	}
	log_line(LOG_WARN, "send", "original not marked: %s", e.text);
}

/* ---- which mailbox it leaves through ---------------------------------------*/

/* A reply leaves through the mailbox that received the mail, under its
 * address; everything else by the From the phone chose. */
static unsigned
choose_source(struct send *s, struct outgoing *mail, size_t *source_out)
{
	const struct user_conf *u = s->r->user;
	struct compose_user user;
	enum compose_result res;
	int at = -1;

	if (s->smart && s->ref.coll.id != 0 &&
	    s->ref.coll.kind == KIND_EMAIL)
		at = user_conf_source(u, s->ref.coll.source);
	user = sender_of(s->r, at, token_of(s));
	res = compose_check(s->r->arena, s->mime, &user, mail);
	if (res == COMPOSE_OK)
		*source_out = at > 0 ? (size_t)at
				     : user_conf_mailbox(u, mail->from);
	return status_of_compose(res);
}

/* Phones up to 12.1 give no ClientId: the same bytes under a Message-ID of
 * theirs are the same mail. */
static struct span
name_of_mail(const struct send *s)
{
	uint8_t h[16];

	if (s->client_id.n > 0 ||
	    header_raw(span_first(s->mime, header_end(s->mime)), "Message-ID",
		       0).n == 0)
		return s->client_id;
	hash128(SPAN("mail"), s->mime, h);
	return hex_encode(s->r->arena, span_from(h, sizeof(h)));
}

static unsigned
run_send(struct send *s, struct err *e)
{
	struct request *r = s->r;
	struct outgoing mail;
	struct outbox out = { .arena = r->arena, .user = r->user,
			      .device = r->device_id,
			      .deadline_ms = r->deadline_ms, .mail = &mail };
	unsigned status = read_send(s);

	if (status == 0 && s->forward != NULL)
		status = compose_forward(s, e);
	else if (status == 0 && s->smart && s->source.n > 0)
		status = add_original(s, e);
	if (status == 0)
		status = choose_source(s, &mail, &out.source);
	if (status != 0)
		return status;
	out.client_id = name_of_mail(s);
	out.save = s->save;
	out.a = request_account(r);
	if ((s->forward == NULL && !phone_mail_filter(r, out.a, &mail, e)) ||
	    !outbox_send(&out, e))
		return status_of(STATUS_SEND, e);
	/* Repeated too: the first time may have ended right after sending. */
	if (s->smart && s->ref.coll.id != 0 &&
	    s->ref.coll.kind == KIND_EMAIL)
		mark_original(s);
	/* MS-ASCMD 2.2.2: phones take it as sent. */
	return out.repeated && s->client_id.n > 0 ? 118 : 0;
}

static enum cmd_result
send_command(struct request *r, bool smart, enum smart_kind kind)
{
	struct send s = { .r = r, .kind = kind, .smart = smart };
	struct err e = { 0 };
	unsigned status = run_send(&s, &e);

	if (e.code != ERR_NONE)
		log_line(LOG_WARN, "send", "error=%s text=\"%s\"",
			 err_name(e.code), e.text);
	if (status != 0)
		request_status(r, status);
	else
		r->log_status = 1;
	return CMD_DONE;
}

enum cmd_result
cmd_send_mail(struct request *r)
{
	return send_command(r, false, SMART_REPLY);
}

enum cmd_result
cmd_smart_reply(struct request *r)
{
	return send_command(r, true, SMART_REPLY);
}

enum cmd_result
cmd_smart_forward(struct request *r)
{
	return send_command(r, true, SMART_FORWARD);
}
