#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "translate/mail/attach.h"
#include "translate/mail/email_private.h"
#include "translate/text/charset.h"
#include "translate/text/html.h"

static const struct body_pref *
pref_of(const struct tr_env *env, enum body_type type)
{
	for (size_t i = 0; i < env->n_body; i++)
		if (env->body[i].type == type)
			return &env->body[i];
	return NULL;
}

static void
add_candidate(struct candidate *out, size_t *n, enum body_type type,
	      const struct body_pref *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < *n; i++)
		if (out[i].type == type)
			return;
	out[*n].type = type;
	out[(*n)++].pref = *p;
}

size_t
body_candidates(const struct tr_env *env, const struct email_plan *plan,
		struct candidate out[MAX_CANDIDATES])
{
	static const struct body_pref plain = { .type = BODY_TEXT,
						.truncation = NO_TRUNCATION };
	const struct body_pref *mime = pref_of(env, BODY_MIME);
	size_t n = 0;

	if (mime && (env->mime_support == 2 ||
		     (env->mime_support == 1 && plan->smime))) {
		add_candidate(out, &n, BODY_MIME, mime);
		if (mime->truncation == NO_TRUNCATION)
			out[0].pref.truncation = env->mime_truncation;
	}
	if (view_has_html(&plan->html))
		add_candidate(out, &n, BODY_HTML, pref_of(env, BODY_HTML));
	else
		add_candidate(out, &n, BODY_TEXT, pref_of(env, BODY_TEXT));
	add_candidate(out, &n, BODY_HTML, pref_of(env, BODY_HTML));
	add_candidate(out, &n, BODY_TEXT, pref_of(env, BODY_TEXT));
	add_candidate(out, &n, BODY_TEXT, pref_of(env, BODY_RTF));
	if (!n)
		add_candidate(out, &n, BODY_TEXT, &plain);
	return n;
}

/* One part as text of its own kind, UTF-8. */
static struct span
piece_text(const struct tr_env *env, const struct email_plan *plan,
	   const struct email_view *v, size_t i, bool *whole)
{
	const struct mail_part *p = v->part[i];
	const struct mail_want *w;
	struct span raw, charset = p->charset;

	*whole = false;
	if (v->want[i] < 0 || !plan->want[v->want[i]].found)
		return SPAN_NONE;
	w = &plan->want[v->want[i]];
	*whole = !w->max || w->got.n < w->max;
	raw = part_decode(env->arena, w->got, p->encoding, *whole);
	raw = span_first(raw, MAX_BODY_BYTES);
	if (part_is(p, "text", "html") && (!charset.n ||
					   !charset_known(charset)))
		charset = html_meta_charset(raw);
	return charset_to_utf8(env->arena, raw, charset, *whole);
}

static struct span
piece_as(const struct tr_env *env, const struct mail_part *p, struct span s,
	 enum body_type type, uint32_t limit, bool *whole)
{
	bool html = part_is(p, "text", "html"), cut = false;

	if (type == BODY_HTML)
		return html ? html_declare_utf8(env->arena, s) :
			text_to_html(env->arena, s);
	if (!html)
		return s;
	s = html_to_text(env->arena, s, HTML_TEXT_BODY,
			 limit == NO_TRUNCATION ? MAX_BODY_BYTES :
						  (size_t)limit + 8, &cut);
	*whole = *whole && !cut;
	return s;
}

static uint64_t
estimate(const struct email_view *v)
{
	uint64_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += part_decoded_size(v->part[i]);
	return n > UINT32_MAX ? UINT32_MAX : n;
}

static struct span
only_piece(const struct tr_env *env, struct span s, bool html,
	   const struct email_view *v)
{
	if (html && v->n == 1 && !part_is(v->part[0], "text", "html"))
		return text_to_html_document(env->arena, s);
	return SPAN_NONE;
}

static struct body_text
make_text(const struct tr_env *env, const struct email_plan *plan,
	  enum body_type type, uint32_t limit)
{
	const struct email_view *v = type == BODY_HTML ? &plan->html :
							 &plan->text;
	struct body_text out = { SPAN_NONE, 0, true };
	struct buf b = BUF_INIT(8ull * MAX_BODY_BYTES);

	if (!v->n && plan->smime)
		buf_str(&b, "This message is encrypted.\r\n");
	for (size_t i = 0; i < v->n && out.whole; i++) {
		struct span s = piece_text(env, plan, v, i, &out.whole);
		struct span doc = only_piece(env, s, type == BODY_HTML, v);

		if (!doc.n)
			doc = piece_as(env, v->part[i], s, type, limit,
				       &out.whole);
		if (b.n && doc.n)
			buf_str(&b, type == BODY_HTML ? "<br>\r\n" : "\r\n");
		buf_span(&b, doc);
	}
	out.data = utf8_crlf(env->arena, arena_dup(env->arena, buf_view(&b)));
	buf_free(&b);
	out.estimate = out.whole ? out.data.n : estimate(v);
	if (out.estimate < out.data.n)
		out.estimate = out.data.n;
	return out;
}

static struct body_text
make_mime(const struct tr_env *env, const struct mail_info *info,
	  const struct email_plan *plan)
{
	struct body_text out = { SPAN_NONE, info->size, false };
	const struct mail_want *w;

	if (plan->want_mime < 0 || !plan->want[plan->want_mime].found)
		return out;
	w = &plan->want[plan->want_mime];
	out.whole = !w->max || w->got.n < w->max;
	out.data = mime_survive(env->arena, w->got);
	if (out.whole || out.data.n > out.estimate)
		out.estimate = out.data.n;
	return out;
}

struct body_text
body_make(const struct tr_env *env, const struct mail_info *info,
	  const struct email_plan *plan, enum body_type type, uint32_t limit)
{
	if (type == BODY_MIME)
		return make_mime(env, info, plan);
	return make_text(env, plan, type, limit);
}

struct span
body_preview(const struct tr_env *env, const struct email_plan *plan,
	     uint32_t chars)
{
	const struct email_view *v = &plan->text;
	struct span text = SPAN_NONE;
	bool whole;

	for (size_t i = 0; i < v->n && !text.n; i++) {
		text = piece_text(env, plan, v, i, &whole);
		if (part_is(v->part[i], "text", "html"))
			text = html_to_text(env->arena, text,
					    HTML_TEXT_PREVIEW, 4096, NULL);
		text = text_preview(env->arena, text, chars);
	}
	return text;
}

struct body_choice
body_cut(struct body_text text, enum body_type type, struct body_pref pref)
{
	struct body_choice c;

	memset(&c, 0, sizeof(c));
	c.type = type;
	c.text = text;
	c.preview = pref.preview;
	c.truncated = !text.whole || text.data.n > pref.truncation;
	if (text.data.n > pref.truncation)
		c.text.data = utf8_cut(text.data, pref.truncation);
	return c;
}

struct body_choice
body_choose(const struct tr_env *env, const struct mail_info *info,
	    const struct email_plan *plan)
{
	struct candidate c[MAX_CANDIDATES];
	size_t n = body_candidates(env, plan, c);
	struct body_choice first, now;

	memset(&first, 0, sizeof(first));
	for (size_t i = 0; i < n; i++) {
		now = body_cut(body_make(env, info, plan, c[i].type,
					 c[i].pref.truncation),
			       c[i].type, c[i].pref);
		if (!now.truncated || !c[i].pref.all_or_none)
			return now;
		if (!i)
			first = now;
	}
	first.no_data = true;
	first.text.data = SPAN_NONE;
	return first;
}
