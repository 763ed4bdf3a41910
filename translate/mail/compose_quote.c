#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "translate/mail/attach.h"
#include "translate/mail/compose_private.h"
#include "translate/mail/email_private.h"
#include "translate/mail/headers.h"
#include "translate/text/charset.h"
#include "translate/text/html.h"

#define MAX_QUOTE_BYTES (8u << 20) /* of the original's text */

/* The original's text in that form, from all pieces that came. */
static struct span
original_text(struct arena *a, const struct smart_plan *plan, bool html)
{
	struct tr_env env = tr_env_make(a, 161);
	struct email_plan *p = arena_alloc(a, sizeof(*p));

	p->text = plan->text;
	p->html = plan->html;
	p->n = plan->n < MAX_EMAIL_WANTS ? plan->n : MAX_EMAIL_WANTS;
	memcpy(p->want, plan->want, p->n * sizeof(*p->want));
	p->want_mime = p->want_calendar = p->want_report = -1;
	return span_first(body_make(&env, NULL, p,
				    html ? BODY_HTML : BODY_TEXT,
				    NO_TRUNCATION).data, MAX_QUOTE_BYTES);
}

static void
put_line(struct arena *a, struct buf *b, const char *label, struct span text,
	 bool html)
{
	if (!text.n)
		return;
	if (html)
		text = text_to_html(a, text);
	buf_printf(b, html ? "<b>%s:</b> " : "%s: ", label);
	buf_span(b, text);
	buf_str(b, html ? "<br>\r\n" : "\r\n");
}

static void
put_intro(struct arena *a, struct buf *b, struct span header, bool html)
{
	static const char *const names[][2] = { { "From", "From" },
		{ "Date", "Sent" }, { "To", "To" }, { "Cc", "Cc" },
		{ "Subject", "Subject" } };

	buf_str(b, html ? "<br>\r\n<hr>\r\n" :
			  "\r\n\r\n-----Original Message-----\r\n");
	for (size_t i = 0; i < 5; i++)
		put_line(a, b, names[i][1],
			 utf8_cut(header_text(a, header_raw(header,
							    names[i][0], 0)),
				  2000), html);
	buf_str(b, html ? "<br>\r\n" : "\r\n");
}

static ptrdiff_t
find_last_ci(struct span s, struct span what)
{
	for (size_t i = s.n; i-- > 0;)
		if (span_starts_ci(span_from_at(s, i), what))
			return (ptrdiff_t)i;
	return -1;
}

/* What stands between <body> and </body>. */
static struct span
inner_html(struct span s)
{
	ptrdiff_t open = span_find_ci(s, SPAN("<body")), end;

	if (open >= 0) {
		struct span rest = span_from_at(s, (size_t)open);
		ptrdiff_t gt = span_find_byte(rest, '>');

		s = gt < 0 ? rest : span_from_at(rest, (size_t)gt + 1);
	}
	end = find_last_ci(s, SPAN("</body"));
	return end < 0 ? s : span_first(s, (size_t)end);
}

static void
put_quoted_lines(struct buf *b, struct span text)
{
	while (text.n) {
		struct span line = span_take_until(&text, '\n');

		buf_str(b, "> ");
		buf_span(b, line);
		buf_byte(b, '\n');
	}
}

static void
put_quote(struct arena *a, struct buf *b, enum smart_kind kind, bool html,
	  const struct mail_info *original, const struct smart_plan *plan)
{
	struct span text = original_text(a, plan, html);

	put_intro(a, b, original->header, html);
	if (html) {
		buf_str(b, "<blockquote>");
		buf_span(b, inner_html(text));
		buf_str(b, "</blockquote>\r\n");
	} else if (kind == SMART_REPLY) {
		put_quoted_lines(b, text);
	} else {
		buf_span(b, text);
	}
}

/* The part's own text with the quote behind it. */
static struct span
merged(struct arena *a, enum smart_kind kind, const struct mail_part *p,
       struct span own, const struct mail_info *original,
       const struct smart_plan *plan, bool *full)
{
	bool html = part_is(p, "text", "html");
	struct buf b = BUF_INIT(MAX_ANSWER);
	ptrdiff_t end;

	own = charset_to_utf8(a, part_decode(a, own, p->encoding, true),
			      p->charset, true);
	if (html)
		own = html_declare_utf8(a, own);
	end = html ? find_last_ci(own, SPAN("</body")) : -1;
	buf_span(&b, end < 0 ? own : span_first(own, (size_t)end));
	put_quote(a, &b, kind, html, original, plan);
	if (end >= 0)
		buf_span(&b, span_from_at(own, (size_t)end));
	return compose_finish(a, &b, full);
}

static void
put_part(struct arena *a, struct buf *b, const struct mail_part *p,
	 struct span head, struct span text)
{
	size_t at = 0;
	struct span field;

	while (field_next(head, &at, &field))
		if (!field_is(field, "Content-Type") &&
		    !field_is(field, "Content-Transfer-Encoding"))
			put_field(a, b, field);
	buf_printf(b, "Content-Type: text/%s; charset=utf-8\r\n"
		   "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		   part_is(p, "text", "html") ? "html" : "plain");
	buf_span(b, part_encode_qp(a, text));
}

/* Where the part with this section stands in mime: head and body. */
static bool
locate(struct arena *a, struct span mime, const struct mail_part *p,
       struct span *head, struct span *body)
{
	struct span name = span_of(arena_printf(a, SPAN_FMT ".MIME",
						SPAN_ARG(p->section)));

	return mime_section(a, mime, name, head) &&
		mime_section(a, mime, p->section, body) && head->p;
}

static struct span
replace_part(struct arena *a, enum smart_kind kind, struct span mime,
	     const struct mail_part *p, const struct mail_info *original,
	     const struct smart_plan *plan, bool *full)
{
	struct span head, body, text;
	struct buf b = BUF_INIT(MAX_ANSWER);
	size_t start, end;

	if (!locate(a, mime, p, &head, &body))
		return mime;
	text = merged(a, kind, p, body, original, plan, full);
	start = (size_t)(head.p - mime.p);
	end = start + head.n + body.n;
	buf_span(&b, span_first(mime, start));
	put_part(a, &b, p, head, text);
	buf_span(&b, span_from_at(mime, end));
	return compose_finish(a, &b, full);
}

struct span
quote_into(struct arena *a, enum smart_kind kind, struct span mime,
	   const struct mail_info *original, const struct smart_plan *plan,
	   bool *full)
{
	struct mail_info info;
	struct email_view text, html;
	const struct mail_part *t, *h;

	if (!mime_info(a, mime, &info, NULL) || smime_is(info.root) ||
	    part_is(info.root, "multipart", "signed") ||
	    part_is(info.root, "multipart", "encrypted"))
		return mime;
	view_build(info.root, false, &text);
	view_build(info.root, true, &html);
	t = text.n ? text.part[text.n - 1] : NULL;
	h = html.n ? html.part[html.n - 1] : NULL;
	/* Sections keep their numbers when another part's bytes change. */
	if (h)
		mime = replace_part(a, kind, mime, h, original, plan, full);
	if (t && t != h && !*full)
		mime = replace_part(a, kind, mime, t, original, plan, full);
	return mime;
}
