/* MS-ASHTTP 2.2.1.1.1: plain (Cmd=Sync&User=...) and packed (base64). */
#include "gateway/http/query.h"

#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "gateway/http/dispatch.h"

static bool
bad(struct err *e, const char *why)
{
	return err_set(e, ERR_INVALID, SCOPE_ACCOUNT, "%s", why);
}

/* Text from outside as a C string: valid UTF-8, nothing that would break a
 * log line. */
static const char *
text(struct arena *a, struct span s)
{
	char *out = arena_str(a, utf8_clean(a, s)), *p;

	for (p = out; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == '"' || *p == 0x7f)
			*p = '_';
	return out;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* ---- plain ---------------------------------------------------------------*/

static void
set_cmd(struct arena *a, struct query *q, struct span v)
{
	q->cmd = text(a, v);
}

static void
set_user(struct arena *a, struct query *q, struct span v)
{
	q->user = text(a, v);
}

static void
set_device(struct arena *a, struct query *q, struct span v)
{
	q->device_id = text(a, v);
}

static void
set_type(struct arena *a, struct query *q, struct span v)
{
	q->device_type = text(a, v);
}

static void
set_attachment(struct arena *a, struct query *q, struct span v)
{
	(void)a;
	q->attachment_name = v;
}

static void
set_collection(struct arena *a, struct query *q, struct span v)
{
	(void)a;
	q->collection_id = v;
}

static void
set_item(struct arena *a, struct query *q, struct span v)
{
	(void)a;
	q->item_id = v;
}

static void
set_long_id(struct arena *a, struct query *q, struct span v)
{
	(void)a;
	q->long_id = v;
}

static void
set_occurrence(struct arena *a, struct query *q, struct span v)
{
	(void)a;
	q->occurrence = v;
}

static void
set_save(struct arena *a, struct query *q, struct span v)
{
	(void)a;
	q->save_in_sent = span_eq_ci(v, SPAN("T"));
}

static void
set_options(struct arena *a, struct query *q, struct span v)
{
	(void)a;
	if (v.n < 1)
		return;
	q->save_in_sent = (v.p[0] & 0x01) != 0;
	q->accept_multipart = (v.p[0] & 0x02) != 0;
}

/* tag: in the packed form; -1: not there. */
static const struct {
	const char *name;
	int tag;
	void (*set)(struct arena *a, struct query *q, struct span v);
} params[] = {
	{ "Cmd", -1, set_cmd },
	{ "User", 8, set_user },
	{ "DeviceId", -1, set_device },
	{ "DeviceType", -1, set_type },
	{ "AttachmentName", 0, set_attachment },
	{ "CollectionId", 1, set_collection },
	{ "ItemId", 3, set_item },
	{ "LongId", 4, set_long_id },
	{ "Occurrence", 6, set_occurrence },
	{ "SaveInSent", -1, set_save },
	{ NULL, 7, set_options },
};
#define N_PARAMS (sizeof(params) / sizeof(params[0]))

static void
read_plain(struct arena *a, struct span raw, struct query *q)
{
	while (raw.n > 0) {
		struct span item = span_take_until(&raw, '&');
		struct span name = span_take_until(&item, '=');
		size_t i;

		name = percent_decode(a, name, true);
		for (i = 0; i < N_PARAMS; i++)
			if (params[i].name != NULL &&
			    span_eq_ci(name, span_of(params[i].name)))
				params[i].set(a, q,
					      percent_decode(a, item, true));
	}
}

/* ---- packed --------------------------------------------------------------*/

struct bytes {
	const uint8_t *p, *end;
	bool bad;
};

static unsigned
take(struct bytes *b)
{
	if (b->p == b->end) {
		b->bad = true;
		return 0;
	}
	return *b->p++;
}

/* A length byte and as many bytes. */
static struct span
take_field(struct bytes *b)
{
	size_t n = take(b);
	struct span s;

	if ((size_t)(b->end - b->p) < n) {
		b->bad = true;
		return SPAN_NONE;
	}
	s = span_from(b->p, n);
	b->p += n;
	return s;
}

static void
take_policy_key(struct bytes *b, struct query *q)
{
	struct span s = take_field(b);
	const uint8_t *p = (const uint8_t *)s.p;

	if (s.n == 4)
		q->policy_key = (uint32_t)p[0] | (uint32_t)p[1] << 8 |
				(uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	else if (s.n != 0)
		b->bad = true;
}

/* 16 bytes are a GUID: its hex form is the id, upper case as phones write
 * it in the plain form. */
static const char *
device_name(struct arena *a, struct span raw)
{
	char *s;
	size_t i;

	if (raw.n != 16)
		return text(a, raw);
	s = arena_str(a, hex_encode(a, raw));
	for (i = 0; s[i] != '\0'; i++)
		if (s[i] >= 'a' && s[i] <= 'f')
			s[i] = (char)(s[i] - 'a' + 'A');
	return s;
}

static void
take_params(struct arena *a, struct bytes *b, struct query *q)
{
	while (b->p < b->end && !b->bad) {
		int tag = (int)take(b);
		struct span v = take_field(b);
		size_t i;

		for (i = 0; i < N_PARAMS && !b->bad; i++)
			if (params[i].tag == tag)
				params[i].set(a, q, v);
	}
}

static bool
read_packed(struct arena *a, struct span raw, struct query *q, struct err *e)
{
	struct bytes b;
	struct span data;
	const char *name;

	if (!base64_decode(a, percent_decode(a, raw, false), &data))
		return bad(e, "the query is neither plain nor base64");
	b = (struct bytes){ (const uint8_t *)data.p,
			    (const uint8_t *)data.p + data.n, false };
	q->packed = true;
	q->version = (int)take(&b);
	q->version_text = arena_printf(a, "%d.%d", q->version / 10,
				       q->version % 10);
	q->code = (int)take(&b);
	q->locale = take(&b);
	q->locale |= take(&b) << 8;
	q->device_id = device_name(a, take_field(&b));
	take_policy_key(&b, q);
	q->device_type = text(a, take_field(&b));
	take_params(a, &b, q);
	if (b.bad)
		return bad(e, "the packed query is cut short");
	name = command_code_name(q->code);
	q->cmd = name ? name : "";
	return true;
}

/* ---- both ----------------------------------------------------------------*/

int
query_version(const char *v)
{
	int n = 0, digits = 0;

	while (*v >= '0' && *v <= '9' && digits < 2) {
		n = n * 10 + (*v++ - '0');
		digits++;
	}
	if (digits == 0 || v[0] != '.' || v[1] < '0' || v[1] > '9' ||
	    v[2] != '\0')
		return 0;
	return n * 10 + (v[1] - '0');
}

struct span
query_login(struct span user)
{
	ptrdiff_t at = span_find_byte(user, '\\');

	return at < 0 ? user : span_from_at(user, (size_t)at + 1);
}

static bool
check(const struct query *q, struct err *e)
{
	size_t i, n = strlen(q->device_id);

	if (!q->packed && q->cmd[0] == '\0')
		return bad(e, "no Cmd in the query");
	if (n == 0 || n > DEVICE_ID_MAX)
		return bad(e, "DeviceId is missing or too long");
	for (i = 0; i < n; i++)
		if (!is_alnum(q->device_id[i]))
			return bad(e, "DeviceId is not letters and digits");
	if (q->device_type[0] == '\0')
		return bad(e, "no DeviceType in the query");
	return true;
}

static void
read_headers(struct arena *a, const char *version, const char *policy,
	     const char *multipart, struct query *q)
{
	if (!q->packed) {
		struct span v = span_trim(span_of(version));

		q->version_text = text(a, span_first(v, 16));
		q->version = query_version(q->version_text);
		if (!span_u32(span_trim(span_of(policy)), &q->policy_key))
			q->policy_key = 0;
	}
	if (span_eq_ci(span_trim(span_of(multipart)), SPAN("T")))
		q->accept_multipart = true;
}

bool
query_read(struct arena *a, struct span raw, const char *version_header,
	   const char *policy_header, const char *multipart_header,
	   struct query *out, struct err *e)
{
	struct query q = { .code = -1, .cmd = "", .user = "",
			   .device_id = "", .device_type = "",
			   .version_text = "" };

	if (raw.n == 0)
		return bad(e, "no query");
	if (raw.n > MAX_QUERY)
		return bad(e, "the query is too long");
	if (span_find_ci(raw, SPAN("Cmd=")) >= 0)
		read_plain(a, raw, &q);
	else if (!read_packed(a, raw, &q, e))
		return false;
	read_headers(a, version_header, policy_header, multipart_header, &q);
	if (!check(&q, e))
		return false;
	*out = q;
	return true;
}
