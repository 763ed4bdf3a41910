#include "translate/mail/attach.h"

#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "translate/mail/headers.h"

#define MAX_NAME_BYTES 255

/* %XX for all but letters, digits, dot, minus, underscore. */
static struct span
escape(struct arena *a, struct span s)
{
	return percent_encode(a, s);
}

struct span
file_reference_make(struct arena *a, uint32_t coll, struct span item,
		    struct span section)
{
	struct span i = escape(a, item), s = escape(a, section);

	return span_of(arena_printf(a, "%u:" SPAN_FMT ":" SPAN_FMT, coll,
				    SPAN_ARG(i), SPAN_ARG(s)));
}

bool
file_reference_parse(struct arena *a, struct span ref, uint32_t *coll,
		     struct span *item, struct span *section)
{
	struct span rest = ref, id = span_take_until(&rest, ':'), it;
	uint32_t n;

	if (!span_u32(id, &n) || span_find_byte(rest, ':') < 0)
		return false;
	it = span_take_until(&rest, ':');
	if (!it.n || !rest.n || span_find_byte(rest, ':') >= 0)
		return false;
	*coll = n;
	*item = percent_decode(a, it, false);
	*section = percent_decode(a, rest, false);
	return true;
}

static const struct mail_part *
find_within(const struct mail_part *p, struct span section, int depth)
{
	for (; p; p = p->next) {
		const struct mail_part *q;

		if (span_eq(p->section, section))
			return p;
		q = depth < MAX_MIME_DEPTH ?
			find_within(p->child, section, depth + 1) : NULL;
		if (q)
			return q;
	}
	return NULL;
}

const struct mail_part *
part_find(const struct mail_part *root, struct span section)
{
	return find_within(root, section, 0);
}

static bool
token_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("/;\"<>(),:@", s.p[i]))
			return false;
	return s.n > 0 && s.n < 100;
}

const char *
part_content_type(struct arena *a, const struct mail_part *p)
{
	if (p->is_message)
		return "message/rfc822";
	if (!token_ok(p->type) || !token_ok(p->subtype))
		return "application/octet-stream";
	return arena_printf(a, SPAN_FMT "/" SPAN_FMT, SPAN_ARG(p->type),
			    SPAN_ARG(p->subtype));
}

/* Last component, no characters that file systems refuse. */
static struct span
safe_name(struct arena *a, struct span name)
{
	char *s = arena_str(a, name);
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == '/' ||
		    s[i] == '\\' || s[i] == ':')
			s[i] = '_';
	return span_trim(span_from(s, n));
}

/* Cut in the middle so that the extension stays. */
static struct span
fit_name(struct arena *a, struct span s)
{
	size_t dot = s.n;
	struct span ext, stem;

	if (s.n <= MAX_NAME_BYTES)
		return s;
	while (dot && s.p[dot - 1] != '.' && s.n - dot < 12)
		dot--;
	ext = dot && s.p[dot - 1] == '.' ? span_from_at(s, dot - 1) :
		SPAN_NONE;
	stem = utf8_cut(s, MAX_NAME_BYTES - ext.n);
	return span_of(arena_printf(a, SPAN_FMT SPAN_FMT, SPAN_ARG(stem),
				    SPAN_ARG(ext)));
}

static const char *
extension(const struct mail_part *p)
{
	static const char *const known[][2] = {
		{ "jpeg", "jpg" }, { "png", "png" }, { "gif", "gif" },
		{ "plain", "txt" }, { "html", "html" }, { "pdf", "pdf" },
		{ "calendar", "ics" }, { "vcard", "vcf" },
		{ "x-vcard", "vcf" }, { "zip", "zip" }, { "tiff", "tif" },
		{ "pkcs7-mime", "p7m" }, { "x-pkcs7-mime", "p7m" },
		{ "pkcs7-signature", "p7s" }, { "x-pkcs7-signature", "p7s" },
		{ "pgp-signature", "asc" }, { "rfc822-headers", "txt" },
		{ "delivery-status", "txt" },
		{ "disposition-notification", "txt" }, { "mp4", "mp4" },
		{ "mpeg", "mp3" }, { "wav", "wav" }, { "x-wav", "wav" },
		{ "bmp", "bmp" }, { "webp", "webp" }, { "svg+xml", "svg" },
		{ "heic", "heic" }, { "csv", "csv" }, { "rtf", "rtf" },
	};

	if (p->is_message)
		return "eml";
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_eq_ci(p->subtype, span_of(known[i][0])))
			return known[i][1];
	return "bin";
}

struct span
part_name(struct arena *a, const struct mail_part *p)
{
	struct span name = safe_name(a, header_param(a, p->name));

	if (!name.n) {
		const char *stem = p->is_message ? "message" :
			span_eq_ci(p->type, SPAN("image")) ? "image" :
							     "attachment";
		struct span sec = safe_name(a, utf8_clean(a, p->section));

		name = span_of(arena_printf(a, "%s-" SPAN_FMT ".%s", stem,
					    SPAN_ARG(sec), extension(p)));
	}
	if (p->is_message && !span_ends_ci(name, SPAN(".eml")))
		name = span_of(arena_printf(a, SPAN_FMT ".eml",
					    SPAN_ARG(name)));
	return fit_name(a, name);
}

static bool
is_base64(const struct mail_part *p)
{
	return span_eq_ci(p->encoding, SPAN("base64"));
}

uint32_t
part_decoded_size(const struct mail_part *p)
{
	uint64_t n = p->size;

	if (is_base64(p)) /* lines of 76 and CRLF: 78 bytes hold 57 */
		return (uint32_t)(n * 57 / 78 + (n && n < 78 ? 1 : 0));
	if (span_eq_ci(p->encoding, SPAN("x-uuencode")))
		return (uint32_t)(n * 45 / 63);
	return (uint32_t)n;
}

static bool
is_identity(const struct mail_part *p)
{
	return !is_base64(p) &&
		!span_eq_ci(p->encoding, SPAN("quoted-printable")) &&
		!span_starts_ci(p->encoding, SPAN("x-uu")) &&
		!span_eq_ci(p->encoding, SPAN("uuencode"));
}

void
attach_plan(const struct mail_part *p, uint32_t uid, struct attach_range r,
	    struct mail_want *out)
{
	memset(out, 0, sizeof(*out));
	out->uid = uid;
	out->section = p->section;
	if (is_identity(p) && r.first < p->size) {
		uint64_t n = r.last - r.first + 1;

		out->offset = (uint32_t)r.first;
		if (r.last < p->size && n)
			out->max = (uint32_t)n;
		return;
	}
	/* Line lengths are the writer's choice: decode from the front, stop
	 * behind the range. Twice covers lines as short as 12 characters. */
	if (is_base64(p) && r.last < p->size / 2)
		out->max = (uint32_t)(r.last * 5 / 3 + 4096);
	if (out->max >= p->size)
		out->max = 0;
}

bool
attach_take(struct arena *a, const struct mail_part *p,
	    const struct mail_want *got, struct attach_range r,
	    struct span *bytes_out, uint64_t *total_out, struct err *e)
{
	bool whole = !got->offset && !got->max;
	struct span all;
	uint64_t first = r.first;

	if (!got->found)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
			       "attachment did not come");
	all = part_decode(a, got->got, p->encoding, whole);
	*total_out = whole ? all.n : part_decoded_size(p);
	if (got->offset)
		first -= got->offset;
	if (r.last < r.first || (first >= all.n && r.first))
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "range");
	all = span_from_at(all, (size_t)first);
	if (r.last != UINT64_MAX && r.last - r.first + 1 < all.n)
		all = span_first(all, (size_t)(r.last - r.first + 1));
	*bytes_out = all;
	return true;
}
