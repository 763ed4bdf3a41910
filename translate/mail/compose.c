#include "translate/mail/compose.h"

#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "translate/mail/compose_private.h"
#include "translate/mail/headers.h"

#define MAX_RECIPIENTS 5000 /* relays refuse sooner */

bool
field_next(struct span h, size_t *at, struct span *field)
{
	while (*at < h.n) {
		size_t start = *at, end;

		do {
			struct span rest = span_from_at(h, *at);
			ptrdiff_t nl = span_find_byte(rest, '\n');

			end = nl < 0 ? h.n : *at + (size_t)nl;
			*at = nl < 0 ? h.n : end + 1;
		} while (*at < h.n && (h.p[*at] == ' ' || h.p[*at] == '\t'));
		*field = span_from(h.p + start, end - start);
		if (field->n && field->p[field->n - 1] == '\r')
			field->n--;
		if (!field->n)
			return false;
		if (span_find_byte(*field, ':') > 0)
			return true;
	}
	return false;
}

bool
field_is(struct span field, const char *name)
{
	struct span rest = field;

	return span_eq_ci(span_trim(span_take_until(&rest, ':')),
			  span_of(name));
}

bool
field_is_content(struct span field)
{
	return span_starts_ci(field, SPAN("Content-")) ||
		field_is(field, "MIME-Version");
}

void
put_field(struct arena *a, struct buf *b, struct span field)
{
	buf_span(b, utf8_crlf(a, field));
	buf_str(b, "\r\n");
}

bool
has_8bit(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return true;
	return false;
}

struct span
compose_finish(struct arena *a, struct buf *b, bool *full)
{
	struct span out = b->full ? SPAN_NONE : arena_dup(a, buf_view(b));

	*full |= b->full;
	buf_free(b);
	return out;
}

struct span
compose_part_of(struct arena *a, struct span message,
		const struct mail_part *p, bool *full)
{
	struct span section = span_of(arena_printf(a, SPAN_FMT ".MIME",
						   SPAN_ARG(p->section)));
	struct span head, body, field;
	struct buf b = BUF_INIT(MAX_ANSWER);
	size_t at = 0;

	if (!mime_section(a, message, section, &head) ||
	    !mime_section(a, message, p->section, &body))
		return SPAN_NONE;
	while (field_next(head, &at, &field))
		if (field_is_content(field))
			put_field(a, &b, field);
	buf_str(&b, "\r\n");
	buf_span(&b, body);
	return compose_finish(a, &b, full);
}

/* ---- who gets it -------------------------------------------------------*/

/* An address that may go into MAIL or RCPT. */
static bool
addr_ok(struct span s)
{
	ptrdiff_t at = span_find_byte(s, '@');

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == '<' ||
		    s.p[i] == '>' || s.p[i] == 0x7f)
			return false;
	return at > 0 && (size_t)at + 1 < s.n && s.n < 320;
}

static bool
is_listed(const struct outgoing *out, struct span addr)
{
	for (size_t i = 0; i < out->n_rcpt; i++)
		if (span_eq_ci(out->rcpt[i], addr))
			return true;
	return false;
}

static void
add_recipients(struct arena *a, struct span raw, struct outgoing *out,
	       size_t *room)
{
	struct addresses as = header_addresses(a, raw);

	for (size_t i = 0; i < as.n && out->n_rcpt < MAX_RECIPIENTS; i++) {
		struct span addr = as.v[i].addr;

		if (!addr_ok(addr) || is_listed(out, addr))
			continue;
		out->rcpt = arena_grow(a, out->rcpt, out->n_rcpt, room,
				       sizeof(*out->rcpt));
		out->rcpt[out->n_rcpt++] = addr;
		out->eai |= has_8bit(addr);
	}
}

static void
find_recipients(struct arena *a, struct span head, struct outgoing *out)
{
	static const char *const names[] = { "To", "Cc", "Bcc" };
	size_t room = 0;

	for (size_t i = 0; i < 3; i++) {
		struct span raw;

		for (size_t n = 0; (raw = header_raw(head, names[i], n)).p;
		     n++)
			add_recipients(a, raw, out, &room);
	}
}

/* ---- the header --------------------------------------------------------*/

static bool
is_own(const struct compose_user *user, struct span addr)
{
	for (size_t i = 0; i < user->n_own; i++)
		if (span_eq_ci(user->own[i], addr))
			return true;
	return false;
}

/* Replacement for From, or SPAN_NONE to keep the phone's. */
static struct span
new_from(struct arena *a, struct span head, const struct compose_user *user,
	 struct outgoing *out)
{
	struct addresses as = header_addresses(a, header_raw(head, "From", 0));
	struct address ad = { user->name, user->own[0] };

	if (as.n == 1 && is_own(user, as.v[0].addr) &&
	    !header_raw(head, "From", 1).p) {
		out->from = as.v[0].addr;
		return SPAN_NONE;
	}
	if (as.n && as.v[0].name.n &&
	    span_find_byte(as.v[0].name, '@') < 0)
		ad.name = as.v[0].name;
	out->from = ad.addr;
	return header_address_make(a, ad);
}

static void
put_missing(struct arena *a, struct span head,
	    const struct compose_user *user, struct outgoing *out,
	    struct buf *b)
{
	struct span host = user->own[0], id;
	ptrdiff_t at = span_find_byte(host, '@');

	if (!header_raw(head, "Date", 0).n)
		buf_printf(b, "Date: %s\r\n", header_date_make(a, user->now));
	id = header_msgid(a, header_raw(head, "Message-ID", 0));
	if (!id.n) {
		host = at < 0 ? host : span_from_at(host, (size_t)at + 1);
		id = span_of(arena_printf(a, SPAN_FMT "@" SPAN_FMT,
					  SPAN_ARG(user->token),
					  SPAN_ARG(host)));
		buf_printf(b, "Message-ID: <" SPAN_FMT ">\r\n", SPAN_ARG(id));
	}
	if (!header_raw(head, "MIME-Version", 0).n)
		buf_str(b, "MIME-Version: 1.0\r\n");
	out->message_id = id;
}

static bool
drops(struct span field, bool bcc, bool from, struct span head)
{
	if (field_is(field, "Bcc"))
		return !bcc;
	if (field_is(field, "From") || field_is(field, "Sender"))
		return from;
	if (field_is(field, "Date"))
		return !header_raw(head, "Date", 0).n;
	if (field_is(field, "Message-ID"))
		return span_find_byte(field, '<') < 0;
	return false;
}

static struct span
make_head(struct arena *a, struct span head, const struct compose_user *user,
	  bool bcc, struct outgoing *out, bool *full)
{
	struct buf b = BUF_INIT(MAX_REQUEST);
	struct span from = new_from(a, head, user, out), field;
	size_t at = 0;

	if (from.n)
		buf_printf(&b, "From: " SPAN_FMT "\r\n", SPAN_ARG(from));
	while (field_next(head, &at, &field))
		if (!drops(field, bcc, from.n > 0, head))
			put_field(a, &b, field);
	put_missing(a, head, user, out, &b);
	buf_str(&b, "\r\n");
	return compose_finish(a, &b, full);
}

enum compose_result
compose_check(struct arena *a, struct span mime,
	      const struct compose_user *user, struct outgoing *out)
{
	size_t end = header_end(mime), at = 0;
	struct span head = span_first(mime, end), field;
	bool full = false;

	memset(out, 0, sizeof(*out));
	if (!field_next(head, &at, &field))
		return COMPOSE_BAD_MIME;
	if (head.n > 4 * MAX_HEADER_BYTES)
		return COMPOSE_TOO_BIG;
	find_recipients(a, head, out);
	out->wire_head = make_head(a, head, user, false, out, &full);
	out->sent_head = make_head(a, head, user, true, out, &full);
	if (full)
		return COMPOSE_TOO_BIG;
	out->body = utf8_crlf(a, span_from_at(mime, end));
	out->eight_bit = has_8bit(out->body);
	out->eai |= has_8bit(out->wire_head) || has_8bit(out->from);
	return out->n_rcpt ? COMPOSE_OK : COMPOSE_NO_RECIPIENT;
}

struct span
compose_join(struct arena *a, struct span head, struct span body)
{
	char *p = arena_alloc(a, head.n + body.n + 1);

	if (head.n)
		memcpy(p, head.p, head.n);
	if (body.n)
		memcpy(p + head.n, body.p, body.n);
	return span_from(p, head.n + body.n);
}
