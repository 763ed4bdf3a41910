/* Drafts of 16.x. A mail cannot be changed at its source: the new text is
 * appended, the mirror gives it the number of the old one (the begun row says
 * whose), and the old one is removed. Killed in between, the phone repeats:
 * the row is found, nothing is appended twice. */
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "gateway/accounts/sessions.h"
#include "gateway/outgoing/outbox.h"
#include "gateway/items/mail_content.h"
#include "gateway/items/sender.h"
#include "gateway/push/park.h"
#include "gateway/push/refresh.h"
#include "gateway/sync/brake.h"
#include "gateway/sync/sync_apply.h"
#include "translate/mail/draft.h"
#include "translate/mail/headers.h"

#define STATUS_BAD_RECIPIENTS 183 /* MS-ASCMD 2.2.2, 16.0 */

struct drafting {
	struct apply *p;
	const struct sync_cmd *cmd;
	struct sync_result *res;
	struct reply_cmd rc;
	struct reply rep;
	struct span once;     /* hex: names the message and its sending */
	struct outgoing mail;
	bool no_recipient;
};

static struct store *
store_of(const struct drafting *d)
{
	return d->p->a->gw->store;
}

/* ---- the message -----------------------------------------------------------*/

static bool
load(struct drafting *d, const struct mirror_item *it, struct span *out,
     struct err *e)
{
	struct mail_want w = { .uid = mail_uid(it) };
	const struct coll *c = d->p->c;

	if (!source_mail_parts(d->p->s, c->remote, c->uidvalidity, &w, 1,
			       d->p->r->arena, e))
		return false;
	*out = w.got;
	return w.found || err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
				  "the draft is gone");
}

/* data applied to old: d->mail. A draft may lack recipients, and much else. */
static bool
compose(struct drafting *d, const struct wbxml_node *data, struct span old,
	struct err *e)
{
	struct request *r = d->p->r;
	int source = user_conf_source(r->user, d->p->c->source);
	struct compose_user user = sender_of(r, source, d->once);
	enum compose_result res;
	struct span mime;
	size_t added;

	res = draft_compose(r->arena, data, old, &user, &mime, &added);
	if (res == COMPOSE_OK)
		res = compose_check(r->arena, mime, &user, &d->mail);
	d->no_recipient = res == COMPOSE_NO_RECIPIENT;
	if (res == COMPOSE_TOO_BIG)
		return err_set(e, ERR_TOO_BIG, SCOPE_ITEM,
			       "a draft of this size");
	if (res == COMPOSE_BAD_MIME)
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "a draft without a message");
	return true;
}

/* As the IMAP driver tells it. */
static uint64_t
token_of(const struct drafting *d)
{
	return hash64(SPAN_NONE, span_trim(header_raw(d->mail.sent_head,
						      "Message-ID", 0)));
}

/* ---- storing ---------------------------------------------------------------*/

/* Removes the text that was written anew; gone already is fine. */
static bool
drop_old(struct drafting *d, struct err *e)
{
	const struct coll *c = d->p->c;
	uint32_t uid = d->rep.cmd.replaces;
	struct mirror_item it;
	struct err none = { 0 };

	if (uid == 0 ||
	    (mirror_get(store_of(d), d->p->a->user, c->id, d->rep.item,
			d->p->r->arena, &it, &none) &&
	     mail_uid(&it) == uid))
		return true;
	return source_expunge(d->p->s, c->remote, c->uidvalidity, &uid, 1, e);
}

/* Appends the message and lets a refresh give it its number: the row is done
 * by that. */
static bool
store_message(struct drafting *d, struct err *e)
{
	struct apply *p = d->p;
	struct request *r = p->r;
	enum reply_match match;
	struct mirror_item it;
	struct span message = compose_join(r->arena, d->mail.sent_head,
					   d->mail.body);
	uint32_t uid;

	if (!brake_add(r, p->pos->dc.coll, message, e))
		return false;
	if (!source_append(p->s, p->c->remote, message, MAIL_SEEN | MAIL_DRAFT,
			   clock_wall(), &uid, e) ||
	    !refresh_locked(p->a, p->s, p->c->id, r->deadline_ms, e) ||
	    !apply_find_row(p, &d->rc, &d->rep, &match, e))
		return false;
	if (match != REPLY_SAME || !d->rep.done)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
			       "the draft was stored and is not listed yet");
	if (!drop_old(d, e) ||
	    !mirror_get(store_of(d), p->a->user, p->c->id, d->rep.item,
			r->arena, &it, e))
		return false;
	d->rep.version = it.version;
	return reply_done(store_of(d), p->pos, d->rep.n, it.item, it.version,
			  1, e);
}

/* ---- sending ---------------------------------------------------------------*/

/* Out of the folder: the phone is told by a Delete. */
static bool
bury(struct drafting *d, const struct mirror_item *it, struct err *e)
{
	struct apply *p = d->p;
	uint32_t uid = mail_uid(it);
	uint64_t seq;

	if (!source_expunge(p->s, p->c->remote, p->c->uidvalidity, &uid, 1,
			    e) ||
	    !mirror_gone(store_of(d), p->a->user, p->c->id, it->item, &seq, e))
		return false;
	park_post(p->a->gw, p->a->user, p->c->id, seq);
	return true;
}

/* The session is given back meanwhile: the copy in Sent needs one. */
static bool
submit(struct drafting *d, struct err *e)
{
	struct apply *p = d->p;
	struct outbox out = { .a = p->a, .arena = p->r->arena,
			      .user = p->r->user,
			      .device = p->r->device_id,
			      .deadline_ms = p->r->deadline_ms,
			      .mail = &d->mail, .client_id = d->once,
			      .save = true };
	int source = user_conf_source(p->r->user, p->c->source);
	struct err mine = { 0 };
	bool ok;

	out.source = source > 0 ? (size_t)source : 0;
	account_checkin(p->a, &p->s, false);
	ok = outbox_send(&out, &mine);
	p->s = account_checkout(p->a, p->c->source, p->r->deadline_ms, e);
	if (p->s == NULL)
		return false;
	if (!ok)
		*e = mine;
	return ok;
}

/* What is stored leaves. Sent before is as good; a refusal keeps it, and the
 * phone asks its user (183). */
static bool
send_stored(struct drafting *d, struct err *e)
{
	struct apply *p = d->p;
	struct mirror_item it;
	struct span text;

	if (!mirror_get(store_of(d), p->a->user, p->c->id, d->rep.item,
			p->r->arena, &it, e))
		return false;
	if (it.gone)
		return true;
	if (!load(d, &it, &text, e) || !compose(d, NULL, text, e))
		return false;
	if (submit(d, e))
		return bury(d, &it, e);
	if (e->scope != SCOPE_ITEM)
		return false;
	log_line(LOG_WARN, "draft", "not sent: %s", e->text);
	err_clear(e);
	d->res->status = STATUS_BAD_RECIPIENTS;
	if (d->cmd->kind == SYNC_CHANGE)
		return true;
	/* The phone keeps its own: a second one would come of it. */
	return bury(d, &it, e) &&
	       reply_drop(store_of(d), p->pos, d->rep.n, e);
}

/* ---- commands --------------------------------------------------------------*/

/* Another phone wrote the draft anew since this one saw it. */
static bool
is_overtaken(struct drafting *d, bool *overtaken, struct err *e)
{
	const struct mirror_item *it = &d->res->item;
	uint64_t has;

	*overtaken = false;
	if (d->cmd->kind == SYNC_ADD || it->digest == 0)
		return true;
	if (!sync_has(store_of(d), d->p->pos, it->item, &has, e))
		return false;
	if (has == it->version || has == HAS_DIRTY)
		return true;
	if (!reply_wrote(store_of(d), d->p->pos, it->item, it->version,
			 overtaken, e))
		return false;
	*overtaken = !*overtaken;
	return true;
}

/* The row is done: d->rep names the item. */
static bool
answer(struct drafting *d, struct err *e)
{
	uint64_t asked = d->res->item.item;

	d->res->status = d->rep.status;
	d->res->item.item = d->rep.item;
	if (d->cmd->send && !send_stored(d, e))
		return false;
	if (d->res->status != 1 && d->cmd->kind == SYNC_ADD) {
		d->res->item.item = 0;
		return true;
	}
	apply_tell(d->p, &d->rep);
	if (d->cmd->kind == SYNC_ADD || asked == d->rep.item) {
		apply_effect(d->p, d->rep.item, d->rep.version);
		return true;
	}
	/* Both texts stay, the phone's as a draft of its own that comes to
	 * it as new. */
	d->res->item.item = asked;
	if (!d->cmd->send)
		d->res->status = 7;
	apply_effect(d->p, asked, HAS_DIRTY);
	return true;
}

static bool
begin(struct drafting *d, uint64_t token, struct err *e)
{
	return reply_begin(store_of(d), d->p->pos, &d->rc, token, SPAN_NONE,
			   d->res->item.version, clock_wall(), &d->rep, e);
}

/* Only Send: there is nothing to store. */
static bool
take_as_stored(struct drafting *d, bool begun, struct err *e)
{
	const struct mirror_item *it = &d->res->item;

	d->rc.replaces = 0;
	if (!begun && !begin(d, 0, e))
		return false;
	d->rep.item = it->item;
	d->rep.version = it->version;
	d->rep.status = 1;
	return reply_done(store_of(d), d->p->pos, d->rep.n, it->item,
			  it->version, 1, e);
}

static bool
write_anew(struct drafting *d, bool begun, struct err *e)
{
	struct span old = SPAN_NONE;
	bool overtaken;

	if ((d->cmd->kind == SYNC_CHANGE &&
	     !load(d, &d->res->item, &old, e)) ||
	    !compose(d, d->cmd->data, old, e) ||
	    !is_overtaken(d, &overtaken, e))
		return false;
	if (d->cmd->send && d->no_recipient) {
		d->res->status = STATUS_BAD_RECIPIENTS;
		if (d->cmd->kind == SYNC_CHANGE)
			apply_effect(d->p, d->res->item.item, HAS_DIRTY);
		return true;
	}
	if (overtaken)
		d->rc.replaces = 0;
	return (begun || begin(d, token_of(d), e)) && store_message(d, e) &&
	       answer(d, e);
}

static bool
name_sending(struct drafting *d, bool known, struct err *e)
{
	uint8_t once[16];

	if (known)
		memcpy(once, d->rep.once, sizeof(once));
	else if (!reply_once(store_of(d), d->p->pos, &d->rc, once, e))
		return false;
	d->once = hex_encode(d->p->r->arena, span_from(once, sizeof(once)));
	return true;
}

static bool
run(struct drafting *d, struct err *e)
{
	bool known;
	enum reply_match match;

	if (!apply_find_row(d->p, &d->rc, &d->rep, &match, e))
		return false;
	known = match == REPLY_SAME;
	if (!name_sending(d, known, e))
		return false;
	if (known && d->rep.done)
		return drop_old(d, e) && answer(d, e);
	if (d->cmd->kind == SYNC_CHANGE && d->res->item.gone) {
		d->res->status = 8;
		apply_effect(d->p, d->res->item.item, HAS_DIRTY);
		return true;
	}
	if (d->cmd->kind == SYNC_CHANGE && !draft_is_rewritten(d->cmd->data))
		return take_as_stored(d, known, e) && answer(d, e);
	return write_anew(d, known, e);
}

/* Which item; false if it is none of this collection. */
static bool
find_item(struct drafting *d, struct err *e)
{
	uint32_t coll;
	uint64_t item;

	if (d->cmd->kind == SYNC_ADD)
		return true;
	if (!item_parse(d->cmd->server_id, &coll, &item) ||
	    coll != d->p->c->id)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM, "no such draft");
	d->rc.item = item;
	if (!mirror_get(store_of(d), d->p->a->user, coll, item,
			d->p->r->arena, &d->res->item, e))
		return false;
	d->rc.replaces = mail_uid(&d->res->item);
	return true;
}

bool
apply_draft(struct apply *p, const struct sync_cmd *cmd,
	    struct sync_result *res, bool *mine, struct err *e)
{
	struct drafting d = { .p = p, .cmd = cmd, .res = res };

	*mine = p->r->version >= 160 && p->named->type == FOLDER_DRAFTS &&
		(cmd->kind == SYNC_ADD ||
		 (cmd->kind == SYNC_CHANGE &&
		  (cmd->send || draft_is_rewritten(cmd->data))));
	if (!*mine)
		return true;
	if (cmd->kind == SYNC_ADD && cmd->data == NULL)
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "an empty Add");
	d.rc = (struct reply_cmd){ .kind = cmd->kind == SYNC_ADD
						   ? REPLY_ADD
						   : REPLY_CHANGE,
				   .client_id = cmd->client_id,
				   .digest = cmd->digest };
	return apply_at(p, p->named, e) && find_item(&d, e) && run(&d, e);
}
