#include "translate/text/item_body.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "translate/text/html.h"

static const struct body_pref *
pref_of(const struct tr_env *env, enum body_type type)
{
	for (size_t i = 0; i < env->n_body; i++)
		if (env->body[i].type == type)
			return &env->body[i];
	return NULL;
}

struct shown {
	enum body_type type;
	struct span all, data;
	bool truncated, no_data;
	uint32_t preview;
};

static struct shown
shown_as(const struct tr_env *env, enum body_type type,
	 const struct body_pref *p, struct span text, struct span html)
{
	struct shown s = { .type = type };

	if (type == BODY_HTML)
		s.all = html.n   ? html_declare_utf8(env->arena, html)
			: text.n ? text_to_html_document(env->arena, text)
				 : SPAN_NONE;
	else
		s.all = text.n || !html.n
				? text
				: html_to_text(env->arena, html, HTML_TEXT_BODY,
					       MAX_BODY_BYTES, NULL);
	s.all = utf8_crlf(env->arena, s.all);
	s.data = s.all;
	if (p && s.all.n > p->truncation) {
		s.truncated = true;
		s.no_data = p->all_or_none;
		s.data = p->all_or_none ? SPAN_NONE
					: utf8_cut(s.all, p->truncation);
	}
	s.preview = p ? p->preview : 0;
	return s;
}

/* Native type first, then HTML, then text (reference, section 11); RTF and
 * MIME wishes get text. */
static struct shown
choose(const struct tr_env *env, struct span text, struct span html)
{
	const struct body_pref *h = pref_of(env, BODY_HTML);
	const struct body_pref *t = pref_of(env, BODY_TEXT);
	struct shown s;

	if (!t && !h && env->n_body)
		t = &env->body[0];
	if (h && (html.n || !t)) {
		s = shown_as(env, BODY_HTML, h, text, html);
		if (!s.no_data || !t)
			return s;
	}
	return shown_as(env, BODY_TEXT, t, text, html);
}

void
item_body_write(const struct tr_env *env, struct span text, struct span html,
	       bool even_empty, struct wbxml_writer *w)
{
	struct shown s = choose(env, text, html);

	if (!s.all.n && !even_empty)
		return;
	wbxml_open(w, WX_AirSyncBase_Body);
	wbxml_uint(w, WX_AirSyncBase_Type, s.type);
	wbxml_uint(w, WX_AirSyncBase_EstimatedDataSize, s.all.n);
	if (s.truncated)
		wbxml_uint(w, WX_AirSyncBase_Truncated, 1);
	if (!s.no_data)
		wbxml_text(w, WX_AirSyncBase_Data, s.data);
	if (s.preview && env->version >= 140 &&
	    (s.no_data || s.type != BODY_TEXT))
		wbxml_text(w, WX_AirSyncBase_Preview,
			   text_preview(env->arena, text, s.preview));
	wbxml_close(w);
}

bool
item_body_read(const struct tr_env *env, const struct wbxml_node *body,
	      struct span *text, struct span *html)
{
	uint32_t type = BODY_TEXT;
	struct span data = wbxml_child_text(body, WX_AirSyncBase_Data);

	*html = SPAN_NONE;
	*text = data;
	if (wbxml_child_u32(body, WX_AirSyncBase_Type, &type) &&
	    type == BODY_HTML) {
		*html = data;
		*text = html_to_text(env->arena, data, HTML_TEXT_BODY,
				     MAX_BODY_BYTES, NULL);
	}
	return type == BODY_TEXT || type == BODY_HTML;
}

/* Line ends and blanks at the end do not count. */
static bool
same_text(struct span a, struct span b)
{
	size_t i = 0, k = 0;

	a = span_trim(a);
	b = span_trim(b);
	while (i < a.n || k < b.n) {
		while (i < a.n && a.p[i] == '\r')
			i++;
		while (k < b.n && b.p[k] == '\r')
			k++;
		if (i >= a.n || k >= b.n)
			break;
		if (a.p[i++] != b.p[k++])
			return false;
	}
	return i >= a.n && k >= b.n;
}

bool
item_body_same(const struct tr_env *env, const struct wbxml_node *body,
	      struct span text, struct span html)
{
	struct span data = wbxml_child_text(body, WX_AirSyncBase_Data);
	struct span plain, rich;
	struct shown s = choose(env, text, html);
	uint32_t type = BODY_TEXT;

	wbxml_child_u32(body, WX_AirSyncBase_Type, &type);
	/* What we cut, or what lies in another type than we sent. */
	if (type == (uint32_t)s.type)
		return same_text(data, s.data) || same_text(data, s.all);
	item_body_read(env, body, &plain, &rich);
	s = shown_as(env, BODY_TEXT, NULL, text, html);
	return same_text(plain, s.all);
}
