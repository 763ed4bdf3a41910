#include <string.h>

#include "base/limits.h"
#include "translate/mail/email_private.h"
#include "translate/text/charset.h"

#define CALENDAR_BYTES (256u << 10)
#define REPORT_BYTES (16u << 10)
#define PREVIEW_TEXT 2048          /* characters of text that surely do */
#define HTML_OVERHEAD (64u << 10)  /* styles before the first word */
#define SLACK 64

static uint64_t
encoded_for(const struct mail_part *p, uint64_t utf8)
{
	uint64_t raw = charset_bytes_for(p->charset, utf8) + SLACK;

	if (span_starts_ci(p->encoding, SPAN("quoted")))
		return raw * 3 + raw / 8 + SLACK;
	if (span_starts_ci(p->encoding, SPAN("base64")))
		return raw * 3 / 2 + SLACK;
	return raw;
}

static int
add_want(struct email_plan *plan, uint32_t uid, struct span section,
	 uint64_t size, uint64_t bytes)
{
	struct mail_want *w;
	uint32_t max;

	if (bytes > MAX_BODY_BYTES)
		bytes = MAX_BODY_BYTES;
	max = size && bytes >= size ? 0 : (uint32_t)bytes;
	for (size_t i = 0; i < plan->n; i++) {
		w = &plan->want[i];
		if (!span_eq(w->section, section))
			continue;
		if (!max || (w->max && w->max < max))
			w->max = max;
		return (int)i;
	}
	if (plan->n == MAX_EMAIL_WANTS)
		return -1;
	w = &plan->want[plan->n++];
	memset(w, 0, sizeof(*w));
	w->uid = uid;
	w->section = section;
	w->max = max;
	return (int)plan->n - 1;
}

/* Bytes of `limit` UTF-8 in that type need how much of the part? */
static uint64_t
need(const struct mail_part *p, uint32_t limit, bool as_text)
{
	if (limit == NO_TRUNCATION)
		return MAX_BODY_BYTES;
	if (as_text && part_is(p, "text", "html"))
		return encoded_for(p, (uint64_t)limit * 16 + HTML_OVERHEAD);
	return encoded_for(p, (uint64_t)limit + 4);
}

static void
want_view(struct email_plan *plan, uint32_t uid, struct email_view *v,
	  uint32_t limit, bool as_text)
{
	if (!limit)
		return;
	for (size_t i = 0; i < v->n; i++)
		v->want[i] = add_want(plan, uid, v->part[i]->section,
				      v->part[i]->size,
				      need(v->part[i], limit, as_text));
}

/* Raw bytes that surely hold the first `limit` of a mail's text; headers
 * and 8-bit parts may grow, never shrink, on their way. */
static void
want_mime(struct email_plan *plan, const struct mail_info *info,
	  uint32_t limit)
{
	uint64_t n = limit == NO_TRUNCATION ? UINT32_MAX - 1 :
		(uint64_t)limit + SLACK;

	if (info->size && n >= info->size)
		n = 0;
	if (n > MAX_REQUEST)
		n = MAX_REQUEST;
	plan->want_mime = add_want(plan, info->uid, SPAN_NONE, 0, 1);
	if (plan->want_mime >= 0)
		plan->want[plan->want_mime].max = (uint32_t)n;
}

static void
want_candidate(const struct mail_info *info, struct email_plan *plan,
	       const struct candidate *c)
{
	if (c->type == BODY_MIME)
		want_mime(plan, info, c->pref.truncation);
	else if (c->type == BODY_HTML)
		want_view(plan, info->uid, &plan->html, c->pref.truncation,
			  false);
	else
		want_view(plan, info->uid, &plan->text, c->pref.truncation,
			  true);
}

static void
want_previews(const struct tr_env *env, const struct mail_info *info,
	      struct email_plan *plan)
{
	uint32_t chars = env->has_part ? env->part.preview : 0;

	for (size_t i = 0; i < env->n_body; i++)
		if (env->body[i].preview > chars)
			chars = env->body[i].preview;
	if (chars && env->version >= 140)
		want_view(plan, info->uid, &plan->text, PREVIEW_TEXT, true);
	if (env->has_part)
		want_view(plan, info->uid, &plan->html, env->part.truncation,
			  false);
}

static const struct mail_part *
report_part(const struct mail_part *root)
{
	if (!root || !part_is(root, "multipart", "report"))
		return NULL;
	for (const struct mail_part *c = root->child; c; c = c->next)
		if (part_is(c, "message", "delivery-status") ||
		    part_is(c, "message", "disposition-notification"))
			return c;
	return NULL;
}

static void
want_calendar(const struct mail_info *info, struct email_plan *plan)
{
	const struct mail_part *report = report_part(info->root);

	plan->calendar = calendar_find(info->root);
	if (plan->calendar && plan->calendar->size <= CALENDAR_BYTES)
		plan->want_calendar = add_want(plan, info->uid,
					       plan->calendar->section, 0, 0);
	else
		plan->calendar = NULL;
	if (report)
		plan->want_report = add_want(plan, info->uid, report->section,
					     report->size, REPORT_BYTES);
}

void
email_plan(const struct tr_env *env, const struct mail_info *info,
	   struct email_plan *plan)
{
	struct candidate c[MAX_CANDIDATES];
	size_t n;

	memset(plan, 0, sizeof(*plan));
	plan->want_calendar = plan->want_mime = plan->want_report = -1;
	view_build(info->root, false, &plan->text);
	view_build(info->root, true, &plan->html);
	plan->smime = smime_is(info->root);
	n = body_candidates(env, plan, c);
	plan->mime = n && c[0].type == BODY_MIME;
	if (!info->root) {
		want_mime(plan, info, NO_TRUNCATION);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		want_candidate(info, plan, &c[i]);
		if (!c[i].pref.all_or_none)
			break;
	}
	want_previews(env, info, plan);
	want_calendar(info, plan);
}
