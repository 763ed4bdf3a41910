#include "base/codec.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "translate/mail/attach.h"
#include "translate/mail/compose_private.h"
#include "translate/mail/headers.h"

static void
put_list(struct arena *a, struct buf *b, const char *name, struct span v)
{
	struct span list = v.n ? header_list_make(a, v) : SPAN_NONE;

	if (list.n)
		buf_printf(b, "%s: " SPAN_FMT "\r\n", name, SPAN_ARG(list));
}

static void
put_head(struct arena *a, struct buf *b, const struct compose_fields *f,
	 const struct compose_user *user)
{
	struct address from = { user->name, user->own[0] };
	struct span s = header_address_make(a, from);

	buf_printf(b, "From: " SPAN_FMT "\r\n", SPAN_ARG(s));
	put_list(a, b, "To", f->to);
	put_list(a, b, "Cc", f->cc);
	put_list(a, b, "Bcc", f->bcc);
	put_list(a, b, "Reply-To", f->reply_to);
	s = header_text_make(a, f->subject);
	buf_printf(b, "Subject: " SPAN_FMT "\r\n", SPAN_ARG(s));
	if (f->importance != 1)
		buf_printf(b, "Importance: %s\r\n",
			   f->importance ? "high" : "low");
	buf_printf(b, "Date: %s\r\n", header_date_make(a, user->now));
	buf_str(b, "MIME-Version: 1.0\r\n");
}

static void
put_text(struct arena *a, struct buf *b, const struct compose_fields *f)
{
	buf_printf(b, "Content-Type: text/%s; charset=utf-8\r\n"
		   "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		   f->html ? "html" : "plain");
	buf_span(b, part_encode_qp(a, utf8_clean(a, f->body)));
}

static bool
type_ok(struct span t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] <= ' ' || t.p[i] > '~')
			return false;
	return span_find_byte(t, '/') > 0 && t.n < 100;
}

/* A filename parameter: RFC 2231 when it is not plain. */
static void
put_filename(struct arena *a, struct buf *b, struct span name)
{
	struct span s = percent_encode(a, utf8_clean(a, name));

	if (name.n)
		buf_printf(b, "; filename*=utf-8''" SPAN_FMT, SPAN_ARG(s));
}

void
compose_put_attachment(struct arena *a, struct buf *b,
		       const struct compose_attachment *at)
{
	struct span cid = at->cid;

	if (at->raw) {
		buf_span(b, at->content);
		return;
	}
	buf_printf(b, "Content-Type: " SPAN_FMT "\r\n",
		   SPAN_ARG(type_ok(at->content_type) ? at->content_type :
			    SPAN("application/octet-stream")));
	buf_str(b, "Content-Transfer-Encoding: base64\r\n");
	if (cid.n && type_ok(span_of(arena_printf(a, "x/" SPAN_FMT,
						  SPAN_ARG(cid)))))
		buf_printf(b, "Content-ID: <" SPAN_FMT ">\r\n", SPAN_ARG(cid));
	buf_printf(b, "Content-Disposition: %s",
		   at->is_inline ? "inline" : "attachment");
	put_filename(a, b, at->name);
	buf_str(b, "\r\n\r\n");
	buf_span(b, part_encode_base64(a, at->content));
}

struct span
compose_fields(struct arena *a, const struct compose_fields *f,
	       const struct compose_user *user)
{
	struct buf b = BUF_INIT(MAX_ANSWER);
	const char *bd;
	struct span hex;
	bool full = false;
	uint8_t h[16];

	hash128(SPAN("boundary"), f->body, h);
	hex = hex_encode(a, span_from(h, 16));
	bd = arena_printf(a, "=_eb_" SPAN_FMT, SPAN_ARG(hex));
	put_head(a, &b, f, user);
	if (!f->n_attachments) {
		put_text(a, &b, f);
		return compose_finish(a, &b, &full);
	}
	buf_printf(&b, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n"
		   "\r\n--%s\r\n", bd, bd);
	put_text(a, &b, f);
	for (size_t i = 0; i < f->n_attachments; i++) {
		buf_printf(&b, "\r\n--%s\r\n", bd);
		compose_put_attachment(a, &b, &f->attachments[i]);
	}
	buf_printf(&b, "\r\n--%s--\r\n", bd);
	return compose_finish(a, &b, &full);
}
