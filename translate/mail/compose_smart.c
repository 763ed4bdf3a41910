#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "translate/mail/attach.h"
#include "translate/mail/compose_private.h"
#include "translate/mail/email_private.h"
#include "translate/mail/headers.h"

#define MAX_FORWARD_PARTS ((MAX_SMART_WANTS - 2 * MAX_BODY_PIECES) / 2)

static int
want(struct smart_plan *plan, uint32_t uid, struct span section)
{
	struct mail_want *w;

	for (size_t i = 0; i < plan->n; i++)
		if (span_eq(plan->want[i].section, section))
			return (int)i;
	w = &plan->want[plan->n++];
	w->uid = uid;
	w->section = section;
	return (int)plan->n - 1;
}

static void
want_view(struct smart_plan *plan, uint32_t uid, struct email_view *v)
{
	for (size_t i = 0; i < v->n; i++)
		v->want[i] = want(plan, uid, v->part[i]->section);
}

static void
want_part(struct arena *a, struct smart_plan *plan, uint32_t uid,
	  const struct mail_part *p)
{
	struct mail_want *w = &plan->want[plan->n];

	w[0].uid = w[1].uid = uid;
	w[0].section = span_of(arena_printf(a, SPAN_FMT ".MIME",
					    SPAN_ARG(p->section)));
	w[1].section = p->section;
	plan->n += 2;
}

static void
want_message(struct smart_plan *plan, uint32_t uid)
{
	plan->as_message = true;
	plan->first_part = plan->n++;
	plan->want[plan->first_part].uid = uid;
}

static void
want_attachments(struct arena *a, const struct mail_info *original,
		 struct smart_plan *plan)
{
	struct tr_env env = tr_env_make(a, 161);
	struct email_plan *p = arena_alloc(a, sizeof(*p));
	struct part_list l;

	p->text = plan->text;
	p->html = plan->html;
	attachments_list(&env, original, p, &l);
	if (l.n > MAX_FORWARD_PARTS) {
		want_message(plan, original->uid);
		return;
	}
	plan->first_part = plan->n;
	plan->part = l.v;
	plan->n_parts = l.n;
	for (size_t i = 0; i < l.n; i++)
		want_part(a, plan, original->uid, l.v[i]);
}

void
compose_smart_plan(struct arena *a, enum smart_kind kind,
		   const struct mail_info *original, bool replace,
		   struct smart_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->want = arena_array(a, MAX_SMART_WANTS, sizeof(*plan->want));
	if (replace)
		return;
	if (!original->root || smime_is(original->root) ||
	    part_is(original->root, "multipart", "encrypted")) {
		if (kind == SMART_FORWARD)
			want_message(plan, original->uid);
		return;
	}
	view_build(original->root, false, &plan->text);
	view_build(original->root, true, &plan->html);
	want_view(plan, original->uid, &plan->text);
	want_view(plan, original->uid, &plan->html);
	if (kind == SMART_FORWARD)
		want_attachments(a, original, plan);
}

/* ---- putting it together -----------------------------------------------*/

/* Fields that thread the new mail behind the old one, to stand in front of
 * the phone's. */
static void
put_threading(struct arena *a, struct buf *b, enum smart_kind kind,
	      struct span head, struct span old)
{
	struct span id = header_msgid(a, header_raw(old, "Message-ID", 0));
	struct span refs = header_text(a, header_raw(old, "References", 0));

	if (!id.n || id.n > 900)
		return;
	if (kind == SMART_REPLY && !header_raw(head, "In-Reply-To", 0).n)
		buf_printf(b, "In-Reply-To: <" SPAN_FMT ">\r\n", SPAN_ARG(id));
	if (header_raw(head, "References", 0).n)
		return;
	buf_str(b, "References:");
	if (refs.n && refs.n <= 8000)
		while (refs.n) {
			struct span one = span_take_until(&refs, ' ');

			if (one.n && one.n < 990)
				buf_printf(b, " " SPAN_FMT "\r\n",
					   SPAN_ARG(one));
		}
	buf_printf(b, " <" SPAN_FMT ">\r\n", SPAN_ARG(id));
}

static void
put_made_head(struct arena *a, struct buf *b, const struct mail_part *p)
{
	struct span name = part_name(a, p);

	name = header_text_make(a, name);
	buf_printf(b, "Content-Type: %s\r\n", part_content_type(a, p));
	if (p->encoding.n)
		buf_printf(b, "Content-Transfer-Encoding: " SPAN_FMT "\r\n",
			   SPAN_ARG(p->encoding));
	buf_printf(b, "Content-Disposition: attachment; filename=\"" SPAN_FMT
		   "\"\r\n\r\n", SPAN_ARG(name));
}

/* Header of an attachment as it came; only the Content fields when it is
 * the header of the whole original. */
static void
put_part_head(struct arena *a, struct buf *b, const struct mail_part *p,
	      const struct mail_want *w)
{
	struct span field;
	size_t at = 0;

	if (!w->found || !field_next(w->got, &at, &field)) {
		put_made_head(a, b, p);
		return;
	}
	if (!span_eq(p->section, SPAN("1")) ||
	    !header_raw(w->got, "Received", 0).p) {
		buf_span(b, w->got);
		if (!span_ends_ci(w->got, SPAN("\n\r\n")) &&
		    !span_ends_ci(w->got, SPAN("\n\n")))
			buf_str(b, span_ends_ci(w->got, SPAN("\n")) ?
					   "\r\n" : "\r\n\r\n");
		return;
	}
	at = 0;
	while (field_next(w->got, &at, &field))
		if (span_starts_ci(field, SPAN("Content-")))
			put_field(a, b, field);
	buf_str(b, "\r\n");
}

struct joiner {
	struct arena *a;
	struct buf *b;
	const char *boundary;
};

static void
put_delimiter(struct joiner *j, bool last)
{
	buf_printf(j->b, "\r\n--%s%s\r\n", j->boundary, last ? "--" : "");
}

static void
put_attachments(struct joiner *j, const struct smart_plan *plan,
		size_t *missing)
{
	for (size_t i = 0; i < plan->n_parts; i++) {
		const struct mail_want *w =
			&plan->want[plan->first_part + 2 * i];

		if (!w[1].found) {
			++*missing;
			continue;
		}
		put_delimiter(j, false);
		put_part_head(j->a, j->b, plan->part[i], &w[0]);
		buf_span(j->b, w[1].got);
	}
}

static void
put_message(struct joiner *j, const struct smart_plan *plan, size_t *missing)
{
	const struct mail_want *w = &plan->want[plan->first_part];

	if (!w->found) {
		++*missing;
		return;
	}
	put_delimiter(j, false);
	buf_str(j->b, "Content-Type: message/rfc822\r\n"
		      "Content-Disposition: attachment; "
		      "filename=\"message.eml\"\r\n");
	if (has_8bit(w->got))
		buf_str(j->b, "Content-Transfer-Encoding: 8bit\r\n");
	buf_str(j->b, "\r\n");
	buf_span(j->b, w->got);
}

static bool
any_8bit(struct span mime, const struct smart_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->want[i].found && has_8bit(plan->want[i].got))
			return true;
	return has_8bit(mime);
}

/* The phone's mail as first part, the original's files behind it. */
static void
put_mixed(struct joiner *j, struct span mime, const struct smart_plan *plan,
	  size_t *missing)
{
	size_t end = header_end(mime), at = 0;
	struct span head = span_first(mime, end), field;

	while (field_next(head, &at, &field))
		if (!field_is_content(field))
			put_field(j->a, j->b, field);
	buf_printf(j->b, "MIME-Version: 1.0\r\n"
		   "Content-Type: multipart/mixed; boundary=\"%s\"\r\n",
		   j->boundary);
	if (any_8bit(mime, plan))
		buf_str(j->b, "Content-Transfer-Encoding: 8bit\r\n");
	put_delimiter(j, false);
	at = 0;
	while (field_next(head, &at, &field))
		if (span_starts_ci(field, SPAN("Content-")))
			put_field(j->a, j->b, field);
	buf_str(j->b, "\r\n");
	buf_span(j->b, span_from_at(mime, end));
	if (plan->as_message)
		put_message(j, plan, missing);
	else
		put_attachments(j, plan, missing);
	put_delimiter(j, true);
}

static const char *
make_boundary(struct arena *a, struct span mime)
{
	uint8_t h[16];
	struct span hex;

	hash128(SPAN("boundary"), mime, h);
	hex = hex_encode(a, span_from(h, sizeof(h)));
	return arena_printf(a, "=_eb_" SPAN_FMT, SPAN_ARG(hex));
}

enum compose_result
compose_smart(struct arena *a, enum smart_kind kind, struct span mime,
	      bool replace, const struct mail_info *original,
	      const struct smart_plan *plan, size_t *missing_out,
	      struct span *mime_out)
{
	struct buf b = BUF_INIT(MAX_ANSWER);
	struct joiner j = { a, &b, make_boundary(a, mime) };
	struct span field;
	size_t at = 0;
	bool full = false;

	*missing_out = 0;
	if (!field_next(mime, &at, &field))
		return COMPOSE_BAD_MIME;
	if (!replace && (plan->text.n || plan->html.n))
		mime = quote_into(a, kind, mime, original, plan, &full);
	put_threading(a, &b, kind, span_first(mime, header_end(mime)),
		      original->header);
	if (!replace && (plan->as_message || plan->n_parts))
		put_mixed(&j, mime, plan, missing_out);
	else
		buf_span(&b, mime);
	*mime_out = compose_finish(a, &b, &full);
	return full ? COMPOSE_TOO_BIG : COMPOSE_OK;
}
