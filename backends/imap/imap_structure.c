/* libetpan's BODYSTRUCTURE -> struct mail_part. */
#include <ctype.h>
#include <string.h>

#include "backends/imap/imap_private.h"

struct walk {
	struct arena *a;
	size_t parts;
};

static struct span
text(struct walk *w, const char *s)
{
	return s ? arena_dup(w->a, span_of(s)) : SPAN_NONE;
}

static struct span
lower(struct walk *w, const char *s)
{
	struct span d = text(w, s);
	char *p = (char *)(uintptr_t)d.p;
	size_t i;

	for (i = 0; i < d.n; i++)
		p[i] = (char)tolower((unsigned char)p[i]);
	return d;
}

static struct span
bare(struct span s)
{
	s = span_trim(s);
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		return span_from(s.p + 1, s.n - 2);
	return s;
}

static const char *
param(struct mailimap_body_fld_param *list, const char *name)
{
	clistiter *i;

	for (i = list ? clist_begin(list->pa_list) : NULL; i;
	     i = clist_next(i)) {
		struct mailimap_single_body_fld_param *p = clist_content(i);

		if (p->pa_name && span_eq_ci(span_of(p->pa_name),
					     span_of(name)))
			return p->pa_value;
	}
	return NULL;
}

/* name, name*, or the pieces name*0, name*1* ... joined (RFC 2231). */
static struct span
param_joined(struct walk *w, struct mailimap_body_fld_param *list,
	     const char *name)
{
	const char *v = param(list, arena_printf(w->a, "%s*", name));
	struct span all = SPAN_NONE;
	unsigned i;

	if (!v)
		v = param(list, name);
	if (v)
		return text(w, v);
	for (i = 0; i < 100; i++) {
		v = param(list, arena_printf(w->a, "%s*%u*", name, i));
		if (!v)
			v = param(list, arena_printf(w->a, "%s*%u", name, i));
		if (!v)
			break;
		all = span_of(arena_printf(w->a, SPAN_FMT "%s", SPAN_ARG(all),
					   v));
	}
	return all;
}

static void
take_params(struct walk *w, struct mail_part *p,
	    struct mailimap_body_fld_param *list)
{
	const char *method = param(list, "method");

	p->charset = text(w, param(list, "charset"));
	p->boundary_method = text(w, method ? method : param(list,
							     "protocol"));
	p->smime_type = lower(w, param(list, "smime-type"));
	p->report_type = lower(w, param(list, "report-type"));
	if (!p->name.n)
		p->name = param_joined(w, list, "name");
}

static void
take_disposition(struct walk *w, struct mail_part *p,
		 struct mailimap_body_fld_dsp *d)
{
	if (!d)
		return;
	p->disposition = lower(w, d->dsp_type);
	p->name = param_joined(w, d->dsp_attributes, "filename");
}

static struct span
encoding(struct walk *w, const struct mailimap_body_fld_enc *enc)
{
	switch (enc ? enc->enc_type : MAILIMAP_BODY_FLD_ENC_7BIT) {
	case MAILIMAP_BODY_FLD_ENC_8BIT:
		return SPAN("8bit");
	case MAILIMAP_BODY_FLD_ENC_BINARY:
		return SPAN("binary");
	case MAILIMAP_BODY_FLD_ENC_BASE64:
		return SPAN("base64");
	case MAILIMAP_BODY_FLD_ENC_QUOTED_PRINTABLE:
		return SPAN("quoted-printable");
	case MAILIMAP_BODY_FLD_ENC_OTHER:
		return lower(w, enc->enc_value);
	default:
		return SPAN("7bit");
	}
}

static void
take_fields(struct walk *w, struct mail_part *p,
	    struct mailimap_body_fields *f)
{
	if (!f)
		return;
	take_params(w, p, f->bd_parameter);
	p->cid = bare(text(w, f->bd_id));
	p->encoding = encoding(w, f->bd_encoding);
	p->size = f->bd_size;
}

static struct span
media_type(struct walk *w, const struct mailimap_media_basic *m)
{
	switch (m->med_type) {
	case MAILIMAP_MEDIA_BASIC_APPLICATION:
		return SPAN("application");
	case MAILIMAP_MEDIA_BASIC_AUDIO:
		return SPAN("audio");
	case MAILIMAP_MEDIA_BASIC_IMAGE:
		return SPAN("image");
	case MAILIMAP_MEDIA_BASIC_MESSAGE:
		return SPAN("message");
	case MAILIMAP_MEDIA_BASIC_VIDEO:
		return SPAN("video");
	default:
		return lower(w, m->med_basic_type);
	}
}

static struct mail_part *walk(struct walk *w, struct mailimap_body *b,
			      struct span section, struct span prefix,
			      unsigned depth);

/* The body of a message/rfc822 at section "2": its parts are "2.1", "2.2";
 * a multipart itself is "2.TEXT". */
static struct mail_part *
inner(struct walk *w, struct mailimap_body *b, struct span section,
      unsigned depth)
{
	bool multi = b->bd_type == MAILIMAP_BODY_MPART;

	return walk(w, b,
		    span_of(arena_printf(w->a, multi ? SPAN_FMT ".TEXT"
						     : SPAN_FMT ".1",
					 SPAN_ARG(section))),
		    section, depth);
}

static void
single(struct walk *w, struct mail_part *p, struct mailimap_body_type_1part *b,
       unsigned depth)
{
	if (b->bd_ext_1part) {
		take_disposition(w, p, b->bd_ext_1part->bd_disposition);
		p->location = text(w, b->bd_ext_1part->bd_loc);
	}
	switch (b->bd_type) {
	case MAILIMAP_BODY_TYPE_1PART_TEXT:
		p->type = SPAN("text");
		p->subtype = lower(w, b->bd_data.bd_type_text->bd_media_text);
		take_fields(w, p, b->bd_data.bd_type_text->bd_fields);
		break;
	case MAILIMAP_BODY_TYPE_1PART_MSG:
		p->type = SPAN("message");
		p->subtype = SPAN("rfc822");
		p->is_message = true;
		take_fields(w, p, b->bd_data.bd_type_msg->bd_fields);
		if (b->bd_data.bd_type_msg->bd_body)
			p->child = inner(w, b->bd_data.bd_type_msg->bd_body,
					 p->section, depth + 1);
		break;
	case MAILIMAP_BODY_TYPE_1PART_BASIC:
		p->type = media_type(
			w, b->bd_data.bd_type_basic->bd_media_basic);
		p->subtype = lower(w, b->bd_data.bd_type_basic->bd_media_basic
					      ->med_subtype);
		take_fields(w, p, b->bd_data.bd_type_basic->bd_fields);
		break;
	}
}

static void
multi(struct walk *w, struct mail_part *p, struct mailimap_body_type_mpart *b,
      struct span prefix, unsigned depth)
{
	struct mail_part **end = &p->child;
	clistiter *i;
	unsigned no = 0;

	p->type = SPAN("multipart");
	p->subtype = lower(w, b->bd_media_subtype);
	if (b->bd_ext_mpart) {
		take_disposition(w, p, b->bd_ext_mpart->bd_disposition);
		take_params(w, p, b->bd_ext_mpart->bd_parameter);
	}
	for (i = clist_begin(b->bd_list); i; i = clist_next(i)) {
		struct span at;

		no++;
		at = span_of(arena_printf(w->a, SPAN_FMT "%s%u",
					  SPAN_ARG(prefix),
					  prefix.n ? "." : "", no));
		*end = walk(w, clist_content(i), at, at, depth + 1);
		if (*end)
			end = &(*end)->next;
	}
}

static struct mail_part *
walk(struct walk *w, struct mailimap_body *b, struct span section,
     struct span prefix, unsigned depth)
{
	struct mail_part *p;

	if (depth > MAX_MIME_DEPTH || w->parts++ >= MAX_MIME_PARTS)
		return NULL;
	p = arena_alloc(w->a, sizeof(*p));
	p->section = section;
	if (b->bd_type == MAILIMAP_BODY_MPART)
		multi(w, p, b->bd_data.bd_body_mpart, prefix, depth);
	else
		single(w, p, b->bd_data.bd_body_1part, depth);
	return p;
}

struct mail_part *
imap_structure(struct arena *a, struct mailimap_body *b)
{
	struct walk w = { .a = a };
	bool multipart = b->bd_type == MAILIMAP_BODY_MPART;

	return walk(&w, b, multipart ? SPAN_NONE : SPAN("1"), SPAN_NONE, 0);
}
