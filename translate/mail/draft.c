#include "translate/mail/draft.h"

#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "translate/mail/attach.h"
#include "translate/mail/compose_private.h"
#include "translate/mail/conversation.h"
#include "translate/mail/email_private.h"
#include "translate/mail/headers.h"
#include "translate/mail/mime_private.h"

#define BODY_WHOLE 4 /* MS-ASAIRS 2.2.2.9: MIME */

struct draft {
	struct arena *a;
	const struct wbxml_node *data, *body;
	struct span old, old_head;
	struct mail_info info; /* of old */
	struct email_plan plan;
	uint32_t type; /* of the body sent; 0: none */
	struct compose_attachment file[MAX_DRAFT_FILES];
	size_t n_files, n_added;
	bool too_many;
};

bool
draft_is_rewritten(const struct wbxml_node *data)
{
	static const wbxml_tag tags[] = {
		WX_Email_To,	   WX_Email_Cc,      WX_Email2_Bcc,
		WX_Email_Subject,  WX_Email_ReplyTo, WX_Email_Importance,
		WX_AirSyncBase_Body, WX_AirSyncBase_Attachments,
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (wbxml_has(data, tags[i]))
			return true;
	return false;
}

/* ---- files ---------------------------------------------------------------*/

static struct compose_attachment *
new_file(struct draft *d)
{
	if (d->n_files == MAX_DRAFT_FILES) {
		d->too_many = true;
		return NULL;
	}
	return &d->file[d->n_files++];
}

/* FileReferences end in the section. */
static bool
is_deleted(const struct draft *d, const struct mail_part *p)
{
	const struct wbxml_node *list =
		wbxml_child(d->data, WX_AirSyncBase_Attachments);
	const struct wbxml_node *n = wbxml_child(list, WX_AirSyncBase_Delete);
	struct span item, section;
	uint32_t coll;

	for (; n; n = wbxml_again(n))
		if (file_reference_parse(
			    d->a,
			    wbxml_child_text(n, WX_AirSyncBase_FileReference),
			    &coll, &item, &section) &&
		    span_eq(section, p->section))
			return true;
	return false;
}

static bool
same_file(struct arena *a, const struct mail_part *x,
	  const struct mail_part *y)
{
	if (x->cid.n && span_eq(x->cid, y->cid))
		return true;
	return x->name.n && span_eq(header_param(a, x->name),
				    header_param(a, y->name));
}

static void
list_files(struct arena *a, const struct mail_info *info,
	   struct email_plan *plan, struct part_list *out)
{
	struct tr_env env = tr_env_make(a, 161);

	email_plan(&env, info, plan);
	attachments_list(&env, info, plan, out);
}

/* What the phone's own message brings along needs no keeping. */
static void
keep_files(struct draft *d, const struct part_list *brought)
{
	struct part_list have;

	list_files(d->a, &d->info, &d->plan, &have);
	for (size_t i = 0; i < have.n; i++) {
		struct compose_attachment *f;
		bool twice = is_deleted(d, have.v[i]);

		for (size_t k = 0; brought && k < brought->n && !twice; k++)
			twice = same_file(d->a, have.v[i], brought->v[k]);
		if (twice || !(f = new_file(d)))
			continue;
		*f = (struct compose_attachment){
			.raw = true,
			.content = compose_part_of(d->a, d->old, have.v[i],
						   &d->too_many)
		};
	}
}

static void
add_files(struct draft *d)
{
	const struct wbxml_node *list =
		wbxml_child(d->data, WX_AirSyncBase_Attachments);
	const struct wbxml_node *n = wbxml_child(list, WX_AirSyncBase_Add);
	struct compose_attachment *f;

	for (; n; n = wbxml_again(n)) {
		struct span bytes = wbxml_child_text(n, WX_AirSyncBase_Content);

		/* iOS sends shells without content. */
		if (!bytes.n || !(f = new_file(d)))
			continue;
		*f = (struct compose_attachment){
			.content = bytes,
			.name = wbxml_child_text(n, WX_AirSyncBase_DisplayName),
			.content_type = wbxml_child_text(
				n, WX_AirSyncBase_ContentType),
			.cid = wbxml_child_text(n, WX_AirSyncBase_ContentId),
			.is_inline = wbxml_has(n, WX_AirSyncBase_IsInline),
		};
		d->n_added++;
	}
}

/* ---- from fields ---------------------------------------------------------*/

static struct span
list_field(struct draft *d, wbxml_tag tag, const char *name)
{
	struct addresses old;

	if (wbxml_has(d->data, tag))
		return wbxml_child_text(d->data, tag);
	old = header_addresses(d->a, header_raw(d->old_head, name, 0));
	return addresses_show(d->a, old, ", ", false, MAX_ADDRESS_TEXT);
}

static unsigned
importance_of(const struct draft *d)
{
	struct span old = header_raw(d->old_head, "Importance", 0);
	uint32_t v = span_eq_ci(span_trim(old), SPAN("high"))  ? 2
		     : span_eq_ci(span_trim(old), SPAN("low")) ? 0
							       : 1;

	wbxml_child_u32(d->data, WX_Email_Importance, &v);
	return v > 2 ? 1 : v;
}

/* In the thread it was begun in. */
static struct span
with_thread(struct draft *d, struct span mime)
{
	static const char *const names[] = { "In-Reply-To", "References" };
	struct buf b = BUF_INIT(MAX_ANSWER);
	bool full = false;

	for (size_t i = 0; i < 2; i++) {
		struct span v = header_raw(d->old_head, names[i], 0);

		if (v.n)
			buf_printf(&b, "%s:" SPAN_FMT "\r\n", names[i],
				   SPAN_ARG(v));
	}
	buf_span(&b, mime);
	mime = compose_finish(d->a, &b, &full);
	d->too_many |= full;
	return mime;
}

static struct span
from_fields(struct draft *d, const struct compose_user *user)
{
	struct compose_fields f = {
		.to = list_field(d, WX_Email_To, "To"),
		.cc = list_field(d, WX_Email_Cc, "Cc"),
		.bcc = list_field(d, WX_Email2_Bcc, "Bcc"),
		.reply_to = list_field(d, WX_Email_ReplyTo, "Reply-To"),
		.importance = importance_of(d),
		.attachments = d->file,
	};

	f.subject = wbxml_has(d->data, WX_Email_Subject)
			    ? wbxml_child_text(d->data, WX_Email_Subject)
			    : header_text(d->a, header_raw(d->old_head,
							   "Subject", 0));
	if (d->old.n)
		keep_files(d, NULL);
	add_files(d);
	f.n_attachments = d->n_files;
	if (d->type) {
		f.body = wbxml_child_text(d->body, WX_AirSyncBase_Data);
		f.html = d->type == BODY_HTML;
	} else if (d->old.n) {
		f.body = body_whole(d->a, d->old, &d->info, &d->plan,
				    &f.html);
	}
	return with_thread(d, compose_fields(d->a, &f, user));
}

/* ---- from a message ------------------------------------------------------*/

static const char *
mixed_boundary(struct arena *a, struct span head)
{
	char *raw = arena_str(a, header_raw(head, "Content-Type", 0));
	GMimeContentType *ct = g_mime_content_type_parse(mime_options(), raw);
	const char *v = NULL;

	if (ct && g_mime_content_type_is_type(ct, "multipart", "mixed"))
		v = g_mime_content_type_get_parameter(ct, "boundary");
	if (v)
		v = arena_printf(a, "%s", v);
	if (ct)
		g_object_unref(ct);
	return v;
}

/* Where the last part ends: before the closing delimiter. */
static bool
find_close(struct span body, const char *boundary, struct arena *a, size_t *at)
{
	struct span mark = span_of(arena_printf(a, "\n--%s--", boundary));

	for (size_t i = body.n; i-- > 0;)
		if (span_starts(span_from_at(body, i), mark)) {
			*at = i > 0 && body.p[i - 1] == '\r' ? i - 1 : i;
			return true;
		}
	return false;
}

static void
put_files(struct draft *d, struct buf *b, const char *boundary)
{
	for (size_t i = 0; i < d->n_files; i++) {
		buf_printf(b, "\r\n--%s\r\n", boundary);
		compose_put_attachment(d->a, b, &d->file[i]);
	}
}

/* The message becomes the first part of a multipart/mixed. */
static void
wrap(struct draft *d, struct span mime, struct buf *b)
{
	struct span head = span_first(mime, header_end(mime)), field;
	const char *boundary;
	uint8_t h[16];
	size_t at = 0;

	hash128(SPAN("draft"), mime, h);
	boundary = arena_printf(d->a, "=_eb_" SPAN_FMT,
				SPAN_ARG(hex_encode(d->a, span_from(h, 16))));
	while (field_next(head, &at, &field))
		if (!field_is_content(field))
			put_field(d->a, b, field);
	buf_printf(b, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
		   "boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
	for (at = 0; field_next(head, &at, &field);)
		if (field_is_content(field) && !field_is(field, "MIME-Version"))
			put_field(d->a, b, field);
	buf_str(b, "\r\n");
	buf_span(b, span_from_at(mime, head.n));
	put_files(d, b, boundary);
	buf_printf(b, "\r\n--%s--\r\n", boundary);
}

static struct span
with_files(struct draft *d, struct span mime)
{
	size_t end = header_end(mime), at;
	const char *boundary = mixed_boundary(d->a, span_first(mime, end));
	struct buf b = BUF_INIT(MAX_ANSWER);
	bool full = false;

	if (boundary &&
	    find_close(span_from_at(mime, end), boundary, d->a, &at)) {
		buf_span(&b, span_first(mime, end + at));
		put_files(d, &b, boundary);
		buf_span(&b, span_from_at(mime, end + at));
	} else {
		wrap(d, mime, &b);
	}
	mime = compose_finish(d->a, &b, &full);
	d->too_many |= full;
	return mime;
}

static struct span
from_message(struct draft *d)
{
	struct span mime = wbxml_child_text(d->body, WX_AirSyncBase_Data);
	struct email_plan plan;
	struct mail_info info;
	struct part_list brought = { 0 };
	struct err e = { 0 };

	if (!mime.n)
		return mime;
	if (mime_info(d->a, mime, &info, &e))
		list_files(d->a, &info, &plan, &brought);
	if (d->old.n)
		keep_files(d, &brought);
	add_files(d);
	return d->n_files ? with_files(d, mime) : mime;
}

/* ---- all -----------------------------------------------------------------*/

enum compose_result
draft_compose(struct arena *a, const struct wbxml_node *data, struct span old,
	      const struct compose_user *user, struct span *mime_out,
	      size_t *added_out)
{
	struct draft *d = arena_alloc(a, sizeof(*d));
	struct err e = { 0 };

	mime_ready();
	memset(d, 0, sizeof(*d));
	d->a = a;
	d->data = data;
	d->body = wbxml_child(data, WX_AirSyncBase_Body);
	d->old = old;
	d->old_head = span_first(old, old.n ? header_end(old) : 0);
	if (d->body)
		wbxml_child_u32(d->body, WX_AirSyncBase_Type, &d->type);
	*added_out = 0;
	*mime_out = old;
	if (!draft_is_rewritten(data))
		return old.n ? COMPOSE_OK : COMPOSE_BAD_MIME;
	if (old.n && !mime_info(a, old, &d->info, &e))
		return COMPOSE_TOO_BIG;
	*mime_out = d->type == BODY_WHOLE ? from_message(d)
					  : from_fields(d, user);
	*added_out = d->n_added;
	if (d->too_many)
		return COMPOSE_TOO_BIG;
	return mime_out->n ? COMPOSE_OK : COMPOSE_BAD_MIME;
}

/* ---- the answer ----------------------------------------------------------*/

static void
write_reference(struct arena *a, const struct wbxml_node *add, size_t section,
		uint32_t coll, struct span item, struct wbxml_writer *w)
{
	struct span s = span_of(arena_printf(a, "%zu", section));

	wbxml_open(w, WX_AirSyncBase_Attachment);
	wbxml_text(w, WX_AirSyncBase_ClientId,
		   wbxml_child_text(add, WX_AirSyncBase_ClientId));
	wbxml_text(w, WX_AirSyncBase_FileReference,
		   file_reference_make(a, coll, item, s));
	wbxml_close(w);
}

void
draft_write_made(struct arena *a, const struct wbxml_node *data,
		 const struct mail_info *stored, uint32_t coll,
		 struct span item, struct wbxml_writer *w)
{
	const struct wbxml_node *list =
		wbxml_child(data, WX_AirSyncBase_Attachments);
	const struct wbxml_node *first = wbxml_child(list, WX_AirSyncBase_Add);
	const struct wbxml_node *n;
	struct conversation c =
		conversation_of(a, stored->header, stored->date);
	size_t parts = 0, added = 0;

	for (n = first; n; n = wbxml_again(n))
		added += wbxml_child_text(n, WX_AirSyncBase_Content).n > 0;
	for (const struct mail_part *p = stored->root ? stored->root->child
						      : NULL; p; p = p->next)
		parts++;
	wbxml_opaque(w, WX_Email2_ConversationId, span_from(c.id, 16));
	wbxml_opaque(w, WX_Email2_ConversationIndex, c.index);
	wbxml_uint(w, WX_Email2_IsDraft, 1);
	if (!added || parts < added)
		return;
	wbxml_open(w, WX_AirSyncBase_Attachments);
	parts -= added;
	for (n = first; n; n = wbxml_again(n))
		if (wbxml_child_text(n, WX_AirSyncBase_Content).n)
			write_reference(a, n, ++parts, coll, item, w);
	wbxml_close(w);
}
