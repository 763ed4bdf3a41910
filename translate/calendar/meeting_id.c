/* GlobalObjId <-> UID (MS-ASEMAIL 2.2.2.37). */
#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "translate/calendar/meeting.h"

static const char class_id[16] = "\x04\x00\x00\x00\x82\x00\xe0\x00"
				 "\x74\xc5\xb7\x10\x1a\x82\xe0\x08";
#define VCAL_AT 40
#define UID_AT 52

static void
put_date(char *p, uint32_t date)
{
	unsigned year = date >> 9;

	p[0] = (char)(year >> 8);
	p[1] = (char)year;
	p[2] = (char)(date >> 5 & 15);
	p[3] = (char)(date & 31);
}

static bool
from_hex(struct arena *a, struct span uid, struct span *out)
{
	return span_starts_ci(uid, SPAN("040000008200E00074C5B7101A82E008")) &&
		hex_decode(a, uid, out) && out->n >= 40;
}

struct span
global_obj_id(struct arena *a, struct span uid, uint32_t date)
{
	struct span bytes;
	uint32_t n = (uint32_t)uid.n + 13;
	char *p;

	if (from_hex(a, uid, &bytes)) {
		p = arena_str(a, bytes);
		put_date(p + 16, date);
		return span_from(p, bytes.n);
	}
	p = arena_alloc(a, UID_AT + uid.n + 1);
	memcpy(p, class_id, 16);
	put_date(p + 16, date);
	for (int i = 0; i < 4; i++)
		p[36 + i] = (char)(n >> (8 * i));
	memcpy(p + VCAL_AT, "vCal-Uid\x01\0\0\0", 12);
	if (uid.n)
		memcpy(p + UID_AT, uid.p, uid.n);
	return span_from(p, UID_AT + uid.n + 1);
}

static struct span
upper_hex(struct arena *a, struct span raw)
{
	char *p = arena_str(a, hex_encode(a, raw));

	for (char *c = p; *c; c++)
		if (*c >= 'a' && *c <= 'f')
			*c = (char)(*c - 32);
	return span_of(p);
}

struct span
global_obj_uid(struct arena *a, struct span b)
{
	uint32_t n = 0;
	char *p;

	for (int i = 3; b.n > UID_AT && i >= 0; i--)
		n = n << 8 | (unsigned char)b.p[36 + i];
	if (b.n > UID_AT && !memcmp(b.p + VCAL_AT, "vCal-Uid", 8) &&
	    n >= 13 && n - 13 <= b.n - UID_AT)
		return span_from(b.p + UID_AT, n - 13);
	p = arena_str(a, b);
	if (b.n >= 20)
		memset(p + 16, 0, 4);
	return upper_hex(a, span_from(p, b.n));
}
