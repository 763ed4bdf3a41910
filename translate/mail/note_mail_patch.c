/* A note that is a mail, written anew. */
#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "translate/calendar/note.h"
#include "translate/mail/attach.h"
#include "translate/mail/compose_private.h"
#include "translate/mail/headers.h"
#include "translate/mail/note_mail_private.h"
#include "translate/text/html.h"
#include "translate/text/item_body.h"

#define MAX_SUBJECT 2000 /* bytes */
#define MAX_PARTS 200    /* that stay behind the text */

struct patch {
	const struct tr_env *env;
	struct arena *a;
	struct note_mail n;
	bool is_new;
	/* What is another by now. */
	bool subject, body, keywords, class;
	struct span new_subject, new_body, new_class;
	bool html;
	struct span category[MAX_NOTE_CATEGORIES];
	size_t n_category;
	bool full;
};

/* ---- what the phone wants ----------------------------------------------*/

/* One line, since it becomes a field. */
static struct span
one_line(struct arena *a, struct span s, size_t max)
{
	char *copy = arena_str(a, utf8_cut(utf8_clean(a, s), max));

	for (char *c = copy; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return span_trim(span_of(copy));
}

static void
want_subject(struct patch *p, const struct wbxml_node *data)
{
	const struct wbxml_node *n = wbxml_child(data, WX_Notes_Subject);

	if (!n || span_eq(span_trim(n->text), p->n.subject))
		return;
	p->new_subject = one_line(p->a, n->text, MAX_SUBJECT);
	p->subject = p->is_new || !span_eq(p->new_subject, p->n.subject);
}

static bool
is_written(const struct patch *p, struct span stored)
{
	return span_eq(span_trim(utf8_crlf(p->a, utf8_clean(p->a,
							    p->new_body))),
		       span_trim(stored));
}

static bool
want_body(struct patch *p, const struct wbxml_node *data, struct err *e)
{
	const struct wbxml_node *n = wbxml_child(data, WX_AirSyncBase_Body);
	struct span text, html;

	p->body = p->is_new;
	if (!n)
		return true;
	if (!item_body_read(p->env, n, &text, &html))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "note: the type of its body");
	if (!p->is_new &&
	    item_body_same(p->env, n, p->n.text, p->n.html))
		return true;
	if (p->n.plan.smime || (p->n.info.root &&
				part_is(p->n.info.root, "multipart",
					"encrypted")))
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ITEM,
			       "note: its text is signed or encrypted");
	p->html = html.n > 0 || p->n.html.n > 0;
	p->new_body = html.n > 0  ? html_declare_utf8(p->a, html)
		      : p->html ? text_to_html_document(p->a, text)
				: text;
	/* What we would write stands there: a repeated request, of a text
	 * whose blanks do not survive the way through HTML. */
	p->body = p->is_new || !is_written(p, p->html ? p->n.html : p->n.text);
	return true;
}

/* Absent Categories are removed (MS-ASNOTE_R112). */
static void
want_categories(struct patch *p, const struct wbxml_node *data)
{
	const struct wbxml_node *n = wbxml_child(
		wbxml_child(data, WX_Notes_Categories), WX_Notes_Category);
	size_t i;

	for (; n && p->n_category < MAX_NOTE_CATEGORIES; n = wbxml_again(n)) {
		struct span s = one_line(p->a, n->text, 1000);

		if (s.n)
			p->category[p->n_category++] = s;
	}
	p->keywords = p->n_category != p->n.n_category;
	for (i = 0; i < p->n_category && !p->keywords; i++)
		p->keywords = !span_eq(p->category[i], p->n.category[i]);
}

static void
want_class(struct patch *p, const struct wbxml_node *data)
{
	struct span s = one_line(
		p->a, wbxml_child_text(data, WX_Notes_MessageClass), 200);
	struct span now = p->is_new ? SPAN(NOTE_CLASS)
				    : note_mail_class(p->a, &p->n);

	p->class = s.n && !span_eq_ci(s, now);
	p->new_class = s;
}

/* ---- the header --------------------------------------------------------*/

static bool
stays(const struct patch *p, struct span field)
{
	static const char *const always[] = { "Date", "Message-ID",
					      "X-Mail-Modified-Date",
					      "X-Mail-Modified",
					      NOTE_UUID_FIELD,
					      NOTE_TYPE_FIELD };

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (field_is(field, always[i]))
			return false;
	return !((p->subject && field_is(field, "Subject")) ||
		 (p->keywords && field_is(field, "Keywords")) ||
		 (p->class && field_is(field, NOTE_CLASS_FIELD)) ||
		 (p->body && field_is_content(field)));
}

static void
put_new(struct patch *p, struct buf *b, int64_t now)
{
	struct address from = { SPAN_NONE,
				p->env->n_own ? p->env->own[0]
					      : SPAN("notes@localhost") };
	const char *date = header_date_make(p->a, now);

	buf_printf(b, "From: " SPAN_FMT "\r\n",
		   SPAN_ARG(header_address_make(p->a, from)));
	buf_printf(b, "X-Mail-Created-Date: %s\r\n", date);
}

static void
put_wanted(struct patch *p, struct buf *b, struct span uid, int64_t now)
{
	buf_printf(b, "Date: %s\r\n", header_date_make(p->a, now));
	if (p->subject)
		buf_printf(b, "Subject: " SPAN_FMT "\r\n",
			   SPAN_ARG(header_text_make(p->a, p->new_subject)));
	if (p->keywords && p->n_category)
		buf_printf(b, "Keywords: " SPAN_FMT "\r\n",
			   SPAN_ARG(note_keywords_make(p->a, p->category,
						       p->n_category)));
	if (p->class && !span_eq_ci(p->new_class, SPAN(NOTE_CLASS)))
		buf_printf(b, NOTE_CLASS_FIELD ": " SPAN_FMT "\r\n",
			   SPAN_ARG(header_text_make(p->a, p->new_class)));
	buf_printf(b, NOTE_TYPE_FIELD ": " NOTE_TYPE "\r\n"
		   NOTE_UUID_FIELD ": " SPAN_FMT "\r\n", SPAN_ARG(uid));
}

/* ---- the body ----------------------------------------------------------*/

static void
put_text(struct patch *p, struct buf *b)
{
	buf_printf(b, "Content-Type: text/%s; charset=utf-8\r\n"
		   "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		   p->html ? "html" : "plain");
	buf_span(b, part_encode_qp(p->a, utf8_clean(p->a, p->new_body)));
}

static void
put_parts(struct patch *p, struct buf *b, const struct part_list *parts)
{
	const struct mail_part *root = p->n.info.root;
	const char *kind = part_is(root, "multipart", "related") ? "related"
								 : "mixed";
	const char *boundary;
	uint8_t h[16];

	hash128(SPAN("note"), p->n.mail, h);
	boundary = arena_printf(p->a, "=_eb_" SPAN_FMT,
				SPAN_ARG(hex_encode(p->a, span_from(h, 16))));
	buf_printf(b, "Content-Type: multipart/%s; boundary=\"%s\"\r\n\r\n"
		   "--%s\r\n", kind, boundary, boundary);
	put_text(p, b);
	for (size_t i = 0; i < parts->n; i++) {
		struct span raw = compose_part_of(p->a, p->n.mail,
						  parts->v[i], &p->full);

		buf_printf(b, "\r\n--%s\r\n", boundary);
		buf_span(b, raw);
	}
	buf_printf(b, "\r\n--%s--\r\n", boundary);
}

static void
put_body(struct patch *p, struct buf *b)
{
	struct part_list parts = { 0 };

	if (!p->body) {
		buf_str(b, "\r\n");
		buf_span(b, span_from_at(p->n.mail, p->n.head.n));
		return;
	}
	buf_str(b, "MIME-Version: 1.0\r\n");
	if (!p->is_new)
		attachments_list(p->env, &p->n.info, &p->n.plan, &parts);
	p->full = p->full || parts.n > MAX_PARTS;
	if (parts.n > 0 && !p->full)
		put_parts(p, b, &parts);
	else
		put_text(p, b);
}

/* ---- all ---------------------------------------------------------------*/

static struct span
message_id(struct patch *p, struct span rest)
{
	struct span own = p->env->n_own ? p->env->own[0] : SPAN_NONE;
	ptrdiff_t at = span_find_byte(own, '@');
	struct span domain = at >= 0 ? span_from_at(own, (size_t)at + 1)
				     : SPAN("localhost");
	uint8_t h[16];

	hash128(SPAN("note-id"), rest, h);
	return span_of(arena_printf(
		p->a, "Message-ID: <" SPAN_FMT "@" SPAN_FMT ">\r\n",
		SPAN_ARG(hex_encode(p->a, span_from(h, 16))),
		SPAN_ARG(domain)));
}

static bool
compose(struct patch *p, struct span uid, int64_t now, struct span *out,
	struct err *e)
{
	struct buf b = BUF_INIT(MAX_ANSWER);
	struct span field, rest;
	size_t at = 0;

	if (p->is_new)
		put_new(p, &b, now);
	while (!p->is_new && field_next(p->n.head, &at, &field))
		if (stays(p, field))
			put_field(p->a, &b, field);
	put_wanted(p, &b, uid, now);
	put_body(p, &b);
	rest = compose_finish(p->a, &b, &p->full);
	if (p->full)
		return err_set(e, ERR_TOO_BIG, SCOPE_ITEM,
			       "a note of this size");
	*out = compose_join(p->a, message_id(p, rest), rest);
	return true;
}

bool
note_mail_patch(const struct tr_env *env, struct span old,
		const struct wbxml_node *data, struct span uid, int64_t now,
		struct span *out, struct err *e)
{
	struct patch *p = arena_alloc(env->arena, sizeof(*p));
	struct span class = wbxml_child_text(data, WX_Notes_MessageClass);

	if (class.n && !note_class_ok(class))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "note: MessageClass");
	memset(p, 0, sizeof(*p));
	p->env = env;
	p->a = env->arena;
	p->is_new = !old.n;
	if (old.n && !note_mail_read(env, old, &p->n))
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ITEM,
			       "the stored mail cannot be read");
	want_subject(p, data);
	want_categories(p, data);
	want_class(p, data);
	if (!want_body(p, data, e))
		return false;
	if (!p->is_new && !p->subject && !p->body && !p->keywords &&
	    !p->class) {
		*out = old;
		return true;
	}
	return compose(p, uid, now, out, e);
}
