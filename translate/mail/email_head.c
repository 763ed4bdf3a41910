#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/item.h"
#include "base/utf8.h"
#include "translate/mail/attach.h"
#include "translate/mail/conversation.h"
#include "translate/mail/email_private.h"
#include "translate/mail/flag.h"
#include "translate/mail/headers.h"

#define MAX_SUBJECT_BYTES 4096
#define MAX_DISPLAY_TO 4096

static void
text_if(struct wbxml_writer *w, wbxml_tag t, struct span s)
{
	if (s.n)
		wbxml_text(w, t, s);
}

static struct addresses
field_addresses(const struct tr_env *env, const struct mail_info *info,
		const char *name)
{
	return header_addresses(env->arena, header_raw(info->header, name, 0));
}

static struct span
show(const struct tr_env *env, struct addresses as, const char *sep)
{
	return addresses_show(env->arena, as, sep, false, MAX_ADDRESS_TEXT);
}

/* High 2, normal 1, low 0 from any of the fields mailers use. */
static unsigned
importance(struct span header)
{
	struct span v = header_raw(header, "Importance", 0);
	struct span x = header_raw(header, "X-Priority", 0);

	if (!v.n)
		v = header_raw(header, "X-MSMail-Priority", 0);
	if (!v.n)
		v = header_raw(header, "Priority", 0);
	if (span_eq_ci(v, SPAN("high")) || span_eq_ci(v, SPAN("urgent")))
		return 2;
	if (span_eq_ci(v, SPAN("low")) || span_eq_ci(v, SPAN("non-urgent")))
		return 0;
	if (!v.n && x.n && (x.p[0] == '1' || x.p[0] == '2'))
		return 2;
	if (!v.n && x.n && (x.p[0] == '4' || x.p[0] == '5'))
		return 0;
	return 1;
}

static int64_t
received(const struct tr_env *env, const struct mail_info *info)
{
	int64_t t = info->date;

	if (!t && !header_date(env->arena, header_raw(info->header, "Date", 0),
			       &t))
		t = 0;
	return t;
}

static void
write_from(const struct tr_env *env, struct addresses from,
	   struct wbxml_writer *w)
{
	if (from.n)
		wbxml_text(w, WX_Email_From,
			   utf8_cut(address_show(env->arena, from.v[0], true),
				    MAX_ADDRESS_TEXT));
}

void
email_write_head(const struct tr_env *env, const struct mail_info *info,
		 const struct email_state *state, struct wbxml_writer *w)
{
	struct addresses to = field_addresses(env, info, "To");
	struct span subject = utf8_cut(
		header_text(env->arena, header_raw(info->header, "Subject",
						   0)), MAX_SUBJECT_BYTES);
	int64_t t = received(env, info);

	text_if(w, WX_Email_To, show(env, to, ", "));
	text_if(w, WX_Email_Cc, show(env, field_addresses(env, info, "Cc"),
				     ", "));
	write_from(env, field_addresses(env, info, "From"), w);
	text_if(w, WX_Email_ReplyTo,
		show(env, field_addresses(env, info, "Reply-To"), "; "));
	wbxml_text(w, WX_Email_Subject, subject);
	if (t)
		wbxml_str(w, WX_Email_DateReceived,
			  clock_dashed(env->arena, t));
	text_if(w, WX_Email_DisplayTo,
		addresses_names(env->arena, to, "; ", MAX_DISPLAY_TO));
	text_if(w, WX_Email_ThreadTopic, subject_topic(subject));
	wbxml_uint(w, WX_Email_Importance, importance(info->header));
	wbxml_uint(w, WX_Email_Read, state->flags & MAIL_SEEN ? 1 : 0);
}

void
email_write_found(const struct tr_env *env, const struct mail_info *info,
		  const struct email_plan *plan,
		  const struct email_state *state, unsigned preview,
		  struct wbxml_writer *w)
{
	struct part_list files = { .n = 0 };
	int64_t t = received(env, info);

	text_if(w, WX_Email_Subject,
		utf8_cut(header_text(env->arena, header_raw(info->header,
							    "Subject", 0)),
			 MAX_SUBJECT_BYTES));
	if (t)
		wbxml_str(w, WX_Email_DateReceived,
			  clock_dashed(env->arena, t));
	text_if(w, WX_Email_DisplayTo,
		addresses_names(env->arena, field_addresses(env, info, "To"),
				"; ", MAX_DISPLAY_TO));
	text_if(w, WX_Find_DisplayCc,
		addresses_names(env->arena, field_addresses(env, info, "Cc"),
				"; ", MAX_DISPLAY_TO));
	text_if(w, WX_Find_DisplayBcc,
		addresses_names(env->arena, field_addresses(env, info, "Bcc"),
				"; ", MAX_DISPLAY_TO));
	wbxml_uint(w, WX_Email_Importance, importance(info->header));
	wbxml_uint(w, WX_Email_Read, state->flags & MAIL_SEEN ? 1 : 0);
	wbxml_uint(w, WX_Email2_IsDraft, state->draft_folder);
	text_if(w, WX_Find_Preview, body_preview(env, plan, preview));
	attachments_list(env, info, plan, &files);
	wbxml_uint(w, WX_Find_HasAttachments, files.n > 0);
	write_from(env, field_addresses(env, info, "From"), w);
}

static const char *
report_class(const struct mail_info *info, struct span report)
{
	struct span t = info->root->report_type;

	if (span_eq_ci(t, SPAN("disposition-notification")))
		return span_find_ci(report, SPAN("deleted")) >= 0 ?
			"REPORT.IPM.NOTE.IPNNRN" : "REPORT.IPM.NOTE.IPNRN";
	if (!span_eq_ci(t, SPAN("delivery-status")))
		return "IPM.Note";
	if (span_find_ci(report, SPAN("action: failed")) >= 0)
		return "REPORT.IPM.NOTE.NDR";
	if (span_find_ci(report, SPAN("action: delayed")) >= 0)
		return "REPORT.IPM.NOTE.DELAYED";
	if (span_find_ci(report, SPAN("action: delivered")) >= 0 ||
	    span_find_ci(report, SPAN("action: relayed")) >= 0)
		return "REPORT.IPM.NOTE.DR";
	return "REPORT.IPM.NOTE.NDR";
}

const char *
email_class(const struct mail_info *info, const struct email_plan *plan,
	    struct span report)
{
	const struct mail_part *r = info->root;

	if (!r)
		return "IPM.Note";
	if (plan->smime && r->child)
		return "IPM.Note.SMIME.MultipartSigned";
	if (plan->smime && span_eq_ci(r->smime_type, SPAN("signed-receipt")))
		return "IPM.Note.Receipt.SMIME";
	if (plan->smime)
		return "IPM.Note.SMIME";
	if (part_is(r, "multipart", "report"))
		return report_class(info, report);
	return "IPM.Note";
}

static const char *
content_class(const char *class)
{
	if (!strncmp(class, "IPM.Schedule.", 13))
		return "urn:content-classes:calendarmessage";
	return "urn:content-classes:message";
}

static void
write_verb(const struct tr_env *env, int64_t date,
	   const struct email_state *s, struct wbxml_writer *w)
{
	int64_t t = s->verb_time ? s->verb_time : date;

	if (!(s->flags & (MAIL_ANSWERED | MAIL_FORWARDED)))
		return;
	wbxml_uint(w, WX_Email2_LastVerbExecuted,
		   s->flags & MAIL_ANSWERED ? 1 : 3);
	wbxml_str(w, WX_Email2_LastVerbExecutionTime,
		  clock_dashed(env->arena, t));
}

static void
write_conversation(const struct tr_env *env, const struct mail_info *info,
		   struct wbxml_writer *w)
{
	struct conversation c = conversation_of(env->arena, info->header,
						received(env, info));

	wbxml_opaque(w, WX_Email2_ConversationId, span_from(c.id, 16));
	wbxml_opaque(w, WX_Email2_ConversationIndex, c.index);
}

static void
write_sender(const struct tr_env *env, const struct mail_info *info,
	     struct wbxml_writer *w)
{
	struct addresses s = field_addresses(env, info, "Sender");
	struct addresses f = field_addresses(env, info, "From");

	if (s.n && s.v[0].addr.n &&
	    !(f.n && span_eq_ci(f.v[0].addr, s.v[0].addr)))
		wbxml_text(w, WX_Email2_Sender,
			   address_show(env->arena, s.v[0], true));
}

static void
write_draft(const struct tr_env *env, const struct mail_info *info,
	    const struct email_state *state, struct wbxml_writer *w)
{
	if (env->version < 160)
		return;
	wbxml_uint(w, WX_Email2_IsDraft, state->draft_folder);
	if (state->draft_folder)
		text_if(w, WX_Email2_Bcc,
			addresses_show(env->arena,
				       field_addresses(env, info, "Bcc"),
				       ", ", false, 1024));
}

void
email_write_tail(const struct tr_env *env, const struct mail_info *info,
		 const struct email_state *state, const char *class,
		 unsigned native, struct wbxml_writer *w)
{
	wbxml_str(w, WX_Email_InternetCPID, "65001");
	flag_write(env->arena, w, state->flags & MAIL_FLAGGED,
		   state->flag_block);
	wbxml_str(w, WX_Email_ContentClass, content_class(class));
	wbxml_uint(w, WX_AirSyncBase_NativeBodyType, native);
	if (env->version < 140)
		return;
	write_conversation(env, info, w);
	write_verb(env, received(env, info), state, w);
	write_sender(env, info, w);
	categories_write(env->arena, w, state->keywords);
	write_draft(env, info, state, w);
}

void
email_write_flags(const struct tr_env *env, const struct email_state *state,
		  unsigned which, struct wbxml_writer *w)
{
	if (which & EMAIL_CHANGED_READ)
		wbxml_uint(w, WX_Email_Read, state->flags & MAIL_SEEN ? 1 : 0);
	if (which & EMAIL_CHANGED_FLAG)
		flag_write(env->arena, w, state->flags & MAIL_FLAGGED,
			   state->flag_block);
	if (env->version < 140)
		return;
	if (which & EMAIL_CHANGED_CATEGORIES)
		categories_write(env->arena, w, state->keywords);
	if (which & EMAIL_CHANGED_VERB)
		write_verb(env, 0, state, w);
}
