#include <string.h>

#include "base/utf8.h"
#include "translate/calendar/meeting.h"
#include "translate/mail/attach.h"
#include "translate/mail/email_private.h"
#include "translate/mail/headers.h"
#include "translate/text/charset.h"
#include "translate/text/html.h"

static struct span
wanted(const struct email_plan *plan, int want)
{
	if (want < 0 || !plan->want[want].found)
		return SPAN_NONE;
	return plan->want[want].got;
}

static void
write_attachment(const struct tr_env *env, const struct email_state *state,
		 const struct mail_part *p, struct wbxml_writer *w)
{
	struct span cid = utf8_clean(env->arena, p->cid);
	struct span loc = utf8_clean(env->arena, p->location);

	wbxml_open(w, WX_AirSyncBase_Attachment);
	wbxml_text(w, WX_AirSyncBase_DisplayName, part_name(env->arena, p));
	wbxml_text(w, WX_AirSyncBase_FileReference,
		   file_reference_make(env->arena, state->coll, state->item,
				       p->section));
	wbxml_uint(w, WX_AirSyncBase_Method, p->is_message ? 5 : 1);
	wbxml_uint(w, WX_AirSyncBase_EstimatedDataSize, part_decoded_size(p));
	if (cid.n)
		wbxml_text(w, WX_AirSyncBase_ContentId, cid);
	if (loc.n)
		wbxml_text(w, WX_AirSyncBase_ContentLocation, loc);
	if (cid.n && part_is(p, "image", NULL) &&
	    !span_eq_ci(p->disposition, SPAN("attachment")))
		wbxml_uint(w, WX_AirSyncBase_IsInline, 1);
	wbxml_close(w);
}

static void
write_attachments(const struct tr_env *env, const struct mail_info *info,
		  const struct email_plan *plan,
		  const struct email_state *state, struct wbxml_writer *w)
{
	struct part_list l;

	attachments_list(env, info, plan, &l);
	if (!l.n)
		return;
	wbxml_open(w, WX_AirSyncBase_Attachments);
	for (size_t i = 0; i < l.n; i++)
		write_attachment(env, state, l.v[i], w);
	wbxml_close(w);
}

/* Data that is clean already, in one string. */
static void
write_data(struct wbxml_writer *w, struct span data)
{
	wbxml_text_begin(w, WX_AirSyncBase_Data);
	wbxml_text_piece(w, data);
	wbxml_text_end(w);
}

static void
write_body_start(const struct body_choice *c, bool smime,
		 struct wbxml_writer *w)
{
	wbxml_uint(w, WX_AirSyncBase_Type, c->type);
	wbxml_uint(w, WX_AirSyncBase_EstimatedDataSize, c->text.estimate);
	if (c->truncated)
		wbxml_uint(w, WX_AirSyncBase_Truncated, 1);
	else if (smime && c->type == BODY_MIME)
		wbxml_uint(w, WX_AirSyncBase_Truncated, 0);
}

static bool
has_data(const struct body_choice *c)
{
	return !c->no_data && (c->text.data.n || !c->truncated);
}

static void
write_preview(const struct tr_env *env, const struct email_plan *plan,
	      const struct body_choice *c, struct wbxml_writer *w)
{
	if (env->version < 140 || !c->preview ||
	    (c->type == BODY_TEXT && has_data(c)))
		return;
	wbxml_text(w, WX_AirSyncBase_Preview,
		   body_preview(env, plan, c->preview));
}

/* Where the data goes instead of into the document. */
struct aside {
	unsigned number;
	struct span *data;
};

static void
write_body(const struct tr_env *env, const struct mail_info *info,
	   const struct email_plan *plan, struct aside *aside,
	   struct wbxml_writer *w)
{
	struct body_choice c = body_choose(env, info, plan);

	wbxml_open(w, WX_AirSyncBase_Body);
	write_body_start(&c, plan->smime, w);
	if (has_data(&c) && aside) {
		wbxml_uint(w, WX_ItemOperations_Part, aside->number);
		*aside->data = c.text.data;
	} else if (has_data(&c)) {
		write_data(w, c.text.data);
	}
	write_preview(env, plan, &c, w);
	wbxml_close(w);
}

static void
write_body_part(const struct tr_env *env, const struct mail_info *info,
		const struct email_plan *plan, struct wbxml_writer *w)
{
	struct body_choice c = body_cut(
		body_make(env, info, plan, BODY_HTML, env->part.truncation),
		BODY_HTML, env->part);

	c.no_data = c.truncated && env->part.all_or_none;
	wbxml_open(w, WX_AirSyncBase_BodyPart);
	wbxml_uint(w, WX_AirSyncBase_Status, 1);
	write_body_start(&c, false, w);
	if (has_data(&c))
		write_data(w, c.text.data);
	if (c.preview)
		wbxml_text(w, WX_AirSyncBase_Preview,
			   body_preview(env, plan, c.preview));
	wbxml_close(w);
}

static bool
read_calendar(const struct tr_env *env, const struct email_plan *plan,
	      struct span *text, struct span *method)
{
	struct span raw = wanted(plan, plan->want_calendar);
	const struct mail_part *p = plan->calendar;

	if (!p || !raw.n || plan->smime)
		return false;
	*text = part_decode(env->arena, raw, p->encoding, true);
	*text = charset_to_utf8(env->arena, *text, p->charset.n ? p->charset :
				SPAN("utf-8"), true);
	*method = p->boundary_method;
	return true;
}

static struct meeting *
read_meeting(const struct tr_env *env, const struct email_plan *plan)
{
	struct span text, method;

	return read_calendar(env, plan, &text, &method) ?
		meeting_read(env, text, method) : NULL;
}

static void
write_full(const struct tr_env *env, const struct mail_info *info,
	   const struct email_plan *plan, const struct email_state *state,
	   struct aside *aside, struct wbxml_writer *w)
{
	struct meeting *m = read_meeting(env, plan);
	const char *class = m ? meeting_class(m) :
		email_class(info, plan, wanted(plan, plan->want_report));
	bool html = view_has_html(&plan->html);

	email_write_head(env, info, state, w);
	write_attachments(env, info, plan, state, w);
	if (env->n_body || !env->has_part)
		write_body(env, info, plan, aside, w);
	if (env->has_part)
		write_body_part(env, info, plan, w);
	wbxml_str(w, WX_Email_MessageClass, class);
	if (m)
		meeting_write(env, m, w);
	email_write_tail(env, info, state, class,
			 html ? BODY_HTML : BODY_TEXT, w);
}

/* The server could not describe the mail: do it from the whole message. */
static bool
plan_from_raw(const struct tr_env *env, const struct mail_info *info,
	      const struct email_plan *plan, struct mail_info *info2,
	      struct email_plan *plan2)
{
	struct span raw = wanted(plan, plan->want_mime);

	if (!raw.n || !mime_info(env->arena, raw, info2, NULL))
		return false;
	info2->uid = info->uid;
	info2->date = info->date;
	if (info->header.n)
		info2->header = info->header;
	email_plan(env, info2, plan2);
	for (size_t i = 0; i < plan2->n; i++) {
		struct mail_want *w = &plan2->want[i];

		w->found = mime_section(env->arena, raw, w->section, &w->got);
		if (w->max)
			w->got = span_first(w->got, w->max);
	}
	return true;
}

bool
email_calendar(const struct tr_env *env, const struct mail_info *info,
	       const struct email_plan *plan, struct span *text_out,
	       struct span *method_out)
{
	struct mail_info info2;
	struct email_plan plan2;

	if (info->root)
		return read_calendar(env, plan, text_out, method_out);
	return plan_from_raw(env, info, plan, &info2, &plan2) &&
		read_calendar(env, &plan2, text_out, method_out);
}

static void
write_any(const struct tr_env *env, const struct mail_info *info,
	  const struct email_plan *plan, const struct email_state *state,
	  struct aside *aside, struct wbxml_writer *w)
{
	struct mail_info info2;
	struct email_plan plan2;

	if (info->root)
		write_full(env, info, plan, state, aside, w);
	else if (plan_from_raw(env, info, plan, &info2, &plan2))
		write_full(env, &info2, &plan2, state, aside, w);
	else
		email_write_stub(env, info, state,
				 "This message could not be read.", w);
}

void
email_write(const struct tr_env *env, const struct mail_info *info,
	    const struct email_plan *plan, const struct email_state *state,
	    struct wbxml_writer *w)
{
	write_any(env, info, plan, state, NULL, w);
}

void
email_write_stub(const struct tr_env *env, const struct mail_info *info,
		 const struct email_state *state, const char *reason,
		 struct wbxml_writer *w)
{
	struct body_pref pref = { .truncation = NO_TRUNCATION };
	struct body_text text = { span_of(reason), strlen(reason), true };
	struct body_choice c = body_cut(text, BODY_TEXT, pref);

	email_write_head(env, info, state, w);
	wbxml_open(w, WX_AirSyncBase_Body);
	write_body_start(&c, false, w);
	write_data(w, c.text.data);
	wbxml_close(w);
	wbxml_str(w, WX_Email_MessageClass, "IPM.Note");
	email_write_tail(env, info, state, "IPM.Note", BODY_TEXT, w);
}

void
email_write_part(const struct tr_env *env, const struct mail_info *info,
		 const struct email_plan *plan,
		 const struct email_state *state, unsigned number,
		 struct span *data_out, struct wbxml_writer *w)
{
	struct aside aside = { number, data_out };

	*data_out = SPAN_NONE;
	write_any(env, info, plan, state, &aside, w);
}
