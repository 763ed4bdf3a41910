/* A raw message cut into its sections as an IMAP server does it. */
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "translate/mail/attach.h"
#include "translate/mail/email.h"
#include "translate/mail/headers.h"
#include "translate/mail/mime_private.h"

struct node {
	struct mail_part part; /* first: a mail_part of ours is a node */
	struct span head, body;
};

struct cutter {
	struct arena *a;
	size_t parts;
	bool too_many;
};

static struct span
lower(struct arena *a, const char *s)
{
	char *copy = arena_str(a, utf8_clean(a, span_of(s)));

	for (char *c = copy; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
	return span_of(copy);
}

static struct span
bare(struct span s)
{
	s = span_trim(s);
	if (s.n && s.p[0] == '<')
		s = span_from_at(s, 1);
	if (s.n && s.p[s.n - 1] == '>')
		s.n--;
	return s;
}

static struct span
keep(struct arena *a, const char *s)
{
	return s ? arena_dup(a, span_of(s)) : SPAN_NONE;
}

static struct span
param(struct arena *a, GMimeContentType *ct, const char *name)
{
	return keep(a, g_mime_content_type_get_parameter(ct, name));
}

/* Returns the boundary of a multipart. */
static struct span
read_type(struct cutter *c, struct node *n, bool digest)
{
	struct span raw = header_raw(n->head, "Content-Type", 0);
	const char *text = raw.n ? arena_str(c->a, span_first(raw, 8192)) :
		digest ? "message/rfc822" : "text/plain";
	GMimeContentType *ct;
	struct mail_part *p = &n->part;
	struct span boundary;

	mime_ready();
	ct = g_mime_content_type_parse(mime_options(), text);
	p->type = lower(c->a, g_mime_content_type_get_media_type(ct));
	p->subtype = lower(c->a, g_mime_content_type_get_media_subtype(ct));
	p->charset = param(c->a, ct, "charset");
	p->name = param(c->a, ct, "name");
	p->smime_type = param(c->a, ct, "smime-type");
	p->report_type = param(c->a, ct, "report-type");
	p->boundary_method = param(c->a, ct,
				   span_eq(p->type, SPAN("multipart")) ?
				   "protocol" : "method");
	boundary = param(c->a, ct, "boundary");
	g_object_unref(ct);
	return boundary;
}

static void
read_disposition(struct cutter *c, struct node *n)
{
	struct span raw = header_raw(n->head, "Content-Disposition", 0);
	GMimeContentDisposition *d;
	struct span name;

	if (!raw.n)
		return;
	d = g_mime_content_disposition_parse(
		mime_options(), arena_str(c->a, span_first(raw, 8192)));
	if (!d)
		return;
	n->part.disposition =
		lower(c->a, g_mime_content_disposition_get_disposition(d));
	name = keep(c->a, g_mime_content_disposition_get_parameter(
				  d, "filename"));
	if (name.n)
		n->part.name = name;
	g_object_unref(d);
}

static void
read_fields(struct cutter *c, struct node *n)
{
	struct span enc = header_raw(n->head, "Content-Transfer-Encoding", 0);
	struct span rest = enc;

	read_disposition(c, n);
	enc = span_trim(span_take_until(&rest, ';'));
	n->part.encoding = lower(c->a, arena_str(c->a, enc));
	n->part.cid = bare(header_raw(n->head, "Content-ID", 0));
	n->part.location = header_raw(n->head, "Content-Location", 0);
	n->part.size = (uint32_t)n->body.n;
}

static struct node *cut(struct cutter *c, struct span raw, struct span section,
			bool digest, int depth, bool root);

static struct span
child_section(struct arena *a, struct span parent, unsigned n)
{
	if (!parent.n)
		return span_of(arena_printf(a, "%u", n));
	return span_of(arena_printf(a, SPAN_FMT ".%u", SPAN_ARG(parent), n));
}

/* Is the line a delimiter? 1 part, 2 end. */
static int
delimiter(struct span line, struct span boundary)
{
	struct span rest;

	if (line.n < boundary.n + 2 || memcmp(line.p, "--", 2) ||
	    memcmp(line.p + 2, boundary.p, boundary.n))
		return 0;
	rest = span_from_at(line, boundary.n + 2);
	if (span_starts(rest, SPAN("--")))
		return 2;
	return span_trim(rest).n ? 0 : 1;
}

static struct span
without_last_end(struct span s)
{
	if (s.n && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

static void
split(struct cutter *c, struct node *n, struct span boundary, int depth)
{
	struct mail_part **tail = &n->part.child;
	bool digest = span_eq(n->part.subtype, SPAN("digest"));
	size_t at = 0, start = SIZE_MAX;
	unsigned number = 0;
	int kind = 0;

	while (kind != 2 && at <= n->body.n && !c->too_many) {
		struct span rest = span_from_at(n->body, at);
		ptrdiff_t nl = span_find_byte(rest, '\n');
		struct span line = nl < 0 ? rest :
			span_first(rest, (size_t)nl + 1);
		bool last = at >= n->body.n;

		kind = last ? 2 : delimiter(line, boundary);
		if (kind && start != SIZE_MAX) {
			struct span raw = span_from(n->body.p + start,
						    at - start);
			struct node *kid = cut(c, last ? raw :
					       without_last_end(raw),
				child_section(c->a, n->part.section, ++number),
				digest, depth + 1, false);

			*tail = &kid->part;
			tail = &kid->part.next;
		}
		at += line.n ? line.n : 1;
		if (kind)
			start = at < n->body.n ? at : n->body.n;
	}
}

static struct node *
cut(struct cutter *c, struct span raw, struct span section, bool digest,
    int depth, bool root)
{
	struct node *n = arena_alloc(c->a, sizeof(*n));
	size_t head = header_end(raw);
	struct span boundary;
	bool multi;

	c->too_many |= ++c->parts > MAX_MIME_PARTS;
	n->head = span_first(raw, head);
	n->body = span_from_at(raw, head);
	boundary = read_type(c, n, digest);
	read_fields(c, n);
	multi = span_eq(n->part.type, SPAN("multipart")) && boundary.n &&
		depth < MAX_MIME_DEPTH;
	n->part.section = root && !multi ?
		child_section(c->a, section, 1) : section;
	n->part.is_message = span_eq(n->part.type, SPAN("message")) &&
		(span_eq(n->part.subtype, SPAN("rfc822")) ||
		 span_eq(n->part.subtype, SPAN("global")));
	if (multi) {
		split(c, n, boundary, depth);
	} else if (n->part.is_message && depth < MAX_MIME_DEPTH &&
		   !span_eq(n->part.encoding, SPAN("base64"))) {
		struct node *kid = cut(c, n->body, n->part.section, false,
				       depth + 1, true);

		n->part.child = &kid->part;
	}
	return n;
}

static struct node *
cut_message(struct arena *a, struct span message, bool *too_many)
{
	struct cutter c = { a, 0, false };
	struct node *n = cut(&c, message, SPAN_NONE, false, 0, true);

	*too_many = c.too_many;
	return n;
}

bool
mime_info(struct arena *a, struct span message, struct mail_info *out,
	  struct err *e)
{
	bool too_many;
	struct node *n = cut_message(a, message, &too_many);

	if (too_many)
		return err_set(e, ERR_TOO_BIG, SCOPE_ITEM, "parts");
	memset(out, 0, sizeof(*out));
	out->header = span_first(n->head, MAX_HEADER_BYTES);
	out->size = (uint32_t)message.n;
	out->root = &n->part;
	out->found = true;
	return true;
}

bool
mime_section(struct arena *a, struct span message, struct span section,
	     struct span *out)
{
	bool mime, too_many;
	const struct node *n;
	struct node *root;

	if (!section.n) {
		*out = message;
		return true;
	}
	root = cut_message(a, message, &too_many);
	if (span_eq(section, SPAN("HEADER"))) {
		*out = root->head;
		return true;
	}
	mime = span_ends_ci(section, SPAN(".MIME"));
	if (mime)
		section.n -= 5;
	n = (const struct node *)part_find(&root->part, section);
	if (!n)
		return false;
	*out = mime ? n->head : n->body;
	return true;
}
