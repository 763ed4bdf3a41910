/* MeetingResponse (MS-ASCMD 2.2.1.11): answers to invitations, named by mail
 * or by calendar item; gateway/meetings/respond.h carries one out. */
#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "gateway/commands/commands.h"
#include "gateway/meetings/respond.h"
#include "state/answers.h"
#include "translate/text/html.h"

#define MAX_RESPONSES 100 /* MS-ASCMD_R5649 */
#define MAX_COMMENT (64u << 10)
#define BAD 2 /* "invalid meeting request" */

struct one {
	const struct wbxml_node *n;
	struct span request_id, id; /* id: whichever names the item */
	struct respond p;
};

/* ---- reading ------------------------------------------------------------------*/

static struct span
comment_of(struct request *r, const struct wbxml_node *send)
{
	const struct wbxml_node *body = wbxml_child(send, WX_AirSyncBase_Body);
	struct span text = wbxml_child_text(body, WX_AirSyncBase_Data);
	uint32_t type = 1;

	wbxml_child_u32(body, WX_AirSyncBase_Type, &type);
	text = span_first(text, MAX_COMMENT);
	if (type == 2)
		text = html_to_text(r->arena, text, HTML_TEXT_BODY,
				    MAX_COMMENT, NULL);
	return span_trim(text);
}

/* Both or none (R69901704, R69901725). */
static bool
proposal(const struct wbxml_node *send, struct itip_response *out)
{
	struct span start =
		wbxml_child_text(send, WX_MeetingResponse_ProposedStartTime);
	struct span end =
		wbxml_child_text(send, WX_MeetingResponse_ProposedEndTime);

	if (start.n == 0 && end.n == 0)
		return true;
	out->proposes = clock_parse(start, &out->start) &&
			clock_parse(end, &out->end) && out->end >= out->start;
	return out->proposes;
}

/* With its dashes (MS-ASCMD_R3194, R3195). */
static unsigned
instance(struct request *r, struct one *o)
{
	struct span s =
		wbxml_child_text(o->n, WX_MeetingResponse_InstanceId);
	int64_t at;

	if (!wbxml_has(o->n, WX_MeetingResponse_InstanceId))
		return 0;
	if (r->version < 141 || s.n == 0) /* R6712, R4186 */
		return BAD;
	if (span_find_byte(s, '-') != 4 || !clock_parse(s, &at))
		return 104;
	o->p.resp.instance = s;
	return 0;
}

/* 0 or a Status. */
static unsigned
read_one(struct request *r, struct one *o)
{
	const struct wbxml_node *send =
		wbxml_child(o->n, WX_MeetingResponse_SendResponse);
	uint32_t answer = 0;

	o->request_id = wbxml_child_text(o->n, WX_MeetingResponse_RequestId);
	o->id = wbxml_child_text(o->n, WX_Search_LongId);
	if ((o->id.n > 0) == (o->request_id.n > 0)) /* R7031 */
		return BAD;
	if (o->id.n == 0)
		o->id = o->request_id;
	if (!wbxml_child_u32(o->n, WX_MeetingResponse_UserResponse,
			     &answer) || answer < 1 || answer > 3)
		return BAD;
	o->p.resp.answer = (enum itip_answer)answer;
	o->p.silent = r->version >= 160 && send == NULL;
	o->p.resp.comment = comment_of(r, send);
	if (!proposal(send, &o->p.resp))
		return BAD;
	return instance(r, o);
}

/* What makes it the same request as another. */
static struct span
name_of(struct request *r, const struct one *o)
{
	const struct itip_response *x = &o->p.resp;

	return span_of(arena_printf(
		r->arena, "mr " SPAN_FMT " " SPAN_FMT " %d %d %lld %lld %016llx",
		SPAN_ARG(o->id), SPAN_ARG(x->instance), x->answer,
		o->p.silent, (long long)x->start, (long long)x->end,
		(unsigned long long)hash64(SPAN("comment"), x->comment)));
}

/* ---- doing --------------------------------------------------------------------*/

/* A mail that was answered is in Trash when the request comes again, or on
 * its way there. `otherwise`: the Status if it was not. */
static unsigned
answer_again(struct request *r, struct one *o, unsigned otherwise)
{
	struct err e = { 0 };
	struct span word;
	bool found;
	uint32_t coll;
	uint64_t item;

	if (!answer_look(r->gw->store, r->user_id, r->device_id, o->p.name,
			 r->arena, &word, &found, &e))
		return 3;
	if (!found)
		return otherwise;
	if (item_parse(word, &coll, &item))
		o->p.calendar_id = word;
	return 1;
}

static unsigned
status_of_respond(const struct err *e)
{
	if (e->scope == SCOPE_ITEM &&
	    (e->code == ERR_NOT_FOUND || e->code == ERR_INVALID ||
	     e->code == ERR_UNSUPPORTED || e->code == ERR_DENIED))
		return BAD;
	return e->code == ERR_BUG ? 4 : 3; /* 3: may work later */
}

static unsigned
failed(const struct respond *p, const struct err *e)
{
	if (e->code != ERR_NONE)
		log_line(LOG_WARN, "meeting", "error=%s text=\"%s\"",
			 err_name(e->code), e->text);
	return p->status != 0 ? p->status : status_of_respond(e);
}

/* An event may be answered the same way again, after something happened to
 * it; a mail may not. */
static unsigned
carry_out(struct request *r, struct one *o)
{
	struct err e = { 0 };
	unsigned status = 0;

	if (o->p.ref.coll.kind == KIND_EMAIL)
		status = answer_again(r, o, 0);
	if (status == 1)
		respond_trash(r, &o->p.ref);
	if (status != 0)
		return status;
	if (respond(&o->p, &e))
		return 1;
	status = failed(&o->p, &e);
	/* An earlier copy of this request may have been at work meanwhile. */
	return status == BAD ? answer_again(r, o, BAD) : status;
}

static unsigned
do_one(struct request *r, struct one *o)
{
	struct err e = { 0 };
	unsigned status = read_one(r, o);

	if (status != 0)
		return status;
	o->p.r = r;
	o->p.name = name_of(r, o);
	if (!ref_find(r, o->id, &o->p.ref, &e)) {
		if (e.code != ERR_NOT_FOUND)
			return status_of_respond(&e);
		return answer_again(r, o, BAD);
	}
	if (o->p.ref.coll.kind != KIND_EMAIL &&
	    o->p.ref.coll.kind != KIND_EVENT)
		return BAD;
	return carry_out(r, o);
}

/* ---- the answer ------------------------------------------------------------------*/

static void
write_one(struct request *r, const struct one *o, unsigned status)
{
	struct wbxml_writer *w = &r->w;

	wbxml_open(w, WX_MeetingResponse_Result);
	if (o->request_id.n > 0)
		wbxml_text(w, WX_MeetingResponse_RequestId, o->request_id);
	wbxml_uint(w, WX_MeetingResponse_Status, status);
	if (status == 1 && o->p.calendar_id.n > 0)
		wbxml_text(w, WX_MeetingResponse_CalendarId,
			   o->p.calendar_id);
	wbxml_close(w);
}

enum cmd_result
cmd_meeting_response(struct request *r)
{
	const struct wbxml_node *n;
	size_t count = 0;

	for (n = wbxml_child(r->body, WX_MeetingResponse_Request); n != NULL;
	     n = wbxml_again(n))
		count++;
	if (count == 0 || count > MAX_RESPONSES) { /* R5650 */
		request_status(r, 103);
		return CMD_DONE;
	}
	r->log_status = 1;
	wbxml_open(&r->w, WX_MeetingResponse_MeetingResponse);
	for (n = wbxml_child(r->body, WX_MeetingResponse_Request); n != NULL;
	     n = wbxml_again(n)) {
		struct one o = { .n = n };
		unsigned status = do_one(r, &o);

		if (status != 1)
			r->log_status = status;
		write_one(r, &o, status);
	}
	wbxml_close(&r->w);
	return CMD_DONE;
}
